//! The steps that are under way, each a part of the one before it.

use std::time::Instant;

use tracing::span::Id;

use super::spinner::Spinner;
use super::{seconds, words};

/// What is done, since when, and how far it has come.
pub(super) struct Step {
    /// As in "asking".
    pub(super) doing: &'static str,
    /// As in "origin for main".
    pub(super) what: String,
    pub(super) begun: Instant,
    pub(super) count: Option<u64>,
    pub(super) total: Option<u64>,
}

impl Step {
    /// As it is told while it is under way.
    fn so_far(&self, now: Instant) -> String {
        let Self { doing, what, .. } = self;
        let far = match (self.count, self.total) {
            (Some(count), Some(total)) => format!(" {count}/{total}"),
            (Some(count), None) => format!(" {count}"),
            (None, _) => String::new(),
        };
        let seconds = now.duration_since(self.begun).as_secs();
        format!("{doing} {what}{far}, {seconds} s")
    }

    /// As it is told once it is done.
    pub(super) fn done(&self, now: Instant) -> String {
        let (did, what) = (words::did(self.doing), &self.what);
        let took = seconds(now.duration_since(self.begun));
        match self.total.or(self.count) {
            Some(number) => format!("{did} {what} ({number}): {took}"),
            None => format!("{did} {what}: {took}"),
        }
    }
}

/// The steps that are under way, and where the last of them is shown.
pub(super) struct UnderWay {
    steps: Vec<(Id, Step)>,
    /// When the first step of all began.
    since: Option<Instant>,
    spinner: Option<Spinner>,
}

impl UnderWay {
    pub(super) fn new(spinner: Option<Spinner>) -> Self {
        Self {
            steps: Vec::new(),
            since: None,
            spinner,
        }
    }

    pub(super) fn begin(&mut self, id: Id, step: Step) {
        self.since.get_or_insert(step.begun);
        self.steps.push((id, step));
    }

    /// How far a step has come, and how far it will go.
    pub(super) fn count(&mut self, id: &Id, (count, total): (Option<u64>, Option<u64>)) {
        if let Some((_, step)) = self.steps.iter_mut().find(|(its, _)| its == id) {
            step.count = count.or(step.count);
            step.total = total.or(step.total);
        }
    }

    /// Takes a step away that is done, and tells how many it was a part of. After the last one, nothing is shown: what follows
    /// may be the answer.
    pub(super) fn end(&mut self, id: &Id) -> Option<(usize, Step)> {
        let depth = self.steps.iter().position(|(its, _)| its == id)?;
        let (_, step) = self.steps.remove(depth);
        if self.steps.is_empty() {
            self.clear();
        }
        Some((depth, step))
    }

    /// How many steps are under way.
    pub(super) fn depth(&self) -> usize {
        self.steps.len()
    }

    /// What is to be shown: the last step, if it is time to show anything.
    pub(super) fn line(&self, now: Instant) -> Option<String> {
        let ((_, step), spinner) = (self.steps.last()?, self.spinner.as_ref()?);
        let is_long = now.duration_since(self.since?) >= spinner.delay;
        (is_long && spinner.may_turn()).then(|| step.so_far(now))
    }

    /// Shows a line.
    pub(super) fn show(&mut self, line: String) {
        if let Some(spinner) = &mut self.spinner {
            spinner.turn(line);
        }
    }

    /// Makes room for something else on the terminal.
    pub(super) fn clear(&mut self) {
        if let Some(spinner) = &mut self.spinner {
            spinner.clear();
        }
    }
}
