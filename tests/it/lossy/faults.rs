//! Every fault of the network, for every verb: the exit code is true, the next command needs no cleaning, and repeating gives one change.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::{SECRETS, VERBS, Verb, assert_discreet, times, yard};
use crate::world::{Answer, Conduct, How, HttpServer, Reply, Request, When, Wish, World};

type Script = Box<dyn Fn(&Request) -> Conduct + Send + Sync>;

/// What goes wrong, and how a command may end by that.
struct Fault {
    name: &'static str,
    end: End,
    script: fn() -> Script,
}

/// How a command ends that meets a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// 0: it landed.
    Landed,
    /// 1: it failed, and nothing happened.
    Failed,
    /// 4: nobody can know.
    Open,
    /// 5: the remote refused.
    Refused,
}

impl End {
    fn code(self) -> i32 {
        match self {
            Self::Landed => 0,
            Self::Failed => 1,
            Self::Open => 4,
            Self::Refused => 5,
        }
    }
}

/// What is run once the network is sound again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    TheSame,
    Another,
}

const ANOTHER: &str = "lock -e staging --lock-id other -m x";

/// A page as a proxy shows it to whom it does not know.
const LOGIN: &str = "<!DOCTYPE html>\n<html>\n<head><title>Sign in</title></head>\n<body>who are you?</body>\n</html>\n";

const PUSH: Wish = Wish::Push;
const LOOK: Wish = Wish::LookToPush;

#[rustfmt::skip]
const FAULTS: &[Fault] = &[
    // The connection ends.
    Fault { name: "no answer to anything", end: End::Failed, script: || all(How::HangUp) },
    Fault { name: "no answer to the first question", end: End::Failed, script: || at(LOOK, When::BeforeServing, How::HangUp) },
    Fault { name: "half of the first answer", end: End::Failed, script: || at(LOOK, When::MidAnswer, How::HangUp) },
    Fault { name: "broken off in the push", end: End::Open, script: || at(PUSH, When::BeforeReading, How::HangUp) },
    Fault { name: "broken off before it was applied", end: End::Open, script: || at(PUSH, When::BeforeServing, How::HangUp) },
    Fault { name: "broken off once before it was applied", end: End::Landed, script: || once(PUSH, When::BeforeServing, How::HangUp) },
    Fault { name: "answer lost", end: End::Landed, script: || at(PUSH, When::AfterServing, How::HangUp) },
    Fault { name: "answer lost once", end: End::Landed, script: || once(PUSH, When::AfterServing, How::HangUp) },
    Fault { name: "half of the answer", end: End::Landed, script: || at(PUSH, When::MidAnswer, How::HangUp) },
    Fault { name: "gone before it was applied", end: End::Open, script: || from(PUSH, When::BeforeServing, How::HangUp) },
    Fault { name: "gone after it was applied", end: End::Open, script: || from(PUSH, When::AfterServing, How::HangUp) },
    Fault { name: "gone in mid-answer", end: End::Open, script: || from(PUSH, When::MidAnswer, How::HangUp) },
    // Credentials.
    Fault { name: "401 at first", end: End::Refused, script: || all(unauthorized()) },
    Fault { name: "401 to the push", end: End::Refused, script: || at(PUSH, When::BeforeServing, unauthorized()) },
    Fault { name: "401 to the push, though it was applied", end: End::Landed, script: || at(PUSH, When::AfterServing, unauthorized()) },
    Fault { name: "answer lost, then 401", end: End::Landed, script: || lost_then(unauthorized()) },
    Fault { name: "401 from the push on", end: End::Open, script: || from(PUSH, When::BeforeServing, unauthorized()) },
    Fault { name: "401 from the push on, though it was applied", end: End::Open, script: || from(PUSH, When::AfterServing, unauthorized()) },
    Fault { name: "403 to everything", end: End::Refused, script: || all(say("403 Forbidden")) },
    Fault { name: "403 to the first question", end: End::Refused, script: || at(LOOK, When::BeforeServing, say("403 Forbidden")) },
    Fault { name: "403 to the push", end: End::Refused, script: || at(PUSH, When::BeforeServing, say("403 Forbidden")) },
    Fault { name: "403 to the push, though it was applied", end: End::Landed, script: || at(PUSH, When::AfterServing, say("403 Forbidden")) },
    Fault { name: "answer lost, then 403", end: End::Landed, script: || lost_then(say("403 Forbidden")) },
    // Other words of a server.
    Fault { name: "404 to everything", end: End::Failed, script: || all(say("404 Not Found")) },
    Fault { name: "404 to the push", end: End::Refused, script: || at(PUSH, When::BeforeServing, say("404 Not Found")) },
    Fault { name: "413 to the push", end: End::Refused, script: || at(PUSH, When::BeforeServing, say("413 Content Too Large")) },
    Fault { name: "429 to the push", end: End::Open, script: || at(PUSH, When::BeforeServing, say("429 Too Many Requests")) },
    Fault { name: "500 to everything", end: End::Failed, script: || all(say("500 Internal Server Error")) },
    Fault { name: "500 to the push", end: End::Open, script: || at(PUSH, When::BeforeServing, say("500 Internal Server Error")) },
    Fault { name: "502 to everything", end: End::Failed, script: || all(say("502 Bad Gateway")) },
    Fault { name: "502 before it was applied", end: End::Open, script: || once(PUSH, When::BeforeServing, say("502 Bad Gateway")) },
    Fault { name: "502 after it was applied", end: End::Landed, script: || once(PUSH, When::AfterServing, say("502 Bad Gateway")) },
    Fault { name: "503 before it was applied", end: End::Open, script: || at(PUSH, When::BeforeServing, say("503 Service Unavailable")) },
    Fault { name: "503 from the push on, which was applied", end: End::Open, script: || from(PUSH, When::AfterServing, say("503 Service Unavailable")) },
    // Redirects.
    Fault { name: "in circles", end: End::Failed, script: || all(moved("/remote.git/info/refs?service=git-receive-pack")) },
    Fault { name: "to a page for signing in", end: End::Failed, script: || all(moved("/login")) },
    Fault { name: "the push to a page for signing in", end: End::Refused, script: || at(PUSH, When::BeforeServing, moved("/login")) },
    // Answers that are none of git's.
    Fault { name: "a page to everything", end: End::Failed, script: || all(page()) },
    Fault { name: "a page to the first question", end: End::Failed, script: || at(LOOK, When::BeforeServing, page()) },
    Fault { name: "a page to the push", end: End::Open, script: || at(PUSH, When::BeforeServing, page()) },
    Fault { name: "a page to the push that was applied", end: End::Landed, script: || at(PUSH, When::AfterServing, page()) },
    Fault { name: "garbage to the push", end: End::Open, script: || at(PUSH, When::BeforeServing, garbage("hocus pocus\u{1b}]52;c;cHdu\u{7}")) },
    Fault { name: "nothing to the push", end: End::Open, script: || at(PUSH, When::BeforeServing, garbage("")) },
    Fault { name: "garbage to the push that was applied", end: End::Landed, script: || at(PUSH, When::AfterServing, garbage("0008NAK\n")) },
    Fault { name: "garbage in mid-answer", end: End::Landed, script: || at(PUSH, When::MidAnswer, page()) },
];

fn unauthorized() -> How {
    How::Say(Reply::unauthorized())
}

fn say(status: &str) -> How {
    How::Say(Reply::new(status, "something is wrong\n"))
}

fn moved(place: &str) -> How {
    How::Say(Reply::moved("302 Found", place))
}

fn page() -> How {
    How::Say(Reply::of("text/html", "200 OK", LOGIN))
}

fn garbage(body: &str) -> How {
    let kind = "application/x-git-receive-pack-result";
    How::Say(Reply::of(kind, "200 OK", body))
}

/// Every request fails.
fn all(how: How) -> Script {
    Box::new(move |_| Conduct::Fail(When::BeforeServing, how.clone()))
}

/// Every request of a kind fails.
fn at(wish: Wish, when: When, how: How) -> Script {
    staged(wish, move |_| Some((when, how.clone())))
}

/// The first request of a kind fails.
fn once(wish: Wish, when: When, how: How) -> Script {
    staged(wish, move |turn| (turn == 0).then(|| (when, how.clone())))
}

/// The answer to the first push is lost, and what git sends again meets this.
fn lost_then(how: How) -> Script {
    staged(PUSH, move |turn| match turn {
        0 => Some((When::AfterServing, How::HangUp)),
        _ => Some((When::BeforeServing, how.clone())),
    })
}

/// The n-th request of a kind fails like this.
fn staged(
    wish: Wish,
    fault: impl Fn(usize) -> Option<(When, How)> + Send + Sync + 'static,
) -> Script {
    let turns = AtomicUsize::new(0);
    Box::new(move |request| {
        if request.wish() != wish {
            return Conduct::Serve;
        }
        let fault = fault(turns.fetch_add(1, Ordering::SeqCst));
        fault.map_or(Conduct::Serve, |(when, how)| Conduct::Fail(when, how))
    })
}

/// From the first request of a kind on, everything fails.
fn from(wish: Wish, when: When, how: How) -> Script {
    let begun = AtomicUsize::new(0);
    Box::new(move |request| {
        if request.wish() != wish && begun.load(Ordering::SeqCst) == 0 {
            return Conduct::Serve;
        }
        begun.fetch_add(1, Ordering::SeqCst);
        Conduct::Fail(when, how.clone())
    })
}

/// One command meets a fault; then all is well again.
fn meet(fault: &Fault, verb: Verb, next: Next) -> Option<()> {
    let (world, server) = yard()?;
    let context = format!("{} / {} / {next:?}", fault.name, verb.subject);
    let before = world.snapshot();
    server.meet((fault.script)());
    let answer = world.run(&format!("-v {}", verb.line));
    let told = format!("{context}\n{answer}");
    assert_discreet(&answer);
    assert_eq!(answer.code, fault.end.code(), "{told}");
    assert_tells_what_to_do(&answer, fault.end, &told);
    let landed = times(&world, verb);
    match fault.end {
        End::Landed => assert_eq!(landed, 1, "{told}"),
        End::Open => assert!(landed <= 1, "{told}"),
        End::Failed | End::Refused => {
            world.assert_untouched(&before);
            assert_eq!(world.left_lying(), [""; 0], "{told}");
        }
    }
    server.recover();
    assert_goes_on(&world, &server, (fault.end, verb, next), &context);
    Some(())
}

/// Whoever failed says what is so and what can be done; whoever succeeded says that, and nothing else.
#[track_caller]
fn assert_tells_what_to_do(answer: &Answer, end: End, told: &str) {
    let words = match end {
        End::Landed => "pushed ",
        End::Failed => "cannot be reached",
        End::Open => "whether it landed is unknown",
        End::Refused => "refuse",
    };
    assert!(answer.stderr.contains(words), "{words}: {told}");
    assert_eq!(
        answer.stderr.contains("\nhint: "),
        end != End::Landed,
        "{told}"
    );
    assert_eq!(answer.stdout.is_empty(), end != End::Landed, "{told}");
}

/// The next command needs no cleaning, and there is one change where one was asked for.
#[track_caller]
fn assert_goes_on(
    world: &World,
    server: &HttpServer,
    (end, verb, next): (End, Verb, Next),
    context: &str,
) {
    let landed = times(world, verb);
    let (line, wanted) = match next {
        Next::TheSame if end != End::Landed => (verb.line, 1..=1),
        Next::TheSame | Next::Another => match end {
            End::Landed => (ANOTHER, 1..=1),
            End::Failed | End::Refused => (ANOTHER, 0..=0),
            End::Open => (ANOTHER, landed..=landed),
        },
    };
    let answer = world.run(line);
    assert_eq!(answer.code, 0, "{context}\n{answer}");
    let times = times(world, verb);
    assert!(
        wanted.contains(&times),
        "{times} times: {context}\n{answer}"
    );
    assert_eq!(
        world
            .subjects()
            .iter()
            .filter(|subject| !subject.starts_with("setup"))
            .count(),
        1 + times + usize::from(line == ANOTHER),
        "{context}"
    );
    if verb.line.contains("--tag") {
        let tagged = world.remote_git(&["for-each-ref", "--format=%(*subject)", "refs/tags"]);
        let wanted = if times == 1 { verb.subject } else { "" };
        assert_eq!(tagged, wanted, "{context}");
    }
    // Nobody may have heard of the answer to the push.
    world.git(&["fetch", "-q"]);
    world.assert_in_step();
    let is_told = |request: &Request| {
        request
            .all("authorization")
            .any(|header| header.contains(SECRETS[1]))
    };
    assert!(server.heard().iter().all(is_told), "{context}");
}

/// All faults, with one verb.
fn meet_all(verb: Verb) {
    for fault in FAULTS {
        for next in [Next::TheSame, Next::Another] {
            if meet(fault, verb, next).is_none() {
                return;
            }
        }
    }
}

#[test]
#[ignore = "takes half a minute"]
fn a_release_meets_every_fault() {
    meet_all(VERBS[0]);
}

#[test]
#[ignore = "takes half a minute"]
fn a_deployment_meets_every_fault() {
    meet_all(VERBS[1]);
}

#[test]
#[ignore = "takes half a minute"]
fn a_lock_meets_every_fault() {
    meet_all(VERBS[2]);
}

#[test]
#[ignore = "takes half a minute"]
fn a_train_with_a_tag_meets_every_fault() {
    meet_all(VERBS[3]);
}
