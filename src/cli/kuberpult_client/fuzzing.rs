//! Command lines of that client.

use std::ffi::OsString;

use super::super::fuzzing::{assert_harmless, reads, words};
use super::client::Client;
use super::{Deed, Task, task};
use crate::state::plain;

/// Each is refused in one line, or becomes a command line of ours that can be read, or is refused, as a whole.
pub(crate) fn client_lines(data: &[u8]) {
    let read = Client::read(&words(data)).and_then(|client| task(&client));
    match read {
        Ok(None) => {}
        Ok(Some(Task { ignored, deed, .. })) => {
            for word in &ignored {
                assert_harmless(&plain(word));
            }
            if let Deed::Change(line, _) = deed {
                let line = std::iter::once("trainyard".to_owned()).chain(line);
                reads(line.map(OsString::from).collect());
            }
        }
        Err(misuse) => {
            let told = plain(&misuse.message);
            assert_harmless(&told);
            assert!(!told.contains('\n'), "{told:?}");
            let flags = misuse.flags.unwrap_or_default().replace('\t', "");
            assert_harmless(&flags);
        }
    }
}
