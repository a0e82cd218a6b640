//! What comes with a move, told in lines such as `4: d commit d` and, for a commit between releases, `-: c`.

use super::*;
use crate::plan::world::World;

/// A commit id of one letter.
fn id(letter: &str) -> String {
    letter.repeat(40)
}

/// A world with releases of an app as (version, commit, previous commit); `""` for none.
fn built(world: World, app: &str, releases: &[(u64, &str, &str)]) -> World {
    releases
        .iter()
        .fold(world, |world, (version, commit, previous)| {
            let folder = format!("applications/{app}/releases/{version}");
            let fields = [
                ("source_commit_id", *commit),
                ("previous_commit_id", *previous),
            ];
            let fields = fields.into_iter().filter(|(_, letter)| !letter.is_empty());
            fields.fold(
                world.release(app, *version, &["dev"]).file(
                    &format!("{folder}/source_message"),
                    &format!("commit {commit}\n\nbody\n"),
                ),
                |world, (name, letter)| world.file(&format!("{folder}/{name}"), &id(letter)),
            )
        })
}

fn web(releases: &[(u64, &str, &str)]) -> World {
    built(World::default(), "web", releases)
}

fn told(cargo: &Cargo) -> Vec<String> {
    let pieces = cargo.pieces.iter().map(|piece| {
        let releases = piece
            .releases
            .iter()
            .map(|built| format!("{}{}", built.version, built.kind));
        let releases = releases.collect::<Vec<_>>().join(",");
        let commit = piece
            .commit
            .as_ref()
            .map_or("", |commit| &commit.as_ref()[..1]);
        let message = piece
            .message
            .as_ref()
            .and_then(|text| text.raw().lines().next());
        let again = if piece.again { " again" } else { "" };
        format!("{releases}: {commit} {}{again}", message.unwrap_or("-"))
    });
    let mut lines: Vec<_> = pieces.collect();
    if cargo.way == Way::Back {
        lines.insert(0, "back".to_owned());
    }
    if let Some(Missing { above, below }) = cargo.missing {
        let above = above.map(|above| above.to_string()).unwrap_or_default();
        lines.push(format!("missing {above}..{below}"));
    }
    lines
}

#[track_caller]
fn check_both([before, after]: [&World; 2], from: Option<u64>, to: u64, expected: &[&str]) {
    let yard = Yard::between(&before.0, &after.0);
    let cargo = yard.cargo(
        &"web".parse().unwrap(),
        from.map(Version::new),
        Version::new(to),
    );
    assert_eq!(told(&cargo.unwrap()), expected);
}

#[track_caller]
fn check(world: &World, from: Option<u64>, to: u64, expected: &[&str]) {
    check_both([world, world], from, to, expected);
}

#[test]
fn a_move_brings_the_releases_above_the_old_one_up_to_the_new_one() {
    let world = web(&[
        (1, "a", ""),
        (2, "b", ""),
        (3, "", ""),
        (5, "c", ""),
        (6, "d", ""),
    ]);
    let world = world
        .file("applications/web/releases/5/minor", "")
        .file("applications/web/releases/6/undeploy", "");
    check(
        &world,
        Some(1),
        5,
        &["5 (minor): c commit c", "3:  commit ", "2: b commit b"],
    );
    check(&world, Some(5), 6, &["6 (undeploy): d commit d"]);
    check(&world, Some(3), 3, &[]);
    check(&world, None, 2, &["2: b commit b", "1: a commit a"]);
}

#[test]
fn a_move_back_takes_away_what_the_move_forth_would_bring() {
    let world = web(&[(1, "a", ""), (2, "b", ""), (3, "c", "")]);
    check(
        &world,
        Some(3),
        1,
        &["back", "3: c commit c", "2: b commit b"],
    );
}

#[test]
fn a_commit_is_told_once_and_known_if_an_older_release_has_it() {
    let world = web(&[(1, "a", ""), (2, "b", ""), (3, "b", ""), (4, "a", "")]);
    check(
        &world,
        Some(1),
        4,
        &["4: a commit a again", "3,2: b commit b"],
    );
    check(&world, Some(2), 3, &["3: b commit b again"]);
}

#[test]
fn commits_between_releases_are_told_where_the_chain_comes_to_another_release() {
    // d after c after b, and b after a; `api` was built from c.
    let world = built(web(&[(1, "a", ""), (2, "d", "c")]), "api", &[(7, "c", "b")]);
    check(&world, Some(1), 2, &["2: d commit d"]);
    let closed = built(world.clone(), "job", &[(1, "b", "a")]);
    check(
        &closed,
        Some(1),
        2,
        &["2: d commit d", ": c commit c", ": b commit b"],
    );
    check(
        &closed,
        Some(2),
        1,
        &["back", "2: d commit d", ": c commit c", ": b commit b"],
    );
    check(
        &world,
        None,
        2,
        &["2: d commit d", ": c commit c", ": b -", "1: a commit a"],
    );
}

#[test]
fn commit_data_tells_of_commits_between_releases() {
    let folder = |letter: &str| format!("commits/{}/{}", &id(letter)[..2], &id(letter)[2..]);
    let world = web(&[(1, "a", ""), (2, "c", "")])
        .file(&format!("{}/previousCommit", folder("c")), &id("b"))
        .file(&format!("{}/previousCommit", folder("b")), &id("a"))
        .file(&format!("{}/source_message", folder("b")), "in between");
    check(&world, Some(1), 2, &["2: c commit c", ": b in between"]);
}

#[test]
fn a_commit_that_the_old_release_has_is_not_brought_again() {
    // Both 2 and 3 follow on b, which follows on a.
    let world = built(
        web(&[(1, "a", ""), (2, "c", "b"), (3, "d", "b")]),
        "api",
        &[(1, "b", "a")],
    );
    check(&world, Some(2), 3, &["3: d commit d"]);
    check(
        &world,
        Some(1),
        3,
        &["3: d commit d", ": b commit b", "2: c commit c"],
    );
    // A chain that bites its tail ends.
    let circle = built(
        web(&[(1, "a", "c"), (2, "c", "b")]),
        "api",
        &[(1, "b", "c"), (2, "b", "b")],
    );
    check(&circle, Some(1), 2, &["2: c commit c"]);
}

#[test]
fn what_either_state_holds_is_told_and_what_neither_can_know_is_said() {
    let earlier = web(&[(1, "a", ""), (2, "b", ""), (3, "c", "")]);
    let later = |first: u64| {
        let all = [(3, "c", ""), (4, "d", ""), (7, "e", ""), (8, "f", "")];
        web(&all
            .into_iter()
            .filter(|(version, _, _)| *version >= first)
            .collect::<Vec<_>>())
    };
    let check = |first, from, to, expected: &[&str]| {
        check_both([&earlier, &later(first)], from, to, expected);
    };
    check(4, Some(2), 4, &["4: d commit d", "3: c commit c"]);
    check(
        7,
        Some(2),
        8,
        &[
            "8: f commit f",
            "7: e commit e",
            "3: c commit c",
            "missing 3..7",
        ],
    );
    check(
        7,
        None,
        7,
        &[
            "7: e commit e",
            "3: c commit c",
            "2: b commit b",
            "1: a commit a",
            "missing 3..7",
        ],
    );
    check_both(
        [&World::default(), &later(7)],
        None,
        8,
        &["8: f commit f", "7: e commit e", "missing ..7"],
    );
}

#[test]
fn an_app_that_was_made_again_has_nothing_from_before() {
    let earlier = web(&[(1, "a", ""), (2, "b", "")]);
    let later = web(&[(1, "c", "")]).file(
        "applications/web/releases/1/created_at",
        "2026-01-01T00:00:00Z",
    );
    check_both([&earlier, &later], None, 1, &["1: c commit c"]);
    let yard = Yard::between(&earlier.0, &later.0);
    assert!(yard.is_remade(&"web".parse().unwrap()).unwrap());
    assert!(
        !Yard::between(&earlier.0, &earlier.0)
            .is_remade(&"web".parse().unwrap())
            .unwrap()
    );
}
