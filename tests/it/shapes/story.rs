//! The story that is told in every cell: it ends well and leaves everything in order, or it is refused before anything happens.

use super::cell::Cell;
use super::shape::Shape;
use super::site::{SECRETS, Site};
use crate::world::Answer;

/// How the story of a cell ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// Everything landed once, and the checkout was brought along, if there is one.
    Works,
    /// Everything landed once, and the checkout stands where it stood.
    LeftAlone,
    /// Every command is refused with this exit code.
    Refused(i32),
}

/// Looks.
const LOOKS: [&str; 2] = ["status", "-v prognosis staging"];

/// Changes, each of which makes one commit.
const CHANGES: [&str; 4] = [
    "-v release -a web --manifest dev=../scratch/web.yaml --manifest staging=../scratch/web.yaml --source-message second",
    "deploy -a api -e staging --version 1",
    "lock -e dev -a api --lock-id freeze -m 'no changes today'",
    "release-train staging",
];

/// What another clone does meanwhile, and what is done after that.
const MEANWHILE: &str = "lock -e staging -a web --lock-id sale -m 'not before Monday'";
const AGAIN: &str = "unlock -e dev -a api --lock-id freeze";

/// Tells the story, and says how it ended.
pub(super) fn tell(site: &Site, shape: &Shape, cell: &Cell) -> Ending {
    let first = cell.run(LOOKS[0]);
    if first.code != 0 {
        return refused(shape, cell, &first);
    }
    assert!(
        shape.refusal.is_none(),
        "it was to be refused, and is not\n{first}"
    );
    for line in LOOKS {
        let answer = cell.run(line);
        assert_eq!(answer.code, 0, "{line}\n{answer}");
        assert_secret(&answer);
    }
    let mut endings = Vec::new();
    for line in CHANGES {
        endings.push(change(site, cell, line));
    }
    site.world.git(&["pull", "-q"]);
    site.world.ok(MEANWHILE);
    endings.push(change(site, cell, AGAIN));
    let status = cell.run(LOOKS[0]);
    assert!(status.stdout.contains("sale"), "{status}");
    cell.git(&["fsck", "--strict", "--no-dangling"]);
    assert_eq!(cell.left_lying(), [""; 0], "left lying about");
    endings.dedup();
    match endings[..] {
        [ending] => ending,
        _ => panic!("it ends now like this, now like that: {endings:?}"),
    }
}

/// One change: it lands once, right upon what was there, and the checkout follows or stays as it is.
fn change(site: &Site, cell: &Cell, line: &str) -> Ending {
    let world = &site.world;
    let (before, commits) = (world.head(), world.commits());
    let bare = cell.is_bare();
    let stood = if bare { None } else { Some(cell.standing()) };
    let answer = cell.run(line);
    assert_eq!(answer.code, 0, "{line}\n{answer}");
    assert!(answer.stderr.contains("pushed "), "{line}\n{answer}");
    assert_secret(&answer);
    assert_eq!(world.commits(), commits + 1, "{line}\n{answer}");
    assert_eq!(world.remote_git(&["rev-parse", "main^"]), before, "{line}");
    let Some(stood) = stood else {
        assert_eq!(cell.git(&["rev-parse", "main"]), world.head(), "{line}");
        return Ending::Works;
    };
    let stands = cell.standing();
    if cell.is_on_branch() && !answer.leaves_behind() {
        assert_eq!(stands, [world.head(), String::new()], "{line}\n{answer}");
        return Ending::Works;
    }
    assert_eq!(stands, stood, "{line}\n{answer}");
    Ending::LeftAlone
}

/// Every command is refused with the same code and the words that name the shape, and nothing changes.
fn refused(shape: &Shape, cell: &Cell, first: &Answer) -> Ending {
    let code = first.code;
    let Some((words, hint)) = shape.refusal else {
        panic!("it was to work, and does not\n{first}");
    };
    let before = cell.files();
    for line in LOOKS.iter().chain(&CHANGES).chain([&AGAIN]) {
        let answer = cell.run(line);
        assert_eq!(answer.code, code, "{line}\n{answer}");
        assert_eq!(answer.stdout, "", "{line}\n{answer}");
        assert!(answer.stderr.contains(words), "{words}\n{answer}");
        let hinted = answer.stderr.split_once("hint: ");
        assert!(
            hinted.is_some_and(|(_, said)| said.contains(hint)),
            "{hint}\n{answer}"
        );
        assert_secret(&answer);
    }
    let after = cell.files();
    let changed = |path: &&String| before.get(*path) != after.get(*path);
    let changed: Vec<_> = before.keys().chain(after.keys()).filter(changed).collect();
    assert!(changed.is_empty(), "something changed: {changed:?}");
    Ending::Refused(code)
}

/// Nothing that is said tells the credentials.
fn assert_secret(answer: &Answer) {
    for secret in SECRETS {
        let told = answer.stdout.contains(secret) || answer.stderr.contains(secret);
        assert!(!told, "{answer}");
    }
}
