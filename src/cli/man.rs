//! `trainyard man`: the help as manual pages. They hold no date, so that the same version writes the same bytes.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use clap::{Args, Command};
use clap_mangen::Man;

use super::exit::Exit;
use super::{help, output};

/// Print a manual page, or write all of them into a folder
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  trainyard man release-train
  trainyard man environment create
  trainyard man --all man1")]
pub(super) struct ManArgs {
    /// The command, word by word; without it, the program
    #[arg(value_name = "COMMAND")]
    words: Vec<String>,
    /// Write the page of the program and of each command into this folder, which is made if it is not there
    #[arg(long, value_name = "DIR", conflicts_with = "words")]
    all: Option<PathBuf>,
}

impl ManArgs {
    pub(super) fn run(&self, mut program: Command) -> Result<Exit> {
        program.build();
        match &self.all {
            Some(folder) => write_all(&program, folder)?,
            None => {
                let mut name = program.get_name().to_owned();
                for word in &self.words {
                    name.push('-');
                    name.push_str(word);
                }
                let page = page(help::find(&mut program, &self.words)?, &name)?;
                output::print(&String::from_utf8_lossy(&page));
            }
        }
        Ok(Exit::Done)
    }
}

/// Writes the page of a command and those of the commands below it.
fn write_all(program: &Command, folder: &Path) -> Result<()> {
    let shown = crate::state::plain(&folder.display().to_string());
    std::fs::create_dir_all(folder).with_context(|| format!("making the folder `{shown}`"))?;
    let mut left = vec![(program.get_name().to_owned(), program)];
    while let Some((name, command)) = left.pop() {
        let page = page(command, &name)?;
        std::fs::write(folder.join(format!("{name}.1")), page)
            .with_context(|| format!("writing `{name}.1` into `{shown}`"))?;
        let below = command.get_subcommands().filter(|below| is_shown(below));
        left.extend(below.map(|below| (format!("{name}-{}", below.get_name()), below)));
    }
    Ok(())
}

/// The page of a command under this name.
fn page(command: &Command, name: &str) -> Result<Vec<u8>> {
    let version = env!("CARGO_PKG_VERSION");
    let is_program = command.get_name() == name;
    let mut page = Vec::new();
    let man = Man::new(command.clone().display_name(name.to_owned()))
        .title(name)
        .date("")
        .source(format!("trainyard {version}"))
        .manual("trainyard");
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    section(&mut page, "SYNOPSIS", &[usage(command)]);
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    if command.get_subcommands().any(is_shown) {
        man.render_subcommands_section(&mut page)?;
    }
    match command.get_after_help().map(ToString::to_string) {
        _ if is_program => section(&mut page, "TOPICS", &topics()),
        Some(text) => {
            let (title, lines) = text.split_once('\n').unwrap_or(("", &text));
            let lines: Vec<_> = lines
                .lines()
                .map(|line| line.strip_prefix("  ").unwrap_or(line))
                .collect();
            let heading = if title.starts_with("Example") {
                "EXAMPLES"
            } else {
                "NOTES"
            };
            section(&mut page, heading, &lines);
        }
        None => {}
    }
    let codes = Exit::ALL.map(Exit::told);
    section(&mut page, "EXIT STATUS", &codes);
    Ok(page)
}

/// The topics of the help, which have no page of their own here.
fn topics() -> Vec<String> {
    let how = "Topics, for `trainyard help TOPIC`:".to_owned();
    let list = help::list_of_topics().into_iter();
    let list = list.map(|topic| format!("  {topic}"));
    std::iter::once(how).chain(list).collect()
}

fn is_shown(command: &Command) -> bool {
    !command.is_hide_set()
}

/// The usage without the word that goes before it.
fn usage(command: &Command) -> String {
    let usage = command.clone().render_usage().to_string();
    usage.trim_start_matches("Usage:").trim().to_owned()
}

/// A section of lines as they are.
fn section(page: &mut Vec<u8>, heading: &str, lines: &[impl AsRef<str>]) {
    let lines: Vec<_> = lines.iter().map(|line| escaped(line.as_ref())).collect();
    let lines = lines.join("\n.br\n");
    // Neither spread out nor hyphenated: much of it is there to be copied.
    page.extend(format!(".SH \"{heading}\"\n.ad l\n.nh\n{lines}\n.ad b\n.hy\n").bytes());
}

/// A line of text as roff has it: no instruction, no escape, and its indentation as it is.
fn escaped(line: &str) -> String {
    let text = line.trim_start();
    let indent = "\\ ".repeat(line.len() - text.len());
    let text = text.replace('\\', "\\e").replace('-', "\\-");
    format!(
        "\\&{indent}{}",
        text.replace('\'', "\\(aq").replace('`', "\\(ga")
    )
}
