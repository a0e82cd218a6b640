//! The workflows of `docs/ci/` and our own, run step by step.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::log::Command;
use super::machine::{Machine, copy, write_program};
use super::runner::{Event, Job, Runner, document};
use crate::shop::{linked, shop};
use crate::world::World;

/// A text that would do harm if any part of it were read by a shell or by the runner.
const HOSTILE: &str = "it's \"done\"; $(touch harm) `touch harm` ${{ github.token }} | --all\n::set-output name=changed::x ##[add-mask]a";

fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// An event in the manifest repository, on its main branch.
fn event(world: &World, name: &'static str) -> Event {
    Event {
        name,
        repository: "example/manifests",
        reference: ("refs/heads/main".to_owned(), world.head()),
        payload: json!({}),
        inputs: json!({}),
        secrets: json!({}),
    }
}

/// Runs the only job of an example.
#[track_caller]
fn run(machine: &Machine, event: Event, example: &str) -> Job {
    let runner = Runner { machine, event };
    let mut jobs = runner.run(&project("docs/ci").join(example));
    assert_eq!(jobs.len(), 1);
    jobs.pop_first().unwrap().1
}

fn told<'a>(commands: &'a [Command], name: &str) -> Vec<&'a str> {
    let those = commands.iter().filter(|command| command.name == name);
    those.map(|command| command.data.as_str()).collect()
}

/// The examples, by the names of their files.
fn examples() -> Vec<String> {
    let entries = fs::read_dir(project("docs/ci")).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name != "README.md").collect()
}

#[test]
fn every_example_is_listed_and_takes_what_people_typed_as_values_only() {
    let page = fs::read_to_string(project("docs/ci/README.md")).unwrap();
    for name in examples() {
        assert!(page.contains(&format!("]({name}")), "{name}");
    }
    // What the event, a form or a secret holds may become a variable or an input of a foreign action, but no part of a command.
    for name in examples() {
        if Path::new(&name)
            .extension()
            .is_none_or(|kind| kind != "yml")
        {
            continue;
        }
        let text = fs::read_to_string(project("docs/ci").join(&name)).unwrap();
        for line in text.lines().filter(|line| line.contains("${{")) {
            let (key, value) = line.trim().split_once(": ").unwrap();
            let is_variable = key
                .chars()
                .all(|letter| letter.is_ascii_uppercase() || letter == '_');
            let is_value = value.starts_with("${{")
                || value == "prognosis-${{ github.event.pull_request.number }}";
            assert!(
                is_value && (is_variable || ["if", "group", "ssh-key"].contains(&key)),
                "{name}: {line}"
            );
        }
    }
}

#[test]
fn a_merge_becomes_a_release_in_the_manifest_repository() {
    let world = shop();
    let mut machine = Machine::new(&world);
    machine.release("0.1.0");
    let commit = machine.repository("example/cart", |folder| {
        fs::create_dir(folder.join("deploy")).unwrap();
        for environment in ["development", "staging", "prod-ca", "prod-de"] {
            let manifest = "kind: ConfigMap\nmetadata:\n  name: IMAGE_TAG\n";
            fs::write(folder.join(format!("deploy/{environment}.yaml")), manifest).unwrap();
        }
    });
    let merged = || Event {
        name: "push",
        repository: "example/cart",
        reference: ("refs/heads/main".to_owned(), commit.clone()),
        payload: json!({ "head_commit": { "author": { "name": "Ada \"$USER\"" }, "message": HOSTILE } }),
        inputs: json!({}),
        secrets: json!({ "MANIFESTS_DEPLOY_KEY": "a key" }),
    };
    let job = run(&machine, merged(), "release-on-merge.yml");
    assert!(!job.failed, "{}", job.log);
    assert_eq!(job.output("release", "changed"), "true");
    assert_eq!(job.output("release", "commit"), world.head());
    assert!(
        job.log
            .contains("deployed [{\"application\":\"cart\",\"environment\":\"development\""),
        "{}",
        job.log
    );
    assert_eq!(job.commands, [], "{}", job.log);
    assert!(job.summary.contains("released cart 7"), "{}", job.summary);
    let file = |name: &str| {
        world.remote_git(&["show", &format!("main:applications/cart/releases/7/{name}")])
    };
    assert_eq!(file("source_commit_id"), commit);
    assert_eq!(file("source_author"), "Ada \"$USER\"");
    assert_eq!(file("source_message"), HOSTILE);
    assert!(file("environments/staging/manifests.yaml").contains(&commit));
    assert_eq!(
        world.remote_git(&["log", "-1", "--format=%an <%ae>", "main"]),
        "octo-ada <octo-ada@users.noreply.github.com>"
    );
    assert!(!machine.workspace().join("harm").exists());
    // Once more, as somebody who presses "re-run".
    let head = world.head();
    let job = run(&machine, merged(), "release-on-merge.yml");
    assert!(!job.failed, "{}", job.log);
    assert_eq!(
        (job.output("release", "changed"), world.head()),
        ("false", head)
    );
}

#[test]
fn a_train_goes_every_night() {
    let world = shop();
    let machine = Machine::new(&world);
    machine.release("0.1.0");
    world.ok("lock -e staging -a basket --lock-id leak -m 'it leaks'");
    let job = run(&machine, event(&world, "schedule"), "nightly-train.yml");
    assert!(!job.failed, "{}", job.log);
    assert_eq!(
        linked(&world, "staging", "courier", "version").unwrap(),
        "2"
    );
    assert_eq!(
        linked(&world, "staging", "basket", "queued_version").unwrap(),
        "2"
    );
    assert!(
        job.summary.contains("| courier | 1 → 2 | |"),
        "{}",
        job.summary
    );
    let [held] = told(&job.commands, "notice")[..] else {
        panic!("{}", job.log)
    };
    assert!(held.starts_with("basket 2: app lock `leak`"), "{held}");
    assert_eq!(
        world.remote_git(&["log", "-1", "--format=%an", "main"]),
        "Nightly train"
    );
    let head = world.head();
    let job = run(
        &machine,
        event(&world, "workflow_dispatch"),
        "nightly-train.yml",
    );
    assert_eq!(
        (job.output("train", "result"), world.head()),
        ("unchanged", head)
    );
    assert!(!machine.store("issue").exists());
}

#[test]
fn somebody_hears_of_a_train_that_did_not_go() {
    let world = shop();
    let machine = Machine::new(&world);
    machine.release("0.1.0");
    world.file("environments/staging/config.json", "{");
    let job = run(&machine, event(&world, "schedule"), "nightly-train.yml");
    assert!(job.failed);
    assert_eq!(job.output("train", "result"), "invalid");
    assert_eq!(told(&job.commands, "error").len(), 1, "{}", job.log);
    let issue = fs::read_to_string(machine.store("issue")).unwrap();
    assert!(
        issue.starts_with("The nightly train did not go: invalid\n"),
        "{issue}"
    );
    assert!(
        issue.contains("config.json")
            && issue.ends_with("https://github.com/example/manifests/actions/runs/77\n"),
        "{issue}"
    );
}

#[test]
fn a_train_needs_the_permission_to_write() {
    let world = shop();
    let machine = Machine::new(&world);
    machine.release("0.1.0");
    let mut workflow = document(&project("docs/ci/nightly-train.yml"));
    workflow["permissions"]["contents"] = json!("read");
    let head = world.head();
    let runner = Runner {
        machine: &machine,
        event: event(&world, "schedule"),
    };
    let jobs = runner.try_run(&workflow).unwrap();
    assert!(jobs["train"].failed, "{}", jobs["train"].log);
    assert_eq!(world.head(), head);
}

/// What a pull request looks like after this change to a file of the manifest repository.
fn pull_request(world: &World, path: &str, text: &str, from: &str) -> Event {
    world.git(&["checkout", "-q", "-B", "topic", "origin/main"]);
    world.edit(path, text);
    world.git(&["add", "--all"]);
    world.git(&["commit", "-q", "-m", "a topic"]);
    world.git(&["push", "-q", "--force", "origin", "HEAD:refs/pull/5/merge"]);
    let commit = world.git(&["rev-parse", "HEAD"]);
    world.git(&["checkout", "-q", "main"]);
    Event {
        reference: ("refs/pull/5/merge".to_owned(), commit),
        payload: json!({ "pull_request": { "number": 5, "head": { "repo": { "full_name": from } } } }),
        ..event(world, "pull_request")
    }
}

#[test]
fn a_pull_request_has_one_comment_that_stays_up_to_date() {
    const COMMENTS: &str = "repos/example/manifests/issues/5/comments";
    let world = shop();
    let machine = Machine::new(&world);
    machine.release("0.1.0");
    // Somebody else has found out the mark.
    let theirs = machine.store(COMMENTS).join("100");
    fs::create_dir_all(&theirs).unwrap();
    fs::write(theirs.join("login"), "mallory").unwrap();
    fs::write(theirs.join("body"), "<!-- trainyard prognosis -->\nmine").unwrap();
    let before = world.head();
    let comment = || fs::read_to_string(machine.store(COMMENTS).join("102/body")).unwrap();
    let calls = || fs::read_to_string(machine.store("calls")).unwrap();
    let request = |path: &str, text: &str| pull_request(&world, path, text, "example/manifests");

    let job = run(&machine, request("notes", "x"), "prognosis-comment.yml");
    assert!(!job.failed, "{}", job.log);
    assert_eq!(job.output("prognosis", "result"), "pending");
    assert!(
        comment().starts_with(
            "<!-- trainyard prognosis -->\n### Prognosis for the release train to group prod\n"
        ),
        "{}",
        comment()
    );
    assert!(
        comment().contains("**prod-ca** from staging"),
        "{}",
        comment()
    );
    assert_eq!(
        calls().lines().collect::<Vec<_>>(),
        [format!("POST {COMMENTS}")]
    );

    let lock = request("environments/prod-ca/locks/freeze/message", HOSTILE);
    let job = run(&machine, lock, "prognosis-comment.yml");
    assert!(!job.failed, "{}", job.log);
    assert!(
        comment().contains("**prod-ca** is skipped as a whole"),
        "{}",
        comment()
    );
    assert_eq!(
        calls().lines().last(),
        Some("PATCH repos/example/manifests/issues/comments/102")
    );
    assert_eq!(
        told(&job.commands, "notice").len(),
        job.commands.len(),
        "{}",
        job.log
    );

    let broken = request("environments/prod-ca/config.json", "{");
    let job = run(&machine, broken, "prognosis-comment.yml");
    assert!(
        !job.failed && told(&job.commands, "warning").len() == 1,
        "{}",
        job.log
    );
    let broken = request("trainyard.yaml", "releaseVersionsLimit: 1");
    let job = run(&machine, broken, "prognosis-comment.yml");
    assert!(job.failed);
    assert!(
        comment().contains("**error:** ") && comment().contains("releaseVersionsLimit"),
        "{}",
        comment()
    );
    assert_eq!(calls().lines().count(), 4);
    assert_eq!(
        fs::read_to_string(theirs.join("body")).unwrap(),
        "<!-- trainyard prognosis -->\nmine"
    );
    assert_eq!(world.head(), before, "a prognosis changes nothing");

    let fork = pull_request(&world, "notes", "y", "mallory/manifests");
    assert!(run(&machine, fork, "prognosis-comment.yml").skipped);
}

fn pressed(world: &World, inputs: Value) -> Event {
    Event {
        inputs,
        ..event(world, "workflow_dispatch")
    }
}

#[test]
fn a_button_locks_and_unlocks() {
    let world = shop();
    let machine = Machine::new(&world);
    machine.release("0.1.0");
    let inputs = json!({ "environment": "staging", "lock-id": "freeze", "message": HOSTILE });
    let job = run(&machine, pressed(&world, inputs), "lock-button.yml");
    assert!(!job.failed, "{}", job.log);
    assert_eq!(job.commands, [], "{}", job.log);
    let message = world.remote_git(&["show", "main:environments/staging/locks/freeze/message"]);
    assert_eq!(message, HOSTILE);
    assert!(!machine.workspace().join("harm").exists());
    assert!(
        job.summary.contains("### trainyard lock\n"),
        "{}",
        job.summary
    );

    let inputs = json!({ "environment": "staging", "lock-id": "leak", "application": "basket" });
    assert!(!run(&machine, pressed(&world, inputs), "lock-button.yml").failed);
    world.remote_git(&[
        "show",
        "main:environments/staging/applications/basket/locks/leak/message",
    ]);

    let inputs = json!({ "what": "unlock", "environment": "staging", "lock-id": "freeze" });
    let job = run(&machine, pressed(&world, inputs.clone()), "lock-button.yml");
    assert!(!job.failed, "{}", job.log);
    let job = run(&machine, pressed(&world, inputs), "lock-button.yml");
    assert!(
        job.failed && told(&job.commands, "error")[0].contains("freeze"),
        "{}",
        job.log
    );

    let inputs = json!({ "what": "release-train", "environment": "staging", "lock-id": "x" });
    let runner = Runner {
        machine: &machine,
        event: pressed(&world, inputs),
    };
    let button = document(&project("docs/ci/lock-button.yml"));
    assert!(runner.try_run(&button).unwrap_err().contains("no choice"));
}

#[test]
fn the_board_is_published_as_a_page() {
    let world = shop();
    let machine = Machine::new(&world);
    machine.release("0.1.0");
    let job = run(&machine, event(&world, "schedule"), "status-page.yml");
    assert!(!job.failed, "{}", job.log);
    let page = fs::read_to_string(machine.store("pages/index.html")).unwrap();
    assert!(
        page.starts_with("<!") && page.contains("basket") && page.contains("prod-ca"),
        "{page}"
    );
}

#[test]
fn a_tag_becomes_a_release_that_the_action_installs() {
    let world = shop();
    let mut machine = Machine::new(&world);
    let commit = machine.repository("example/trainyard", |folder| {
        copy(&project(".github"), &folder.join(".github"));
        for file in ["LICENSE", "README.md"] {
            fs::copy(project(file), folder.join(file)).unwrap();
        }
        write_program(
            &folder.join(".ci/run"),
            "[ -n \"$TRAINYARD_NO_SKIPS\" ] && echo \"$HOME\" >\"$RUNNER_TEMP/../store/checked\"",
        );
        // What they do takes a compiler and minutes; what they leave is enough here.
        for (name, lines) in [
            (
                "build-release",
                "cp \"$RUNNER_TEMP/../store/trainyard\" \"$1\"",
            ),
            ("musl", "touch \"$RUNNER_TEMP/../store/musl\""),
            ("reproduce", "touch \"$RUNNER_TEMP/../store/reproduced\""),
            ("deny", "touch \"$RUNNER_TEMP/../store/supplied\""),
            (
                "sbom",
                "echo \"$#\" >>\"$RUNNER_TEMP/../store/listed\"; echo '{}'",
            ),
        ] {
            write_program(&folder.join(".ci").join(name), lines);
        }
    });
    let here = |name, reference: &str| Event {
        name,
        repository: "example/trainyard",
        reference: (reference.to_owned(), commit.clone()),
        ..event(&world, "push")
    };
    machine.stand_in("sudo", "[ \"$1\" = -E ] && shift\nHOME=/root exec \"$@\"");
    let runner = Runner {
        machine: &machine,
        event: here("push", "refs/heads/main"),
    };
    let jobs = runner.run(&project(".github/workflows/ci.yml"));
    assert!(!jobs["check"].failed, "{}", jobs["check"].log);
    let home = fs::read_to_string(machine.store("checked")).unwrap();
    assert_eq!(home.trim_end(), machine.home().display().to_string());

    let runner = Runner {
        machine: &machine,
        event: here("push", "refs/tags/v0.1.0"),
    };
    let jobs = runner.run(&project(".github/workflows/release.yml"));
    for (name, job) in &jobs {
        assert!(!job.failed, "{name}: {}", job.log);
    }
    assert_eq!(
        jobs.keys()
            .filter(|name| name.starts_with("build "))
            .count(),
        3
    );
    let calls = fs::read_to_string(machine.store("calls")).unwrap();
    let calls: Vec<_> = calls.lines().collect();
    assert!(
        calls[0].starts_with("release create v0.1.0") && calls[0].contains("--draft"),
        "{calls:?}"
    );
    // Each of the three machines lists what is in its own archive.
    let listed = fs::read_to_string(machine.store("listed")).unwrap();
    assert_eq!(listed, "0\n0\n0\n");
    let mut files: Vec<_> = fs::read_dir(machine.store("releases/v0.1.0"))
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    files.sort();
    assert_eq!(
        files,
        ["cdx.json", "tar.gz", "tar.gz.sha256"]
            .map(|end| format!("trainyard-0.1.0-x86_64-linux.{end}"))
    );
    assert!(machine.store("supplied").exists());
    assert!(machine.store("reproduced").exists());
    assert!(
        calls.last().unwrap().ends_with("--draft=false"),
        "{calls:?}"
    );

    let job = run(&machine, event(&world, "schedule"), "nightly-train.yml");
    assert!(!job.failed, "{}", job.log);
    assert_eq!(job.output("train", "changed"), "true");
}

#[test]
fn what_the_runner_does_not_know_is_an_error() {
    let world = shop();
    let machine = Machine::new(&world);
    machine.release("0.1.0");
    let workflow = document(&project("docs/ci/nightly-train.yml"));
    let changed = |pointer: &str, value: Value| {
        let mut workflow = workflow.clone();
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        match workflow.pointer_mut(parent).unwrap() {
            Value::Array(list) => list[key.parse::<usize>().unwrap()] = value,
            other => other[key] = value,
        }
        let runner = Runner {
            machine: &machine,
            event: event(&world, "schedule"),
        };
        runner.try_run(&workflow).map(|_| ())
    };
    assert_eq!(changed("/name", json!("other")), Ok(()));
    for (pointer, value) in [
        ("/defaults", json!({})),
        ("/permissions", Value::Null),
        ("/permissions", json!("write-all")),
        ("/jobs/train/container", json!("x")),
        ("/jobs/train/needs", json!("nobody")),
        ("/jobs/train/steps/0/uses", json!("actions/checkout@v3")),
        ("/jobs/train/steps/0/with", json!({ "submodules": true })),
        ("/jobs/train/steps/1/with/comand", json!("x")),
        ("/jobs/train/steps/1/timeout-minutes", json!(3)),
        ("/jobs/train/steps/2/if", json!("hashFiles('x')")),
        (
            "/jobs/train/steps/2",
            json!({ "if": "always()", "run": "echo ${{ github.actor }}" }),
        ),
        (
            "/jobs/train/steps/2",
            json!({ "if": "always()", "run": "true", "shell": "python" }),
        ),
        (
            "/jobs/train/steps/2",
            json!({ "if": "always()", "env": { "X": "${{ steps.other.outputs.x }}" }, "run": "true" }),
        ),
    ] {
        assert!(
            changed(pointer, value.clone()).is_err(),
            "{pointer}: {value}"
        );
    }
}
