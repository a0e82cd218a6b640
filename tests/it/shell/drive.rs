//! Programs that a test drives.

use std::io::Write as _;

/// Whether a program is installed.
pub(super) fn is_here(program: &str) -> bool {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&folders).any(|folder| folder.join(program).is_file());
    if !found {
        // Not `eprintln!`, which the harness swallows: a skipped test should be seen to be skipped.
        let _ = writeln!(std::io::stderr(), "skipped: `{program}` is not installed");
    }
    found
}
