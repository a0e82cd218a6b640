//! A change set as trees and a commit: only the folders that change are read and written.

use anyhow::{Context as _, Result};
use git2::{ObjectType, Oid};

use super::objects::{
    EMPTY_TREE, MODE_FILE, MODE_LINK, MODE_TREE, NewObject, TreeEntry, append, oid, order,
};
use super::{Checkout, Snapshot, pack};
use crate::tree::{Change, ChangeSet, Entry};

/// Who commits, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Signature {
    pub(crate) name: String,
    pub(crate) email: String,
    /// Seconds since 1970; written in UTC.
    pub(crate) seconds: i64,
}

impl Signature {
    /// As it stands in a commit or a tag.
    pub(super) fn line(&self) -> String {
        // What git strips too: it would end the field.
        let field = |text: &str| {
            let text: String = text
                .chars()
                .filter(|letter| !"<>\n\0".contains(*letter))
                .collect();
            text.trim().to_owned()
        };
        format!(
            "{} <{}> {} +0000",
            field(&self.name),
            field(&self.email),
            self.seconds
        )
    }
}

/// A commit that the repository holds and no branch names yet.
#[must_use = "a commit that is not pushed is lost"]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct UnpushedCommit {
    pub(super) id: Oid,
    pub(super) parent: Oid,
}

/// Writes the commit that makes `changes` on the snapshot; `None` if the tree stays as it is.
pub(super) fn write(
    checkout: &Checkout,
    base: &Snapshot,
    changes: &ChangeSet,
    (author, committer): (&Signature, &Signature),
    message: &str,
) -> Result<Option<UnpushedCommit>> {
    let doing = doing!("writing", "the objects of the commit");
    let mut objects = Vec::new();
    let root = write_trees(base, changes, &mut objects)?;
    if root == base.root() {
        return Ok(None);
    }
    doing.record("count", objects.len());
    let parent = base.commit();
    let id = if is_signed(checkout) {
        store(checkout, &objects)?;
        sign(checkout, (root, parent), (author, committer), message)?
    } else {
        let commit = unsigned((root, parent), (author, committer), message);
        let id = oid(commit.id);
        objects.push(commit);
        store(checkout, &objects)?;
        id
    };
    Ok(Some(UnpushedCommit { id, parent }))
}

/// Whether git is told to sign commits.
pub(super) fn is_signed(checkout: &Checkout) -> bool {
    checkout.settings.is_on("commit.gpgsign").unwrap_or(false)
}

/// A commit without a signature.
pub(super) fn unsigned(
    (root, parent): ([u8; 20], Oid),
    (author, committer): (&Signature, &Signature),
    message: &str,
) -> NewObject {
    let commit = format!(
        "tree {}\nparent {parent}\nauthor {}\ncommitter {}\n\n{message}",
        oid(root),
        author.line(),
        committer.line()
    );
    NewObject::new(ObjectType::Commit, commit.into_bytes())
}

/// Makes objects part of the repository.
pub(super) fn store(checkout: &Checkout, objects: &[NewObject]) -> Result<()> {
    pack::store(&checkout.repository, objects).context("storing the commit")
}

/// Has git sign the commit, as it is configured to: git alone knows every format and every key. It fails rather than leave the
/// signature out.
fn sign(
    checkout: &Checkout,
    (root, parent): ([u8; 20], Oid),
    (author, committer): (&Signature, &Signature),
    message: &str,
) -> Result<Oid> {
    let (tree, parent) = (oid(root).to_string(), parent.to_string());
    let who = [("AUTHOR", author), ("COMMITTER", committer)];
    let environment: Vec<_> = who
        .iter()
        .flat_map(|(role, signature)| {
            [
                (format!("GIT_{role}_NAME"), signature.name.clone()),
                (format!("GIT_{role}_EMAIL"), signature.email.clone()),
                (
                    format!("GIT_{role}_DATE"),
                    format!("@{} +0000", signature.seconds),
                ),
            ]
        })
        .collect();
    let _doing = doing!("signing", "the commit");
    let arguments = ["commit-tree", "-S", &tree, "-p", &parent, "-F", "-"];
    let signed = checkout
        .git
        .succeed_with(&arguments, &environment, message.as_bytes());
    let signed = signed.context("`commit.gpgSign` is set, and the commit cannot be signed")?;
    Ok(Oid::from_str(signed.text().trim())?)
}

/// Changes in the order of their paths: those of one folder follow each other.
type Changes<'a> = [(&'a str, &'a Change)];

/// The id of the new root tree; new blobs and trees are added to `objects`.
pub(super) fn write_trees(
    base: &Snapshot,
    changes: &ChangeSet,
    objects: &mut Vec<NewObject>,
) -> Result<[u8; 20]> {
    let changes: Vec<_> = changes
        .iter()
        .map(|(path, change)| (path.as_str(), change))
        .collect();
    let id = write_tree(base, ("", Some(base.root())), &changes, objects)?;
    Ok(id.unwrap_or(EMPTY_TREE))
}

/// Writes the tree of a folder in which all of these changes lie, in place of the tree `before`; `None` if nothing is left in it.
fn write_tree(
    base: &Snapshot,
    (folder, before): (&str, Option<[u8; 20]>),
    changes: &Changes,
    objects: &mut Vec<NewObject>,
) -> Result<Option<[u8; 20]>> {
    let start = if folder.is_empty() {
        0
    } else {
        folder.len() + 1
    };
    let name = |path: &str| {
        path[start..]
            .find('/')
            .map_or(path.len(), |end| start + end)
    };
    let tree = base.tree_at(folder)?.unwrap_or_default();
    let mut written = Vec::new();
    let mut names: Vec<&[u8]> = Vec::new();
    let mut left = changes;
    while let Some((path, change)) = left.first() {
        let end = name(path);
        let below = path.len() > end;
        let same = |other: &str| other.starts_with(&path[..end]) && name(other) == end;
        let count = if below {
            left.iter().take_while(|(other, _)| same(other)).count()
        } else {
            1
        };
        let (these, after) = left.split_at(count);
        left = after;
        let name = &path.as_bytes()[start..end];
        let (mode, id) = match change {
            _ if below => {
                let before = tree.get(name).filter(TreeEntry::is_folder);
                let folder = (&path[..end], before.map(|before| before.id));
                (MODE_TREE, write_tree(base, folder, these, objects)?)
            }
            Change::Write(entry) => {
                let (mode, id) = blob(entry, objects);
                (mode, Some(id))
            }
            Change::Delete => (MODE_FILE, None),
        };
        names.push(name);
        written.extend(id.map(|id| TreeEntry { mode, name, id }));
    }
    let replaced = |name: &[u8]| names.binary_search(&name).is_ok();
    // Empty folders, which other writers leave behind, are not written again.
    let kept = |entry: &TreeEntry| entry.id != EMPTY_TREE && !replaced(entry.name);
    let mut entries: Vec<_> = tree.iter().filter(kept).collect();
    entries.append(&mut written);
    if entries.is_empty() {
        return Ok(None);
    }
    entries.sort_by(order);
    let mut bytes = Vec::with_capacity(entries.len() * 40);
    for entry in &entries {
        append(&mut bytes, entry);
    }
    let mut tree = NewObject::new(ObjectType::Tree, bytes);
    tree.like = before;
    let id = tree.id;
    objects.push(tree);
    Ok(Some(id))
}

fn blob(entry: &Entry, objects: &mut Vec<NewObject>) -> (u32, [u8; 20]) {
    match entry {
        Entry::File(content) => {
            let id = content.id().0;
            if let Some(bytes) = content.new_bytes() {
                objects.push(NewObject {
                    id,
                    kind: ObjectType::Blob,
                    bytes: bytes.clone(),
                    like: None,
                });
            }
            (MODE_FILE, id)
        }
        Entry::Symlink(target) => {
            let blob = NewObject::new(ObjectType::Blob, target.as_bytes().to_vec());
            let id = blob.id;
            objects.push(blob);
            (MODE_LINK, id)
        }
    }
}
