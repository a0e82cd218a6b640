//! What happened in a run, in numbers, and as a log of its operations.

use std::collections::BTreeSet;
use std::fmt;
use std::ops::AddAssign;

use super::evidence::{Ending, Evidence, Stands};
use crate::world::tells_of_one_left_behind;

/// Sums over runs.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Figures {
    runs: usize,
    operations: usize,
    attempts: usize,
    landed: usize,
    combined: usize,
    unchanged: usize,
    refused: usize,
    unreachable: usize,
    unknown: usize,
    killed: usize,
    killed_in_line: usize,
    killed_at_the_head: usize,
    lost_races: usize,
    left_alone: usize,
}

impl Figures {
    pub(super) fn of(evidence: &Evidence) -> Self {
        let marks: BTreeSet<_> = evidence.attempts.iter().map(|each| &each.mark).collect();
        let mut figures = Self {
            runs: 1,
            operations: marks.len(),
            attempts: evidence.attempts.len(),
            landed: evidence.commits.iter().skip(evidence.begun).count(),
            combined: evidence
                .commits
                .iter()
                .skip(evidence.begun)
                .filter(|commit| commit.author != commit.committer)
                .count(),
            ..Self::default()
        };
        for attempt in &evidence.attempts {
            if attempt.ending == Ending::Killed {
                let stands = |stands| attempt.kept_of_its_own().any(|kept| kept.stands == stands);
                let at_the_head = stands(Stands::AtTheHead);
                figures.killed_at_the_head += usize::from(at_the_head);
                figures.killed_in_line += usize::from(at_the_head || stands(Stands::InLine));
            }
            let count = match attempt.ending {
                Ending::Killed => &mut figures.killed,
                Ending::Exit(4) => &mut figures.unknown,
                Ending::Exit(3 | 6) => &mut figures.refused,
                Ending::Exit(0) => {
                    let answer = attempt.answer.as_ref();
                    let changed = answer.is_some_and(|answer| answer["result"] == "changed");
                    figures.unchanged += usize::from(!changed);
                    continue_with(&mut figures, &attempt.stderr);
                    continue;
                }
                Ending::Exit(_) => &mut figures.unreachable,
            };
            *count += 1;
            continue_with(&mut figures, &attempt.stderr);
        }
        figures
    }
}

fn continue_with(figures: &mut Figures, stderr: &str) {
    figures.lost_races += stderr.matches("after a lost race").count();
    figures.left_alone += usize::from(tells_of_one_left_behind(stderr));
}

impl AddAssign for Figures {
    fn add_assign(&mut self, more: Self) {
        let Self {
            runs,
            operations,
            attempts,
            landed,
            combined,
            unchanged,
            refused,
            unreachable,
            unknown,
            killed,
            killed_in_line,
            killed_at_the_head,
            lost_races,
            left_alone,
        } = more;
        self.runs += runs;
        self.operations += operations;
        self.attempts += attempts;
        self.landed += landed;
        self.combined += combined;
        self.unchanged += unchanged;
        self.refused += refused;
        self.unreachable += unreachable;
        self.unknown += unknown;
        self.killed += killed;
        self.killed_in_line += killed_in_line;
        self.killed_at_the_head += killed_at_the_head;
        self.lost_races += lost_races;
        self.left_alone += left_alone;
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            runs,
            operations,
            attempts,
            landed,
            combined,
            unchanged,
            refused,
            unreachable,
            unknown,
            killed,
            killed_in_line,
            killed_at_the_head,
            lost_races,
            left_alone,
        } = self;
        write!(
            f,
            "{runs} runs, {operations} operations in {attempts} processes: {landed} commits, {combined} of them published by others, {unchanged} with nothing to do, \
             {refused} refused by a rule, {unreachable} by remote or network, {unknown} unknown, {killed} killed, \
             {killed_in_line} of them with a place in line and {killed_at_the_head} of these while they published what waits; \
             {lost_races} lost races, {left_alone} checkouts left alone"
        )
    }
}

/// A line for each process, to understand a fault.
pub(super) fn log(evidence: &Evidence) -> String {
    let mut lines = Vec::new();
    for attempt in &evidence.attempts {
        let commit = attempt
            .answer
            .as_ref()
            .map(|answer| answer["commit"].to_string());
        let words = attempt.stderr.lines().filter(|line| !line.starts_with(' '));
        let words: Vec<_> = words
            .filter(|line| line.contains("error") || line.contains("warning"))
            .collect();
        lines.push(format!(
            "{}#{} in clone {}, {}..{}: {:.160}, {:?} -> {:?} {:.11} {:.200}",
            attempt.mark,
            attempt.turn,
            attempt.clone,
            &attempt.tip_before[..10],
            &attempt.tip_after[..10],
            format!("{:?}", attempt.ask),
            attempt.befalls,
            attempt.ending,
            commit.unwrap_or_default(),
            words.join(" | ")
        ));
    }
    lines.join("\n")
}
