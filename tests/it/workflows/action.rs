//! The action and its scripts on their own: how a command is split, and what is installed.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::log::commands;
use super::machine::{Machine, copy};
use super::runner::{Event, Job, Runner};
use crate::shop::shop;
use crate::world::{World, skipped, words};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(".github/actions/trainyard")
}

/// Splits a line with the variables `A`, `name` and `line`; `Err` holds what a person is told.
fn split(machine: &Machine, line: &str) -> Result<Vec<String>, String> {
    let script = "set -euo pipefail; . ./common.sh; . ./words.sh; split \"$LINE\"; printf '%s\\0' ${words[@]+\"${words[@]}\"} >\"$OUT\"";
    let out = machine.temp().join("words");
    let mut bash = machine.command("bash", &[]);
    let bash = bash.current_dir(folder()).args(["-c", script]);
    bash.env("LINE", line)
        .env("OUT", &out)
        .env("A", "x  'y\" $A `z` *")
        .env("name", "a\n\n")
        .env("line", "");
    let (printed, success) = machine.finish(bash);
    if !success {
        return Err(commands(&printed).remove(0).data);
    }
    let text = fs::read_to_string(out).unwrap();
    Ok(text.split_terminator('\0').map(str::to_owned).collect())
}

#[test]
fn a_command_is_split_as_a_shell_does() {
    let world = shop();
    let machine = Machine::new(&world);
    for line in [
        "",
        "  lock  -e dev\t-m 'load \"test\"'\n --x=\"a b\"c \"\" 'it'\\''s' a\\ b \"\\\"q\\\"\" ",
        "a* ? [b] {c,d} ~ #e !f =g %h ä",
    ] {
        let expected: Vec<_> = words(line)
            .into_iter()
            .map(|word| word.into_string().unwrap())
            .collect();
        // No word at all is printed as an empty one.
        let found = split(&machine, line).unwrap();
        assert_eq!(found.join("\n"), expected.join("\n"), "{line:?}");
    }
    assert_eq!(
        split(&machine, "\"a\\b\\$c\" 'd\\e$f' g\\\nh $").unwrap(),
        ["a\\b$c", "d\\e$f", "gh", "$"]
    );
}

#[test]
fn a_variable_is_one_value_and_never_read_again() {
    let world = shop();
    let machine = Machine::new(&world);
    let value = "x  'y\" $A `z` *";
    let expected = [
        value.to_owned(),
        format!("-m={value}b"),
        format!("{value}{value}"),
        "$A".to_owned(),
    ];
    assert_eq!(
        split(&machine, "$A -m=\"${A}b\" $A\"$A\" '$A'").unwrap(),
        expected
    );
    // The script has variables of these names, too.
    assert_eq!(
        split(&machine, "$name-${name} x$line $line").unwrap(),
        ["a\n\n-a\n\n", "x", ""]
    );
    assert!(
        split(&machine, "$word")
            .unwrap_err()
            .contains("word, which is not set")
    );
}

#[test]
fn what_only_a_shell_could_do_is_refused() {
    let world = shop();
    let machine = Machine::new(&world);
    for (line, why) in [
        ("a; b", "put `;` in quotes"),
        ("a && b", "put `&` in quotes"),
        ("a >b", "put `>` in quotes"),
        ("a $(b)", "means nothing"),
        ("a \"`b`\"", "backtick"),
        ("a ${b:-c}", "means nothing"),
        ("a $NOBODY_SET_THIS", "NOBODY_SET_THIS, which is not set"),
        ("a 'b", "without an end"),
        ("a \"b", "without an end"),
        ("a \\", "backslash"),
    ] {
        let told = split(&machine, line).unwrap_err();
        assert!(told.contains(why), "{line}: {told}");
    }
    assert_eq!(
        split(&machine, "'a; b' \"c && d\" e\\>f").unwrap(),
        ["a; b", "c && d", "e>f"]
    );
}

/// Runs the action with these inputs in a workflow of its own.
fn act(machine: &Machine, world: &World, with: &Value) -> Job {
    let steps = json!([
        { "uses": "actions/checkout@v4" },
        { "id": "it", "uses": "example/trainyard/.github/actions/trainyard@v0.1.0", "with": with },
        { "if": "always()", "run": "command -v trainyard || true" },
    ]);
    let workflow = json!({
        "on": { "push": {} },
        "permissions": { "contents": "write" },
        "jobs": { "it": { "runs-on": "ubuntu-latest", "steps": steps } },
    });
    let event = Event {
        name: "push",
        repository: "example/manifests",
        reference: ("refs/heads/main".to_owned(), world.head()),
        payload: json!({}),
        inputs: json!({}),
        secrets: json!({}),
    };
    let runner = Runner { machine, event };
    runner.try_run(&workflow).unwrap().remove("it").unwrap()
}

#[test]
fn without_a_version_the_source_is_built_once_and_kept() {
    let world = shop();
    let machine = Machine::new(&world);
    for number in 1..=2 {
        let command = format!("trainyard lock -e staging --lock-id x{number} -m x");
        let job = act(&machine, &world, &json!({ "command": command }));
        assert!(!job.failed, "{}", job.log);
        assert_eq!(job.output("it", "commit"), world.head());
        // It is on the PATH of the steps after it.
        assert!(job.log.ends_with("/trainyard\n"), "{}", job.log);
        let built = fs::read_to_string(machine.store("cargo")).unwrap();
        assert_eq!(built.lines().count(), 1, "{built}");
    }
}

#[test]
fn an_archive_with_another_checksum_is_not_even_opened() {
    let world = shop();
    let machine = Machine::new(&world);
    machine.release("0.1.0");
    let head = world.head();
    let command = "lock -e staging -m x";
    let with = |sha256: &str| json!({ "version": "0.1.0", "sha256": sha256, "command": command });
    let job = act(&machine, &world, &with(&"0".repeat(64)));
    assert!(
        job.failed && job.commands[0].data.contains("was expected"),
        "{}",
        job.log
    );
    assert_eq!(job.output("it", "changed"), "");
    assert!(!job.log.contains("/trainyard\n"), "{}", job.log);
    let job = act(&machine, &world, &with("nonsense"));
    assert!(
        job.failed && job.commands[0].data.contains("is no SHA-256 checksum"),
        "{}",
        job.log
    );

    let archive = machine.store("releases/v0.1.0/trainyard-0.1.0-x86_64-linux.tar.gz");
    let sound = fs::read(&archive).unwrap();
    fs::write(&archive, [&sound[..], b"x"].concat()).unwrap();
    let job = act(&machine, &world, &with(""));
    assert!(
        job.failed && job.commands[0].data.contains("was expected"),
        "{}",
        job.log
    );
    assert_eq!(world.head(), head);

    fs::write(&archive, sound).unwrap();
    let checksum = fs::read_to_string(archive.with_extension("gz.sha256")).unwrap();
    fs::remove_file(archive.with_extension("gz.sha256")).unwrap();
    let job = act(&machine, &world, &with(&checksum[..64].to_uppercase()));
    assert!(!job.failed, "{}", job.log);
    assert_ne!(world.head(), head);
}

#[test]
fn a_version_is_a_version_and_an_address_is_safe() {
    let world = shop();
    let machine = Machine::new(&world);
    for version in ["../x", "1/2", "$(touch harm)", "v1", "1 2"] {
        let job = act(&machine, &world, &json!({ "version": version }));
        assert!(
            job.failed && job.commands[0].data.contains("is no version"),
            "{version}: {}",
            job.log
        );
    }
    for url in [
        "http://example.com",
        "http://localhost:x@example.com",
        "file:///tmp",
        "ftp://x",
        "--config=x",
    ] {
        let job = act(
            &machine,
            &world,
            &json!({ "version": "0.1.0", "download-url": url }),
        );
        assert!(
            job.failed && job.commands[0].data.contains("is no https address"),
            "{url}: {}",
            job.log
        );
    }
    let job = act(&machine, &world, &json!({ "version": "9.9.9" }));
    assert!(
        job.failed && job.commands[0].data.contains("could not be downloaded"),
        "{}",
        job.log
    );
}

#[test]
fn a_failed_command_fails_the_step_and_its_outputs_say_how() {
    let world = shop();
    let machine = Machine::new(&world);
    machine.release("0.1.0");
    let command = "deploy -a basket -e nowhere --version 1";
    let job = act(
        &machine,
        &world,
        &json!({ "version": "0.1.0", "command": command }),
    );
    assert!(job.failed);
    assert_eq!(
        (job.output("it", "result"), job.output("it", "exit-code")),
        ("refused", "3")
    );
    assert!(
        job.summary.contains("**error:** there is no environment"),
        "{}",
        job.summary
    );
}

/// Serves the files of a folder over HTTP, and returns its address.
fn serve(folder: PathBuf) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/releases", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            let request = lines.next().unwrap().unwrap();
            while lines.next().is_some_and(|line| !line.unwrap().is_empty()) {}
            let path = request
                .split(' ')
                .nth(1)
                .unwrap()
                .trim_start_matches("/releases/");
            let (status, body) = match fs::read(folder.join(path)) {
                Ok(body) => ("200 OK", body),
                Err(_) => ("404 Not Found", Vec::new()),
            };
            let head = format!(
                "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                body.len()
            );
            stream
                .write_all(&[head.as_bytes(), &body].concat())
                .unwrap();
        }
    });
    address
}

#[test]
fn an_archive_comes_from_a_server() {
    let world = shop();
    let machine = Machine::new(&world);
    machine.release("0.1.0");
    let served = world.room().join("served");
    copy(&machine.store("releases"), &served);
    let url = serve(served);
    // With the real program; who has none has no runner of GitHub's.
    if std::process::Command::new("curl")
        .arg("--version")
        .output()
        .is_err()
    {
        skipped("there is no curl");
        return;
    }
    machine.without("curl");
    let with = |version: &str| json!({ "version": version, "download-url": url, "command": "environment list" });
    let job = act(&machine, &world, &with("0.1.0"));
    assert!(!job.failed, "{}", job.log);
    assert!(job.summary.contains("prod-ca"), "{}", job.summary);
    let job = act(&machine, &world, &with("0.2.0"));
    assert!(
        job.failed && job.commands[0].data.contains("could not be downloaded"),
        "{}",
        job.log
    );
}
