//! The line at the bottom of a terminal that says what takes so long.

use std::sync::Arc;
use std::thread::{Builder, sleep};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;

use super::{Shared, locked, terminal};

/// What is done before that is not worth showing.
const DELAY: Duration = Duration::from_millis(500);

/// How often the spinner turns.
const TURN: Duration = Duration::from_millis(100);

/// The line, on a terminal of its own.
pub(super) struct Spinner {
    pub(super) delay: Duration,
    target: Box<dyn Fn() -> ProgressDrawTarget + Send>,
    is_ours: fn() -> bool,
    /// `None` while nothing is shown.
    shown: Option<ProgressBar>,
}

impl Spinner {
    pub(super) fn on_stderr() -> Self {
        Self::on(DELAY, ProgressDrawTarget::stderr, terminal::is_ours)
    }

    /// After some time, on this terminal, as long as it is ours to draw on.
    pub(super) fn on(
        delay: Duration,
        target: impl Fn() -> ProgressDrawTarget + Send + 'static,
        is_ours: fn() -> bool,
    ) -> Self {
        Self {
            delay,
            target: Box::new(target),
            is_ours,
            shown: None,
        }
    }

    /// Whether the terminal is ours to draw on now.
    pub(super) fn may_turn(&self) -> bool {
        (self.is_ours)()
    }

    /// Shows a line, a turn further.
    pub(super) fn turn(&mut self, line: String) {
        let bar = self.shown.get_or_insert_with(|| {
            let bar = ProgressBar::with_draw_target(None, (self.target)());
            let style = ProgressStyle::with_template("{spinner} {wide_msg}");
            let style = style.expect("the template is valid");
            // What every terminal can show.
            bar.with_style(style.tick_chars(r"|/-\ "))
        });
        // Set this way it is not drawn twice.
        bar.clone().with_message(line).tick();
    }

    /// Takes the line away.
    pub(super) fn clear(&mut self) {
        if let Some(bar) = self.shown.take() {
            bar.finish_and_clear();
        }
    }
}

/// Shows from now on in a thread what is under way.
pub(super) fn keep_turning(shared: Shared) {
    // Where there is no room for a thread, nothing is shown.
    let _ = Builder::new().spawn(move || {
        let mut heeds_signals = false;
        sleep(DELAY);
        loop {
            let mut under_way = locked(&shared);
            if let Some(line) = under_way.line(Instant::now()) {
                if !heeds_signals {
                    tidy_up_when_killed(Arc::clone(&shared));
                    heeds_signals = true;
                }
                under_way.show(line);
            }
            drop(under_way);
            sleep(TURN);
        }
    });
}

/// Leaves a clean line behind when somebody ends the program, which ends all the same.
fn tidy_up_when_killed(shared: Shared) {
    let Ok(mut signals) = Signals::new([SIGHUP, SIGINT, SIGTERM]) else {
        // They end the program as ever.
        return;
    };
    // Without it they end the program as ever, too.
    let _ = Builder::new().spawn(move || {
        for signal in signals.forever() {
            // Kept to the end: nothing is shown again.
            let mut under_way = locked(&shared);
            under_way.clear();
            // If that fails, nothing else can be done, and the next signal tries again.
            let _ = emulate_default_handler(signal);
        }
    });
}
