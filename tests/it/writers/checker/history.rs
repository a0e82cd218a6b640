//! The history against what each process was asked and what it said.

use std::collections::{BTreeMap, BTreeSet};

use super::super::ask::Ask;
use super::super::evidence::{Attempt, Commit, Ending, Evidence, Tree};
use super::super::script::{Befalls, Fate};
use super::state::State;
use super::{failure, model, reach, report};

/// How many releases the clean-up keeps in the yard.
const LIMIT: usize = 5;

/// What is wrong with the order of commits, and with what is in it and what is not.
pub(super) fn faults(evidence: &Evidence) -> Vec<String> {
    let mut faults = linear(evidence);
    faults.extend(once(evidence));
    let marks: BTreeSet<_> = evidence
        .attempts
        .iter()
        .map(|each| each.mark.as_str())
        .collect();
    for mark in marks {
        let wrong = operation(evidence, mark).into_iter();
        faults.extend(wrong.map(|fault| format!("{mark}: {fault}")));
    }
    faults.extend(tags(evidence));
    faults
}

fn linear(evidence: &Evidence) -> Vec<String> {
    let mut faults = Vec::new();
    if place(evidence, &evidence.base) != Some(evidence.begun - 1) {
        faults.push(format!("{} of before is lost", evidence.base));
    }
    for (place, commit) in evidence.commits.iter().enumerate() {
        let before = place
            .checked_sub(1)
            .map(|place| evidence.commits[place].id.clone());
        if commit.parents != before.into_iter().collect::<Vec<_>>() {
            faults.push(format!("history is not linear at {}", commit.id));
        }
    }
    faults
}

/// The value of a trailer.
pub(super) fn trailer<'a>(commit: &'a Commit, name: &str) -> Option<&'a str> {
    let last = commit.message.trim_end().rsplit("\n\n").next()?;
    let mut lines = last.lines().filter_map(|line| line.split_once(": "));
    lines.find(|(key, _)| *key == name).map(|(_, value)| value)
}

/// No operation is in the history twice, and nothing is there that nobody asked for.
fn once(evidence: &Evidence) -> Vec<String> {
    let mut faults = Vec::new();
    let mut ids = BTreeMap::new();
    let asked: BTreeSet<_> = evidence
        .attempts
        .iter()
        .map(|each| each.mark.as_str())
        .collect();
    for commit in evidence.commits.iter().skip(evidence.begun) {
        match trailer(commit, "Trainyard-Operation-Id") {
            None => faults.push(format!("commit {} has no operation id", commit.id)),
            Some(id) => {
                if let Some(other) = ids.insert(id, &commit.id) {
                    faults.push(format!(
                        "the operation {id} is in the history twice: {other}, {}",
                        commit.id
                    ));
                }
            }
        }
        if !asked.contains(commit.author.as_str()) {
            faults.push(format!(
                "nobody asked for commit {} of {}",
                commit.id, commit.author
            ));
        }
    }
    faults
}

fn place(evidence: &Evidence, id: &str) -> Option<usize> {
    evidence.commits.iter().position(|commit| commit.id == id)
}

/// One operation, with all its attempts.
fn operation(evidence: &Evidence, mark: &str) -> Vec<String> {
    let attempts = evidence.attempts.iter().filter(|each| each.mark == mark);
    let attempts: Vec<_> = attempts.collect();
    let commits = evidence.commits.iter().filter(|each| each.author == mark);
    let commits: Vec<_> = commits.collect();
    let mut faults = Vec::new();
    let (mut told, mut perhaps) = (BTreeSet::new(), 0);
    for attempt in &attempts {
        match attempt.ending {
            Ending::Exit(0) => {
                let (wrong, commit) = success(evidence, attempt);
                faults.extend(wrong);
                told.extend(commit);
            }
            Ending::Exit(1 | 2 | 3 | 5 | 6 | 7) => {}
            Ending::Exit(4) | Ending::Killed => perhaps += 1,
            Ending::Exit(code) => faults.push(format!("ended with {code}: {}", attempt.stderr)),
        }
        if !has_cause(attempt, &commits) {
            faults.push(format!(
                "{:?} without a cause: {}",
                attempt.ending, attempt.stderr
            ));
        }
        if attempt.stderr.contains("panicked") {
            faults.push(format!("panicked: {}", attempt.stderr));
        }
    }
    faults.extend(failure::faults(&attempts, &commits));
    let last = attempts.last().unwrap();
    let most = told.len() + perhaps;
    let times = commits.len();
    if times > most {
        faults.push(format!(
            "{times} commits, of which {} were told and {perhaps} unknown",
            told.len()
        ));
    }
    // The same command again, where nobody else was at work meanwhile: what was told as open, or left as such, is done once.
    let open = |pair: &[&Attempt]| pair[0].ending == Ending::Exit(4) || !pair[0].kept.is_empty();
    let settled = last.alone && last.ending == Ending::Exit(0) && last.ask.counts();
    // Another train may have brought meanwhile all that this one would.
    let answer = last.answer.as_ref();
    let moot = matches!(last.ask, Ask::Train { .. })
        && answer.is_some_and(|answer| answer["result"] == "unchanged")
        && times == 0;
    if settled && attempts.len() > 1 && attempts.windows(2).all(open) && times != 1 && !moot {
        faults.push(format!(
            "repeated after an open end, and {times} times in the history"
        ));
    }
    let first = attempts
        .iter()
        .filter_map(|each| place(evidence, &each.tip_before))
        .min();
    for commit in commits {
        if place(evidence, &commit.id) <= first {
            faults.push(format!(
                "commit {} was there before the operation began",
                commit.id
            ));
        }
    }
    faults
}

/// Whether something befell a process that can end so: lost races are no excuse.
fn has_cause(attempt: &Attempt, commits: &[&Commit]) -> bool {
    let fate = match attempt.befalls {
        Befalls::Network { fate, .. } => Some(fate),
        Befalls::Nothing | Befalls::Killed { .. } => None,
    };
    match attempt.ending {
        // It was refused, and yet it is there once: an earlier run of it has landed.
        Ending::Exit(4)
            if attempt.stderr.contains("and it could not be done again")
                && commits.iter().any(|each| each.instant < attempt.instant) =>
        {
            true
        }
        // A refusal is not the last word on the end that an earlier, interrupted run of the same operation left open.
        Ending::Exit(4) if fate == Some(Fate::Refused) => {
            let words = [
                "an earlier push of this command is still unknown",
                "the operation may wait in",
            ];
            words.iter().any(|words| attempt.stderr.contains(words))
        }
        Ending::Exit(1 | 4) => fate.is_some_and(|fate| fate != Fate::Refused),
        Ending::Exit(5) => fate == Some(Fate::Refused),
        Ending::Exit(2 | 7) => false,
        Ending::Killed | Ending::Exit(_) => true,
    }
}

/// What an attempt that ended well reported: the commit, if there is one, and what is wrong with it.
fn success(evidence: &Evidence, attempt: &Attempt) -> (Vec<String>, Option<String>) {
    let mut faults = Vec::new();
    let Some(answer) = &attempt.answer else {
        return (vec!["reported success without an answer".to_owned()], None);
    };
    let Some(commit) = answer["commit"].as_str() else {
        if answer["result"] != "unchanged" {
            faults.push(format!("reported {} and no commit", answer["result"]));
        }
        faults.extend(unchanged(evidence, attempt));
        return (faults, None);
    };
    match place(evidence, commit) {
        None => faults.push(format!(
            "reported commit {commit}, which is not in the history"
        )),
        Some(found) => {
            let author = &evidence.commits[found].author;
            if *author != attempt.mark {
                faults.push(format!("reported commit {commit}, which is of {author}"));
            }
            if Some(found) > place(evidence, &attempt.tip_after) {
                faults.push(format!("reported commit {commit}, which landed only later"));
            }
            if attempt.turn == 0 && Some(found) <= place(evidence, &attempt.tip_before) {
                faults.push(format!("reported commit {commit}, which was there before"));
            }
            faults.extend(report::faults(&evidence.commits[found], answer));
        }
    }
    (faults, Some(commit.to_owned()))
}

/// Whether there was nothing to do at some time between start and end.
fn unchanged(evidence: &Evidence, attempt: &Attempt) -> Option<String> {
    let (first, last) = (
        place(evidence, &attempt.tip_before)?,
        place(evidence, &attempt.tip_after)?,
    );
    let states = evidence.commits[first..=last]
        .iter()
        .map(|commit| super::layout::read(&commit.tree).0);
    let mut same =
        states.map(|state| model::after(&state, &attempt.ask).is_ok_and(|after| after == state));
    let found = same.any(|same| same);
    (!found).then(|| "reported that there was nothing to do, but there was".to_owned())
}

/// A commit against the one before it: nothing but what was asked for.
pub(super) fn step(
    evidence: &Evidence,
    commit: &Commit,
    (old, before): (&Tree, &State),
    after: &State,
) -> Vec<String> {
    let mut attempts = evidence.attempts.iter();
    let Some(Attempt { ask, .. }) = attempts.find(|each| each.mark == commit.author) else {
        return Vec::new();
    };
    let mut faults = Vec::new();
    let paths: BTreeSet<_> = old.keys().chain(commit.tree.keys()).collect();
    let mut touched = false;
    for path in paths {
        let (was, is) = (old.get(path), commit.tree.get(path));
        if was != is {
            touched = true;
            if !reach::may_touch(ask, (path, is.is_none()), before) {
                faults.push(format!("`{path}` is none of its business"));
            }
        }
    }
    if !touched {
        faults.push("it changes nothing".to_owned());
    }
    match model::after(before, ask) {
        Err(why) => faults.push(format!("it should have been refused: {why}")),
        Ok(wanted) => faults.extend(compare(before, (wanted, ask), after)),
    }
    faults
}

/// The state that was to come, but for releases that the clean-up takes.
fn compare(before: &State, (mut wanted, ask): (State, &Ask), after: &State) -> Vec<String> {
    let mut faults = Vec::new();
    let apps: Vec<_> = wanted.apps.keys().cloned().collect();
    for app in apps {
        let old = model::too_old(&wanted, &app, LIMIT);
        let releases = &mut wanted.apps.get_mut(&app).unwrap().releases;
        let kept = after.apps.get(&app).map(|app| &app.releases);
        let gone = |version: &u64| !kept.is_some_and(|kept| kept.contains_key(version));
        let taken: BTreeSet<_> = releases.keys().copied().filter(gone).collect();
        let spots = wanted.spots.iter().filter(|((_, name), _)| *name == app);
        let moved = spots.filter(|(place, spot)| {
            spot.runs.is_some() && before.spots.get(*place).and_then(|spot| spot.runs) != spot.runs
        });
        let deployed = moved.count() > 0;
        // Within a batch the clean-up comes after each operation, not after all of them.
        let whole = deployed && !matches!(ask, Ask::Batch(_)) && taken != old;
        if whole || !taken.is_empty() && !deployed && !matches!(ask, Ask::Batch(_)) {
            faults.push(format!(
                "the clean-up of {app} took {taken:?} in place of {old:?}"
            ));
        }
        releases.retain(|version, _| !taken.contains(version));
    }
    if wanted != *after {
        faults.push(format!(
            "what was asked for makes another yard: {}",
            difference(&wanted, after)
        ));
    }
    faults
}

/// The lines that differ.
fn difference(wanted: &State, found: &State) -> String {
    let [wanted, found] = [wanted, found].map(|state| {
        let mut lines = BTreeSet::new();
        lines.extend(state.spots.iter().map(|each| format!("{each:?}")));
        lines.extend(state.locks.iter().map(|each| format!("{each:?}")));
        lines.extend(state.environments.iter().map(|each| format!("{each:?}")));
        for (app, each) in &state.apps {
            lines.insert(format!("{app} of {:?}", each.team));
            lines.extend(each.releases.iter().map(|each| format!("{app} {each:?}")));
        }
        lines
    });
    let [less, more] = [wanted.difference(&found), found.difference(&wanted)];
    let lines = less
        .map(|line| format!("- {line}"))
        .chain(more.map(|line| format!("+ {line}")));
    lines.collect::<Vec<_>>().join("; ")
}

/// Tags land with their commits or not at all.
fn tags(evidence: &Evidence) -> Vec<String> {
    let mut faults = Vec::new();
    for attempt in &evidence.attempts {
        let Some(answer) = attempt
            .answer
            .as_ref()
            .filter(|_| attempt.ending == Ending::Exit(0))
        else {
            continue;
        };
        if answer["tag"]["state"] == "set" {
            let name = answer["tag"]["name"].as_str().unwrap_or_default();
            let found = evidence.refs.get(&format!("refs/tags/{name}"));
            if found.map(String::as_str) != answer["commit"].as_str() {
                faults.push(format!(
                    "{}: reported the tag {name}, which is {found:?}",
                    attempt.mark
                ));
            }
        }
    }
    for commit in evidence.commits.iter().skip(evidence.begun) {
        let tag = trailer(commit, "Trainyard-Tag");
        let wanted = evidence
            .attempts
            .iter()
            .find(|each| each.mark == commit.author);
        let Some(Ask::Train {
            tag: Some(name), ..
        }) = wanted.map(|each| &each.ask)
        else {
            continue;
        };
        let found = evidence.refs.get(&format!("refs/tags/{name}"));
        if found != Some(&commit.id) {
            faults.push(format!(
                "commit {} landed without its tag {name} ({tag:?}): {found:?}",
                commit.id
            ));
        }
    }
    let commits: BTreeMap<_, _> = evidence
        .commits
        .iter()
        .map(|each| (&each.id, each))
        .collect();
    for (name, target) in evidence
        .refs
        .iter()
        .filter(|(name, _)| name.starts_with("refs/tags/"))
    {
        if !commits.contains_key(target) {
            faults.push(format!(
                "`{name}` is on {target}, which is not in the history"
            ));
        }
    }
    faults
}
