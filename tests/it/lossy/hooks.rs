//! Hooks of a server: they refuse in words that are no business of a terminal, a runner or a reader; or they fail when all is done.

use super::{PASSWORD, USER, VERBS, assert_discreet, times, yard};
use crate::world::{LOCK, World};

/// Says what nobody should, and refuses.
fn loud(world: &World, hook: &str) {
    let words = [
        r"\033[31mno\033[0m \302\2333m",
        r"\033]52;c;cm0gLXJmIC8=\007",
        r"\033]8;;http://evil.example\033\\click\033]8;;\033\\",
        r"::stop-commands::x",
        r"::add-mask::main",
        r"  ::error file=a::b",
        r"##[error]broken",
        r"%%0A::warning::x",
        r"\r::debug::x",
        &format!("pushed by http://{USER}:{PASSWORD}@127.0.0.1/remote.git"),
        &format!("and https://{PASSWORD}@example.org, too"),
    ];
    let lines = words.map(|line| format!("{line}\\n")).concat();
    world.remote_hook(hook, &format!("printf '{lines}' >&2\nexit 1"));
}

/// On a runner, the only lines that begin like a command are ours.
fn is_harmless(line: &str) -> bool {
    let line = line.trim_start();
    !line.contains("##[") && (!line.starts_with("::") || line.starts_with("::error title="))
}

#[test]
#[ignore = "takes a while for all verbs"]
fn what_a_refusing_hook_says_is_shown_and_does_nothing() {
    for hook in ["pre-receive", "update"] {
        for verb in VERBS {
            let Some((world, _server)) = yard() else {
                return;
            };
            loud(&world, hook);
            let before = world.snapshot();
            let answer = world.fails(&format!("-v {}", verb.line), 5);
            assert_discreet(&answer);
            assert!(answer.stderr.contains("hook declined"), "{answer}");
            assert!(answer.stderr.contains("[31mno"), "{answer}");
            assert!(
                answer
                    .stderr
                    .contains("pushed by http://127.0.0.1/remote.git"),
                "{answer}"
            );
            world.assert_untouched(&before);
            assert_eq!(world.left_lying(), [""; 0]);
            std::fs::remove_file(world.remote().join("hooks").join(hook)).unwrap();
            world.ok(verb.line);
            assert_eq!(times(&world, verb), 1);
            world.assert_in_step();
        }
    }
}

#[test]
fn what_a_refusing_hook_says_is_no_command_to_a_runner() {
    let Some((world, _server)) = yard() else {
        return;
    };
    loud(&world, "pre-receive");
    let summary = world.scratch("summary", "");
    let output = world.scratch("output", "");
    let runner = [
        ("GITHUB_ACTIONS", Some("true")),
        ("GITHUB_STEP_SUMMARY", Some(summary.as_str())),
        ("GITHUB_OUTPUT", Some(output.as_str())),
    ];
    let answer = world.run_with(&format!("--github {LOCK}"), &runner);
    assert_eq!(answer.code, 5, "{answer}");
    assert_discreet(&answer);
    let lines = || answer.stdout.lines().chain(answer.stderr.lines());
    assert!(
        lines().any(|line| line.contains("::error title=")),
        "{answer}"
    );
    assert!(lines().all(is_harmless), "{answer}");
    let told = [summary, output].map(|path| std::fs::read_to_string(path).unwrap());
    assert!(!told.concat().contains(PASSWORD), "{told:?}");
}

#[test]
fn what_happens_after_a_push_has_landed_does_not_undo_it() {
    for verb in VERBS {
        let Some((world, _server)) = yard() else {
            return;
        };
        loud(&world, "post-receive");
        let answer = world.run(verb.line);
        assert_eq!(answer.code, 0, "{answer}");
        assert_discreet(&answer);
        assert_eq!(times(&world, verb), 1);
        world.assert_in_step();
    }
}

#[test]
fn no_trace_of_git_tells_the_credentials() {
    let traces = [
        "GIT_TRACE",
        "GIT_TRACE_CURL",
        "GIT_CURL_VERBOSE",
        "GIT_TRACE_PACKET",
        "GIT_TRACE_SETUP",
    ];
    let traces = traces.map(|name| (name, Some("1")));
    let Some((world, server)) = yard() else {
        return;
    };
    loud(&world, "pre-receive");
    let answer = world.run_with(&format!("-v {LOCK}"), &traces);
    assert_eq!(answer.code, 5, "{answer}");
    assert_discreet(&answer);
    // The same with credentials in the address.
    let key = format!("http.{}.extraheader", server.url(""));
    world.git(&["config", "--unset-all", &key]);
    let address = server.url_with(&format!("{USER}:{PASSWORD}"), "remote.git");
    world.git(&["remote", "set-url", "origin", &address]);
    let answer = world.run_with(&format!("-v {LOCK}"), &traces);
    assert_eq!(answer.code, 5, "{answer}");
    assert_discreet(&answer);
}
