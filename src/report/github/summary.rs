//! The summary of a step, in markdown, and the art of cutting markdown so that nothing stays open.

use super::{Fate, markdown, structured};
use crate::plan::Outcome;
use crate::report::markdown::escaped;
use crate::state::plain;

/// The most that GitHub takes of a step; it drops a summary that is larger.
pub(crate) const MOST_BYTES: usize = 1024 * 1024;

/// The answer, what somebody should know besides, and the commit.
pub(crate) fn success(outcome: &Outcome, fate: &Fate) -> String {
    let mut summary = markdown::render(outcome, fate);
    if !summary.starts_with('#') {
        summary = format!("### trainyard {}\n\n{summary}", structured::name(outcome));
    }
    let warnings = outcome.warnings.iter().chain(&fate.warnings);
    let mut notes: Vec<_> = warnings
        .map(|warning| format!("- **warning:** {}", on_one_line(warning)))
        .collect();
    if let Some(commit) = &fate.commit {
        notes.push(format!("- commit `{commit}`"));
    }
    if !notes.is_empty() {
        summary += &["\n", &notes.join("\n"), "\n"].concat();
    }
    summary
}

/// Why there is no answer, or what is wrong with it. Only the first line is prose; what follows may be a list or a diff.
pub(crate) fn failure(how: &str, message: &str, hint: Option<&str>) -> String {
    let (first, rest) = message.split_once('\n').unwrap_or((message, ""));
    let rest = rest.trim_matches('\n');
    let mut parts = vec![format!(
        "### trainyard: {how}\n\n**error:** {}\n",
        escaped(first)
    )];
    if !rest.is_empty() {
        let fence = "`".repeat(longest_run(rest, '`').max(2) + 1);
        parts.push(format!("{fence}diff\n{rest}\n{fence}\n"));
    }
    if let Some(hint) = hint {
        parts.push(format!("**hint:** {}\n", on_one_line(hint)));
    }
    parts.join("\n")
}

fn on_one_line(text: &str) -> String {
    escaped(&plain(
        &text.lines().map(str::trim).collect::<Vec<_>>().join(" "),
    ))
}

fn longest_run(text: &str, letter: char) -> usize {
    let runs = text.split(|other| other != letter);
    runs.map(str::len).max().unwrap_or(0)
}

/// The text, or as many of its lines as fit into `room` bytes with a note that says what is left out; `None` if not even that fits.
pub(crate) fn fitting(text: &str, room: usize) -> Option<String> {
    if text.len() <= room {
        return Some(text.to_owned());
    }
    let lines: Vec<_> = text.split_inclusive('\n').collect();
    let note = |left_out: usize, bytes: usize| {
        let kibibytes = bytes.div_ceil(1024);
        format!(
            "\n**Left out: {left_out} of {} lines ({kibibytes} KiB); there was no room for more.**\n",
            lines.len()
        )
    };
    let mut open = Open::default();
    let mut length = 0;
    let mut best = None;
    for taken in 0..lines.len() {
        let end = format!(
            "{}{}",
            open.closed(),
            note(lines.len() - taken, text.len() - length)
        );
        if length + end.len() > room {
            break;
        }
        // A table begins with two lines; the first one alone would be prose.
        let tears_table = lines[taken].starts_with("|-") || lines[taken].starts_with("|:-");
        if !tears_table {
            best = Some((length, end));
        }
        open.read(lines[taken]);
        length += lines[taken].len();
    }
    best.map(|(length, end)| format!("{}{end}", &text[..length]))
}

/// What is open at the end of a line.
#[derive(Clone, Debug, Default)]
struct Open {
    /// The letter of a code fence, and how often it stands there.
    fence: Option<(char, usize)>,
    /// `<details>` within each other.
    details: usize,
}

impl Open {
    fn read(&mut self, line: &str) {
        let indented = line.len() - line.trim_start_matches(' ').len() > 3;
        let line = line.trim();
        let letter = line.chars().next().filter(|letter| "`~".contains(*letter));
        let run = letter.map_or(0, |letter| {
            line.len() - line.trim_start_matches(letter).len()
        });
        match (self.fence, letter) {
            (Some((open, length)), Some(letter)) => {
                if open == letter && run >= length && run == line.len() && !indented {
                    self.fence = None;
                }
            }
            (Some(_), None) => {}
            (None, Some(letter)) if run >= 3 && !indented && !line[run..].contains('`') => {
                self.fence = Some((letter, run));
            }
            (None, _) => {
                self.details += line.matches("<details").count();
                self.details = self
                    .details
                    .saturating_sub(line.matches("</details>").count());
            }
        }
    }

    /// What closes it.
    fn closed(&self) -> String {
        let mut end = String::new();
        if let Some((letter, length)) = self.fence {
            end.extend(std::iter::repeat_n(letter, length));
            end.push('\n');
        }
        if self.details > 0 {
            end.push('\n');
            end.push_str(&"</details>\n".repeat(self.details));
        }
        end
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_stays_as_it_is() {
        assert_eq!(fitting("a\nb\n", 4).unwrap(), "a\nb\n");
        assert_eq!(fitting("a\nb\n", 3), None);
    }

    /// Cuts the text at every length there is, and looks at what comes out.
    #[track_caller]
    fn check_every_cut(text: &str) {
        let whole: Vec<_> = text.lines().collect();
        for room in 0..text.len() {
            let Some(cut) = fitting(text, room) else {
                continue;
            };
            assert!(cut.len() <= room, "{} > {room}", cut.len());
            let (kept, note) = cut.rsplit_once("\n**Left out: ").unwrap();
            let (left_out, _) = note.split_once(' ').unwrap();
            let mut open = Open::default();
            for line in cut.lines() {
                assert!(
                    open.fence.is_none() || !line.starts_with("**Left out"),
                    "{cut}"
                );
                open.read(line);
            }
            assert!(open.fence.is_none() && open.details == 0, "{cut}");
            let taken = whole.len() - left_out.parse::<usize>().unwrap();
            let kept: Vec<_> = kept.lines().collect();
            assert_eq!(kept[..taken], whole[..taken], "{cut}");
            assert!(
                taken == whole.len() || !whole[taken].starts_with("|--"),
                "{cut}"
            );
        }
    }

    #[test]
    fn a_cut_leaves_nothing_open_and_counts_what_is_missing() {
        let rows = "| x | y |\n".repeat(20);
        check_every_cut(&format!(
            "### a\n\nb\n\n| h | i |\n|---|---|\n{rows}\nend\n"
        ));
        let code = "+ some code <details>\n``\n    ```\n~~~\n".repeat(9);
        check_every_cut(&format!("a\n````diff\n{code}````\nb <details>\n\nc\n"));
        let inner = format!("<details><summary>s</summary>\n\n```\n{code}```\n\n</details>\n");
        check_every_cut(&format!(
            "<details>\n\n{inner}\n{inner}\n</details>\n{inner}"
        ));
    }

    #[test]
    fn a_failure_is_told_as_it_is_and_adds_no_markup() {
        let told = failure("refused", "`a` <b>\n- ```x\n+ y", Some("try\n*this*"));
        let expected = "### trainyard: refused\n\n**error:** \\`a\\` &lt;b&gt;\n\n````diff\n- ```x\n+ y\n````\n\n**hint:** try \\*this\\*\n";
        assert_eq!(told, expected);
    }
}
