//! Arbitrary manifest repositories: nearly sound ones with odd things in them, down to trees that have nothing to do with one.

use arbitrary::Unstructured;

use super::words::hostile;
use crate::tree::{Draft, Entry, MemoryTree, RepoPath};

pub(super) const ENVIRONMENTS: [&str; 4] = ["dev", "staging", "prod-de", "gone"];
pub(super) const APPS: [&str; 3] = ["web", "api", "never"];
pub(super) const TEAMS: [&str; 2] = ["red", "blue"];
pub(super) const GROUPS: [&str; 3] = ["prod", "dev", "prod-de"];
pub(super) const LOCKS: [&str; 3] = ["freeze", "l1", "\u{202e}x-evil"];
pub(super) const COMMITS: [&str; 3] = [
    "0123456789abcdef0123456789abcdef01234567",
    "0123456fffffffffffffffffffffffffffffffff",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
];

const CONFIGS: [&str; 9] = [
    r#"{"upstream":{"latest":true},"argocd":{"destination":{"server":"s"}}}"#,
    r#"{"upstream":{"environment":"dev"}}"#,
    r#"{"upstream":{"environment":"staging"},"environmentGroup":"prod","argocd":{}}"#,
    r#"{"upstream":{"environment":"dev","latest":true}}"#,
    r#"{"upstream":{"environment":"gone"}}"#,
    r#"{"argo_configs":{"commonEnvPrefix":"aa","configs":[{"name":"one","sync_windows":[{"schedule":"* * * * *","duration":"1h","kind":"allow"}]},{"name":"two"}]},"upstream":{"environment":"prod-de"}}"#,
    "{}",
    "?",
    r#"{"environmentGroup":"<x-evil>\u001b[9m","argocd":{"accessList":[{"group":"*","kind":"@x-evil"}],"applicationAnnotations":{"a":"x\n---\nb"},"ignoreDifferences":[{"kind":"Secret","jsonPointers":["/x"]}],"syncOptions":["A=true"]},"upstream":{"latest":true}}"#,
];

const OPTIONS: [&str; 4] = [
    "commitData: true\nreleaseVersionsLimit: 5\n",
    "releaseVersionsLimit: 5\nminorRegexes: ['^note: ']\n",
    "allowLongAppNames: true\nargocd: {repoUrl: 'https://h/r'}\n",
    "hook: rm -rf\n",
];

pub(super) const MANIFESTS: [&str; 7] = [
    "",
    " ",
    "a: 1\n",
    "note: <x-evil>\na: 1\n",
    "kind: Secret\nmetadata: {name: s}\nstringData: {p: hush}\n",
    "a: \"```\"\nb: |\n  ::error::x-evil\n  ##[x]\n",
    "a: [",
];

/// The words that paths are made of.
const WORDS: [&str; 24] = [
    "environments",
    "applications",
    "releases",
    "locks",
    "teams",
    "manifest_locks",
    "commits",
    "argocd",
    "v1alpha1",
    "version",
    "queued_version",
    "manifests",
    "manifests.yaml",
    "config.json",
    "team",
    "message",
    "created_at",
    "source_commit_id",
    "undeploy",
    "minor",
    "trainyard.yaml",
    "events",
    "deployed_at_utc",
    "<x-evil>",
];

/// A tree with up to so many things in it.
pub(super) fn tree(left: &mut Unstructured, most: usize) -> MemoryTree {
    let base = start();
    let mut draft = Draft::on(&base);
    for _ in 0..left.int_in_range(0..=most).unwrap_or(0) {
        let (path, entry) = piece(left);
        if let Some(path) = RepoPath::parse(&path) {
            // Where a file and a folder meet, the first one stays.
            let _ = draft.write(path, entry);
        }
    }
    let changes = draft.into_changes();
    let mut tree = base;
    tree.apply(&changes);
    tree
}

/// What is always there, unless something stands in its place.
fn start() -> MemoryTree {
    MemoryTree::of(&[
        ("environments/dev/config.json", CONFIGS[0]),
        ("environments/staging/config.json", CONFIGS[1]),
    ])
}

fn name<'a>(left: &mut Unstructured, names: &[&'a str]) -> &'a str {
    left.choose(names).copied().unwrap_or(names[0])
}

#[expect(clippy::too_many_lines, reason = "it is a list of all there is")]
fn piece(left: &mut Unstructured) -> (String, Entry) {
    let environment = name(left, &ENVIRONMENTS);
    let app = name(left, &APPS);
    let number = left.int_in_range(1..=9_u8).unwrap_or(1);
    let folder = format!("environments/{environment}/applications/{app}");
    let release = format!("applications/{app}/releases/{number}");
    match left.int_in_range(0..=13_u8).unwrap_or(0) {
        0 => {
            let config = name(left, &CONFIGS);
            let path = format!("environments/{environment}/config.json");
            (path, Entry::file(config))
        }
        1..=3 => {
            let manifest = name(left, &MANIFESTS);
            let path = format!("{release}/environments/{environment}/manifests.yaml");
            (path, Entry::file(manifest))
        }
        4 => {
            let fields = [
                "created_at",
                "source_commit_id",
                "source_author",
                "source_message",
                "display_version",
                "previous_commit_id",
                "ci_link",
                "undeploy",
                "minor",
            ];
            let field = name(left, &fields);
            let text = match field {
                "source_commit_id" | "previous_commit_id" => name(left, &COMMITS).to_owned(),
                "created_at" => "2024-07-01T00:00:00Z".to_owned(),
                _ => hostile(left),
            };
            (format!("{release}/{field}"), Entry::file(text))
        }
        5..=7 => {
            let link = name(left, &["version", "version", "queued_version"]);
            let target = format!("../../../../applications/{app}/releases/{number}");
            (format!("{folder}/{link}"), Entry::Symlink(target))
        }
        8 => {
            let link = name(left, &["version", "queued_version"]);
            let targets = [
                "../../../../../../etc/passwd",
                "/etc/shadow",
                "version",
                "../../../../applications/api/releases/1",
                "../../../../applications/web/releases/1/../2",
                "../../../../applications/web/releases/01",
                "../../../../applications/web/releases/4.1",
                "../../../../applications/web/releases/99999999999999999999",
                "\u{1b}[9m<x-evil>",
            ];
            let entry = match name(left, &["link", "link", "file"]) {
                "file" => Entry::file(hostile(left)),
                _ => Entry::Symlink(name(left, &targets).to_owned()),
            };
            (format!("{folder}/{link}"), entry)
        }
        9 => {
            let id = name(left, &LOCKS);
            let team = name(left, &TEAMS);
            let place = match left.int_in_range(0..=3_u8).unwrap_or(0) {
                0 => format!("environments/{environment}/locks"),
                1 => format!("environments/{environment}/teams/{team}/locks"),
                2 => format!("{folder}/locks"),
                _ => format!("{folder}/manifest_locks"),
            };
            let fields = ["message", "created_by_name", "created_at"];
            let field = name(left, &fields);
            let text = match field {
                "created_at" => "2024-07-22T08:00:00Z".to_owned(),
                _ => hostile(left),
            };
            (format!("{place}/{id}/{field}"), Entry::file(text))
        }
        10 => {
            let team = match name(left, &["red", "blue", ""]) {
                "" => hostile(left),
                team => team.to_owned(),
            };
            (format!("applications/{app}/team"), Entry::file(team))
        }
        11 => {
            let options = name(left, &OPTIONS);
            ("trainyard.yaml".to_owned(), Entry::file(options))
        }
        12 => {
            let files = [
                "manifests/manifests.yaml",
                "deployed_by",
                "deployed_at_utc",
                "version/x",
                "manifests",
            ];
            let file = name(left, &files);
            (format!("{folder}/{file}"), Entry::file(hostile(left)))
        }
        _ => anything(left),
    }
}

/// A path of words that mean something elsewhere, and of others.
fn anything(left: &mut Unstructured) -> (String, Entry) {
    let mut path = Vec::new();
    for _ in 0..=left.int_in_range(0..=5_u8).unwrap_or(0) {
        let word = match left.int_in_range(0..=3_u8).unwrap_or(0) {
            0 => name(left, &ENVIRONMENTS).to_owned(),
            1 => name(left, &APPS).to_owned(),
            2 => hostile(left),
            _ => name(left, &WORDS).to_owned(),
        };
        path.push(word);
    }
    let text = hostile(left);
    let entry = match left.int_in_range(0..=2_u8).unwrap_or(0) {
        0 => Entry::Symlink(text),
        1 => Entry::file(text),
        _ => Entry::file(left.bytes(left.len().min(7)).unwrap_or_default()),
    };
    (path.join("/"), entry)
}
