//! Manifests with secrets in them: no value of one is ever shown, whatever else is wrong with the text.

use arbitrary::Unstructured;
use serde_yaml::Value;

use super::planner::told;
use crate::plan::change::{ManifestChange, change};
use crate::plan::manifest::{check, documents};
use crate::plan::release::{NewRelease, Purpose, release};
use crate::plan::{Context, Ground};
use crate::state::{Actor, AppName, EnvName, Moment, deployment};
use crate::tree::{Content, Draft, Entry, MemoryTree, RepoPath};

/// The word that every secret value holds.
const HUSH: &str = "hush";

/// Pieces of manifests. In what a sound one has of the word, it is secret.
const PIECES: [&str; 30] = [
    "kind: Secret\n",
    "kind: secret\n",
    "\"kind\": 'Secret'\n",
    "kind: SecretList\nitems:\n",
    "kind: List\nitems:\n- kind: Secret\n  stringData: {a: hush}\n",
    "kind: ConfigMap\n",
    "data:\n",
    "stringData:\n",
    "metadata:\n  name: x\n",
    "  password: hush1\n",
    "  password: \"hush2\"\n",
    "  password: |\n    hush3\n    hush4\n",
    "  password: >-\n    hush5\n\n     hush6\n",
    "  password: 'hush7\n\n    hush8'\n",
    "  ? |\n    hush\n  : x\n",
    "  a: &a hush9\n  b: *a\n",
    "data: {a: hush10, b: [hush, {c: hush}]}\n",
    "stringData: !mine {a: !yours hush11}\n",
    "---\n",
    "--- # more\n",
    "...\n",
    "%YAML 1.1\n---\n",
    "# kind: Secret\n# data: {a: b}\n",
    "a: 1\n",
    "b: {c: d}\n",
    "type: Opaque\n",
    "  <<: {kind: Secret}\n",
    "\u{feff}",
    "\r\n",
    "- kind: Secret\n  data:\n    a: hush12\n",
];

/// A manifest of such pieces, with a few letters changed.
fn manifest(left: &mut Unstructured) -> String {
    let mut text = String::new();
    for _ in 0..left.int_in_range(1..=8_u8).unwrap_or(1) {
        text.push_str(left.choose(&PIECES).unwrap_or(&"a: 1\n"));
    }
    for _ in 0..left.int_in_range(0..=3_u8).unwrap_or(0) {
        let places: Vec<_> = text.char_indices().map(|(place, _)| place).collect();
        let place = left.choose(&places).copied().unwrap_or(0);
        let letters = [
            " ", "\n", ":", "#", "\"", "'", "\t", "-", "{", "}", "&", "*", "|", "\\", "!", ",",
            "\r",
        ];
        let letter = left.choose(&letters).copied().unwrap_or(" ");
        if left.arbitrary().unwrap_or(false) {
            text.insert_str(place, letter);
        } else if place < text.len() {
            text.remove(place);
        }
    }
    text
}

/// Whether something of a value that is no secret holds the word.
fn is_public(value: &Value, secret: bool) -> bool {
    match value {
        Value::String(text) => !secret && text.contains(HUSH),
        Value::Sequence(items) => items.iter().any(|item| is_public(item, secret)),
        Value::Tagged(tagged) => {
            !secret && format!("{:?}", tagged.tag).contains(HUSH)
                || is_public(&tagged.value, secret)
        }
        Value::Mapping(mapping) => {
            let kind = mapping.get("kind").and_then(Value::as_str);
            let is_secret = kind.is_some_and(|kind| kind.eq_ignore_ascii_case("secret"));
            mapping.iter().any(|(key, value)| {
                let name = key.as_str().unwrap_or_default().to_ascii_lowercase();
                let hides = is_secret && ["data", "stringdata"].contains(&name.as_str());
                is_public(key, secret) || is_public(value, secret || hides)
            })
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Whether the word may be seen: somebody wrote it where no secret is, or in a comment.
fn may_be_seen(text: &str) -> bool {
    let Ok(documents) = documents(text) else {
        // What is no YAML is not shown at all.
        return false;
    };
    let commented = |line: &str| {
        line.split_once('#')
            .is_some_and(|(_, rest)| rest.contains(HUSH))
    };
    documents.iter().any(|document| is_public(document, false)) || text.lines().any(commented)
}

/// Two manifests, and what becomes of the one when the other is deployed in its place, or given for the same release.
pub(super) fn secrets(data: &[u8]) {
    let mut left = Unstructured::new(data);
    let (before, after) = if left.ratio(1, 8).unwrap_or(false) {
        let (one, other) = data.split_at(data.len() / 2);
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        (text(one), text(other))
    } else {
        (manifest(&mut left), manifest(&mut left))
    };
    let shown = format!("{}{}", deployed(&before, &after), refused(&before, &after));
    if !may_be_seen(&before) && !may_be_seen(&after) {
        assert!(!shown.contains(HUSH), "{before:?} {after:?}: {shown}");
    }
}

/// What is shown of a deployment.
fn deployed(before: &str, after: &str) -> String {
    let environment: EnvName = "dev".parse().expect("a name");
    let app: AppName = "web".parse().expect("a name");
    let path = deployment::manifest_path(&environment, &app);
    let tree = MemoryTree::default();
    let mut draft = Draft::on(&tree);
    draft
        .write(path, Entry::file(before))
        .expect("nothing stands in the way");
    let content = Content::new(after.as_bytes());
    let changed = change(&draft, &environment, &app, &content).expect("it can be told");
    let (removed, added) = changed.totals();
    match changed {
        ManifestChange::Same => assert!(before == after || after.is_empty()),
        ManifestChange::Kept => panic!("no lock keeps it"),
        ManifestChange::Unreadable { .. } => {
            assert!(
                documents(before).is_err()
                    || documents(after).is_err()
                    || (before.to_owned() + after).contains('\0')
            );
        }
        ManifestChange::Text(diff) => {
            let hunks = diff.hunks.expect("lines were asked for");
            let lines: Vec<_> = hunks.into_iter().flat_map(|hunk| hunk.lines).collect();
            let count = |mark: &str| lines.iter().filter(|(sign, _)| sign.mark() == mark).count();
            assert_eq!((count("-"), count("+")), (removed, added));
            return lines.into_iter().map(|(_, line)| line + "\n").collect();
        }
    }
    String::new()
}

/// What is shown when a release is given again with another manifest.
fn refused(before: &str, after: &str) -> String {
    let context = Context {
        actor: Actor::default(),
        now: Moment::of_seconds(0),
        repo_url: String::new(),
        branch: "main".to_owned(),
    };
    let config = RepoPath::of(&["environments", "dev", "config.json"]);
    let mut tree = MemoryTree::of(&[(config.as_str(), "{}")]);
    let mut words = String::new();
    for text in [before, after] {
        let _ = told(check(text));
        let request = NewRelease {
            purpose: Purpose::Deploy,
            app: "web".parse().expect("a name"),
            version: Some("1".parse().expect("a number")),
            team: None,
            fields: std::collections::BTreeMap::new(),
            manifests: [("dev".parse().expect("a name"), text.to_owned())].into(),
        };
        let ground = Ground::survey(&tree, &context).expect("there is an environment");
        let mut draft = Draft::on(&tree);
        match release(&mut draft, &ground, &request) {
            Err(error) => words.extend(error.chain().map(ToString::to_string)),
            Ok(_) => {
                let changes = draft.into_changes();
                tree.apply(&changes);
            }
        }
    }
    words
}
