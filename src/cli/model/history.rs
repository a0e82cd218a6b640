//! A history: actors that run commands from their clones, all of it drawn from a seed.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use clap::builder::Resettable;
use clap::{Args as _, CommandFactory as _};
use git2::{Oid, Repository};
use jiff::Timestamp;
use serde_json::Value;

use super::chance::Chance;
use super::check;
use super::hand::{Bad, Hand};
use super::shop::{BEGINNING, Command, Shop, commit};
use super::stage::{Event, Killed, MAIN, Moved, Stage, Weather};
use crate::cli::exit::{self, Exit};
use crate::cli::operation::Operation;
use crate::cli::session::Session;
use crate::cli::{self, Cli, Global, parse};
use crate::git::double::{Refs, Server};
use crate::git::played::play;
use crate::state::{Combine, Moment};

/// How often a command is tried whose end is open.
const TRIES: usize = 4;

/// What is fixed about a history beside its seed.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Wish {
    pub(super) combine: Option<Combine>,
    pub(super) weather: Option<Weather>,
    pub(super) bad: Option<Bad>,
}

/// How a command ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// With a commit, which it named.
    Changed(Oid),
    NothingToDo,
    Failed(u8),
    Unknown,
    Killed,
    /// It broke down, which no command may.
    Panicked,
}

/// A run of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Attempt {
    pub(super) clone: usize,
    /// Its place among all commands.
    pub(super) command: usize,
    pub(super) begun: Duration,
    pub(super) ended: Duration,
    pub(super) end: End,
    /// The operations that the journal of its clone kept after its end.
    pub(super) kept: Vec<String>,
}

/// What happened in a history.
pub(super) struct History {
    pub(super) weather: Weather,
    /// Whether others only ever moved the branch forward.
    pub(super) steady: bool,
    pub(super) base: Oid,
    pub(super) server: PathBuf,
    pub(super) clones: Vec<PathBuf>,
    pub(super) commands: Vec<Command>,
    /// In the order in which they ended, clone by clone.
    pub(super) attempts: Vec<Attempt>,
    pub(super) moves: Vec<Moved>,
    pub(super) refs: Refs,
    pub(super) tale: Vec<String>,
}

/// What came of a history.
pub(super) struct Came {
    /// What the checker found.
    pub(super) faults: Vec<String>,
    /// Moves, ends and times: the same for the same seed.
    pub(super) print: (Vec<Moved>, Vec<Attempt>),
    pub(super) tale: Vec<String>,
    pub(super) operations: usize,
    pub(super) landed: usize,
    /// How many commits were published by somebody else than who asked for them.
    pub(super) combined: usize,
}

/// An actor: where it works, and what it does.
struct Actor {
    clone: usize,
    folder: PathBuf,
    tracks: bool,
    commands: Vec<(usize, Command)>,
}

/// The instant that a command takes for its own.
pub(super) fn instant(now: Duration) -> Moment {
    let begun = BEGINNING * 1_000_000 + i64::try_from(now.as_micros()).unwrap();
    Moment::new(Timestamp::from_microsecond(begun).unwrap())
}

impl Shop {
    /// Plays the history of a seed, and has it checked.
    pub(super) fn play(&self, seed: u64, wish: Wish) -> Came {
        let room = self.room(&seed.to_string());
        let history = self.history(seed, wish, &room);
        let came = check::check(&history);
        std::fs::remove_dir_all(room).unwrap();
        came
    }

    fn history(&self, seed: u64, wish: Wish, room: &Path) -> History {
        let mut chance = Chance::new(seed);
        let drawn = match chance.below(4) {
            0 => Weather::CALM,
            1 | 2 => Weather::ROUGH,
            _ => Weather::STORM,
        };
        let weather = wish.weather.unwrap_or(drawn);
        let drawn = match chance.below(10) {
            0..4 => Combine::Never,
            4..7 => Combine::AfterALostRace,
            _ => Combine::Always,
        };
        let base = self.base(wish.combine.unwrap_or(drawn));
        let server = self.server(room);
        let mut commands = Vec::new();
        let (mut actors, mut clones): (Vec<Actor>, Vec<PathBuf>) = (Vec::new(), Vec::new());
        let count = 2 + chance.below(3);
        for place in 0..count {
            // Now and then two work in the same clone.
            let shares = place > 0 && chance.hits(60);
            let (clone, tracks) = if shares {
                (actors[0].clone, actors[0].tracks)
            } else {
                (clones.len(), chance.hits(500))
            };
            if !shares {
                clones.push(Self::clone(room, &format!("clone-{clone}"), (base, tracks)));
            }
            let mut own = Vec::new();
            for number in 0..2 + chance.below(4) {
                let command = self.command(&mut chance, format!("actor {place} command {number}"));
                own.push((commands.len(), command.clone()));
                commands.push(command);
            }
            actors.push(Actor {
                clone,
                folder: clones[clone].clone(),
                tracks,
                commands: own,
            });
        }
        let (events, steady) = events(&mut chance);
        let times: Vec<_> = actors.iter().map(|_| chance.latency()).collect();
        let drains = chance.hits(500);
        let remote = Server::new(&server, [(MAIN.to_owned(), base)].into());
        let by_hand = server.clone();
        let commits = move |parent: Oid, number: usize| {
            let repository = Repository::open(&by_hand).unwrap();
            let file = (format!("notes/{number}"), "by hand".to_owned());
            let message = format!("note {number}");
            commit(
                &repository,
                Some(parent),
                &[file],
                &message,
                i64::try_from(number).unwrap(),
            )
        };
        let stage = Stage::new(count + 1, (chance, weather), remote, Box::new(commits));
        let stage = Arc::new(stage);
        stage.scene().events = events;
        let mut attempts = Self::acts(&stage, &actors, &times, wish.bad);
        settle(&stage, drains);
        attempts.extend(last(&stage, &actors, &mut commands, wish.bad));
        let mut scene = stage.scene();
        scene.happen();
        History {
            weather,
            steady,
            base,
            server,
            clones,
            commands,
            attempts,
            moves: std::mem::take(&mut scene.moves),
            refs: scene.server.refs.clone(),
            tale: std::mem::take(&mut scene.tale),
        }
    }

    /// All actors at once.
    fn acts(
        stage: &Arc<Stage>,
        actors: &[Actor],
        times: &[Duration],
        bad: Option<Bad>,
    ) -> Vec<Attempt> {
        std::thread::scope(|scope| {
            let threads: Vec<_> = actors
                .iter()
                .enumerate()
                .map(|(place, actor)| scope.spawn(move || act(stage, place, actor, bad)))
                .collect();
            stage.begin(times);
            let attempts = threads.into_iter().map(|thread| thread.join().unwrap());
            attempts.collect::<Vec<_>>().concat()
        })
    }
}

/// What others do to the remote, and whether they only add to it.
fn events(chance: &mut Chance) -> (Vec<(Duration, Event)>, bool) {
    let mut events = Vec::new();
    for _ in 0..[0, 0, 1, 3][chance.below(4)] {
        events.push((chance.rest(), Event::Somebody));
    }
    let harsh = chance.hits(120);
    if harsh {
        let event = if chance.hits(600) {
            Event::Rewind
        } else {
            Event::Delete
        };
        events.push((chance.rest(), event));
    }
    (events, !harsh)
}

fn act(stage: &Arc<Stage>, place: usize, actor: &Actor, bad: Option<Bad>) -> Vec<Attempt> {
    stage.enter(place);
    let mut attempts = Vec::new();
    for (number, command) in &actor.commands {
        for _ in 0..TRIES {
            let process = u32::try_from(place * 1000 + attempts.len()).unwrap();
            let attempt = attempt(stage, (place, process), actor, (*number, command), bad);
            let open = matches!(attempt.end, End::Unknown | End::Killed);
            attempts.push(attempt);
            let rest = stage.scene().chance.rest();
            stage.pass(place, rest);
            if !open || stage.scene().chance.hits(400) {
                break;
            }
        }
    }
    stage.leave(place);
    attempts
}

/// The weather clears up; what is under way lands now, or while the last commands run.
fn settle(stage: &Stage, drains: bool) {
    let mut scene = stage.scene();
    scene.weather = Weather::CALM;
    scene.swift = true;
    scene.tell("the weather clears up");
    let others = |event: &Event| !matches!(event, Event::Late(_));
    let now = scene.now;
    if drains {
        scene.happen();
    } else {
        // Nobody disturbs any more.
        scene
            .events
            .retain(|(_, event)| !others(event) || matches!(event, Event::Restore(_)));
        let restores = scene.events.iter().filter(|(_, event)| others(event));
        let then = restores.map(|(then, _)| *then).max().unwrap_or(now);
        scene.now = now.max(then);
        let then = scene.now;
        scene.happen_until(Some(then));
    }
    scene.now = scene.now.max(now);
}

/// One more command in each clone, which finds whatever is still open.
fn last(
    stage: &Arc<Stage>,
    actors: &[Actor],
    commands: &mut Vec<Command>,
    bad: Option<Bad>,
) -> Vec<Attempt> {
    let mut attempts = Vec::new();
    let place = actors.len();
    let clones = actors
        .iter()
        .map(|actor| actor.clone)
        .max()
        .unwrap_or_default();
    // What keeps a withdrawn operation out of the inbox goes when that would be too old, and what comes there later than that goes at
    // once: the very last command takes it away.
    let settled = (0..=clones).map(|clone| (clone, format!("last of clone {clone}")));
    let very_last = (0, "last of all".to_owned());
    for (turn, (clone, author)) in settled.chain([very_last]).enumerate() {
        if turn > clones {
            stage.pass(place, Duration::from_hours(2));
        }
        let actor = actors.iter().find(|actor| actor.clone == clone).unwrap();
        let command = Shop::last_command(author);
        let number = commands.len();
        commands.push(command.clone());
        let process = u32::try_from(place * 1000 + turn).unwrap();
        attempts.push(attempt(
            stage,
            (place, process),
            actor,
            (number, &command),
            bad,
        ));
        stage.pass(place, Duration::from_secs(1));
    }
    stage.leave(place);
    attempts
}

fn attempt(
    stage: &Arc<Stage>,
    who: (usize, u32),
    actor: &Actor,
    (number, command): (usize, &Command),
    bad: Option<Bad>,
) -> Attempt {
    let begun = stage.scene().now;
    let line = format!("{}: trainyard {}", command.author, command.words.join(" "));
    stage.scene().tell(&line);
    let hand = Hand::new(stage, who, (&actor.folder, actor.tracks), bad);
    play(Rc::new(hand));
    let run = || run(actor, command, begun);
    let end = match catch_unwind(AssertUnwindSafe(run)) {
        Ok(Ok(Some(commit))) => End::Changed(commit),
        Ok(Ok(None)) => End::NothingToDo,
        Ok(Err(error)) => {
            let exit = exit::of(&error);
            stage
                .scene()
                .tell(&format!("{}: {error:#}", command.author));
            if exit == Exit::Unknown {
                End::Unknown
            } else {
                End::Failed(exit as u8)
            }
        }
        Err(payload) if payload.is::<Killed>() => End::Killed,
        Err(_) => End::Panicked,
    };
    let mut scene = stage.scene();
    scene.tell(&format!("{}: {end:?}", command.author));
    Attempt {
        clone: actor.clone,
        command: number,
        begun,
        ended: scene.now,
        end,
        kept: kept(&actor.folder),
    }
}

/// The operations whose end nobody knows, as the journal of a clone tells them.
fn kept(clone: &Path) -> Vec<String> {
    let mut kept = Vec::new();
    for file in std::fs::read_dir(clone.join("trainyard"))
        .into_iter()
        .flatten()
    {
        let path = file.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let journal: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        let pushes = std::iter::successors(Some(&journal), |push| push.get("earlier"));
        kept.extend(pushes.map(|push| push["operation"].as_str().unwrap().to_owned()));
    }
    kept
}

/// What a command line asks for, read as the program reads it. Only the one command is built: all of them would take most of the
/// time of a history.
pub(super) fn operation(words: &[String]) -> Result<Operation> {
    static ALL: OnceLock<clap::Command> = OnceLock::new();
    let all = ALL.get_or_init(Cli::command);
    let only = all.find_subcommand(&words[0]).context("a command")?.clone();
    let command = Global::augment_args(clap::Command::new("trainyard"));
    let command = command.mut_args(|argument| argument.env(Resettable::Reset));
    let words = ["trainyard"]
        .into_iter()
        .chain(words.iter().map(String::as_str));
    let command = match only.get_name() {
        "release" => command,
        // It is looked for in any case.
        _ => command.subcommand(clap::Command::new("release")),
    };
    let (cli, places) = parse(command.subcommand(only), words.map(Into::into))?;
    let cli::Command::Change(change) = cli.command else {
        bail!("no command that changes");
    };
    change.operation(&places)
}

/// Runs a command as the program does; the commit that it names, if it changed anything.
fn run(actor: &Actor, command: &Command, begun: Duration) -> Result<Option<Oid>> {
    let operation = operation(&command.words)?;
    let session = Session::played(&actor.folder, &command.author, instant(begun));
    let (outcome, fate) = session.publish(&operation)?;
    (operation.verdict)(&outcome)?;
    Ok(fate.commit.map(|id| Oid::from_str(&id)).transpose()?)
}
