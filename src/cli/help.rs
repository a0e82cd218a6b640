//! `trainyard help`: a command, as `--help` tells it, or a topic. The pages of the topics are those of `docs/help`; tables that the docs
//! have already are taken from there as they stand.

mod topic;

use anyhow::Result;
use clap::builder::StyledStr;
use clap::{Args, Command};

use super::exit::{Exit, usage_with};
use super::output::print;
use crate::plan::did_you_mean;
use crate::state::plain;
pub(super) use topic::{TOPICS, Topic};

/// Explain a command or a topic
#[derive(Debug, Args)]
pub(super) struct HelpArgs {
    /// A command, word by word, or a topic; without it, all there is
    #[arg(value_name = "COMMAND|TOPIC")]
    words: Vec<String>,
}

impl HelpArgs {
    pub(super) fn run(&self, mut program: Command) -> Result<Exit> {
        program.build();
        if let [word] = self.words.as_slice()
            && let Some(topic) = TOPICS.iter().find(|topic| topic.name == word)
        {
            let mut page = topic.page();
            if program.find_subcommand(word).is_some() {
                let note = format!(
                    "
`trainyard {word} --help` has the options of the command.
"
                );
                page.push_str(&note);
            }
            print(&page);
            return Ok(Exit::Done);
        }
        let command = find(&mut program, &self.words)?;
        let help: StyledStr = command.render_long_help();
        print(&help.ansi().to_string());
        Ok(Exit::Done)
    }
}

/// The topics, each on a line with what it is about.
pub(super) fn list_of_topics() -> Vec<String> {
    let line = |topic: &Topic| format!("{:<12}{}", topic.name, topic.about);
    TOPICS.iter().map(line).collect()
}

/// The command of these words.
pub(super) fn find<'a>(program: &'a mut Command, words: &[String]) -> Result<&'a mut Command> {
    let mut command = program;
    for (depth, word) in words.iter().enumerate() {
        if command.find_subcommand(word).is_none() {
            return Err(unknown(command, depth == 0, word));
        }
        command = command
            .find_subcommand_mut(word)
            .unwrap_or_else(|| unreachable!("it was found just now"));
    }
    Ok(command)
}

fn unknown(command: &Command, at_the_top: bool, word: &str) -> anyhow::Error {
    let commands = command
        .get_subcommands()
        .filter(|command| !command.is_hide_set());
    let mut known: Vec<_> = commands
        .map(|command| command.get_name().to_owned())
        .collect();
    let message = if at_the_top {
        known.extend(TOPICS.iter().map(|topic| topic.name.to_owned()));
        format!("there is no command or topic `{}`", plain(word))
    } else {
        format!("`{}` has no command `{}`", command.get_name(), plain(word))
    };
    usage_with(message, did_you_mean(word, known.into_iter()))
}
