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
const PIECES: [&str; 32] = [
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
    "- data:\n    a: hush13\n",
    "  annotations:\n    kubectl.kubernetes.io/last-applied-configuration: hush14\n",
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

/// Where a value stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Where {
    /// It is a document.
    Top,
    /// It is an item of a list of secrets, and one of them unless it says otherwise.
    Item,
    Inside,
    /// The metadata of a secret, and the annotations there, among which copies of it are.
    Metadata,
    Annotations,
    Secret,
}

/// Whether something of a value that is no secret holds the word.
fn is_public(value: &Value, place: Where) -> bool {
    match value {
        Value::String(text) => place != Where::Secret && text.contains(HUSH),
        Value::Sequence(items) => items.iter().any(|item| is_public(item, place)),
        Value::Tagged(tagged) => {
            place != Where::Secret && format!("{:?}", tagged.tag).contains(HUSH)
                || is_public(&tagged.value, place)
        }
        Value::Mapping(mapping) => {
            let kind = mapping.get("kind").and_then(Value::as_str);
            let kind = kind.map(str::to_ascii_lowercase);
            mapping.iter().any(|(key, value)| {
                let name = key.as_str().unwrap_or_default().to_ascii_lowercase();
                let place_of_value = below(place, kind.as_deref(), &name);
                is_public(key, place) || is_public(value, place_of_value)
            })
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Where the value of this key stands, in an object of this kind.
fn below(place: Where, kind: Option<&str>, key: &str) -> Where {
    let is_top = matches!(place, Where::Top | Where::Item);
    let is_secret = kind == Some("secret") || kind.is_none() && place == Where::Item;
    match place {
        Where::Secret => Where::Secret,
        Where::Metadata if key == "annotations" => Where::Annotations,
        Where::Annotations if key.contains("last-applied") => Where::Secret,
        Where::Metadata | Where::Annotations => Where::Inside,
        Where::Top | Where::Item | Where::Inside => match key {
            "data" | "stringdata" if is_secret => Where::Secret,
            "metadata" if is_secret && is_top => Where::Metadata,
            "items" if kind == Some("secretlist") => Where::Item,
            _ => Where::Inside,
        },
    }
}

/// Whether the word is in the name of an anchor, which is no value.
fn is_in_a_name(text: &str) -> bool {
    let ends = |letter: char| letter.is_whitespace() || ",[]{}".contains(letter);
    text.match_indices(['&', '*']).any(|(place, _)| {
        let name = text[place + 1..].split(ends).next();
        name.is_some_and(|name| name.contains(HUSH))
    })
}

/// Whether the word may be seen: somebody wrote it where no secret is, in the name of an anchor, or in a comment.
fn may_be_seen(text: &str) -> bool {
    let Ok(documents) = documents(text) else {
        // What is no YAML is not shown at all.
        return false;
    };
    let commented = |line: &str| {
        line.split_once('#')
            .is_some_and(|(_, rest)| rest.contains(HUSH))
    };
    documents
        .iter()
        .any(|document| is_public(document, Where::Top))
        || text.lines().any(commented)
        || is_in_a_name(text)
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
