//! Networks that lose things: a web server that fails in every way, commands that change something, and whether they tell the truth.

mod branch;
mod deadline;
mod faults;
mod hooks;
mod inbox;
mod late;
mod lost;
mod servers;

use std::sync::OnceLock;

use crate::world::{Answer, HttpServer, LOCK, Mould, RELEASE, World};

const USER: &str = "clerk";
const PASSWORD: &str = "T0KEN";

/// What nobody may ever read: the password, and the same in the header that goes with each request.
const SECRETS: [&str; 2] = [PASSWORD, "Y2xlcms6VDBLRU4="];

/// A command that changes something, and what its commit is called.
#[derive(Clone, Copy, Debug)]
struct Verb {
    line: &'static str,
    subject: &'static str,
}

const VERBS: [Verb; 4] = [
    Verb {
        line: RELEASE_TWO,
        subject: "release web 2",
    },
    Verb {
        line: "deploy -a web -e staging --version 1",
        subject: "deploy web 1 to staging",
    },
    Verb {
        line: LOCK,
        subject: "lock dev (`freeze`)",
    },
    Verb {
        line: "release-train staging --tag v1",
        subject: "release train to environment staging: 1 deployed",
    },
];

const RELEASE_TWO: &str = "release -a web -e dev -f ../scratch/two.yaml";

/// A yard where each of them has something to do, behind a web server that lets one user in, whose credentials lie where
/// `actions/checkout` leaves them.
fn yard() -> Option<(World, HttpServer)> {
    static YARD: OnceLock<Mould> = OnceLock::new();
    let make = || {
        let world = World::yard();
        world.ok(RELEASE);
        world.scratch("two.yaml", "kind: ConfigMap\nmetadata:\n  name: two\n");
        world.mould()
    };
    let world = YARD.get_or_init(make).cast();
    let server = world.serve()?;
    server.demand(USER, PASSWORD);
    world.leave_header(&server, USER, PASSWORD);
    Some((world, server))
}

/// How often a change is in the history.
fn times(world: &World, verb: Verb) -> usize {
    let subjects = world.subjects();
    let same = subjects.iter().filter(|each| *each == verb.subject);
    same.count()
}

/// Nothing that is told holds a credential or a control character.
#[track_caller]
fn assert_discreet(answer: &Answer) {
    for text in [&answer.stdout, &answer.stderr] {
        for secret in SECRETS {
            assert!(!text.contains(secret), "{secret} is told\n{answer}");
        }
        let control = |letter: char| letter.is_control() && letter != '\n';
        assert!(!text.contains(control), "{text:?}");
    }
}
