//! What an actor's command finds outside of its process: the clock of the stage, the double of git, and all that goes wrong there.

use std::cell::{Cell, RefCell};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use git2::Oid;

use super::stage::{Event, MAIN, Stage, Who, die};
use crate::git::Finished;
use crate::git::double::{Lease, Line, PushLine, Sent, finished, overdue, set};
use crate::git::played::{Ending, Player};

/// A variant of the protocol that is known to be bad. It is made outside of the program, so that what is tested stays as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bad {
    /// Pushes whatever the remote holds.
    NoLease,
    /// Keeps no journal.
    NoJournal,
    /// Takes a broken connection for a failure.
    LostAnswerIsFailure,
    /// Moves one ref after the other.
    NotAtomic,
}

/// The outside of one command of an actor.
#[derive(Clone)]
pub(super) struct Hand(Rc<Inner>);

struct Inner {
    stage: Arc<Stage>,
    actor: usize,
    number: u32,
    clone: PathBuf,
    /// Whether the clone remembers where the remote's branch stood.
    tracks: bool,
    bad: Option<Bad>,
    /// The process has ended; what its destructors do, no process would do.
    dead: Cell<bool>,
    /// What a bad variant believes of the remote without asking.
    believed: RefCell<Option<Oid>>,
}

/// What becomes of a push.
#[derive(Clone, Copy)]
enum Fate {
    Goes,
    Refused,
    NoContact,
    /// The connection breaks, and nothing was applied.
    Broken,
    /// It is applied, and the answer is lost.
    Unheard,
    /// It is applied, sent once more, and refused.
    Repeated,
    /// It is sent twice at the same moment: the second one is refused for the first, which is applied a little later.
    Met(Duration),
    /// The connection breaks, and it is applied later.
    BrokenAndLate(Duration),
    /// git is killed at its deadline.
    Overdue(Option<Duration>),
    Killed,
    KilledWhenApplied,
    KilledAndLate(Duration),
}

impl Hand {
    pub(super) fn new(
        stage: &Arc<Stage>,
        (actor, number): (usize, u32),
        (clone, tracks): (&Path, bool),
        bad: Option<Bad>,
    ) -> Self {
        Self(Rc::new(Inner {
            stage: Arc::clone(stage),
            actor,
            number,
            clone: clone.to_owned(),
            tracks,
            bad,
            dead: Cell::new(false),
            believed: RefCell::default(),
        }))
    }
}

impl Inner {
    fn pass(&self, time: Duration) {
        self.stage.pass(self.actor, time);
    }

    /// Waits for the network.
    fn travel(&self) {
        let time = self.stage.scene().travel();
        self.pass(time);
    }

    fn tell(&self, what: &str) {
        let line = format!("actor {}: {what}", self.actor);
        self.stage.scene().tell(&line);
    }

    fn die(&self) -> ! {
        self.tell("KILLED");
        self.dead.set(true);
        die()
    }

    fn may_die(&self) {
        let mut scene = self.stage.scene();
        let kill = scene.weather.kill;
        if scene.chance.hits(kill) {
            drop(scene);
            self.die();
        }
    }

    fn run(&self, line: Line) -> Finished {
        match line {
            Line::List(patterns) => self.ask(|server| server.list(&patterns), true),
            Line::Fetch(refspecs) => self.ask(|server| server.fetch(&self.clone, &refspecs), false),
            Line::Push(line) => self.push(line),
        }
    }

    fn ask(
        &self,
        answer: impl Fn(&mut crate::git::double::Server) -> Finished,
        lists: bool,
    ) -> Finished {
        self.travel();
        self.may_die();
        let mut scene = self.stage.scene();
        let question = scene.weather.question;
        if scene.chance.hits(question) {
            let kind = scene.chance.below(3);
            drop(scene);
            self.tell("no answer");
            return self.unanswered(kind);
        }
        let believed = if lists {
            self.believed.borrow_mut().take()
        } else {
            None
        };
        let answer = match believed {
            Some(id) => finished(0, &format!("{id}\t{MAIN}\n"), ""),
            None => answer(&mut scene.server),
        };
        drop(scene);
        self.travel();
        self.may_die();
        answer
    }

    /// The words of git when a remote is away.
    fn unanswered(&self, kind: usize) -> Finished {
        match kind {
            0 => finished(
                128,
                "",
                "fatal: unable to access 'https://git.shop.example/manifests.git/': Could not resolve host: git.shop.example",
            ),
            1 => finished(
                128,
                "",
                "fatal: Could not read from remote repository.\n\nPlease make sure you have the correct access rights\nand the repository exists.",
            ),
            _ => {
                self.pass(Duration::from_secs(120));
                overdue()
            }
        }
    }

    fn push(&self, mut line: PushLine) -> Finished {
        self.spoil(&mut line);
        self.travel();
        self.may_die();
        let mut scene = self.stage.scene();
        let sent = line.send(&scene.server, &self.clone);
        let fate = if sent.is_nothing() {
            Fate::Goes
        } else if sent.new_of(MAIN).is_none() {
            // What a rule of the remote says of the inbox, it says to everybody.
            match fate(&mut scene) {
                _ if scene.closed => Fate::Refused,
                Fate::Refused => Fate::Goes,
                fate => fate,
            }
        } else {
            fate(&mut scene)
        };
        drop(scene);
        self.fare(&sent, fate)
    }

    fn fare(&self, sent: &Sent, fate: Fate) -> Finished {
        let later = |time: Duration| {
            let mut scene = self.stage.scene();
            let then = scene.now + time;
            scene.events.push((then, Event::Late(sent.clone())));
        };
        match fate {
            Fate::Goes => {
                self.travel();
                let verdict = self.apply(sent);
                self.travel();
                self.may_die();
                let told = sent.told(&verdict);
                if let (true, true, Some(new)) = (told.is_ok(), self.tracks, sent.new_of(MAIN)) {
                    set(&self.clone, "refs/remotes/origin/main", new);
                }
                told
            }
            Fate::Refused => {
                self.tell("the push is refused");
                self.travel();
                sent.told(&sent.declined())
            }
            Fate::NoContact => {
                self.tell("no contact for the push");
                self.unanswered(0)
            }
            Fate::Broken => {
                self.tell("the push breaks");
                self.travel();
                broken()
            }
            Fate::Unheard => {
                self.tell("nobody hears the answer to the push");
                self.travel();
                self.apply(sent);
                self.travel();
                if self.bad == Some(Bad::LostAnswerIsFailure) {
                    self.believed.replace(sent.old_of(MAIN));
                    return sent.told(&sent.declined());
                }
                broken()
            }
            Fate::Repeated => {
                self.tell("the push is sent twice");
                self.travel();
                self.apply(sent);
                self.travel();
                let again = sent.again(&self.stage.scene().server.refs);
                sent.told(&again)
            }
            Fate::Met(time) => {
                self.tell("the push meets itself");
                later(time);
                self.travel();
                sent.told(&sent.collided())
            }
            Fate::BrokenAndLate(time) => {
                self.tell("the push breaks, and is applied later");
                later(time);
                self.travel();
                broken()
            }
            Fate::Overdue(time) => {
                self.tell("the push takes too long");
                if let Some(time) = time {
                    later(time);
                }
                self.pass(Duration::from_secs(120));
                overdue()
            }
            Fate::Killed => self.die(),
            Fate::KilledWhenApplied => {
                self.travel();
                self.apply(sent);
                self.die()
            }
            Fate::KilledAndLate(time) => {
                self.tell("the push is applied later");
                later(time);
                self.die()
            }
        }
    }

    fn apply(&self, sent: &Sent) -> crate::git::double::Verdict {
        self.stage.scene().apply(sent, Who::Actor(self.actor))
    }

    /// Makes a push as a bad variant would make it.
    fn spoil(&self, line: &mut PushLine) {
        match self.bad {
            Some(Bad::NoLease) => {
                for each in &mut line.refs {
                    each.lease = Lease::Anywhere;
                }
            }
            Some(Bad::NotAtomic) => line.atomic = false,
            Some(Bad::NoJournal | Bad::LostAnswerIsFailure) | None => {}
        }
    }

    fn lose_journal(&self) {
        if self.bad != Some(Bad::NoJournal) {
            return;
        }
        for file in std::fs::read_dir(self.clone.join("trainyard"))
            .into_iter()
            .flatten()
        {
            let path = file.unwrap().path();
            if path
                .extension()
                .is_some_and(|extension| extension == "json")
            {
                std::fs::remove_file(path).unwrap();
            }
        }
    }
}

/// Draws what becomes of a push.
fn fate(scene: &mut super::stage::Scene) -> Fate {
    let weather = scene.weather;
    if scene.chance.hits(weather.refusal) {
        return Fate::Refused;
    }
    let late = scene.chance.rest();
    if scene.chance.hits(weather.kill * 3) {
        return match scene.chance.below(3) {
            0 => Fate::Killed,
            1 => Fate::KilledWhenApplied,
            _ => Fate::KilledAndLate(late),
        };
    }
    if !scene.chance.hits(weather.push) {
        return Fate::Goes;
    }
    match scene.chance.below(12) {
        0 => Fate::NoContact,
        1 | 2 => Fate::Broken,
        3 | 4 => Fate::Unheard,
        5 | 6 => Fate::Repeated,
        7 | 8 => Fate::BrokenAndLate(late),
        9 | 10 => Fate::Met(Duration::from_millis(scene.chance.below(2_000) as u64)),
        _ => Fate::Overdue(scene.chance.hits(500).then_some(late)),
    }
}

fn broken() -> Finished {
    finished(
        128,
        "",
        "send-pack: unexpected disconnect while reading sideband packet\nfatal: the remote end hung up unexpectedly",
    )
}

impl Player for Hand {
    fn now(&self) -> Duration {
        self.0.stage.scene().now
    }

    fn sleep(&self, duration: Duration) {
        if !self.0.dead.get() {
            self.0.pass(duration);
            self.0.may_die();
        }
    }

    fn process(&self) -> u32 {
        self.0.number
    }

    fn between(&self) {
        if self.0.dead.get() {
            return;
        }
        self.0.lose_journal();
        self.0.may_die();
    }

    fn git(&self, folder: &Path, arguments: &[&str]) -> Ending {
        let inner = Rc::clone(&self.0);
        if inner.dead.get() {
            return Box::new(overdue);
        }
        assert_eq!(folder, inner.clone, "git runs in the clone of the actor");
        inner.lose_journal();
        inner.tell(&shortened(arguments));
        let line = Line::read(arguments);
        let first = inner.stage.scene().chance.hits(500);
        if first {
            let finished = inner.run(line);
            return Box::new(|| finished);
        }
        Box::new(move || {
            if inner.dead.get() {
                return overdue();
            }
            inner.run(line)
        })
    }
}

/// A command line as it stands in the tale.
fn shortened(arguments: &[&str]) -> String {
    let told = arguments.iter().filter(|argument| {
        !argument.starts_with("--") || argument.starts_with("--force") || **argument == "--atomic"
    });
    let told = told.map(|argument| {
        let parts = argument.split([':', '+']).map(|part| {
            let hex = part.len() == 40 && part.bytes().all(|byte| byte.is_ascii_hexdigit());
            if hex { &part[..8] } else { part }
        });
        parts.collect::<Vec<_>>().join(":")
    });
    format!("git {}", told.collect::<Vec<_>>().join(" "))
}
