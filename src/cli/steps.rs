//! Steps and warnings as they are told on stderr. `git`, `plan` and `cli` say them as spans and events of `tracing`, and need not
//! know who listens: a person who asked with `-v`, a person in front of a terminal, or nobody.

mod spinner;
mod terminal;
#[cfg(test)]
mod tests;
mod under_way;
mod words;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

use super::output;
use crate::git::{clean, on_one_line};
use spinner::Spinner;
use under_way::{Step, UnderWay};

/// Tells what it hears.
pub(super) struct Steps {
    /// Whether each step is told once it is done.
    verbose: bool,
    under_way: Shared,
}

/// What is under way, for the thread that does it and the one that shows it.
type Shared = Arc<Mutex<UnderWay>>;

fn locked(under_way: &Shared) -> MutexGuard<'_, UnderWay> {
    under_way.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Steps {
    /// Tells warnings, and steps if they are asked for. `watched`: somebody looks at the terminal at stderr.
    pub(super) fn new(verbose: bool, watched: bool) -> Self {
        let spinner = watched.then(Spinner::on_stderr);
        let under_way = Arc::new(Mutex::new(UnderWay::new(spinner)));
        if watched {
            spinner::keep_turning(Arc::clone(&under_way));
        }
        Self { verbose, under_way }
    }
}

impl<S: Subscriber> Layer<S> for Steps {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, _: Context<'_, S>) {
        let mut said = Said::default();
        attributes.record(&mut said);
        let step = Step {
            doing: attributes.metadata().name(),
            what: on_one_line(&said.words),
            begun: Instant::now(),
            count: said.count,
            total: said.total,
        };
        locked(&self.under_way).begin(id.clone(), step);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, _: Context<'_, S>) {
        let mut said = Said::default();
        values.record(&mut said);
        locked(&self.under_way).count(id, (said.count, said.total));
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut said = Said::default();
        event.record(&mut said);
        let words = clean(&said.words);
        let mut under_way = locked(&self.under_way);
        if *event.metadata().level() <= Level::WARN {
            under_way.clear();
            write_line(0, &format!("warning: {words}"));
        } else if self.verbose {
            under_way.clear();
            write_line(under_way.depth(), &words);
        }
    }

    fn on_close(&self, id: Id, _: Context<'_, S>) {
        let mut under_way = locked(&self.under_way);
        let Some((depth, step)) = under_way.end(&id) else {
            return;
        };
        if self.verbose {
            under_way.clear();
            write_line(depth, &step.done(Instant::now()));
        }
    }
}

/// One line on stderr, below the steps that it is a part of.
fn write_line(depth: usize, line: &str) {
    output::say(&format!("{:1$}{line}", "", 2 * depth));
}

/// Tells how long the whole command took, when it is dropped.
pub(super) struct Total(Instant);

impl Total {
    pub(super) fn begin() -> Self {
        Self(Instant::now())
    }
}

impl Drop for Total {
    fn drop(&mut self) {
        tracing::info!("total: {}", seconds(self.0.elapsed()));
    }
}

/// A time as it is told.
fn seconds(time: Duration) -> String {
    format!("{:.3} s", time.as_secs_f64())
}

/// What a span or an event says.
#[derive(Default)]
struct Said {
    words: String,
    count: Option<u64>,
    total: Option<u64>,
}

impl Visit for Said {
    fn record_u64(&mut self, field: &Field, value: u64) {
        match field.name() {
            "count" => self.count = Some(value),
            "total" => self.total = Some(value),
            _ => self.record_debug(field, &value),
        }
    }

    fn record_str(&mut self, _: &Field, value: &str) {
        value.clone_into(&mut self.words);
    }

    fn record_debug(&mut self, _: &Field, value: &dyn fmt::Debug) {
        self.words = format!("{value:?}");
    }
}
