//! The stage of a history: who acts next, what time it is, what happens on the network, and what becomes of the remote. All of it
//! comes from the seed, and one actor acts at a time.

use std::collections::BTreeSet;
use std::panic::resume_unwind;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use git2::Oid;

use super::chance::Chance;
use crate::git::double::{Refs, Sent, Server, Verdict};

pub(super) const MAIN: &str = "refs/heads/main";

/// The end of an actor's process.
pub(super) struct Killed;

/// How often things go wrong, in a thousand times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Weather {
    /// A process is killed at a step.
    pub(super) kill: usize,
    /// A push goes wrong on its way.
    pub(super) push: usize,
    /// A question goes wrong on its way.
    pub(super) question: usize,
    /// The server refuses a push.
    pub(super) refusal: usize,
}

impl Weather {
    pub(super) const CALM: Self = Self {
        kill: 0,
        push: 0,
        question: 0,
        refusal: 0,
    };
    pub(super) const ROUGH: Self = Self {
        kill: 8,
        push: 60,
        question: 10,
        refusal: 20,
    };
    pub(super) const STORM: Self = Self {
        kill: 25,
        push: 250,
        question: 30,
        refusal: 30,
    };
}

/// What others do to the remote.
#[derive(Clone, Debug)]
pub(super) enum Event {
    /// A push that its client has given up, or that outlives it.
    Late(Sent),
    /// Somebody pushes a commit by hand.
    Somebody,
    /// The branch goes back to an earlier commit.
    Rewind,
    Delete,
    /// It is made again where it was.
    Restore(Oid),
}

/// Who moved a ref.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Who {
    Actor(usize),
    Late,
    Others,
}

/// A ref that moved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Moved {
    pub(super) at: Duration,
    pub(super) who: Who,
    pub(super) name: String,
    pub(super) old: Option<Oid>,
    pub(super) new: Option<Oid>,
}

/// All that the actors share.
pub(super) struct Scene {
    pub(super) now: Duration,
    pub(super) chance: Chance,
    pub(super) weather: Weather,
    /// Whether the network is at its best.
    pub(super) swift: bool,
    /// Whether a rule of the remote lets nobody into the inbox.
    pub(super) closed: bool,
    pub(super) server: Server,
    pub(super) moves: Vec<Moved>,
    /// What there is to read when a history fails.
    pub(super) tale: Vec<String>,
    pub(super) commits_of_others: Commits,
    /// When each actor goes on; `None`: it is done.
    waits: Vec<Option<Duration>>,
    turn: Option<usize>,
    pub(super) events: Vec<(Duration, Event)>,
}

/// Writes a commit by hand on another one.
pub(super) type Commits = Box<dyn Fn(Oid, usize) -> Oid + Send>;

/// A stage for so many actors.
pub(super) struct Stage {
    scene: Mutex<Scene>,
    bells: Vec<Condvar>,
}

impl Stage {
    pub(super) fn new(
        actors: usize,
        (mut chance, weather): (Chance, Weather),
        server: Server,
        commits_of_others: Commits,
    ) -> Self {
        let closed = chance.hits(60);
        Self {
            scene: Mutex::new(Scene {
                now: Duration::ZERO,
                chance,
                weather,
                swift: false,
                closed,
                server,
                moves: Vec::new(),
                tale: Vec::new(),
                commits_of_others,
                waits: vec![None; actors],
                turn: None,
                events: Vec::new(),
            }),
            bells: (0..actors).map(|_| Condvar::new()).collect(),
        }
    }

    pub(super) fn scene(&self) -> MutexGuard<'_, Scene> {
        self.scene.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets the actors begin, each at its time.
    pub(super) fn begin(&self, times: &[Duration]) {
        let mut scene = self.scene();
        for (wait, time) in scene.waits.iter_mut().zip(times) {
            *wait = Some(*time);
        }
        self.next(&mut scene);
    }

    /// Waits for the first turn of an actor.
    pub(super) fn enter(&self, actor: usize) {
        let scene = self.scene();
        self.await_turn(scene, actor);
    }

    /// Lets time pass for an actor, and others act meanwhile.
    pub(super) fn pass(&self, actor: usize, time: Duration) {
        let mut scene = self.scene();
        scene.waits[actor] = Some(scene.now + time);
        self.next(&mut scene);
        self.await_turn(scene, actor);
    }

    /// An actor is done.
    pub(super) fn leave(&self, actor: usize) {
        let mut scene = self.scene();
        scene.waits[actor] = None;
        self.next(&mut scene);
    }

    fn await_turn(&self, scene: MutexGuard<Scene>, actor: usize) {
        let waited = self.bells[actor].wait_while(scene, |scene| scene.turn != Some(actor));
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }

    /// Whoever waits for the earliest time acts next; what happens before that, happens.
    fn next(&self, scene: &mut Scene) {
        let waits = scene.waits.iter().enumerate();
        let first = waits
            .filter_map(|(actor, time)| Some(((*time)?, actor)))
            .min();
        scene.happen_until(first.map(|(time, _)| time));
        scene.turn = first.map(|(_, actor)| actor);
        if let Some((time, actor)) = first {
            scene.now = time;
            self.bells[actor].notify_one();
        }
    }
}

impl Scene {
    /// Lets happen what was to happen until then; without a time nobody is there any more to see it, and it waits.
    pub(super) fn happen_until(&mut self, time: Option<Duration>) {
        let Some(time) = time else { return };
        while let Some(place) = self.earliest(time) {
            let (then, event) = self.events.remove(place);
            self.now = then;
            self.happens(event);
        }
    }

    fn earliest(&self, time: Duration) -> Option<usize> {
        let due = self.events.iter().enumerate();
        let due = due.filter(|(_, (then, _))| *then <= time);
        due.min_by_key(|(place, (then, _))| (*then, *place))
            .map(|(place, _)| place)
    }

    /// Lets all happen that was to happen.
    pub(super) fn happen(&mut self) {
        self.happen_until(Some(Duration::MAX));
    }

    fn happens(&mut self, event: Event) {
        let refs = self.server.refs.clone();
        let tip = refs.get(MAIN).copied();
        let count = self.moves.len();
        match (event, tip) {
            (Event::Late(sent), _) => {
                self.apply(&sent, Who::Late);
                return;
            }
            (Event::Somebody, Some(tip)) => {
                let commit = (self.commits_of_others)(tip, count);
                self.server.refs.insert(MAIN.to_owned(), commit);
            }
            // A push that is late could land on the very commit to which the branch goes back; the protocol knows no more than
            // where the branch stands.
            (Event::Rewind | Event::Delete, _) if self.has_late_pushes() => {}
            (Event::Rewind, Some(tip)) => {
                let earlier = self.moves.iter().rev().find(|moved| {
                    moved.name == MAIN && moved.new == Some(tip) && moved.old.is_some()
                });
                if let Some(old) = earlier.and_then(|moved| moved.old) {
                    self.server.refs.insert(MAIN.to_owned(), old);
                }
            }
            (Event::Delete, Some(tip)) => {
                self.server.refs.remove(MAIN);
                let again = self.now + self.chance.latency() * 10;
                self.events.push((again, Event::Restore(tip)));
            }
            (Event::Restore(tip), None) => {
                self.server.refs.insert(MAIN.to_owned(), tip);
            }
            (Event::Somebody | Event::Rewind | Event::Delete, None)
            | (Event::Restore(_), Some(_)) => {}
        }
        self.note(&refs, Who::Others);
    }

    fn has_late_pushes(&self) -> bool {
        let mut events = self.events.iter();
        events.any(|(_, event)| matches!(event, Event::Late(_)))
    }

    /// The server does what it was sent, and says what became of it.
    pub(super) fn apply(&mut self, sent: &Sent, who: Who) -> Verdict {
        let before = self.server.refs.clone();
        let verdict = sent.apply(&mut self.server.refs);
        self.note(&before, who);
        verdict
    }

    /// Writes down which refs have moved.
    fn note(&mut self, before: &Refs, who: Who) {
        let names: BTreeSet<_> = before
            .keys()
            .chain(self.server.refs.keys())
            .cloned()
            .collect();
        for name in names {
            let old = before.get(&name).copied();
            let new = self.server.refs.get(&name).copied();
            if old == new {
                continue;
            }
            let at = self.now;
            let shown = |id: Option<Oid>| {
                id.map_or("nothing".to_owned(), |id| id.to_string()[..8].to_owned())
            };
            self.tell(&format!("{who:?}: {name} {} -> {}", shown(old), shown(new)));
            self.moves.push(Moved {
                at,
                who,
                name,
                old,
                new,
            });
        }
    }

    /// How long something takes on the network.
    pub(super) fn travel(&mut self) -> Duration {
        if self.swift {
            return Duration::from_millis(5);
        }
        self.chance.latency()
    }

    /// Adds a line to the tale.
    pub(super) fn tell(&mut self, what: &str) {
        self.tale
            .push(format!("{:>10.3} {what}", self.now.as_secs_f64()));
    }
}

/// Ends the process of an actor here.
pub(super) fn die() -> ! {
    resume_unwind(Box::new(Killed))
}
