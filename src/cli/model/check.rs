//! What must hold of every history. Nothing here knows planner or publisher, but for one question: what does a command make of a
//! tree, asked once more of the planner.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use git2::{Commit, Oid, Repository};

use super::history::{Attempt, Came, End, History, instant, operation};
use super::shop::{Command, URL};
use super::stage::{MAIN, Weather, Who};
use crate::cli::session::Session;
use crate::tree::{Change, ChangeSet, Entry};

/// For how many seconds of the clock a command counts as the repetition of one that was killed.
const REPEATED_WITHIN: i64 = 15 * 60;

/// For how long a command goes on while others are faster (docs/publish.md).
const PATIENCE: Duration = Duration::from_secs(60);

/// A commit that once was in the history of the branch.
struct Landed {
    id: Oid,
    parent: Oid,
    author: String,
    committer_is_author: bool,
    operation: Option<String>,
    seconds: i64,
    /// When the branch first had it.
    at: Duration,
}

/// Blobs and their modes by path; `None`: gone.
type Changes = BTreeMap<String, Option<(i32, Oid)>>;

struct Checker<'a> {
    history: &'a History,
    repository: Repository,
    landed: BTreeMap<Oid, Landed>,
    faults: Vec<String>,
}

/// Checks a history.
pub(super) fn check(history: &History) -> Came {
    let mut checker = Checker {
        history,
        repository: Repository::open(&history.server).unwrap(),
        landed: BTreeMap::new(),
        faults: Vec::new(),
    };
    checker.moves_are_steps();
    checker.operations_are_unique();
    checker.commands_say_what_is_so();
    checker.failures_are_final();
    checker.open_ends_are_settled();
    checker.trees_are_what_was_asked_for();
    checker.tags_go_with_their_commits();
    checker.nothing_is_left();
    checker.calm_weather_lets_all_through();
    let landed = checker.landed.values();
    let combined = landed.filter(|landed| !landed.committer_is_author).count();
    Came {
        faults: checker.faults,
        print: (history.moves.clone(), history.attempts.clone()),
        tale: history.tale.clone(),
        operations: history.attempts.len(),
        landed: checker.landed.len(),
        combined,
    }
}

impl Checker<'_> {
    fn fault(&mut self, what: impl Into<String>) {
        self.faults.push(what.into());
    }

    fn require(&mut self, holds: bool, what: impl FnOnce() -> String) {
        if !holds {
            self.fault(what());
        }
    }

    /// Whoever of us moved the branch put commits on it, one after the other, and took nothing away.
    fn moves_are_steps(&mut self) {
        let moves = self.history.moves.iter().filter(|moved| moved.name == MAIN);
        for moved in moves {
            let (who, at) = (moved.who, moved.at);
            let ours = who != Who::Others;
            let (Some(old), Some(new)) = (moved.old, moved.new) else {
                self.require(!ours, || {
                    format!("{who:?} made or deleted the branch at {at:?}")
                });
                continue;
            };
            let mut next = new;
            let mut path = Vec::new();
            while next != old && next != self.history.base {
                let commit = self.repository.find_commit(next).unwrap();
                if commit.parent_count() != 1 {
                    self.faults
                        .push(format!("{next} has not exactly one parent"));
                    break;
                }
                let parent = commit.parent_id(0).unwrap();
                path.push(landed(&commit, parent, at));
                next = parent;
            }
            self.require(!ours || next == old, || {
                format!("{who:?} moved the branch from {old} to {new}, which does not stand on it")
            });
            for landed in path {
                self.landed.entry(landed.id).or_insert(landed);
            }
        }
    }

    /// The commits from a tip back to where the history began.
    fn line(&self, tip: Oid) -> Vec<&Landed> {
        let next = |landed: &&Landed| self.landed.get(&landed.parent);
        std::iter::successors(self.landed.get(&tip), next).collect()
    }

    /// No history that the branch ever had holds an operation twice.
    fn operations_are_unique(&mut self) {
        let tips = self.history.moves.iter().filter(|moved| moved.name == MAIN);
        let tips: BTreeSet<_> = tips.filter_map(|moved| moved.new).collect();
        let mut twice = BTreeSet::new();
        for tip in tips {
            let mut seen = BTreeSet::new();
            for landed in self.line(tip) {
                if let Some(operation) = &landed.operation
                    && !seen.insert(operation)
                {
                    twice.insert(operation.clone());
                }
            }
        }
        for operation in twice {
            self.fault(format!("operation {operation} is in the history twice"));
        }
    }

    fn of_author(&self, author: &str) -> Vec<&Landed> {
        let all = self.landed.values();
        all.filter(|landed| landed.author == author).collect()
    }

    fn attempts_of(&self, command: usize) -> Vec<&Attempt> {
        let all = self.history.attempts.iter();
        all.filter(|attempt| attempt.command == command).collect()
    }

    fn commands_say_what_is_so(&mut self) {
        let mut faults = Vec::new();
        for (number, command) in self.history.commands.iter().enumerate() {
            let attempts = self.attempts_of(number);
            let landed = self.of_author(&command.author);
            let line = self.history.refs.get(MAIN).map(|tip| self.line(*tip));
            let line: BTreeSet<_> = line.iter().flatten().map(|landed| landed.id).collect();
            // What others took out of the history may be done once more.
            let counts = |landed: &&&Landed| self.history.steady || line.contains(&landed.id);
            let (author, ids) = (
                &command.author,
                landed.iter().filter(counts).map(|landed| landed.id),
            );
            let ids: BTreeSet<_> = ids.collect();
            let mut may = 0;
            for attempt in &attempts {
                match &attempt.end {
                    End::Changed(commit) => {
                        may += 1;
                        let found = landed.iter().find(|landed| landed.id == *commit);
                        match found {
                            None => {
                                faults.push(format!("{author}: {commit} is not in the history"));
                            }
                            Some(found) if found.at > attempt.ended => {
                                faults.push(format!("{author}: said that it landed before it did"));
                            }
                            Some(_) => {}
                        }
                    }
                    End::Unknown | End::Killed => may += 1,
                    End::Failed(code) if [2, 4].contains(code) => {
                        faults.push(format!("{author}: ended with {code}"));
                    }
                    End::NothingToDo | End::Failed(_) => {}
                    End::Panicked => faults.push(format!("{author}: broke down")),
                }
            }
            if ids.len() > may {
                faults.push(format!(
                    "{author}: {} commits, and {may} are told of: {ids:?}",
                    ids.len()
                ));
            }
            if ids.len() > 1 && self.is_one(command, &attempts) {
                faults.push(format!(
                    "{author}: one command, and {} commits: {ids:?}",
                    ids.len()
                ));
            }
        }
        self.faults.extend(faults);
    }

    /// What reported a failure is not in the history: neither what it began by itself, nor what the run before it left in the journal.
    fn failures_are_final(&mut self) {
        let mut faults = Vec::new();
        for (number, command) in self.history.commands.iter().enumerate() {
            let attempts = self.attempts_of(number);
            let Some((last, before)) = attempts.split_last() else {
                continue;
            };
            let End::Failed(code) = last.end else {
                continue;
            };
            let seconds = |attempt: &Attempt| instant(attempt.begun).seconds();
            let is_alone = before.iter().all(|each| seconds(each) != seconds(last));
            let known = before.last().filter(|_| self.is_repeated(&attempts));
            let known = known.map(|before| before.kept.as_slice());
            let known = known.unwrap_or_default();
            for landed in self.of_author(&command.author) {
                let operation = landed.operation.as_ref();
                let is_known = operation.is_some_and(|operation| known.contains(operation));
                if is_known || is_alone && landed.seconds == seconds(last) {
                    faults.push(format!(
                        "{}: failed with {code}, and {} is in the history",
                        command.author, landed.id
                    ));
                }
            }
        }
        // What others took out of the history, or put back, may be so in spite of that.
        if self.history.steady {
            self.faults.extend(faults);
        }
    }

    /// Whether all runs of a command are one operation.
    fn is_one(&self, command: &Command, attempts: &[&Attempt]) -> bool {
        (command.counts || command.tag.is_some())
            && self.is_repeated(attempts)
            && self.history.steady
    }

    /// Whether all runs of a command but the first one repeat it, and nobody else knew of it before.
    fn is_repeated(&self, attempts: &[&Attempt]) -> bool {
        let (Some(first), Some(last)) = (attempts.first(), attempts.last()) else {
            return false;
        };
        let seconds = |attempt: &Attempt| instant(attempt.begun).seconds();
        let soon = seconds(last) - seconds(first) < REPEATED_WITHIN;
        // What was open is told to whoever works next in the clone.
        let alone = self.history.attempts.iter().all(|other| {
            other.clone != first.clone
                || other.command == first.command
                || other.ended <= first.begun
                || other.begun >= last.ended
        });
        soon && alone
    }

    /// What a command left open is settled when the next one of that clone has changed something.
    fn open_ends_are_settled(&mut self) {
        let mut faults = Vec::new();
        for clone in 0..self.history.clones.len() {
            let here: Vec<_> = self
                .history
                .attempts
                .iter()
                .filter(|each| each.clone == clone)
                .collect();
            for attempt in &here {
                if !matches!(attempt.end, End::Unknown | End::Killed) {
                    continue;
                }
                let command = &self.history.commands[attempt.command];
                let later = here.iter().filter(|later| {
                    later.begun >= attempt.ended && matches!(later.end, End::Changed(_))
                });
                let fence = later.min_by_key(|later| later.ended);
                let again = here
                    .iter()
                    .any(|later| later.command == attempt.command && later.begun >= attempt.ended);
                let Some(fence) = fence.filter(|_| !again) else {
                    continue;
                };
                for landed in self.of_author(&command.author) {
                    if landed.at > fence.ended {
                        faults.push(format!(
                            "{}: landed at {:?}, and was settled at {:?}",
                            command.author, landed.at, fence.ended
                        ));
                    }
                }
            }
            let last = here
                .iter()
                .filter(|each| matches!(each.end, End::Changed(_)));
            let last = last.max_by_key(|each| each.ended);
            let is_last = last.is_some_and(|last| here.iter().all(|each| each.ended <= last.ended));
            if !is_last {
                faults.push(format!("clone {clone}: the last command did not land"));
            }
        }
        self.faults.extend(faults);
    }

    /// Each commit makes of its parent what the planner makes of it.
    fn trees_are_what_was_asked_for(&mut self) {
        let mut faults = Vec::new();
        for landed in self.landed.values() {
            let mut commands = self.history.commands.iter().enumerate();
            let command = commands.find(|(_, command)| command.author == landed.author);
            let Some((number, command)) = command else {
                if landed.author != "somebody" {
                    faults.push(format!("{}: by nobody", landed.id));
                }
                continue;
            };
            let found = self.changes(landed);
            let instants = self
                .attempts_of(number)
                .into_iter()
                .map(|each| instant(each.begun));
            let mut instants = instants.filter(|instant| instant.seconds() == landed.seconds);
            let fits = instants.any(|now| {
                let planned = planned(&self.history.server, command, landed.parent, now);
                planned.is_some_and(|planned| planned == found)
            });
            if !fits {
                faults.push(format!(
                    "{}: not what `{}` makes of its parent",
                    landed.id,
                    command.words.join(" ")
                ));
            }
        }
        self.faults.extend(faults);
    }

    /// What a commit changed.
    fn changes(&self, landed: &Landed) -> Changes {
        let tree = |id: Oid| self.repository.find_commit(id).unwrap().tree().unwrap();
        let (old, new) = (tree(landed.parent), tree(landed.id));
        let diff = self
            .repository
            .diff_tree_to_tree(Some(&old), Some(&new), None)
            .unwrap();
        let changes = diff.deltas().map(|delta| {
            let file = delta.new_file();
            let path = file.path().or(delta.old_file().path()).unwrap();
            let now = (!file.id().is_zero()).then(|| (i32::from(file.mode()), file.id()));
            (path.to_str().unwrap().to_owned(), now)
        });
        changes.collect()
    }

    fn tags_go_with_their_commits(&mut self) {
        let tags = self
            .history
            .refs
            .iter()
            .filter(|(name, _)| name.starts_with("refs/tags/"));
        let mut tagged = BTreeSet::new();
        for (name, id) in tags {
            let commit = self
                .repository
                .find_object(*id, None)
                .unwrap()
                .peel_to_commit()
                .unwrap();
            let name = name.trim_start_matches("refs/tags/");
            let landed = self.landed.get(&commit.id());
            let fits = landed.is_some_and(|landed| landed.author.replace(' ', "-") == name);
            if !fits {
                self.faults.push(format!(
                    "the tag {name} is at {}, which is none of its commits",
                    commit.id()
                ));
            }
            tagged.insert(name.to_owned());
        }
        for command in &self.history.commands {
            let Some(tag) = &command.tag else { continue };
            let landed = !self.of_author(&command.author).is_empty();
            if landed != tagged.contains(tag) {
                self.fault(format!("{tag}: commit and tag are not together: {landed}"));
            }
        }
    }

    fn nothing_is_left(&mut self) {
        let left = |name: &&String| **name != MAIN && !name.starts_with("refs/tags/");
        let refs: Vec<_> = self.history.refs.keys().filter(left).cloned().collect();
        self.require(refs.is_empty(), || format!("left on the remote: {refs:?}"));
        for clone in &self.history.clones {
            let own = files(&clone.join("trainyard"));
            let own: Vec<_> = own
                .iter()
                .filter(|path| !path.ends_with("trainyard/lock"))
                .collect();
            self.require(own.is_empty(), || format!("left in the clone: {own:?}"));
            let refs = files(&clone.join("refs/trainyard"));
            self.require(refs.is_empty(), || format!("left in the clone: {refs:?}"));
        }
    }

    /// Where nothing goes wrong, nothing fails but by the rules, or since others were always faster, or the network slower than that.
    fn calm_weather_lets_all_through(&mut self) {
        if self.history.weather != Weather::CALM || !self.history.steady {
            return;
        }
        let mut faults = Vec::new();
        for attempt in &self.history.attempts {
            let fine = match &attempt.end {
                End::Changed(_) | End::NothingToDo => true,
                // Somebody else may work in the same clone for minutes.
                End::Failed(code) => {
                    [3, 7].contains(code) || *code == 1 && self.is_shared(attempt.clone)
                }
                // Of a collision that the network told of a minute later nobody knows more.
                End::Unknown => attempt.ended.saturating_sub(attempt.begun) >= PATIENCE,
                End::Killed | End::Panicked => false,
            };
            if !fine {
                let command = &self.history.commands[attempt.command];
                faults.push(format!(
                    "{}: {:?} in calm weather",
                    command.author, attempt.end
                ));
            }
        }
        self.faults.extend(faults);
    }

    fn is_shared(&self, clone: usize) -> bool {
        let here = self
            .history
            .attempts
            .iter()
            .filter(|each| each.clone == clone);
        let authors = here.map(|each| &self.history.commands[each.command].author);
        let actors: BTreeSet<_> = authors
            .filter_map(|author| author.split(" command").next())
            .collect();
        // And the last one.
        actors.len() > 2
    }
}

fn landed(commit: &Commit, parent: Oid, at: Duration) -> Landed {
    let name = |signature: &git2::Signature| signature.name().unwrap().to_owned();
    let message = commit.message().unwrap();
    let mut operations = message
        .lines()
        .filter_map(|line| line.strip_prefix("Trainyard-Operation-Id: "));
    let author = name(&commit.author());
    Landed {
        id: commit.id(),
        parent,
        committer_is_author: commit.author().when() == commit.committer().when(),
        author,
        operation: operations.next_back().map(str::to_owned),
        seconds: commit.author().when().seconds(),
        at,
    }
}

/// What the planner makes of a commit.
fn planned(
    server: &Path,
    command: &Command,
    parent: Oid,
    now: crate::state::Moment,
) -> Option<Changes> {
    let operation = operation(&command.words).unwrap();
    let session = Session::played(server, &command.author, now);
    let changes = session.planned(parent, URL, &operation.verb).ok()?;
    Some(spelled(&changes))
}

fn spelled(changes: &ChangeSet) -> Changes {
    let spelled = changes.iter().map(|(path, change)| {
        let now = match change {
            Change::Delete => None,
            Change::Write(Entry::File(content)) => {
                Some((0o100_644, Oid::from_bytes(&content.id().0).unwrap()))
            }
            Change::Write(Entry::Symlink(target)) => {
                let id = Oid::hash_object(git2::ObjectType::Blob, target.as_bytes());
                Some((0o120_000, id.unwrap()))
            }
        };
        (path.to_string(), now)
    });
    spelled.collect()
}

/// All files below a folder.
fn files(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path.display().to_string());
        }
    }
    found
}
