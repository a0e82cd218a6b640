//! git itself, for tests that hold what is ours against it.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

/// What git prints, run in a folder, with nobody's settings.
pub(super) fn git(folder: &Path, arguments: &[&str]) -> String {
    git_with(folder, arguments, "")
}

/// The same with this to read.
pub(super) fn git_with(folder: &Path, arguments: &[&str], input: &str) -> String {
    let mut command = Command::new("git");
    command.arg("-C").arg(folder).args(arguments);
    command
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap())
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1");
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // Who reads nothing may be gone already.
    let written = stdin.write_all(input.as_bytes());
    assert!(written.is_ok() || input.is_empty(), "{arguments:?}");
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {words}");
    String::from_utf8(output.stdout).unwrap()
}
