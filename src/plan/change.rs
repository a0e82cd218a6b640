//! What a deployment changes in the manifest that is applied: a diff of what may be shown.

mod mask;

use anyhow::Result;
use similar::{Algorithm, DiffOp, DiffTag, capture_diff_slices, group_diff_ops};

use crate::state::{AppName, EnvName, deployment, lock};
use crate::tree::{Content, Entry, ReadTree, RepoPath};
use mask::{Line, Mask};

pub(crate) use mask::Unreadable;

/// How many lines around a change are shown.
const CONTEXT: usize = 3;

/// What becomes of the manifest of an app on an environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ManifestChange {
    /// It is the same to the byte.
    Same,
    /// A manifest lock keeps it as it is.
    Kept,
    /// It changes.
    Text(Diff),
    /// It changes, and nobody can tell what in it is secret: only how many lines go and come is known.
    Unreadable {
        path: RepoPath,
        why: Unreadable,
        removed: usize,
        added: usize,
    },
}

/// The lines that change, without the values of secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Diff {
    pub(crate) path: RepoPath,
    /// Whether there was none before.
    pub(crate) is_new: bool,
    pub(crate) removed: usize,
    pub(crate) added: usize,
    /// None: the manifests differ in what cannot be seen only, such as the way in which a secret is written.
    /// Nothing, if only the numbers were asked for.
    pub(crate) hunks: Option<Vec<Hunk>>,
}

/// Lines that change, with some lines around.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hunk {
    /// Its first line before and its number of lines, and the same after.
    pub(crate) before: (usize, usize),
    pub(crate) after: (usize, usize),
    pub(crate) lines: Vec<(Sign, String)>,
}

/// What becomes of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sign {
    Stays,
    Goes,
    Comes,
    /// No newline ends the line above.
    Open,
}

impl Sign {
    /// How the line begins.
    pub(crate) fn mark(self) -> &'static str {
        match self {
            Self::Stays => " ",
            Self::Goes => "-",
            Self::Comes => "+",
            Self::Open => "\\ ",
        }
    }
}

impl ManifestChange {
    /// The same without the lines.
    pub(crate) fn stat(self) -> Self {
        match self {
            Self::Text(diff) => Self::Text(Diff {
                hunks: None,
                ..diff
            }),
            Self::Same | Self::Kept | Self::Unreadable { .. } => self,
        }
    }

    /// How many lines go, and how many come.
    pub(crate) fn totals(&self) -> (usize, usize) {
        match self {
            Self::Same | Self::Kept => (0, 0),
            Self::Text(Diff { removed, added, .. }) | Self::Unreadable { removed, added, .. } => {
                (*removed, *added)
            }
        }
    }
}

/// What the deployment of a release with this manifest changes.
pub(crate) fn change(
    tree: &dyn ReadTree,
    environment: &EnvName,
    app: &AppName,
    manifest: &Content,
) -> Result<ManifestChange> {
    if !lock::on_manifest(tree, environment, app)?.is_empty() {
        return Ok(ManifestChange::Kept);
    }
    let path = deployment::manifest_path(environment, app);
    let before = match tree.entry(&path)? {
        Some(Entry::File(content)) => Some(content),
        Some(Entry::Symlink(_)) | None => None,
    };
    let Entry::File(after) = deployment::applied(manifest.clone()) else {
        unreachable!("a manifest is applied as a file")
    };
    if before.as_ref() == Some(&after) {
        return Ok(ManifestChange::Same);
    }
    let old = before.as_ref().map(|content| tree.bytes(content));
    let old = old.transpose()?;
    Ok(between(path, old.as_deref(), &tree.bytes(&after)?))
}

/// The difference between a stored manifest and a given one, as a unified diff without the values of secrets; empty if there is none.
pub(super) fn unified(field: &str, stored: &str, given: &str) -> String {
    if stored == given {
        return String::new();
    }
    let mut lines = vec![format!("--- {field} stored"), format!("+++ {field} given")];
    match between(RepoPath::root(), Some(stored.as_bytes()), given.as_bytes()) {
        ManifestChange::Same | ManifestChange::Kept => {}
        ManifestChange::Unreadable { removed, added, .. } => lines.push(format!(
            "(+{added} -{removed}; not shown, since not all of it is YAML, and secrets in it cannot be told from the rest)"
        )),
        ManifestChange::Text(diff) => {
            let hunks = diff.hunks.unwrap_or_default();
            if hunks.is_empty() {
                lines.push("(nothing but how its secrets are written)".to_owned());
            }
            let range = |(first, many)| match many {
                1 => format!("{first}"),
                _ => format!("{first},{many}"),
            };
            for hunk in hunks {
                let (before, after) = (range(hunk.before), range(hunk.after));
                lines.push(format!("@@ -{before} +{after} @@"));
                let told = hunk.lines.iter();
                lines.extend(told.map(|(sign, line)| [sign.mark(), line].concat()));
            }
        }
    }
    lines.join("\n") + "\n"
}

/// What changes from a manifest, if there is one, to another one.
fn between(path: RepoPath, old: Option<&[u8]>, new: &[u8]) -> ManifestChange {
    let is_new = old.is_none();
    let old = old.unwrap_or_default();
    let mut mask = Mask::default();
    let (before, after) = match (mask.lines(old), mask.lines(new)) {
        (Ok(before), Ok(after)) => (before, after),
        (Err(why), _) | (_, Err(why)) => {
            let lines = |bytes: &'_ [u8]| -> Vec<Vec<u8>> {
                bytes
                    .split_inclusive(|byte| *byte == b'\n')
                    .map(<[u8]>::to_vec)
                    .collect()
            };
            let operations = operations(&lines(old), &lines(new));
            let (removed, added) = totals(&operations);
            return ManifestChange::Unreadable {
                path,
                why,
                removed,
                added,
            };
        }
    };
    let operations = operations(&before, &after);
    let (removed, added) = totals(&operations);
    let groups = group_diff_ops(operations, CONTEXT);
    let hunks = groups.iter().map(|group| Hunk::of(group, &before, &after));
    ManifestChange::Text(Diff {
        path,
        is_new,
        removed,
        added,
        hunks: Some(hunks.collect()),
    })
}

fn operations<T: Eq + std::hash::Hash + Ord>(old: &[T], new: &[T]) -> Vec<DiffOp> {
    capture_diff_slices(Algorithm::Myers, old, new)
}

/// How many lines go, and how many come.
fn totals(operations: &[DiffOp]) -> (usize, usize) {
    let changes = operations
        .iter()
        .filter(|each| each.tag() != DiffTag::Equal);
    changes.fold((0, 0), |(removed, added), each| {
        (
            removed + each.old_range().len(),
            added + each.new_range().len(),
        )
    })
}

impl Hunk {
    fn of(operations: &[DiffOp], before: &[Line], after: &[Line]) -> Self {
        let mut lines = Vec::new();
        for operation in operations {
            let (old, new) = (
                &before[operation.old_range()],
                &after[operation.new_range()],
            );
            if operation.tag() == DiffTag::Equal {
                for line in old {
                    tell(&mut lines, Sign::Stays, line);
                }
                continue;
            }
            for line in old {
                tell(&mut lines, Sign::Goes, line);
            }
            for line in new {
                let marked = line.changed_from(old);
                tell(&mut lines, Sign::Comes, marked.as_ref().unwrap_or(line));
            }
        }
        let span = |ranges: Vec<std::ops::Range<usize>>| {
            let begin = ranges.first().map_or(0, |range| range.start);
            let end = ranges.last().map_or(0, |range| range.end);
            // A place without lines is named by the line before it.
            let first = if end > begin { begin + 1 } else { begin };
            (first, end - begin)
        };
        Self {
            before: span(operations.iter().map(DiffOp::old_range).collect()),
            after: span(operations.iter().map(DiffOp::new_range).collect()),
            lines,
        }
    }
}

fn tell(lines: &mut Vec<(Sign, String)>, sign: Sign, line: &Line) {
    lines.push((sign, line.shown.clone()));
    if !line.ended {
        lines.push((Sign::Open, "No newline at end of file".to_owned()));
    }
}

#[cfg(test)]
mod tests;
