//! What the words of a push mean.

use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;

use super::*;

/// What git came to that failed and said this; its verdict on the branch, if there was one, stands on stdout.
fn said(verdict: &str, stderr: &str) -> Finished {
    let stdout = if verdict.is_empty() {
        String::new()
    } else {
        format!("To r\n!\tabc:refs/heads/main\t{verdict}\nDone\n")
    };
    Finished {
        status: Some(ExitStatus::from_raw(128 << 8)),
        stdout: stdout.into_bytes(),
        stderr: stderr.to_owned(),
    }
}

#[test]
fn while_the_branch_stands_where_it_stood_words_tell_whether_that_was_the_last_one() {
    for (verdict, stderr, outcome) in [
        // git itself sent nothing.
        ("[rejected] (stale info)", "", "moved"),
        // The server says the same of a push that it was sent.
        ("[remote rejected] (stale info)", "", "collided"),
        (
            "[remote rejected] (cannot lock ref 'refs/heads/main')",
            "",
            "collided",
        ),
        ("[remote rejected] (failed to update ref)", "", "collided"),
        (
            "[remote rejected] (failed to update ref)",
            "remote: error: couldn't write it: No space left on device",
            "refused",
        ),
        (
            "[remote rejected] (pre-receive hook declined)",
            "",
            "refused",
        ),
        (
            "[remote rejected] (atomic transaction failed)",
            "",
            "refused",
        ),
        (
            "[remote rejected] (atomic transaction failed)",
            "remote: error: cannot lock ref 'refs/tags/v1'",
            "collided",
        ),
        (
            "[remote failure] (remote failed to report status)",
            "",
            "unknown",
        ),
        ("", "error: failed to push some refs to 'r'", "refused"),
        (
            "",
            "fatal: the receiving end does not support --atomic push",
            "refused",
        ),
        ("", "error: RPC failed; HTTP 403 curl 22", "refused"),
        ("", "error: RPC failed; HTTP 502 curl 22", "unknown"),
        ("", "fatal: the remote end hung up unexpectedly", "unknown"),
        ("", "client_loop: send disconnect: Broken pipe", "unknown"),
        ("", "error: git-remote-cloud died of signal 9", "unknown"),
        (
            "",
            "fatal: protocol error: bad line length character: zzzz",
            "unknown",
        ),
        (
            "",
            "send-pack: unexpected disconnect while reading sideband packet",
            "unknown",
        ),
        // What the remote or one of its hooks says is no word of git's.
        ("", "remote: my mail server hung up", "refused"),
    ] {
        let told = match not_applied(&said(verdict, stderr)) {
            PushOutcome::RemoteMoved => "moved",
            PushOutcome::Collided => "collided",
            PushOutcome::Refused(_) => "refused",
            PushOutcome::Unknown(_) => "unknown",
            other => panic!("{other:?} is not of such words"),
        };
        assert_eq!(told, outcome, "{verdict} {stderr}");
    }
    // At the deadline, by somebody else, and below a shell that tells so.
    for status in [None, Some(9), Some(137 << 8)] {
        let killed = Finished {
            status: status.map(ExitStatus::from_raw),
            ..said("", "error: failed to push some refs to 'r'")
        };
        assert!(matches!(not_applied(&killed), PushOutcome::Unknown(_)));
    }
}

#[test]
fn git_that_said_why_it_never_reached_the_remote_may_die_of_the_pipe_to_its_helper() {
    const BROKEN_PIPE: i32 = 13;
    let words = "git: 'remote-odd' is not a git command. See 'git --help'.";
    for (status, stderr, is_sure) in [
        (Some(128 << 8), words, true),
        (Some(BROKEN_PIPE), words, true),
        (Some(BROKEN_PIPE), "", false),
        (None, words, false),
    ] {
        let pushed = Finished {
            status: status.map(ExitStatus::from_raw),
            ..said("", stderr)
        };
        assert_eq!(is_no_contact(&pushed), is_sure, "{status:?} {stderr}");
    }
}
