//! Commits: those of a history, those that we write, and those in which operations wait.

use git2::{ObjectType, Odb, Oid, Repository};

use super::assert_stands_in;
use crate::git::Signature;
use crate::git::commit::unsigned;
use crate::git::inbox::{Says, Slip, TITLE};
use crate::git::objects::{EMPTY_TREE, oid, raw};
use crate::git::walk::Commit;
use crate::tree::Signer;

/// A commit that libgit2 reads says the same to us, no id in it is made up, and what waits in it is understood as a whole or not at
/// all; what we write is read as it was meant.
pub(crate) fn commits(data: &[u8]) {
    check(data);
    let text = String::from_utf8_lossy(data);
    let mut lines = text.splitn(3, '\n');
    let mut line = || lines.next().unwrap_or_default().to_owned();
    let signature = Signature {
        name: line(),
        email: line(),
        seconds: 1_721_642_400,
    };
    let message = line();
    let places = (EMPTY_TREE, oid([7; 20]));
    let written = unsigned(places, (&signature, &signature), &message);
    check(&written.bytes);
    let read = Commit::parse(oid(written.id), &written.bytes).expect("we wrote it");
    assert_eq!((read.root, read.parent), (places.0, Some(places.1)));
    assert_eq!(read.facts.seconds, signature.seconds);
    assert_eq!(read.facts.message, message);
}

/// Holds what we read against what libgit2 reads.
fn check(bytes: &[u8]) {
    let ours = Commit::parse(Oid::ZERO_SHA1, bytes);
    let text = String::from_utf8_lossy(bytes);
    if let Some(ours) = &ours {
        let stands = text.to_ascii_lowercase();
        for id in [Some(oid(ours.root)), ours.parent].into_iter().flatten() {
            assert!(stands.contains(&id.to_string()), "{id} in {text:?}");
        }
    }
    let odb = Odb::new().expect("a store of objects in memory");
    odb.add_new_mempack_backend(1).expect("it takes objects");
    let id = odb.write(ObjectType::Commit, bytes).expect("it takes any");
    let repository = Repository::from_odb(odb).expect("a repository without anything else");
    let Ok(theirs) = repository.find_commit(id) else {
        return;
    };
    let ours = ours.unwrap_or_else(|| panic!("libgit2 reads {text:?}"));
    assert_eq!(ours.root, raw(theirs.tree_id()), "{text:?}");
    assert_eq!(ours.parent, theirs.parent_id(0).ok(), "{text:?}");
    // libgit2 ends a message where a NUL stands.
    let message = ours.facts.message.split('\0').next().unwrap_or_default();
    assert_eq!(message, String::from_utf8_lossy(theirs.message_raw_bytes()));
    let (author, committer) = (theirs.author(), theirs.committer());
    if is_plain(&text, "author ") {
        check_signer(&ours.facts.author, &author);
    }
    if is_plain(&text, "committer ") {
        check_signer(&ours.facts.committer, &committer);
        assert_eq!(ours.facts.seconds, theirs.time().seconds(), "{text:?}");
    }
    check_waiting(&theirs);
}

/// Whether a name, a mail address and a time stand there as git writes them: of anything else everybody makes something else.
fn is_plain(text: &str, header: &str) -> bool {
    let line = text.lines().find_map(|line| line.strip_prefix(header));
    let Some((name, rest)) = line.and_then(|line| line.split_once('<')) else {
        return false;
    };
    let Some((email, time)) = rest.split_once("> ") else {
        return false;
    };
    let digits = time.split(' ').next().unwrap_or_default();
    !format!("{name}{email}{time}").contains(['<', '>', '\0'])
        && (1..=15).contains(&digits.len())
        && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// The same name and mail address, but for the signs that libgit2 takes from their ends.
fn check_signer(ours: &Signer, theirs: &git2::Signature) {
    let odd = |letter: char| {
        letter.is_whitespace() || letter.is_control() || ".,:;<>\"\\'".contains(letter)
    };
    for (ours, theirs) in [
        (&ours.name, theirs.name_bytes()),
        (&ours.email, theirs.email_bytes()),
    ] {
        let theirs = String::from_utf8_lossy(theirs);
        assert_eq!(ours.trim_matches(odd), theirs.trim_matches(odd));
    }
}

/// An operation that waits is written as it was read.
fn check_waiting(commit: &git2::Commit) {
    let Says::Operation(slip) = Says::read(commit) else {
        return;
    };
    let message = commit.message().expect("it was read");
    let json = message.strip_prefix(TITLE).expect("so it begins");
    assert_stands_in(json.as_bytes(), &slip);
    let text = serde_json::to_string(&slip).expect("it was read from JSON");
    assert!(text.starts_with("{\"form\":1,"), "{text}");
    let again = Slip::read(&format!("{TITLE}\n\n{text}")).expect("we wrote it");
    assert_eq!(serde_json::to_string(&again).expect("as before"), text);
}
