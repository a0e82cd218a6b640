//! `--github`: summary, outputs and annotations beside the answer, and no text that is taken for a command.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::files::pairs;
use super::log::{Command, commands};
use crate::shop::shop;
use crate::world::{Answer, World};

/// A text that tries every way to be a command.
const HOSTILE: &str = "a\n::set-output name=changed::x\r  ::stop-commands::y ##[add-mask]a\n##[error]b\u{200b}::debug::";

/// What came of a command in a step.
struct Step {
    answer: Answer,
    summary: String,
    outputs: BTreeMap<String, String>,
    commands: Vec<Command>,
}

fn place(world: &World, name: &str) -> PathBuf {
    world.room().join(name)
}

fn step(world: &World, line: &str) -> Step {
    let files = [
        ("GITHUB_STEP_SUMMARY", "summary"),
        ("GITHUB_OUTPUT", "outputs"),
    ];
    let paths = files.map(|(variable, name)| (variable, place(world, name)));
    let variables = paths.each_ref().map(|(name, path)| (*name, path.to_str()));
    let answer = world.run_with(&format!("--github {line}"), &variables);
    let [summary, outputs] = paths.map(|(_, path)| fs::read_to_string(&path).unwrap_or_default());
    Step {
        commands: [commands(&answer.stdout), commands(&answer.stderr)].concat(),
        outputs: pairs(&outputs).unwrap(),
        summary,
        answer,
    }
}

impl Step {
    fn output(&self, name: &str) -> &str {
        &self.outputs[name]
    }

    #[track_caller]
    fn list(&self, name: &str) -> Value {
        serde_json::from_str(self.output(name)).unwrap()
    }

    /// Level, title and message of each annotation.
    fn annotations(&self) -> Vec<(&str, &str, &str)> {
        let told = self.commands.iter();
        told.map(|told| (told.name.as_str(), told.title(), told.data.as_str()))
            .collect()
    }
}

#[test]
fn a_train_tells_the_step_what_moved_what_waits_and_what_was_skipped() {
    let world = shop();
    world.ok("lock -e staging -a basket --lock-id leak -m 'it leaks: 5% a day, or more'");
    let told = step(&world, "release-train staging");
    assert_eq!(told.answer.code, 0, "{}", told.answer);
    assert_eq!(told.output("changed"), "true");
    assert_eq!(told.output("result"), "changed");
    assert_eq!(told.output("exit-code"), "0");
    assert_eq!(told.output("commit"), world.head());
    let courier =
        json!([{ "application": "courier", "environment": "staging", "from": 1, "version": 2 }]);
    assert_eq!(told.list("deployed"), courier);
    let basket = json!([{ "application": "basket", "environment": "staging", "version": 2 }]);
    assert_eq!(told.list("queued"), basket);
    assert_eq!(told.list("skipped")[0]["cause"], "APP_IS_LOCKED");
    assert_eq!(told.list("json")["schema"], "trainyard/release-train/v1");
    let why = "basket 2: app lock `leak` (\"it leaks: 5% a day, or more\", Ada Signal, 1 min ago)";
    let skipped = ("notice", "staging: 1 app is skipped for its locks", why);
    assert_eq!(told.annotations(), [skipped]);
    assert!(
        told.summary
            .starts_with("### Release train to group staging\n"),
        "{}",
        told.summary
    );
    assert!(
        told.summary.contains("| courier | 1 → 2 | |"),
        "{}",
        told.summary
    );
    assert!(
        told.summary
            .contains(&format!("- commit `{}`", world.head()))
    );
    assert!(told.output("markdown").contains("| courier | 1 → 2 | |"));
    // The answer itself is the same.
    assert!(
        told.answer
            .stdout
            .starts_with("release train to group staging\n")
    );
}

#[test]
fn each_kind_of_change_names_what_it_deployed_and_queued() {
    let world = shop();
    let cell = |app: &str, environment: &str, from: Value, version: u64| json!({ "application": app, "environment": environment, "from": from, "version": version });
    let told = step(&world, "release -a basket --manifests ../scratch/next");
    assert_eq!(
        told.list("deployed"),
        json!([cell("basket", "development", json!(2), 3)])
    );
    world.ok("lock -e prod-de --lock-id freeze -m x");
    let told = step(&world, "deploy -a courier -e prod-de --version 2");
    assert_eq!(told.list("deployed"), json!([]));
    assert_eq!(told.list("queued")[0]["version"], 2);
    assert_eq!(
        told.annotations()[0].1,
        "prod-de: 1 version waits behind locks"
    );
    let told = step(&world, "unlock -e prod-de --lock-id freeze");
    assert_eq!(
        told.list("deployed"),
        json!([cell("courier", "prod-de", Value::Null, 2)])
    );
    let list = world.scratch("list.yaml", "- {operation: deploy, application: courier, environment: prod-ca, version: 1}\n- {operation: release-train, target: staging}\n");
    let told = step(&world, &format!("apply -f {list}"));
    assert_eq!(told.list("deployed").as_array().unwrap().len(), 3);
    let told = step(&world, &format!("apply -f {list}"));
    assert_eq!(
        (told.output("changed"), told.output("result")),
        ("false", "unchanged")
    );
    assert_eq!(told.output("commit"), "");
}

#[test]
fn a_prognosis_and_a_dry_run_tell_what_would_be_and_change_nothing() {
    for (line, code) in [
        ("prognosis staging", 0),
        ("prognosis staging --detailed-exitcode", 10),
        ("-n release-train staging", 0),
    ] {
        let world = shop();
        let told = step(&world, line);
        assert_eq!(told.answer.code, code);
        assert_eq!(
            (told.output("changed"), told.output("result")),
            ("false", "pending"),
            "{line}"
        );
        assert_eq!(told.output("exit-code"), code.to_string());
        assert_eq!(told.list("deployed").as_array().unwrap().len(), 2, "{line}");
        assert_eq!(told.output("commit"), "");
    }
}

#[test]
fn a_failure_tells_why_with_its_hint_and_ends_with_the_same_code() {
    let world = shop();
    world.ok("lock -e staging --lock-id freeze -m x");
    for (line, code, result, why, hint) in [
        (
            "deploy -a basket -e staging --version 2 --on-lock fail",
            3,
            "refused",
            "staging",
            "hint: ",
        ),
        (
            "deploy -a basket -e stagin --version 2",
            3,
            "refused",
            "there is no environment `stagin`",
            "hint: did you mean",
        ),
        (
            "deploy -a basket",
            2,
            "usage",
            "required arguments",
            "--environment",
        ),
        ("--branch a..b prognosis staging", 2, "usage", "`a..b`", ""),
    ] {
        let told = step(&world, line);
        assert_eq!(told.answer.code, code, "{line}\n{}", told.answer);
        assert_eq!(told.answer.code, world.run(line).code);
        let [("error", "trainyard", message)] = told.annotations()[..] else {
            panic!("{line}: {:?}", told.commands);
        };
        assert!(
            message.contains(why) && message.contains(hint),
            "{line}: {message}"
        );
        // In place of the plain words, so that nobody reads them twice.
        assert!(
            !told.answer.stderr.contains("\nerror: ") && !told.answer.stderr.starts_with("error: ")
        );
        assert_eq!(
            (told.output("changed"), told.output("result")),
            ("false", result),
            "{line}"
        );
        assert_eq!(told.output("exit-code"), code.to_string());
        assert_eq!(told.output("deployed"), "[]");
        assert!(
            told.summary
                .contains(&format!("### trainyard: {result}\n\n**error:** ")),
            "{}",
            told.summary
        );
    }
}

#[test]
fn where_nobody_knows_whether_it_landed_nobody_is_told_that_it_did_not() {
    let world = shop();
    world.remote_hook("pre-receive", "kill -9 $PPID");
    let told = step(&world, "lock -e staging -m x");
    assert_eq!(told.answer.code, 4, "{}", told.answer);
    assert_eq!(
        (told.output("changed"), told.output("result")),
        ("unknown", "unknown")
    );
}

#[test]
fn the_variable_is_the_option_and_holds_for_what_cannot_be_read() {
    let world = shop();
    let outputs = place(&world, "outputs");
    let variables = |on: &'static str| {
        [
            ("TRAINYARD_GITHUB", Some(on)),
            ("GITHUB_OUTPUT", outputs.to_str()),
        ]
    };
    for off in ["", "0", "false", "no"] {
        world.run_with("no-such-command", &variables(off));
        world.run_with("environment list", &variables(off));
        assert!(!outputs.exists(), "{off}");
    }
    // Whoever does not ask gets none, in GitHub Actions neither.
    world.run_with(
        "environment list",
        &[
            ("GITHUB_ACTIONS", Some("true")),
            ("GITHUB_OUTPUT", outputs.to_str()),
        ],
    );
    assert!(!outputs.exists());
    let answer = world.run_with("no-such-command", &variables("true"));
    assert_eq!(commands(&answer.stderr)[0].name, "error");
    assert_eq!(
        pairs(&fs::read_to_string(&outputs).unwrap()).unwrap()["result"],
        "usage"
    );
    world.run_with("environment list", &variables("true"));
    assert_eq!(
        pairs(&fs::read_to_string(&outputs).unwrap()).unwrap()["result"],
        "unchanged"
    );
}

#[test]
fn what_people_typed_is_no_command_in_any_format() {
    let world = shop();
    let lock = [
        "--github",
        "lock",
        "-e",
        "prod-ca",
        "--lock-id",
        "##[error]x",
        "-m",
        HOSTILE,
    ];
    let answer = world.run_words(&lock);
    assert_eq!(answer.code, 0, "{answer}");
    assert_eq!(commands(&answer.stdout), [], "{answer}");
    for format in ["text", "markdown", "json", "yaml", "kuberpult"] {
        let told = step(&world, &format!("prognosis prod -o {format}"));
        let [("notice", title, message)] = told.annotations()[..] else {
            panic!("{format}: {:?}\n{}", told.commands, told.answer);
        };
        assert_eq!(title, "prod-ca is skipped as a whole: it is locked");
        assert!(
            message.contains("\\u{23}\\u{23}[error]b\\u{200b}::debug::"),
            "{message}"
        );
    }
    for format in ["json", "yaml"] {
        let line = format!("prognosis prod -o {format}");
        let [plain, safe] = [world.ok(&line), step(&world, &line).answer.stdout];
        assert_ne!(plain, safe);
        let [plain, safe] = [plain, safe].map(|text| serde_yaml::from_str::<Value>(&text).unwrap());
        assert_eq!(plain, safe, "{format} means the same");
    }
    // Outside of GitHub Actions nothing is spelled otherwise.
    assert!(world.ok("prognosis prod").contains("##[add-mask]a"));
}

#[test]
fn nothing_is_a_command_in_a_step_that_does_not_ask_to_be_told() {
    let world = shop();
    for (version, environment) in [(8, "prod-ca"), (9, "staging")] {
        let text = format!("data:\n  x: |\n   ::stop-commands::y\n   {version}\n");
        let file = world.scratch("manifest", text);
        world.ok(&format!(
            "release -a basket --version {version} -e staging -f {file} -e prod-ca -f {file}"
        ));
        world.ok(&format!(
            "deploy -a basket -e {environment} --version {version}"
        ));
    }
    let message = "x\n::add-mask::prod\n   ::error::y";
    let lock = ["lock", "-e", "staging", "--lock-id", "note", "-m", message];
    assert_eq!(world.run_words(&lock).code, 0);
    for line in [
        "prognosis prod --diff",
        "prognosis prod --diff -o markdown",
        "prognosis prod --diff -o yaml",
        "locks -o yaml",
        "history -o yaml",
        "status basket -o yaml",
        "unlock -e staging --lock-id note -n -o yaml",
        "deploy -a basket -e staging --version '##[add-mask]prod'",
    ] {
        let outside = world.run(line);
        let all = format!("{}{}", outside.stdout, outside.stderr);
        assert_ne!(commands(&all), [], "it would be one: {outside}");
        let inside = world.run_with(line, &[("GITHUB_ACTIONS", Some("true"))]);
        assert_eq!(commands(&inside.stdout), [], "{inside}");
        assert_eq!(commands(&inside.stderr), [], "{inside}");
        assert_eq!(inside.code, outside.code);
        if line.ends_with("yaml") {
            let [plain, safe] = [&outside, &inside]
                .map(|answer| serde_yaml::from_str::<Value>(&answer.stdout).unwrap());
            assert_eq!(plain, safe, "it means the same: {line}");
        }
    }
}

#[test]
fn lines_of_manifests_and_of_remotes_are_no_commands() {
    let world = shop();
    // So long that GitHub shows not all of the difference, which is told in plain lines then.
    let manifest = |end: &str| {
        let lines = format!("   {end}\n").repeat(20);
        format!("kind: ConfigMap\ndata:\n  x: |\n   ::set-output name=changed::true\n{lines}")
    };
    let [old, new] = [("old", "##[add-mask]a"), ("new", "##[add-mask]b")]
        .map(|(name, end)| world.scratch(name, manifest(end)));
    world.ok(&format!(
        "release -a basket --version 9 -e staging -f {old}"
    ));
    let told = step(
        &world,
        &format!("release -a basket --version 9 -e staging -f {new}"),
    );
    assert_eq!(told.answer.code, 3);
    let [("error", _, message)] = told.annotations()[..] else {
        panic!("{:?}\n{}", told.commands, told.answer);
    };
    assert!(
        message.contains("\n    ::set-output name=changed::true"),
        "{message}"
    );
    assert!(told.summary.contains("\n```diff\n"), "{}", told.summary);
    assert!(
        told.answer
            .stderr
            .contains("\n    \\u{3a}:set-output name=changed::true\n"),
        "{}",
        told.answer
    );
    world.remote_hook(
        "pre-receive",
        "printf 'no\\n::error::x\\n##[add-mask]a\\n' >&2; exit 1",
    );
    let told = step(&world, "lock -e staging -m x");
    assert_eq!(
        (told.answer.code, told.output("result")),
        (5, "remote-refused")
    );
    assert_eq!(told.commands.len(), 1, "{}", told.answer);
}

#[test]
fn what_cannot_be_told_is_a_warning_and_the_change_has_landed() {
    let world = shop();
    let folder = world.room().to_str().unwrap().to_owned();
    for (number, path) in [
        Some(folder.as_str()),
        Some("/no/such/folder/file"),
        Some(""),
        None,
    ]
    .into_iter()
    .enumerate()
    {
        let head = world.head();
        let line = format!("--github lock -e staging --lock-id x{number} -m x");
        let answer = world.run_with(
            &line,
            &[("GITHUB_STEP_SUMMARY", path), ("GITHUB_OUTPUT", path)],
        );
        assert_eq!(answer.code, 0, "{answer}");
        assert_ne!(world.head(), head);
        for name in ["GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT"] {
            let warning = format!("warning: nothing is written to `${name}`: ");
            assert!(answer.stderr.contains(&warning), "{answer}");
        }
    }
}

#[test]
fn a_summary_stays_below_the_limit_beside_what_is_there() {
    const LIMIT: usize = 1024 * 1024;
    let world = shop();
    let line = "release-train staging -n";
    let whole = step(&world, line).summary;
    for room in [10, 150, 5000] {
        let before = "x".repeat(LIMIT - room);
        fs::write(place(&world, "summary"), &before).unwrap();
        let told = step(&world, line);
        assert!(told.summary.len() <= LIMIT);
        let added = told.summary.strip_prefix(&before).unwrap();
        match room {
            10 => assert!(
                added.is_empty() && told.answer.stderr.contains("as large as GitHub allows")
            ),
            150 => assert!(
                added.contains("**Left out: ") && added.starts_with("\n\n### Release train"),
                "{added}"
            ),
            _ => assert_eq!(added, format!("\n\n{whole}")),
        }
    }
}

#[test]
fn outputs_go_below_a_line_that_another_program_left_open() {
    let world = shop();
    fs::write(place(&world, "outputs"), "theirs=1").unwrap();
    let told = step(&world, "environment list");
    assert_eq!(
        (told.output("theirs"), told.output("changed")),
        ("1", "false")
    );
}

#[test]
fn warnings_are_annotations_and_quiet_means_quiet() {
    let world = shop();
    world.edit("environments/staging/locks/freeze/message", "mine");
    let told = step(&world, "lock -e staging --lock-id freeze -m x");
    let [("warning", "trainyard", message)] = told.annotations()[..] else {
        panic!("{:?}\n{}", told.commands, told.answer);
    };
    assert!(
        message.starts_with("the change has landed, but the checkout stays as it is: "),
        "{message}"
    );
    assert!(
        !told.answer.stderr.contains("warning: the change"),
        "{}",
        told.answer
    );
    assert!(
        told.summary
            .contains("- **warning:** the change has landed"),
        "{}",
        told.summary
    );
    let world = shop();
    world.ok("lock -e staging --lock-id freeze -m x");
    let told = step(&world, "-q release-train staging");
    assert_eq!(told.answer.stderr, "");
    assert!(!told.summary.is_empty());
    assert_eq!(
        step(&world, "-q deploy -a x -e y --version 1").annotations()[0].0,
        "error"
    );
}

#[test]
fn the_command_lines_of_kuberpults_client_tell_the_step_too() {
    let world = shop();
    let told = step(
        &world,
        "kuberpult-client create-env-lock --environment staging --lockID a1 --message x",
    );
    assert_eq!(told.answer.code, 0, "{}", told.answer);
    assert_eq!(
        (told.output("changed"), told.output("result")),
        ("true", "changed")
    );
    assert_eq!(told.output("commit"), world.head());
    let told = step(
        &world,
        "kuberpult-client delete-env-lock --environment staging --lockID nope",
    );
    assert_eq!(
        (
            told.answer.code,
            told.output("result"),
            told.output("changed")
        ),
        (1, "failed", "false")
    );
    assert_eq!(told.annotations()[0].0, "error");
    let told = step(&world, "kuberpult-client nonsense");
    assert_eq!((told.answer.code, told.output("result")), (2, "usage"));
}
