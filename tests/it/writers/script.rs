//! What happens in a run, as its seed decides it: who asks for what from which clone, who is killed, whose network fails. Only when
//! things happen is left to the machine.

mod tasks;

use std::time::Duration;

use super::ask::Ask;
use super::dice::Dice;
use tasks::Tasks;

/// All that a seed decides.
pub(super) struct Script {
    /// Whether the repository keeps commit data.
    pub(super) commit_data: bool,
    /// Which operations are published together, as `publish.combine` says it.
    pub(super) combine: &'static str,
    pub(super) clones: Vec<Shape>,
    pub(super) actors: Vec<Actor>,
}

/// What kind of clone it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Plain,
    /// One whose checkout git itself moves.
    General,
    Bare,
}

/// Somebody with a clone, perhaps not alone there.
pub(super) struct Actor {
    pub(super) clone: usize,
    pub(super) alone: bool,
    pub(super) steps: Vec<Step>,
}

/// What an actor does next.
#[derive(Clone, Debug)]
pub(super) enum Step {
    Run(Box<Task>),
    /// An edit in the checkout, which stays there.
    Edit(Edit),
    /// Takes back the edit that is in the way.
    TakeBack,
}

/// What a user does in the checkout beside.
#[derive(Clone, Copy, Debug)]
pub(super) enum Edit {
    /// A new file.
    New,
    /// A file that no operation touches.
    Aside,
    /// A new file that is staged.
    Staged,
    /// A file that operations do touch.
    InTheWay,
}

/// An operation of an actor, with all that will befall it.
#[derive(Clone, Debug)]
pub(super) struct Task {
    /// The address of the author, which no other operation has.
    pub(super) mark: String,
    /// When it is, as the program is told.
    pub(super) second: i64,
    pub(super) ask: Ask,
    pub(super) befalls: Befalls,
    /// What befalls it when it is repeated, as long as its end is not known; none: it is not repeated.
    pub(super) again: Option<Befalls>,
}

/// What befalls a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Befalls {
    Nothing,
    /// Killed so long after a moment, alone or with all that it started; its push may take so long on the server.
    Killed {
        after: Duration,
        since: Since,
        all: bool,
        slow: bool,
    },
    /// What the network does with its push of this number, counted from 0.
    Network {
        fate: Fate,
        push: u64,
    },
}

/// From when on the time to a kill counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Since {
    Start,
    /// The journal tells of its place in line.
    InLine,
}

/// What a network can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// Nothing is reachable.
    Cut,
    /// The connection breaks before the push is applied; after that the remote is reachable or not.
    Before { dark: bool },
    /// It is applied, and the answer is lost.
    Lost { dark: bool },
    /// The remote says no.
    Refused,
}

impl Script {
    pub(super) fn new(seed: u64, actors: usize, steps: usize) -> Self {
        let mut dice = Dice::new(seed);
        let shared = dice.chance(60);
        let clones = if shared { actors - 1 } else { actors };
        let clones: Vec<_> = (0..clones)
            .map(|_| dice.weighted(&[(70, Shape::Plain), (20, Shape::General), (10, Shape::Bare)]))
            .collect();
        let mut actors: Vec<_> = (0..actors)
            .map(|actor| Actor {
                clone: actor % clones.len(),
                alone: !(shared && actor % clones.len() == 0),
                steps: Vec::new(),
            })
            .collect();
        let combine = match seed % 4 {
            0 => "always",
            2 => "true",
            _ => "false",
        };
        let mut tasks = Tasks::new(seed);
        for step in 0..steps {
            for (number, actor) in actors.iter_mut().enumerate() {
                let files = actor.alone && clones[actor.clone] != Shape::Bare;
                if files && dice.chance(8) {
                    let edits = [
                        (3, Edit::New),
                        (3, Edit::Aside),
                        (2, Edit::Staged),
                        (2, Edit::InTheWay),
                    ];
                    actor.steps.push(Step::Edit(dice.weighted(&edits)));
                }
                let ask = tasks.next(&mut dice, (number, step));
                let task = task(&mut dice, ask, (number, step), combine != "false");
                actor.steps.push(Step::Run(Box::new(task)));
                if files && dice.chance(20) {
                    actor.steps.push(Step::TakeBack);
                }
            }
        }
        for actor in &mut actors {
            actor.steps.push(Step::TakeBack);
        }
        Self {
            commit_data: dice.chance(50),
            combine,
            clones,
            actors,
        }
    }
}

/// Within so many microseconds a command is killed.
const KILLED_WITHIN: u64 = 150_000;

/// Within so many, once it has a place in line: it waits there, or publishes what waits.
const KILLED_IN_LINE_WITHIN: u64 = 250_000;

fn task(dice: &mut Dice, ask: Ask, (actor, step): (usize, usize), waits: bool) -> Task {
    let befalls = match dice.below(100) {
        0..18 => {
            // Where commands wait, most are to be killed in line. Many never come there, or are through it by then.
            let (within, since) = if waits && dice.chance(70) {
                (KILLED_IN_LINE_WITHIN, Since::InLine)
            } else {
                (KILLED_WITHIN, Since::Start)
            };
            Befalls::Killed {
                after: Duration::from_micros(dice.below(within)),
                since,
                all: dice.chance(50),
                slow: dice.chance(25),
            }
        }
        18..40 => network(dice),
        _ => Befalls::Nothing,
    };
    let again = dice.chance(80).then(|| {
        if dice.chance(15) {
            network(dice)
        } else {
            Befalls::Nothing
        }
    });
    Task {
        mark: mark(actor, step),
        // So that nothing counts as forgotten that waits on the remote.
        second: i64::try_from(step * 20 + actor * 5).unwrap(),
        ask,
        befalls,
        again,
    }
}

/// The address of the author of an operation.
pub(super) fn mark(actor: usize, step: usize) -> String {
    format!("actor-{actor}.step-{step}@yard.example")
}

fn network(dice: &mut Dice) -> Befalls {
    let fates = [
        (2, Fate::Cut),
        (3, Fate::Before { dark: false }),
        (3, Fate::Before { dark: true }),
        (5, Fate::Lost { dark: false }),
        (5, Fate::Lost { dark: true }),
        (2, Fate::Refused),
    ];
    Befalls::Network {
        fate: dice.weighted(&fates),
        push: u64::from(dice.chance(20)),
    }
}
