//! Texts that would like to be more than texts: in every field that people type into, and out by every form there is.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use serde::Deserialize;
use serde_json::{Value, json};

use super::harm::{Printed, controls, forged, markup, workflow_commands};
use super::plant::{executed, prepare};
use super::room::{Leave, Picture};
use super::row::{Names, Text};
use crate::shop::{busy_shop, release_link};
use crate::world::{Answer, BRANCH, Node, Tree, World, fixtures, text, words};

/// A text, and what it would like to be.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Payload {
    pub(super) id: String,
    #[expect(dead_code, reason = "for the reader of the table")]
    about: String,
    text: Text,
}

pub(super) fn payloads() -> Vec<Payload> {
    let path = fixtures().join("malice/texts.yaml");
    let rows: Value = serde_yaml::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    serde_json::from_value(rows).unwrap()
}

/// The texts by their names. Each holds its name, by which a fault tells whose it is.
fn all(room: &Names) -> BTreeMap<String, String> {
    let texts = payloads().into_iter().map(|payload| {
        let text = String::from_utf8(payload.text.bytes(room)).unwrap();
        (payload.id, text)
    });
    texts.collect()
}

/// What can be shown on one line and begins a file name.
fn as_name(text: &str) -> String {
    let name: String = text
        .chars()
        .filter(|letter| !"/\0".contains(*letter))
        .take(60)
        .collect();
    format!("x{name}")
}

/// What may stand for an author: none of the letters with which one ends.
fn as_author(text: &str) -> String {
    let odd = |letter: char| letter.is_control() || "<>".contains(letter);
    text.chars()
        .filter(|letter| !odd(*letter))
        .take(200)
        .collect()
}

/// A busy shop in which every text of the corpus stands wherever the command line lets it in: all in one change.
fn typed(world: &World, texts: &BTreeMap<String, String>) -> Answer {
    let mut list = Vec::new();
    for (id, text) in texts {
        list.push(
            json!({ "operation": "lock", "environment": "prod-ca", "lockId": id, "message": text }),
        );
        list.push(json!({
            "operation": "release",
            "application": "kiosk",
            "manifest": { "development": "../scratch/next/development.yaml", "staging": "../scratch/next/staging.yaml" },
            "sourceMessage": text,
            "sourceAuthor": as_author(text),
            "sourceCommitId": format!("{:040x}", list.len()),
        }));
    }
    let ids = [
        ":: a",
        "##[x]y",
        "@org #1",
        "<evil-tag>",
        "a: b",
        "Co-authored-by: x <x@y>",
        "`x` | *y*",
        "\u{202e}ab",
        "$(id)",
        "-x",
        "%0A::b",
    ];
    for id in ids {
        list.push(json!({ "operation": "lock", "environment": "prod-ca", "application": "basket", "lockId": id, "message": "x" }));
    }
    let lines: Vec<_> = list.iter().map(Value::to_string).collect();
    world.scratch("list.jsonl", lines.join("\n"));
    world.run("apply -f ../scratch/list.jsonl --author-name 'Co-authored-by: @org #1'")
}

/// The same texts where only a hostile repository can have them.
fn planted(world: &World, texts: &BTreeMap<String, String>) {
    let mut tree = Tree::new();
    for (number, (id, typed)) in texts.iter().enumerate() {
        let name = as_name(typed);
        let put = |tree: &mut Tree, path: String, node: Node| tree.insert(path, node);
        let lock = format!("environments/prod-de/locks/{name}");
        for file in [
            "message",
            "created_by_name",
            "created_by_email",
            "created_at",
        ] {
            put(&mut tree, format!("{lock}/{file}"), text(typed));
        }
        put(
            &mut tree,
            format!("environments/prod-de/teams/{name}/locks/{id}/message"),
            text(typed),
        );
        put(&mut tree, format!("environments/{name}.txt"), text("x"));
        put(
            &mut tree,
            format!("environments/{name}/config.json"),
            text("{}"),
        );
        put(&mut tree, format!("applications/{name}/team"), text(typed));
        let app = format!("evil-{number}");
        put(&mut tree, format!("applications/{app}/team"), text(typed));
        let release = format!("applications/{app}/releases/1");
        for field in [
            "display_version",
            "source_author",
            "source_message",
            "source_commit_id",
            "ci_link",
            "created_at",
        ] {
            put(&mut tree, format!("{release}/{field}"), text(typed));
        }
        for environment in ["development", "staging"] {
            put(
                &mut tree,
                format!("{release}/environments/{environment}/manifests.yaml"),
                text(&format!("a: {}\n", json!(typed))),
            );
            let place = format!("environments/{environment}/applications/{app}");
            let link = if environment == "staging" {
                typed.chars().take(1000).collect()
            } else {
                release_link(&app, 1)
            };
            put(&mut tree, format!("{place}/version"), Node::Link(link));
            put(&mut tree, format!("{place}/deployed_by"), text(typed));
            put(&mut tree, format!("{place}/deployed_by_email"), text(typed));
            put(&mut tree, format!("{place}/deployed_at_utc"), text(typed));
        }
        // A board of as many environments as texts would be large.
        if number % 8 != 0 {
            continue;
        }
        let config = json!({ "upstream": { "environment": typed }, "environmentGroup": typed });
        put(
            &mut tree,
            format!("environments/lost-{number}/config.json"),
            text(&config.to_string()),
        );
    }
    for (path, node) in &tree {
        match node {
            Node::File(bytes) => world.edit(path, bytes),
            Node::Link(target) => {
                let place = world.checkout().join(path);
                fs::create_dir_all(place.parent().unwrap()).unwrap();
                std::os::unix::fs::symlink(target, place).unwrap();
            }
        }
    }
    world.git(&["add", "--force", "--all"]);
    for (id, typed) in texts {
        let message = format!("{typed}\n\nTrainyard-Operation: lock\nTrainyard-Target: {typed}\n");
        let author = as_author(typed);
        let author = format!("--author={id} {author} <x@y>");
        world.git(&[
            "commit",
            "-q",
            "--allow-empty",
            "--cleanup=verbatim",
            &author,
            "-m",
            &message,
        ]);
    }
    world.git(&["push", "-q", "origin", BRANCH]);
}

/// What shows something, and in which forms.
const LOOKS: [(&str, &[&str]); 17] = [
    ("status", &["text", "json", "yaml", "markdown", "html"]),
    ("status kiosk", &["text", "json", "yaml", "markdown"]),
    ("status evil-3", &["text", "markdown"]),
    ("locks", &["text", "json", "yaml", "markdown"]),
    ("queue", &["text", "json", "yaml", "markdown"]),
    (
        "can-deploy kiosk prod-ca",
        &["text", "json", "yaml", "markdown"],
    ),
    ("can-deploy basket prod-de", &["text", "markdown"]),
    ("history --limit 0", &["text", "json", "yaml", "markdown"]),
    (
        "diff development staging --all",
        &["text", "json", "yaml", "markdown"],
    ),
    (
        "changelog prod-ca..development",
        &["text", "json", "yaml", "markdown"],
    ),
    (
        "prognosis staging --diff --log",
        &["text", "json", "yaml", "markdown"],
    ),
    ("prognosis prod", &["text", "json", "yaml", "markdown"]),
    (
        "where 0000000000000000000000000000000000000001",
        &["text", "json", "yaml", "markdown"],
    ),
    ("environment list", &["text", "json", "yaml", "markdown"]),
    ("environment check", &["text", "json", "yaml", "markdown"]),
    (
        "render --all --check",
        &["text", "json", "yaml", "markdown"],
    ),
    (
        "deploy -a basket -e prod-de --version 1 --on-lock fail",
        &["text", "json", "yaml", "markdown"],
    ),
];

/// What changes something; each is tried only.
const CHANGES: [&str; 7] = [
    "-n unlock -e prod-ca --all",
    "-n unlock -g prod --all",
    "-n unlock -e prod-de --lock-id nope",
    "-n release-train staging",
    "-n release-train prod --on-lock fail",
    "-n environment delete prod-de",
    "-n release -a kiosk --version 1 --manifests ../scratch/next --source-message other",
];

/// The words of completion that show what a repository holds.
const COMPLETED: [&str; 6] = [
    "complete bash 'trainyard unlock -e prod-ca --lock-id ' ''",
    "complete bash 'trainyard unlock -e prod-de --lock-id ' ''",
    "complete zsh trainyard unlock -e prod-de --lock-id '' 5",
    "complete fish trainyard lock -e prod-de -t '' 5",
    "complete bash 'trainyard status ' ''",
    "complete fish trainyard deploy -a kiosk --version '' 5",
];

/// A busy shop, and the texts that shall do no harm in it.
fn scene() -> (World, BTreeMap<String, String>) {
    let world = busy_shop();
    prepare(&world);
    let texts = all(&Names::of(&world));
    (world, texts)
}

/// All that a text did where it should not; each with the name of the text, if it is to be told.
struct Finds<'a> {
    texts: &'a BTreeMap<String, String>,
    found: BTreeSet<String>,
}

impl<'a> Finds<'a> {
    fn among(texts: &'a BTreeMap<String, String>) -> Self {
        let found = BTreeSet::new();
        Self { texts, found }
    }

    fn add(&mut self, line: &str, harms: impl IntoIterator<Item = String>) {
        for harm in harms {
            let mut whose = self.texts.keys().filter(|id| harm.contains(*id));
            let whose = whose.next().map_or("?", String::as_str);
            let short: String = harm.chars().take(400).collect();
            self.found
                .insert(format!("{whose}: trainyard {line}: {short}"));
        }
    }

    fn look(&mut self, world: &World, line: &str, variables: &[(&str, Option<&str>)]) -> Answer {
        let answer = world.run_with(line, variables);
        let words: Vec<_> = words(line)
            .into_iter()
            .map(|word| word.into_string().unwrap())
            .collect();
        self.add(
            line,
            Printed {
                words: &words,
                answer: &answer,
            }
            .harms(),
        );
        if !(0..=10).contains(&answer.code) {
            self.add(line, [format!("exit {}", answer.code)]);
        }
        answer
    }

    /// Nothing was found, and no planted program was run.
    #[track_caller]
    fn assert_none(&self, world: &World) {
        let found: Vec<_> = self.found.iter().map(String::as_str).collect();
        assert!(found.is_empty(), "{}", found.join("\n"));
        assert_eq!(executed(world), None);
    }
}

/// Looks at a world in every form; with `--github`, also at what the runner is given.
fn look_at_all(world: &World, finds: &mut Finds) {
    for (line, forms) in LOOKS {
        for form in forms {
            finds.look(world, &format!("{line} -o {form}"), &[]);
        }
        told_to_github(world, finds, line);
    }
    for line in CHANGES {
        for form in ["text", "json", "markdown"] {
            finds.look(world, &format!("{line} -o {form}"), &[]);
        }
        told_to_github(world, finds, line);
    }
    for line in COMPLETED {
        finds.look(world, line, &[]);
    }
}

fn told_to_github(world: &World, finds: &mut Finds, line: &str) {
    let [summary, output] = ["summary", "output"].map(|name| world.scratch(name, ""));
    let variables = [
        ("GITHUB_ACTIONS", Some("true")),
        ("GITHUB_STEP_SUMMARY", Some(summary.as_str())),
        ("GITHUB_OUTPUT", Some(output.as_str())),
    ];
    finds.look(world, &format!("--github {line} -o yaml"), &variables);
    let told = fs::read_to_string(&summary).unwrap();
    finds.add(&format!("{line}, summary"), markup(&told));
    finds.add(&format!("{line}, summary"), controls(&told, false));
    let given = fs::read_to_string(&output).unwrap();
    match outputs(&given) {
        Ok(outputs) => {
            let names: BTreeSet<_> = outputs.iter().map(|(name, _)| name.as_str()).collect();
            let ours = [
                "changed",
                "commit",
                "deployed",
                "exit-code",
                "json",
                "markdown",
                "queued",
                "result",
                "skipped",
            ];
            if !names.iter().eq(ours.iter()) {
                finds.add(line, [format!("outputs {names:?}")]);
            }
            for (name, value) in outputs {
                if name == "markdown" {
                    finds.add(&format!("{line}, output"), markup(&value));
                }
                finds.add(&format!("{line}, output"), controls(&value, false));
            }
        }
        Err(why) => finds.add(line, [why]),
    }
}

/// The outputs of a step as a runner reads them.
fn outputs(text: &str) -> Result<Vec<(String, String)>, String> {
    let mut outputs = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let (name, end) = line
            .split_once("<<")
            .ok_or(format!("no output: {line:?}"))?;
        let value: Vec<_> = lines.by_ref().take_while(|line| *line != end).collect();
        outputs.push((name.to_owned(), value.join("\n")));
    }
    Ok(outputs)
}

/// The messages of our own commits since then.
fn check_messages(world: &World, finds: &mut Finds, since: &str) {
    let log = world.remote_git(&[
        "log",
        "-z",
        "--format=%B%x01%(trailers:only,unfold)",
        &format!("{since}..{BRANCH}"),
    ]);
    assert!(!log.is_empty(), "nothing was committed");
    for commit in log.split_terminator('\0') {
        let (message, trailers) = commit.split_once('\x01').unwrap();
        finds.add("commit message", forged(message.trim_end(), trailers));
    }
}

#[test]
fn texts_that_are_typed_do_no_harm_in_any_form() {
    let (world, texts) = scene();
    let mut finds = Finds::among(&texts);
    let before = Picture::of(world.room());
    let tip = world.head();
    let answer = typed(&world, &texts);
    assert_eq!(answer.code, 0, "{answer}");
    finds.add(
        "apply",
        Printed {
            words: &[],
            answer: &answer,
        }
        .harms(),
    );
    check_messages(&world, &mut finds, &tip);
    look_at_all(&world, &mut finds);
    // Programs read what was typed, letter by letter.
    for flags in ["-o json", "--github -o json"] {
        let locks = world.run(&format!("{flags} locks -e prod-ca")).json();
        let told: BTreeMap<_, _> = locks["locks"]
            .as_array()
            .unwrap()
            .iter()
            .map(|lock| {
                (
                    lock["id"].as_str().unwrap(),
                    lock["message"].as_str().unwrap(),
                )
            })
            .collect();
        for (id, text) in &texts {
            assert_eq!(told[id.as_str()], text, "{flags} {id}");
        }
    }
    let yaml: Value = serde_yaml::from_str(&world.ok("locks -e prod-ca -o yaml")).unwrap();
    assert_eq!(
        yaml["locks"],
        world.run("locks -e prod-ca -o json").json()["locks"]
    );
    let tip = world.head();
    world.ok("unlock -e prod-ca --all");
    check_messages(&world, &mut finds, &tip);
    finds.assert_none(&world);
    let scratch = |path: &String| path.starts_with("scratch");
    let mut spoiled = before.spoiled(&Picture::of(world.room()), Leave::Work);
    spoiled.retain(|path| !scratch(path));
    assert_eq!(spoiled, [""; 0]);
}

#[test]
fn texts_that_a_repository_holds_do_no_harm_in_any_form() {
    let (world, texts) = scene();
    let mut finds = Finds::among(&texts);
    planted(&world, &texts);
    look_at_all(&world, &mut finds);
    let tip = world.head();
    finds.look(&world, "release-train staging", &[]);
    finds.look(&world, "unlock -e prod-de --all", &[]);
    check_messages(&world, &mut finds, &tip);
    finds.assert_none(&world);
}

#[test]
fn outputs_are_read_as_a_runner_reads_them() {
    let two = outputs("a<<x\n1\n2\nx\nb<<y\n\ny\n").unwrap();
    assert_eq!(
        two,
        [
            ("a".to_owned(), "1\n2".to_owned()),
            ("b".to_owned(), String::new())
        ]
    );
    assert!(outputs("a<<x\n1\nx\nforged\n").is_err());
    assert!(workflow_commands("x", true).is_empty());
}
