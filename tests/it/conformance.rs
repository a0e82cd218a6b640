//! The conformance suite: every scenario of `tests/conformance` comes to the tree that it tells, with this program or with the
//! one that `TRAINYARD_CONFORMANCE_PROGRAM` names. `tests/conformance/README.md` tells how scenarios are written.

mod coverage;
mod events;
mod notation;
mod scenario;
mod stage;
mod tests;
mod verdict;

use std::ffi::OsString;
use std::fmt::Write as _;

use scenario::Scenario;
use verdict::judge;

/// The variable with the path of another program that is called in the same way.
const PROGRAM: &str = "TRAINYARD_CONFORMANCE_PROGRAM";

/// The program whose trees are compared.
struct Program {
    path: OsString,
    /// Whether its words are ours. Another implementation has its own; only trees, exit codes and `prints` are compared.
    ours: bool,
}

impl Program {
    fn chosen() -> Self {
        match std::env::var_os(PROGRAM).filter(|path| !path.is_empty()) {
            Some(path) => Self { path, ours: false },
            None => Self::ours(),
        }
    }

    fn ours() -> Self {
        let path = env!("CARGO_BIN_EXE_trainyard").into();
        Self { path, ours: true }
    }
}

/// A test for each folder of scenarios, so that they run side by side.
macro_rules! topics {
    ($($topic:ident)*) => {
        const TOPICS: &[&str] = &[$(stringify!($topic)),*];
        $(
            #[test]
            fn $topic() {
                hold(stringify!($topic));
            }
        )*
    };
}

topics! {
    release
    deploy
    lock
    unlock
    train
    prognosis
    cleanup
    argocd
    names
    reading
    publishing
    undeploy
    app_delete
    app_remove_environment
    apply
    commit_data
    view
    whereabouts
    environment
    minor
    manifest_lock
    render
    verify
    kuberpult_client
}

/// Plays every scenario of a topic, and tells of all that come to another tree.
#[track_caller]
fn hold(topic: &str) {
    let program = Program::chosen();
    let scenarios: Vec<_> = Scenario::all()
        .into_iter()
        .filter(|scenario| scenario.topic() == topic)
        .collect();
    assert!(!scenarios.is_empty(), "no scenario is about {topic}");
    let mut failures = String::new();
    let mut failed = 0;
    for scenario in &scenarios {
        if let Err(why) = judge(scenario, &program) {
            failed += 1;
            let Scenario { name, about, .. } = scenario;
            let _ = write!(failures, "\n=== {name}\n{about}\n\n{why:#}\n");
        }
    }
    let count = scenarios.len();
    assert!(
        failures.is_empty(),
        "{failed} of {count} scenarios fail:\n{failures}"
    );
}
