//! A repository with a fault of every kind that `docs/commands.md` lists, and the commands that mend them, one after the other.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::shop::{environments, point, store};
use crate::world::{Tree, World, text};

/// The apps of which each has something broken, or nothing.
const APPS: [&str; 20] = [
    "alpha", "bravo", "charlie", "delta", "echo", "foxtrot", "golf", "hotel", "india", "juliet",
    "kilo", "lima", "mike", "november", "oscar", "papa", "quebec", "romeo", "sierra", "tango",
];

/// A kind of fault, its path, and how it comes about, as lines of shell in the checkout, where `$at` is the path.
const FAULTS: &[(&str, &str, &str)] = &[
    ("executable-file", "applications/alpha/team", "chmod +x $at"),
    ("leftover", "environments/staging/.DS_Store", "touch $at"),
    ("stray", "applications/alpha/it's notes", "echo x > \"applications/alpha/it's notes\""),
    (
        "wrong-kind",
        "environments/staging/applications/bravo/manifests/manifests.yaml",
        "ln -sf elsewhere $at",
    ),
    (
        "missing-file",
        "environments/staging/applications/charlie/deployed_by",
        "rm $at",
    ),
    (
        "bad-text",
        "applications/alpha/releases/1/created_at",
        "echo once > $at",
    ),
    (
        "same-but-for-case",
        "environments/staging/locks/freeze",
        "lock $at; lock environments/staging/locks/Freeze",
    ),
    ("later-kuberpult", "environments/staging/brackets", "file $at/a/b.yaml"),
    (
        "unreadable-name",
        "applications/alpha/caf\u{fffd}",
        "echo x > \"$(printf 'applications/alpha/caf\\351')\"",
    ),
    ("app-name", "applications/Bad_App", "file $at/team"),
    (
        "app-name-length",
        "applications/an-app-with-a-name-of-more-than-thirty-nine-bytes",
        "cp -r applications/tango $at",
    ),
    ("app-without-releases", "applications/young", "file $at/team crew"),
    (
        "release-name",
        "applications/delta/releases/01",
        "mv applications/delta/releases/1 $at",
    ),
    (
        "release-number",
        "applications/delta/releases/0",
        "cp -r applications/echo/releases/1 $at",
    ),
    (
        "release-revision",
        "applications/delta/releases/5.1",
        "cp -r applications/echo/releases/1 $at",
    ),
    (
        "release-without-manifests",
        "applications/echo/releases/3",
        "file $at/created_at 2026-03-01T12:00:00Z",
    ),
    (
        "manifest-for-unknown-environment",
        "applications/foxtrot/releases/1/environments/nowhere",
        "cd applications/foxtrot/releases/1/environments; cp -r staging nowhere; cd -",
    ),
    (
        "unfit-manifest",
        "applications/foxtrot/releases/1/environments/staging/manifests.yaml",
        "echo 'version https://git-lfs.github.com/spec/v1' > $at",
    ),
    (
        "empty-manifest",
        "applications/golf/releases/1/environments/staging/manifests.yaml",
        ": > $at",
    ),
    (
        "undeploy-with-manifest",
        "applications/hotel/releases/1/undeploy",
        "touch $at",
    ),
    ("minor-mark", "applications/sierra/releases/2/minor", "rm $at"),
    ("environment-name", "environments/Bad_Env", "file $at/config.json '{}'"),
    ("no-environment", "environments/README", "file $at"),
    ("config", "environments/load-test/config.json", "file $at '{'"),
    (
        "upstream",
        "environments/lost/config.json",
        "file $at '{\"upstream\": {\"environment\": \"gone\"}}'",
    ),
    (
        "group-name",
        "environments/odd/config.json",
        "file $at '{\"upstream\": {\"latest\": true}, \"environmentGroup\": \"Bad Group\"}'",
    ),
    (
        "group-like-environment",
        "environments/twin/config.json",
        "file $at '{\"upstream\": {\"latest\": true}, \"environmentGroup\": \"load-test\"}'",
    ),
    (
        "unequal-group",
        "environments/one/config.json",
        "file $at '{\"upstream\": {\"latest\": true}, \"environmentGroup\": \"both\"}'
         file environments/two/config.json '{\"upstream\": {\"environment\": \"one\"}, \"environmentGroup\": \"both\"}'",
    ),
    (
        "project-twice",
        "environments/aa-tw-x/config.json",
        "file $at '{\"upstream\": {\"latest\": true}, \"argocd\": {}}'
         file environments/tw/config.json '{\"upstream\": {\"latest\": true}, \"argocdConfigs\": {\"CommonEnvPrefix\": \"aa\", \"ArgoCdConfigurations\": [{\"name\": \"x\"}]}}'",
    ),
    ("config-missing", "environments/bare/config.json", "lock environments/bare/locks/one"),
    (
        "config-keys",
        "environments/keys/config.json",
        "file $at '{\"upstream\": {\"latest\": true}, \"colour\": 1}'",
    ),
    (
        "broken-link",
        "environments/staging/applications/india/version",
        "ln -sfn ../../../../applications/india/releases/99 $at",
    ),
    (
        "broken-link",
        "environments/staging/applications/juliet/version",
        "ln -sfn /etc/passwd $at
         file environments/staging/applications/juliet/manifests/manifests.yaml 'a: 1'",
    ),
    (
        "missing-link",
        "environments/staging/applications/kilo/version",
        "rm $at",
    ),
    (
        "link-without-manifest",
        "environments/staging/applications/lima/version",
        // What is applied is another manifest, so that nobody can say that this one is to come back.
        "rm -r applications/lima/releases/2/environments/staging
         file environments/staging/applications/lima/manifests/manifests.yaml 'a: 1'",
    ),
    (
        "remains-of-deployment",
        "environments/prod-ca/applications/mike",
        "file $at/deployed_by Ada",
    ),
    (
        "broken-queue",
        "environments/staging/applications/november/queued_version",
        "queue staging november 99",
    ),
    (
        "queued-runs",
        "environments/staging/applications/oscar/queued_version",
        "queue staging oscar 2",
    ),
    (
        "queued-without-manifest",
        "environments/staging/applications/papa/queued_version",
        "cp -r applications/papa/releases/1 applications/papa/releases/3
         rm -r applications/papa/releases/3/environments/staging; queue staging papa 3",
    ),
    (
        "queued-without-lock",
        "environments/prod-ca/applications/quebec/queued_version",
        "queue prod-ca quebec 1",
    ),
    ("lock-no-folder", "environments/prod-ca/locks/note", "file $at"),
    ("lock-id", "environments/staging/locks/x", "lock $at"),
    (
        "lock-incomplete",
        "environments/staging/locks/partial/created_at",
        "file environments/staging/locks/partial/message",
    ),
    (
        "lock-instant",
        "environments/staging/locks/when/created_at",
        "lock environments/staging/locks/when; file $at once",
    ),
    (
        "lock-about-nothing",
        "environments/staging/teams/nobody/locks/idle",
        "lock $at",
    ),
    (
        "applied-manifest-missing",
        "environments/staging/applications/romeo/manifests/manifests.yaml",
        "rm $at",
    ),
    (
        "applied-manifest-differs",
        "environments/staging/applications/sierra/manifests/manifests.yaml",
        "file $at 'a: 1'",
    ),
    (
        "applied-manifest-unfit",
        "environments/staging/applications/tango/manifests/manifests.yaml",
        "file $at 'a: ['",
    ),
    ("argocd-missing", "argocd/v1alpha1/prod-de.yaml", "rm $at"),
    ("argocd-differs", "argocd/v1alpha1/prod-ca.yaml", "file $at 'a: 1'"),
    (
        "argocd-url",
        "argocd/v1alpha1/development.yaml",
        "sed -i s/git.shop.example/other.example/ $at",
    ),
    (
        "argocd-orphan",
        "argocd/v1alpha1/old.yaml",
        "cp argocd/v1alpha1/staging.yaml $at",
    ),
    ("commit-name", "commits/zz/x", "file $at/source_message"),
    (
        "commit-without-apps",
        "commits/ab/00000000000000000000000000000000000000",
        "file $at/source_message",
    ),
    (
        "commit-neighbour",
        "commits/cd/00000000000000000000000000000000000000/previousCommit",
        "data=commits/cd/00000000000000000000000000000000000000; file $data/source_message; touch $data/.gitkeep
         file $data/previousCommit 1111111111111111111111111111111111111111; file $data/applications/alpha/.gitkeep ''
         file $data/events/nonsense/eventType deployment",
    ),
    (
        "commit-without-release",
        "commits/cd/00000000000000000000000000000000000000/applications/alpha",
        "true",
    ),
    (
        "commit-event",
        "commits/cd/00000000000000000000000000000000000000/events/nonsense",
        "true",
    ),
    (
        "submodule",
        "environments/staging/vendor",
        // It is put into the index once everything else is there.
        "true",
    ),
];

/// Words of the lines above.
const WORDS: &str = r#"
file() { rm -rf "$1"; mkdir -p "$(dirname "$1")"; printf '%s' "${2-x}" > "$1"; }
lock() {
  file "$1/message" why; file "$1/created_by_name" Ada; file "$1/created_by_email" ada@signals.example
  file "$1/created_at" 2026-03-01T12:00:00Z
}
queue() {
  mkdir -p "environments/$1/applications/$2"
  ln -s "../../../../applications/$2/releases/$3" "environments/$1/applications/$2/queued_version"
}
"#;

/// Kinds of faults that are not in the repository, come about by a second commit, or keep everything else from being read: they have tests
/// of their own.
const APART: [&str; 14] = [
    "config-without-argocd",
    "release-changed",
    "release-gone",
    "deployment-gone",
    "environment-gone",
    "options",
    "empty-folder",
    "journal",
    "journal-damaged",
    "checkout-half-way",
    "journal-draft",
    "fetched-ref",
    "git-lock",
    "waiting-operation",
];

/// A sound repository in which something can be wrong with everything.
fn sound() -> World {
    let mut tree: Tree = environments();
    let options =
        "minorRegexes: ['^ *release:']\nargocd:\n  repoUrl: https://git.shop.example/shop.git\n";
    tree.insert("trainyard.yaml".to_owned(), text(options));
    for app in APPS {
        tree.insert(format!("applications/{app}/team"), text("crew"));
        for version in [1, 2] {
            store(&mut tree, app, version);
        }
        tree.insert(format!("applications/{app}/releases/2/minor"), text(""));
        point(&mut tree, "staging", app, 2);
    }
    point(&mut tree, "development", "alpha", 2);
    let world = World::with_files(&tree);
    world.ok("render --all");
    world
}

/// What `verify` finds: kind and path, with the command that mends it.
fn faults(world: &World) -> BTreeMap<(String, String), String> {
    let answer = world.run("verify -o json").json();
    let faults = answer["faults"].as_array().unwrap();
    let text = |fault: &Value, name: &str| fault[name].as_str().unwrap().to_owned();
    let faults = faults.iter().map(|fault| {
        let key = (text(fault, "kind"), text(fault, "path"));
        (key, text(fault, "command"))
    });
    faults.collect()
}

/// The kinds that the docs list.
fn documented() -> BTreeSet<String> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/commands.md");
    let page = fs::read_to_string(page).unwrap();
    let lines = page
        .lines()
        .skip_while(|line| *line != "| kind | what is so |");
    let rows = lines.skip(2).take_while(|line| line.starts_with('|'));
    let kinds = rows.flat_map(|row| {
        let cell = row.split('|').nth(1).unwrap();
        cell.split('`')
            .skip(1)
            .step_by(2)
            .map(str::to_owned)
            .collect::<Vec<_>>()
    });
    kinds.collect()
}

#[test]
fn the_docs_list_every_kind_of_fault_and_each_is_made_here() {
    let made = FAULTS.iter().map(|(kind, ..)| *kind).chain(APART);
    let made: BTreeSet<_> = made.map(str::to_owned).collect();
    assert_eq!(documented(), made);
}

/// Runs a command that was named, with what only a person knows.
fn run(world: &World, turn: usize, command: &str) {
    // A group of its own each time.
    let group = format!("group-{turn}");
    let config = world.scratch("config.json", r#"{"upstream": {"latest": true}}"#);
    let command = [
        ("FILE", config.as_str()),
        ("ENV", "latest"),
        ("GROUP", group.as_str()),
        ("MESSAGE", "'known again'"),
        ("NAME", "renamed"),
    ]
    .into_iter()
    .fold(command.to_owned(), |command, (word, value)| {
        command.replace(word, value)
    });
    match command.strip_prefix("trainyard ") {
        Some(line) => drop(world.run(line)),
        None => world.shell(&command),
    }
}

#[test]
#[ignore = "one of the slower suites"]
fn each_fault_is_found_and_gone_after_the_command_that_it_names() {
    let world = sound();
    assert_eq!(faults(&world), BTreeMap::new());
    let lines = FAULTS.iter();
    let lines: Vec<_> = lines
        .map(|(_, path, lines)| format!("at=\"{path}\"; {lines}"))
        .collect();
    world.shell(&format!(
        "{WORDS}\n{}\ngit add -A\ngit update-index --add --cacheinfo 160000,$(git rev-parse HEAD),environments/staging/vendor\n\
         git commit -qm broken\ngit push -q\ngit read-tree -m -u HEAD",
        lines.join("\n")
    ));
    let found = faults(&world);
    for (kind, path, _) in FAULTS {
        let key = ((*kind).to_owned(), (*path).to_owned());
        assert!(found.contains_key(&key), "{key:?} is not in {found:#?}");
    }
    for turn in 0..200 {
        let left = faults(&world);
        // What was lost comes first, then what is safe, as a person would do it.
        let next = left.iter().min_by_key(|(_, command)| {
            let is_lost = command.contains("bring back what was lost");
            (!is_lost, !command.contains("--fix"))
        });
        let Some((fault, command)) = next else {
            return;
        };
        run(&world, turn, command);
        let after = faults(&world);
        assert!(
            !after.contains_key(fault),
            "{fault:?} is still there after `{command}`"
        );
    }
    panic!("something is never mended: {:#?}", faults(&world));
}
