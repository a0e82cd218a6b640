//! kuberpult-client: its command lines, texts and exit codes, through a link of that name and as a command of ours.

mod changes;
mod questions;
mod script;
mod usage;

use crate::shop::transcript;
use crate::world::{Answer, World, words};

impl World {
    /// A link to the program that has the name of that client.
    fn client_link(&self) -> String {
        let folder = self.room().join("bin");
        let link = folder.join("kuberpult-client");
        if !link.exists() {
            std::fs::create_dir_all(&folder).unwrap();
            std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_trainyard"), &link).unwrap();
        }
        link.to_str().unwrap().to_owned()
    }

    /// Runs that client with a line of arguments.
    fn client(&self, line: &str) -> Answer {
        let words: Vec<_> = words(line)
            .into_iter()
            .map(|word| word.into_string().unwrap())
            .collect();
        let words: Vec<_> = words.iter().map(String::as_str).collect();
        self.run_beside(&self.client_link(), &words)
    }

    /// Runs that client, which has to end well without a word on stdout.
    #[track_caller]
    fn client_ok(&self, line: &str) {
        let answer = self.client(line);
        assert_eq!(
            (answer.stdout.as_str(), answer.code),
            ("", 0),
            "kuberpult-client {line}\n{answer}"
        );
    }
}

/// Runs lines one after the other, and tells them as a terminal would.
fn tell(world: &World, lines: &[&str]) -> String {
    let told = lines.iter().map(|line| {
        let answer = world.client(line);
        format!("$ kuberpult-client {line}\n{}", transcript(world, &answer))
    });
    told.collect::<Vec<_>>().join("\n")
}

/// The time that stands before what Go logs.
fn stamp(answer: &Answer) -> String {
    answer.at.strftime("%Y/%m/%d %H:%M:%S").to_string()
}
