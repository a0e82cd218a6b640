//! How scenarios write trees: paths with contents, and tags for what always stands together.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, bail, ensure};
use serde_yaml::Value;
use serde_yaml::value::TaggedValue;

use crate::world::{Node, PERSON, PERSON_EMAIL, Tree, text};

/// Who wrote what a tag stands for, and when.
pub(super) struct Hand<'a> {
    pub(super) name: &'a str,
    pub(super) email: &'a str,
    pub(super) at: &'a str,
}

/// Whoever wrote the tree that a scenario starts from.
pub(super) const PAST: Hand = Hand {
    name: "Grace Points",
    email: "grace@signals.example",
    at: "2026-03-01T12:00:00Z",
};

/// Who takes a step and when, unless the step says otherwise.
pub(super) const PRESENT: Hand = Hand {
    name: PERSON,
    email: PERSON_EMAIL,
    at: "",
};

/// What is written, path by path.
pub(super) struct Write(Vec<(String, Content)>);

#[derive(Clone, Debug)]
enum Content {
    File(String),
    Link(String),
    /// The file or the whole folder goes.
    Removed,
    /// A release with these manifests.
    Release(BTreeMap<String, String>),
    /// A deployment of a release.
    Runs(u64),
    /// A link to a release.
    To(u64),
    /// A lock with this message.
    Lock(String),
}

impl Write {
    /// Reads the notation.
    pub(super) fn read(value: &Value) -> Result<Self> {
        let mut entries = Vec::new();
        if !value.is_null() {
            collect("", value, &mut entries)?;
        }
        // A deployment copies a manifest of a release, wherever that stands; a file of it that is spelled out goes before the tag.
        entries.sort_by_key(|(path, content)| {
            let deploys = matches!(content, Content::Runs(_));
            (!path.starts_with("applications/"), !deploys)
        });
        Ok(Self(entries))
    }

    /// Writes it over a tree. What changes nothing is a mistake of the scenario.
    pub(super) fn over(&self, tree: &mut Tree, hand: &Hand) -> Result<()> {
        for (path, content) in &self.0 {
            let before = tree.clone();
            write(tree, path, content, hand).with_context(|| format!("`{path}`"))?;
            ensure!(
                before != *tree,
                "`{path}`: that is what stands there already"
            );
        }
        Ok(())
    }

    /// The files and links that it writes.
    pub(super) fn written(&self, tree: &Tree) -> Vec<String> {
        let under = |path: &str, child: &str| {
            child
                .strip_prefix(path)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let written = |child: &&String| self.0.iter().any(|(path, _)| under(path, child));
        tree.keys().filter(written).cloned().collect()
    }
}

fn collect(path: &str, value: &Value, entries: &mut Vec<(String, Content)>) -> Result<()> {
    match value {
        Value::String(content) => entries.push((path.to_owned(), Content::File(content.clone()))),
        Value::Tagged(tagged) => entries.push((path.to_owned(), content(path, tagged)?)),
        Value::Mapping(folder) => {
            for (name, value) in folder {
                let name = name
                    .as_str()
                    .with_context(|| format!("a name in `{path}` is no text"))?;
                for name in alternatives(name)? {
                    let child = if path.is_empty() {
                        name
                    } else {
                        format!("{path}/{name}")
                    };
                    collect(&child, value, entries)?;
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Sequence(_) => {
            bail!("`{path}`: a content is a text, a tag or a folder; numbers need quotes")
        }
    }
    Ok(())
}

fn content(path: &str, tagged: &TaggedValue) -> Result<Content> {
    let number = || {
        tagged
            .value
            .as_u64()
            .context("it needs the number of a release")
    };
    let text =
        || -> Result<String> { Ok(tagged.value.as_str().context("it needs a text")?.to_owned()) };
    let content = || -> Result<Content> {
        Ok(match tagged.tag.to_string().as_str() {
            "!link" => Content::Link(text()?),
            "!removed" => Content::Removed,
            "!release" => Content::Release(manifests(path, &tagged.value)?),
            "!runs" => Content::Runs(number()?),
            "!to" => Content::To(number()?),
            "!lock" => Content::Lock(text()?),
            _ => bail!("there is no such tag"),
        })
    };
    content().with_context(|| format!("`{path}: {}`", tagged.tag))
}

/// The manifests of a release by environment: as given, or `web 3 on dev` for each environment of a list.
fn manifests(path: &str, value: &Value) -> Result<BTreeMap<String, String>> {
    let Value::Sequence(environments) = value else {
        return Ok(serde_yaml::from_value(value.clone())?);
    };
    let ["applications", app, "releases", number] = *path.split('/').collect::<Vec<_>>() else {
        bail!("it stands at `applications/<app>/releases/<N>`");
    };
    let manifest = |environment: &Value| {
        let environment = environment.as_str().context("an environment is a text")?;
        Ok((
            environment.to_owned(),
            format!("{app} {number} on {environment}"),
        ))
    };
    environments.iter().map(manifest).collect()
}

/// The paths that a name with braces stands for, as in a shell: `{dev,staging}`, `{1..20}`.
pub(super) fn alternatives(name: &str) -> Result<Vec<String>> {
    let Some((before, rest)) = name.split_once('{') else {
        return Ok(vec![name.to_owned()]);
    };
    let (inside, after) = rest.split_once('}').context("a brace stays open")?;
    let choices: Vec<String> = match inside.split_once("..") {
        Some((first, last)) => {
            let (first, last): (u64, u64) = (first.parse()?, last.parse()?);
            (first..=last).map(|number| number.to_string()).collect()
        }
        None => inside.split(',').map(str::to_owned).collect(),
    };
    let mut paths = Vec::new();
    for choice in choices {
        for end in alternatives(after)? {
            paths.push(format!("{before}{choice}{end}"));
        }
    }
    Ok(paths)
}

fn write(tree: &mut Tree, path: &str, content: &Content, hand: &Hand) -> Result<()> {
    let mut put = |name: &str, node: Node| tree.insert(format!("{path}/{name}"), node);
    match content {
        Content::File(bytes) => {
            tree.insert(path.to_owned(), text(bytes));
        }
        Content::Link(target) => {
            tree.insert(path.to_owned(), Node::Link(target.clone()));
        }
        Content::Removed => {
            let below = format!("{path}/");
            tree.retain(|child, _| child != path && !child.starts_with(&below));
        }
        Content::Release(manifests) => {
            put("created_at", text(&to_seconds(hand.at)));
            for (environment, manifest) in manifests {
                put(
                    &format!("environments/{environment}/manifests.yaml"),
                    text(manifest),
                );
            }
        }
        Content::Lock(message) => {
            put("message", text(message));
            put("created_by_name", text(hand.name));
            put("created_by_email", text(hand.email));
            put("created_at", text(&to_seconds(hand.at)));
        }
        Content::To(number) => {
            let ["environments", _, "applications", app, _] = *path.split('/').collect::<Vec<_>>()
            else {
                bail!("it stands at `environments/<env>/applications/<app>/queued_version`");
            };
            tree.insert(path.to_owned(), link(app, *number));
        }
        Content::Runs(number) => runs(tree, path, *number, hand)?,
    }
    Ok(())
}

fn runs(tree: &mut Tree, path: &str, number: u64, hand: &Hand) -> Result<()> {
    let ["environments", environment, "applications", app] = *path.split('/').collect::<Vec<_>>()
    else {
        bail!("it stands at `environments/<env>/applications/<app>`");
    };
    let stored =
        format!("applications/{app}/releases/{number}/environments/{environment}/manifests.yaml");
    let manifest = match tree.get(&stored) {
        Some(Node::File(bytes)) if bytes.is_empty() => text(" "),
        Some(file) => file.clone(),
        None => bail!("`{stored}` is not there"),
    };
    let at = hand.at.replace('T', " ").replace('Z', " +0000 UTC");
    for (name, node) in [
        ("version", link(app, number)),
        ("manifests/manifests.yaml", manifest),
        ("deployed_by", text(hand.name)),
        ("deployed_by_email", text(hand.email)),
        ("deployed_at_utc", text(&at)),
    ] {
        tree.insert(format!("{path}/{name}"), node);
    }
    Ok(())
}

fn link(app: &str, number: u64) -> Node {
    Node::Link(format!("../../../../applications/{app}/releases/{number}"))
}

/// An instant without the fraction of its second.
fn to_seconds(at: &str) -> String {
    match at.split_once('.') {
        Some((seconds, _)) => format!("{seconds}Z"),
        None => at.to_owned(),
    }
}
