//! What git says, and what we wrote down for ourselves.

use std::fmt::Debug;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::ExitStatus;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{assert_stands_in, in_a_folder};
use crate::fuzzing::assert_calm;
use crate::git::ask::{denies_access, tip};
use crate::git::index_lock::Move;
use crate::git::journal::{self, Pending, Survives};
use crate::git::program::Finished;
use crate::git::push::{PushOutcome, is_no_contact, not_applied};
use crate::git::{clean, on_one_line};

/// A password that must not be seen. No end of it is a beginning of the address that it stands in.
pub(super) const PASSWORD: &str = "hush3hush7";

/// Answers of git: no password and no control character of it is shown, and no outcome is made up.
pub(crate) fn words(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    // Nobody knows a password by its look, also where it only comes of what is left out between its letters.
    let seen: String = text.chars().filter(char::is_ascii_graphic).collect();
    if seen.contains(PASSWORD) {
        return;
    }
    let (stdout, stderr) = text.split_once('\u{1}').unwrap_or(("", &text));
    let is_part = |letter: &char| !"/?#".contains(*letter) && !letter.is_whitespace();
    let name: String = text.chars().filter(is_part).take(4).collect();
    let url = format!("https://me{name}:{PASSWORD}@h.example/r.git");
    let stderr = format!("{stderr}{url}{stderr}");
    for shown in [
        clean(&stderr),
        clean(&stderr).replace('\n', ""),
        on_one_line(&stderr),
    ] {
        assert!(!shown.contains(PASSWORD), "{shown:?}");
        assert_calm(&shown);
    }
    assert!(!on_one_line(&stderr).contains('\n'));
    let branch = "refs/heads/main";
    if let Ok(Some(id)) = tip(stdout, branch) {
        // An id may stand there in capitals.
        let line = format!("{id}\t{branch}");
        assert!(stdout.to_ascii_lowercase().contains(&line));
    }
    for status in [Some(256), Some(9), None] {
        let status = status.map(ExitStatus::from_raw);
        let finished = Finished {
            status,
            stdout: stdout.as_bytes().to_vec(),
            stderr: clean(&stderr),
        };
        let _ = denies_access(&finished.words());
        assert!(status.is_some() || !is_no_contact(&finished));
        match not_applied(&finished) {
            PushOutcome::Refused(words) => {
                assert!(finished.has_ended() || stdout.contains('!'));
                assert!(!words.contains(PASSWORD), "{words:?}");
            }
            PushOutcome::Unknown(_) => {}
            PushOutcome::Collided | PushOutcome::RemoteMoved => assert!(stdout.contains('!')),
            PushOutcome::Landed(_) | PushOutcome::NoContact(_) => {
                panic!("nobody said that")
            }
        }
    }
}

/// A journal is understood as a whole or not at all, and written as it was read.
pub(crate) fn journals(data: &[u8]) {
    in_a_folder(|folder| {
        if let Some(pending) = kept::<Pending>(&folder.join("push.json"), data) {
            assert_eq!(pending.form, journal::FORM, "{FORM_OF_OTHERS}");
            let _ = pending.place();
        }
        if let Some(moved) = kept::<Move>(&folder.join("checkout.json"), data) {
            assert_eq!(moved.form, journal::FORM, "{FORM_OF_OTHERS}");
        }
    });
}

const FORM_OF_OTHERS: &str = "another form is not ours to read";

/// What a journal says; `None` if it is none.
fn kept<T>(path: &Path, data: &[u8]) -> Option<T>
where
    T: DeserializeOwned + Serialize + PartialEq + Debug,
{
    std::fs::write(path, data).expect("there is room");
    let Ok(read) = journal::read::<T>(path) else {
        assert_eq!(std::fs::read(path).expect("it stays"), data);
        return None;
    };
    let read = read.expect("the file is there");
    assert_stands_in(data, &read);
    journal::write(path, &read, Survives::Kill).expect("there is room");
    let again = journal::read::<T>(path).expect("we wrote it");
    assert_eq!(again.as_ref(), Some(&read));
    journal::remove(path).expect("it is there");
    assert_eq!(journal::read::<T>(path).expect("gone"), None);
    Some(read)
}
