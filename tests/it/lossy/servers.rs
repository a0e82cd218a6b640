//! Servers that cannot or will not: read only, full, without atomic pushes, or elsewhere.

use std::path::Path;

use super::{PASSWORD, USER, VERBS, assert_discreet, times, yard};
use crate::world::{Conduct, How, HttpServer, LOCK, Reply, When, World, skipped};

#[test]
fn a_server_that_takes_no_pushes_refuses_access() {
    for verb in VERBS {
        let Some((world, _server)) = yard() else {
            return;
        };
        world.remote_git(&["config", "http.receivepack", "false"]);
        let before = world.snapshot();
        let answer = world.fails(verb.line, 5);
        assert!(answer.stderr.contains("refuses access"), "{answer}");
        assert!(answer.stderr.contains("403"), "{answer}");
        world.assert_untouched(&before);
        assert_eq!(world.left_lying(), [""; 0]);
        world.ok("status");
    }
}

#[test]
fn without_atomic_pushes_only_a_train_with_a_tag_is_refused() {
    let Some((world, _server)) = yard() else {
        return;
    };
    world.remote_git(&["config", "receive.advertiseAtomic", "false"]);
    let [release, deployment, lock, train] = VERBS;
    let before = world.snapshot();
    let answer = world.fails(train.line, 5);
    assert!(answer.stderr.contains("--atomic"), "{answer}");
    world.assert_untouched(&before);
    for verb in [release, deployment, lock] {
        world.ok(verb.line);
        assert_eq!(times(&world, verb), 1);
        world.assert_in_step();
    }
}

#[test]
fn a_redirect_is_followed_and_the_credentials_stay_where_they_belong() {
    let Some((world, server)) = yard() else {
        return;
    };
    // The header stands for this address, and git sends it wherever that leads; credentials in the address stay with its host.
    let key = format!("http.{}.extraheader", server.url(""));
    world.git(&["config", "--unset-all", &key]);
    let address = server.url_with(&format!("{USER}:{PASSWORD}"), "remote.git");
    world.git(&["remote", "set-url", "origin", &address]);
    let elsewhere = HttpServer::start(world.room(), &world.room().join("home"));
    let place = elsewhere.url("remote.git");
    server.meet(move |request| {
        let target = format!("{place}/info/refs?{}", request.query);
        let moved = Reply::moved("301 Moved Permanently", &target);
        Conduct::Fail(When::BeforeServing, How::Say(moved))
    });
    world.ok(LOCK);
    world.git(&["fetch", "-q"]);
    world.assert_in_step();
    let heard = elsewhere.heard();
    assert!(!heard.is_empty());
    for request in heard {
        assert_eq!(request.header("authorization"), None, "{request:?}");
    }
    elsewhere.demand("somebody", "else");
    let answer = world.fails("lock -e staging -m x", 5);
    assert_discreet(&answer);
    assert!(
        elsewhere
            .heard()
            .iter()
            .all(|request| request.header("authorization").is_none())
    );
}

/// A disk of the server that can be full.
struct Disk<'a>(&'a Path);

impl<'a> Disk<'a> {
    /// Puts a repository on a disk of its own; `None` if nothing can be mounted here.
    fn below(world: &World, repository: &'a Path) -> Option<Self> {
        let (path, aside) = (repository.display(), world.room().join("aside"));
        let aside = aside.display();
        let lines = format!(
            "cp -a {path} {aside}\nmount -t tmpfs -o size=4m tmpfs {path} 2>/dev/null\ncp -a {aside}/. {path}"
        );
        let mounted = world.run_beside("sh", &["-ec", &lines]);
        if mounted.code != 0 {
            skipped("no disk can be mounted here");
            return None;
        }
        Some(Self(repository))
    }

    /// Fills it but for this many pages.
    fn fill(&self, free: usize) {
        let filler = self.0.join("filler");
        let page = [b'x'; 4096];
        let mut file = std::fs::File::create(&filler).unwrap();
        while std::io::Write::write_all(&mut file, &page).is_ok() {}
        let length = file.metadata().unwrap().len();
        file.set_len(length.saturating_sub(free as u64 * 4096))
            .unwrap();
    }

    fn relieve(&self) {
        std::fs::remove_file(self.0.join("filler")).unwrap();
    }
}

impl Drop for Disk<'_> {
    fn drop(&mut self) {
        let mut umount = std::process::Command::new("umount");
        drop(umount.arg("-l").arg(self.0).status());
    }
}

#[test]
#[ignore = "takes ten seconds"]
fn a_server_whose_disk_is_full_loses_nothing() {
    let Some((world, _server)) = yard() else {
        return;
    };
    let remote = world.remote();
    let Some(disk) = Disk::below(&world, &remote) else {
        return;
    };
    let mut ends = std::collections::BTreeMap::new();
    for free in 0..24 {
        let line = format!("lock -e dev --lock-id lock-{free} -m x");
        let subject = format!("lock dev (`lock-{free}`)");
        let count = || {
            let subjects = world.subjects();
            subjects.iter().filter(|each| **each == subject).count()
        };
        disk.fill(free);
        let answer = world.run(&format!("-v {line}"));
        let allowed = match answer.code {
            0 => 1..=1,
            4 => 0..=1,
            1 | 5 => 0..=0,
            other => panic!("{other}: {free} pages free\n{answer}"),
        };
        assert!(allowed.contains(&count()), "{free} pages free\n{answer}");
        *ends.entry(answer.code).or_insert(0) += 1;
        disk.relieve();
        if answer.code != 0 {
            world.ok(&line);
        }
        assert_eq!(count(), 1, "{free} pages free\n{answer}");
        world.git(&["fetch", "-q"]);
        world.assert_in_step();
    }
    assert!(
        ends.len() > 1,
        "the disk was never full, or always: {ends:?}"
    );
}
