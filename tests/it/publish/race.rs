//! Many at once: a rival during our push, and several processes side by side.

use std::collections::BTreeSet;

use crate::world::{RELEASE, Started, World};

/// Lets a rival in a clone of its own push these commands' commit during each of our first pushes.
pub(crate) fn rival(world: &World, times: usize, commands: &str) {
    let rival = world.clone_to("rival");
    let (folder, count) = (rival.checkout().display(), world.room().join("rivals"));
    let count = count.display();
    world.hook(
        "pre-push",
        &format!(
            "echo >> {count}\n[ $(wc -l < {count}) -le {times} ] || exit 0\n\
             cd {folder}\ngit pull -q --ff-only\n({commands}) >&2\ngit push -q origin HEAD:main"
        ),
    );
}

/// Every command ended well, and each of their commits is in the history once, one on the other.
#[track_caller]
pub(crate) fn assert_all_landed(world: &World, started: Vec<Started>, subjects: &BTreeSet<String>) {
    for each in started {
        let answer = each.wait();
        assert_eq!(answer.code, 0, "{answer}");
    }
    let landed = world.subjects();
    let landed: Vec<_> = landed
        .iter()
        .filter(|subject| !subject.starts_with("setup"))
        .collect();
    assert_eq!(landed.len(), subjects.len(), "each once: {landed:?}");
    assert_eq!(
        landed.into_iter().cloned().collect::<BTreeSet<_>>(),
        *subjects
    );
    assert_eq!(
        world.remote_git(&["rev-list", "--count", "--merges", "main"]),
        "0"
    );
    world.remote_git(&["fsck", "--strict", "--no-dangling"]);
}

pub(crate) fn locks(count: usize) -> (Vec<String>, BTreeSet<String>) {
    let ids = (0..count).map(|number| format!("lock-{number}"));
    let lines = ids
        .clone()
        .map(|id| format!("lock -e dev --lock-id {id} -m x"));
    (
        lines.collect(),
        ids.map(|id| format!("lock dev (`{id}`)")).collect(),
    )
}

#[test]
fn eight_processes_in_one_checkout_all_land() {
    let world = World::yard();
    let (lines, subjects) = locks(8);
    let started = lines.iter().map(|line| world.start(line)).collect();
    assert_all_landed(&world, started, &subjects);
    world.assert_in_step();
}

#[test]
fn eight_processes_in_clones_of_their_own_all_land() {
    let world = World::yard();
    let clones: Vec<_> = (0..8)
        .map(|number| world.clone_to(&format!("clone-{number}")))
        .collect();
    let (lines, subjects) = locks(8);
    let started = clones
        .iter()
        .zip(&lines)
        .map(|(clone, line)| clone.start(line))
        .collect();
    assert_all_landed(&world, started, &subjects);
    for clone in &clones {
        assert_eq!(clone.status(), "");
        assert_eq!(clone.left_lying(), [""; 0]);
    }
    world.ok(RELEASE);
    world.assert_in_step();
}

#[test]
fn two_releases_at_once_get_two_numbers() {
    let world = World::yard();
    let other = world.clone_to("other");
    let second = RELEASE.replace("web.yaml", "other.yaml");
    world.scratch("other.yaml", "kind: Other\n");
    let started = vec![world.start(RELEASE), other.start(&second)];
    let subjects = ["release web 1", "release web 2"].map(str::to_owned).into();
    assert_all_landed(&world, started, &subjects);
}

#[test]
fn two_linked_work_trees_share_one_repository() {
    let world = World::yard();
    let linked = world.linked("linked", &["-b", "side"]);
    linked.git(&["push", "-q", "origin", "side"]);
    let (lines, _) = locks(2);
    let started = [world.start(&lines[0]), linked.start(&lines[1])];
    for each in started {
        let answer = each.wait();
        assert_eq!(answer.code, 0, "{answer}");
    }
    world.assert_in_step();
    linked.assert_tidy();
    assert_eq!(
        linked.git(&["rev-parse", "HEAD"]),
        world.remote_git(&["rev-parse", "side"])
    );
}
