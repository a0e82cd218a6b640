//! The topics, and their pages as a terminal shows them.

/// A page about something that is no command.
#[derive(Debug)]
pub(in crate::cli) struct Topic {
    pub(in crate::cli) name: &'static str,
    pub(in crate::cli) about: &'static str,
    /// Markdown that reads well as it stands.
    text: &'static str,
    /// A table that the page ends with: the page it stands on, and how it begins.
    table: Option<(&'static str, &'static str)>,
}

/// The width of a page: that of a narrow terminal.
const WIDTH: usize = 80;

const COMMANDS: &str = include_str!("../../../docs/commands.md");
const FORMAT: &str = include_str!("../../../docs/format.md");

pub(in crate::cli) const TOPICS: [Topic; 5] = [
    Topic {
        name: "exit-codes",
        about: "What the exit codes mean, and what to do about them",
        text: include_str!("../../../docs/help/exit-codes.md"),
        table: Some((COMMANDS, "| code | meaning |")),
    },
    Topic {
        name: "format",
        about: "The files of a manifest repository",
        text: include_str!("../../../docs/help/format.md"),
        table: Some((FORMAT, "| path | content |")),
    },
    Topic {
        name: "locks",
        about: "How deployments are held back, and let go again",
        text: include_str!("../../../docs/help/locks.md"),
        table: None,
    },
    Topic {
        name: "queue",
        about: "What waits behind locks, and when it goes on",
        text: include_str!("../../../docs/help/queue.md"),
        table: None,
    },
    Topic {
        name: "trains",
        about: "How versions move from environment to environment",
        text: include_str!("../../../docs/help/trains.md"),
        table: None,
    },
];

impl Topic {
    /// The page, its title in bold.
    pub(in crate::cli) fn page(&self) -> String {
        let bold = anstyle::Style::new().bold();
        let (title, rest) = self.text.split_once('\n').unwrap_or((self.text, ""));
        let title = title.trim_start_matches("# ");
        let mut page = format!("{bold}{title}{bold:#}\n{rest}");
        if let Some((text, head)) = self.table {
            page.push('\n');
            page.push_str(&listed(text, head));
        }
        page
    }
}

/// The first table with this head as a list: the first cell, and below it the second.
fn listed(text: &str, head: &str) -> String {
    let lines = text.lines().skip_while(|line| *line != head).skip(2);
    let rows = lines.take_while(|line| line.starts_with('|'));
    rows.map(entry).collect()
}

/// A row of a table: a short name and its meaning beside each other, a long one above it.
fn entry(row: &str) -> String {
    // A `\|` belongs to its cell.
    let row = row.trim_matches('|').replace("\\|", "\0");
    let mut cells = row.split('|').map(|cell| cell.trim().replace('\0', "|"));
    let name = cells.next().unwrap_or_default().replace('`', "");
    // What is below on that page is not on ours.
    let meaning = cells.next().unwrap_or_default().replace(", see below", "");
    let meaning = filled(&meaning, 6);
    if name.len() < 4 {
        return format!("  {name:<4}{}\n", meaning.trim_start());
    }
    format!("{}\n{meaning}\n", filled(&name, 2))
}

/// Text in lines of the width, each behind so many blanks.
fn filled(text: &str, indent: usize) -> String {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let last = lines
            .last_mut()
            .unwrap_or_else(|| unreachable!("there is always a line"));
        if last.is_empty() {
            last.push_str(word);
        } else if indent + last.chars().count() + 1 + word.chars().count() <= WIDTH {
            last.push(' ');
            last.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    let lines = lines.iter().map(|line| format!("{:indent$}{line}", ""));
    lines.collect::<Vec<_>>().join("\n")
}
