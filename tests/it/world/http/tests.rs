//! The web server does what its users rely on.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use super::{Conduct, How, HttpServer, Reply, When, Wish};
use crate::world::{LOCK, RELEASE, World};

fn wishes(server: &HttpServer) -> Vec<Wish> {
    server.heard().iter().map(super::Request::wish).collect()
}

#[test]
fn git_fetches_and_pushes_small_and_large_through_it() {
    let world = World::yard();
    let Some(server) = world.serve() else { return };
    world.git(&["fetch", "-q"]);
    let heard = server.heard();
    assert_eq!(heard[0].header("git-protocol"), Some("version=2"));
    // Larger than git keeps in memory, so that it comes in chunks.
    let noise = (0..300_000).flat_map(|n: u64| (n * n).to_be_bytes());
    let noise: Vec<_> = noise.collect();
    world.git(&["config", "http.postBuffer", "65536"]);
    world.file("noise", noise);
    let pushed = server.heard();
    let in_chunks = |request: &super::Request| request.header("transfer-encoding").is_some();
    assert!(pushed.iter().any(in_chunks), "{pushed:?}");
    // So much to want and to have that git compresses what it asks for.
    let other = world.clone_to("other");
    for number in 0..20 {
        for (each, side) in [(&world, "here"), (&other, "there")] {
            let message = format!("{number} {side}");
            each.git(&["commit", "-q", "--allow-empty", "-m", &message]);
        }
    }
    let branches = (0..20).map(|number| format!("main~{number}:refs/heads/b{number}"));
    let push = ["push", "-q", "origin", "main"].map(str::to_owned);
    let push: Vec<_> = push.into_iter().chain(branches).collect();
    world.git(&push.iter().map(String::as_str).collect::<Vec<_>>());
    other.git(&["remote", "set-url", "origin", &server.url("remote.git")]);
    server.heard();
    other.git(&["fetch", "-q"]);
    let fetched = server.heard();
    let is_packed = |request: &super::Request| request.header("content-encoding") == Some("gzip");
    assert!(fetched.iter().any(is_packed), "{fetched:?}");
    assert_eq!(other.known(), world.head());
    world.ok(RELEASE);
    world.assert_in_step();
}

#[test]
fn who_says_that_it_waits_for_a_word_gets_it() {
    let world = World::yard();
    let Some(server) = world.serve() else { return };
    let mut stream = TcpStream::connect(server.address).unwrap();
    let head = "POST /remote.git/git-receive-pack HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\
                Content-Type: application/x-git-receive-pack-request\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    let mut word = [0; 25];
    stream.read_exact(&mut word).unwrap();
    assert_eq!(&word, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(b"0000").unwrap();
    let mut status = [0; 15];
    stream.read_exact(&mut status).unwrap();
    assert_eq!(&status, b"HTTP/1.1 200 OK");
}

#[test]
fn only_who_has_the_password_is_let_in() {
    let world = World::yard();
    let Some(server) = world.serve() else { return };
    server.demand("clerk", "T0KEN");
    world.fails(RELEASE, 5);
    world.leave_header(&server, "clerk", "another");
    world.fails(RELEASE, 5);
    world.leave_header(&server, "clerk", "T0KEN");
    world.ok(RELEASE);
    world.git(&[
        "config",
        "--unset-all",
        &format!("http.{}.extraheader", server.url("")),
    ]);
    let address = server.url_with("clerk:T0KEN", "remote.git");
    world.git(&["remote", "set-url", "origin", &address]);
    world.ok(LOCK);
    world.assert_in_step();
}

#[test]
fn it_fails_when_and_how_it_is_told_to() {
    let world = World::yard();
    let Some(server) = world.serve() else { return };
    for (when, applied) in [
        (When::BeforeReading, false),
        (When::BeforeServing, false),
        (When::AfterServing, true),
        (When::MidAnswer, true),
    ] {
        let before = world.head();
        server.meet(move |request| match request.wish() {
            Wish::Push => Conduct::Fail(when, How::HangUp),
            Wish::Look | Wish::LookToPush | Wish::Fetch | Wish::Other => Conduct::Serve,
        });
        world.git(&["commit", "-q", "--allow-empty", "-m", "mine"]);
        let pushed = world.run_beside("git", &["push", "-q", "origin", "main"]);
        assert_ne!(pushed.code, 0, "{when:?}");
        assert_eq!(world.head() != before, applied, "{when:?}");
        server.recover();
        world.git(&["push", "-q", "origin", "main"]);
    }
    server.heard();
    server.meet(|_| {
        Conduct::Fail(
            When::BeforeServing,
            How::Say(Reply::new("418 Teapot", "no")),
        )
    });
    let asked = world.run_beside("git", &["ls-remote"]);
    assert!(asked.stderr.contains("418"), "{asked}");
    assert_eq!(wishes(&server), [Wish::Look]);
}

#[test]
fn a_server_that_is_dropped_ends_what_it_began() {
    let world = World::yard();
    let Some(server) = world.serve() else { return };
    let begun = world.room().join("begun");
    world.remote_hook(
        "pre-receive",
        &format!(": > {}\nexec sleep 600", begun.display()),
    );
    let mut command = world.start(RELEASE);
    command.until(&begun);
    drop(server);
    let answer = command.wait();
    assert_ne!(answer.code, 0, "{answer}");
}
