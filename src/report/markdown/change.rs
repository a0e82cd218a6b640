//! What a deployment changes in a manifest, as a diff that is folded away and cut where it is huge.

use crate::plan::change::ManifestChange;
use crate::report::text::change::{shown, summary, unified};

use super::escaped;

/// How many lines of one diff, and of all of them, are shown: a comment on GitHub has room for 65,536 bytes.
const MOST_OF_ONE: usize = 150;
const MOST_OF_ALL: usize = 600;
/// How many letters of a line are shown.
const LONGEST: usize = 200;

/// What is left of the room for diffs.
pub(super) struct Room(usize);

impl Room {
    pub(super) fn new() -> Self {
        Self(MOST_OF_ALL)
    }

    pub(super) fn is_used_up(&self) -> bool {
        self.0 == 0
    }

    /// The lines of a change, folded away below a title.
    pub(super) fn fold(&mut self, title: &str, change: &ManifestChange) -> Vec<String> {
        let Some(diff) = shown(change) else {
            return Vec::new();
        };
        let summary = told(title, change);
        let lines: Vec<_> = unified(diff)
            .into_iter()
            .map(|(_, line)| cut(&line))
            .collect();
        let most = lines.len().min(MOST_OF_ONE).min(self.0);
        self.0 -= most;
        let fence = fence(&lines[..most]);
        let mut folded = vec![
            String::new(),
            format!("<details><summary>{summary}</summary>"),
            String::new(),
            format!("{fence}diff"),
        ];
        folded.extend_from_slice(&lines[..most]);
        folded.push(fence);
        if most < lines.len() {
            folded.extend([
                String::new(),
                format!("*{} more lines are left out.*", lines.len() - most),
            ]);
        }
        folded.extend([String::new(), "</details>".to_owned()]);
        folded
    }
}

/// Whether it has lines to show.
pub(super) fn folds(change: &ManifestChange) -> bool {
    shown(change).is_some()
}

/// A change without lines.
pub(super) fn item(title: &str, change: &ManifestChange) -> String {
    format!("- {}", told(title, change))
}

/// A change for whose lines no room is left.
pub(super) fn left_out(title: &str, change: &ManifestChange) -> String {
    format!("- {}; *its lines are left out*", told(title, change))
}

fn told(title: &str, change: &ManifestChange) -> String {
    escaped(&format!("{title} {}", summary(change)))
}

fn cut(line: &str) -> String {
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
    }
}

/// More backticks in a row than any of the lines has, so that none of them ends the block.
fn fence(lines: &[String]) -> String {
    let runs = lines
        .iter()
        .flat_map(|line| line.split(|letter| letter != '`'));
    let longest = runs.map(str::len).max().unwrap_or(0);
    "`".repeat(longest.max(2) + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::change::{Diff, Hunk, Sign};
    use crate::tree::RepoPath;

    #[test]
    fn a_fold_is_cut_and_no_code_in_it_ends_it() {
        let line = (Sign::Comes, format!("````{}", "x".repeat(300)));
        let change = ManifestChange::Text(Diff {
            path: RepoPath::of(&["m"]),
            is_new: false,
            removed: 0,
            added: 200,
            hunks: Some(vec![Hunk {
                before: (0, 0),
                after: (1, 200),
                lines: vec![line; 200],
            }]),
        });
        let mut room = Room::new();
        for _ in 0..MOST_OF_ALL / MOST_OF_ONE {
            assert!(!room.is_used_up());
            let folded = room.fold("<web> on dev:", &change);
            assert_eq!(
                folded[1],
                "<details><summary>&lt;web&gt; on dev&#58; manifest&#58; +200 -0</summary>"
            );
            let code = folded.iter().filter(|line| line.starts_with("+````x"));
            assert_eq!(code.count(), MOST_OF_ONE - 3);
            assert_eq!(
                folded
                    .iter()
                    .filter(|line| line.starts_with("`````"))
                    .count(),
                2
            );
            assert!(folded.contains(&"*53 more lines are left out.*".to_owned()));
            assert!(
                folded
                    .iter()
                    .all(|line| line.chars().count() <= LONGEST + 1)
            );
        }
        assert!(room.is_used_up());
        assert_eq!(
            left_out("web on dev:", &change),
            "- web on dev&#58; manifest&#58; +200 -0; *its lines are left out*"
        );
    }
}
