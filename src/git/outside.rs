//! What lies outside of the process beside files and the `git` program: the clock, and its own number among all others. A test may
//! play all of it, each thread its own.

use std::time::{Duration, Instant};

/// The instant now.
pub(super) fn now() -> Instant {
    #[cfg(test)]
    if let Some(player) = played::player() {
        return played::beginning() + player.now();
    }
    Instant::now()
}

/// How long ago an instant was.
pub(super) fn since(start: Instant) -> Duration {
    now().saturating_duration_since(start)
}

/// Waits.
pub(super) fn sleep(duration: Duration) {
    #[cfg(test)]
    if let Some(player) = played::player() {
        return player.sleep(duration);
    }
    std::thread::sleep(duration);
}

/// The number of this process.
pub(super) fn process() -> u32 {
    #[cfg(test)]
    if let Some(player) = played::player() {
        return player.process();
    }
    std::process::id()
}

/// Between two effects that a crash could part. Nothing happens here, except where a test plays.
pub(super) fn between() {
    #[cfg(test)]
    if let Some(player) = played::player() {
        player.between();
    }
}

#[cfg(test)]
pub(crate) mod played {
    //! The outside as a test plays it.

    use std::cell::RefCell;
    use std::path::Path;
    use std::rc::Rc;
    use std::sync::OnceLock;
    use std::time::{Duration, Instant};

    use crate::git::program::Finished;

    /// Who plays the outside for a thread.
    pub(crate) trait Player {
        /// How much time has passed since the beginning.
        fn now(&self) -> Duration;
        /// Lets time pass.
        fn sleep(&self, duration: Duration);
        /// The number of the process.
        fn process(&self) -> u32;
        /// Between two effects.
        fn between(&self);
        /// Begins a command of git in a folder; what is returned is called for its end, or never.
        fn git(&self, folder: &Path, arguments: &[&str]) -> Ending;
    }

    /// Waits for the end of a command.
    pub(crate) type Ending = Box<dyn FnOnce() -> Finished>;

    thread_local! {
        static PLAYER: RefCell<Option<Rc<dyn Player>>> = const { RefCell::new(None) };
    }

    /// From now on the outside of this thread is played.
    pub(crate) fn play(player: Rc<dyn Player>) {
        PLAYER.set(Some(player));
    }

    /// Who plays for this thread, if anybody does.
    pub(in crate::git) fn player() -> Option<Rc<dyn Player>> {
        PLAYER.with_borrow(Clone::clone)
    }

    /// The instant from which players count.
    pub(super) fn beginning() -> Instant {
        static BEGINNING: OnceLock<Instant> = OnceLock::new();
        *BEGINNING.get_or_init(Instant::now)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::os::unix::process::ExitStatusExt as _;
    use std::path::Path;
    use std::process::ExitStatus;
    use std::rc::Rc;

    use super::played::{Ending, Player, play};
    use super::*;
    use crate::git::Git;
    use crate::git::program::Finished;

    /// Says the folder and the arguments of each command.
    #[derive(Default)]
    struct Echo(Cell<Duration>);

    impl Player for Echo {
        fn now(&self) -> Duration {
            self.0.get()
        }

        fn sleep(&self, duration: Duration) {
            self.0.set(self.0.get() + duration);
        }

        fn process(&self) -> u32 {
            7
        }

        fn between(&self) {}

        fn git(&self, folder: &Path, arguments: &[&str]) -> Ending {
            let said = format!("{} {}", folder.display(), arguments.join(" "));
            Box::new(|| Finished {
                status: Some(ExitStatus::from_raw(0)),
                stdout: said.into_bytes(),
                stderr: String::new(),
            })
        }
    }

    #[test]
    fn a_test_plays_the_clock_the_number_and_git() {
        play(Rc::new(Echo::default()));
        let start = now();
        let an_hour = Duration::from_secs(3600);
        sleep(an_hour);
        assert_eq!((since(start), process()), (an_hour, 7));
        let answer = Git::new(Path::new("/shop"), true).run(&["ls-remote", "origin"]);
        assert_eq!(answer.unwrap().text(), "/shop ls-remote origin");
    }
}
