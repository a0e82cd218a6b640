//! Objects: ids, and trees parsed once.

use std::cmp::Ordering;

use anyhow::Result;
use git2::{ObjectType, Oid};
use sha1::{Digest as _, Sha1};

use super::{Failure, FailureKind};

/// A file.
pub(super) const MODE_FILE: u32 = 0o100_644;
/// A file that can be executed.
pub(super) const MODE_PROGRAM: u32 = 0o100_755;
/// A symbolic link.
pub(super) const MODE_LINK: u32 = 0o120_000;
/// A folder.
pub(super) const MODE_TREE: u32 = 0o040_000;
/// A commit of a submodule.
pub(super) const MODE_SUBMODULE: u32 = 0o160_000;

/// The id of the tree without entries.
pub(super) const EMPTY_TREE: [u8; 20] = [
    0x4b, 0x82, 0x5d, 0xc6, 0x42, 0xcb, 0x6e, 0xb9, 0xa0, 0x60, 0xe5, 0x4b, 0xf8, 0xd6, 0x92, 0x88,
    0xfb, 0xee, 0x49, 0x04,
];

/// The raw bytes of an id.
pub(super) fn raw(id: Oid) -> [u8; 20] {
    id.as_bytes()
        .try_into()
        .expect("libgit2 is built for SHA-1")
}

/// The id from raw bytes.
pub(super) fn oid(raw: [u8; 20]) -> Oid {
    Oid::from_bytes(&raw).expect("an id has 20 bytes")
}

/// An object that is not written yet.
#[derive(Clone)]
pub(super) struct NewObject {
    pub(super) id: [u8; 20],
    pub(super) kind: ObjectType,
    pub(super) bytes: std::sync::Arc<[u8]>,
    /// What stood in its place before, if it is known: an object of the same kind that has much in common with it.
    pub(super) like: Option<[u8; 20]>,
}

impl NewObject {
    /// Gives bytes the id that git gives them.
    pub(super) fn new(kind: ObjectType, bytes: Vec<u8>) -> Self {
        let mut hash = Sha1::new();
        hash.update(format!("{} {}\0", kind.str(), bytes.len()));
        hash.update(&bytes);
        Self {
            id: hash.finalize().into(),
            kind,
            bytes: bytes.into(),
            like: None,
        }
    }
}

/// One entry of a tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TreeEntry<'a> {
    pub(super) mode: u32,
    pub(super) name: &'a [u8],
    pub(super) id: [u8; 20],
}

impl TreeEntry<'_> {
    /// Whether it is a folder with something in it.
    pub(super) fn is_folder(&self) -> bool {
        self.mode == MODE_TREE && self.id != EMPTY_TREE
    }
}

/// A parsed tree; names and ids stay in the raw bytes.
#[derive(Debug, Default)]
pub(super) struct Tree {
    raw: Vec<u8>,
    /// Mode, start of the name, start of the id; in git's order.
    entries: Vec<(u32, u32, u32)>,
}

impl Tree {
    /// Parses a tree object. Fails if it is damaged: entries out of order, twice, or cut short.
    pub(super) fn parse(raw: Vec<u8>) -> Result<Self> {
        let mut entries: Vec<(u32, u32, u32)> = Vec::with_capacity(raw.len() / 36 + 1);
        let mut place = 0;
        while place < raw.len() {
            let (mode, name) = mode(&raw[place..])?;
            let name = place + name;
            let end = raw[name..].iter().position(|byte| *byte == 0);
            let id = name + end.unwrap_or(raw.len()) + 1;
            if raw.len() < id + 20 {
                return Err(damaged("is cut short"));
            }
            if id == name + 1 {
                return Err(damaged("has an entry without a name"));
            }
            entries.push((canonical(mode), offset(name)?, offset(id)?));
            place = id + 20;
        }
        let tree = Self { raw, entries };
        let in_order = tree
            .iter()
            .zip(tree.iter().skip(1))
            .all(|(left, right)| order(&left, &right) == Ordering::Less);
        if !in_order || !tree.folders_are_no_files() {
            return Err(damaged("has entries out of order, or one twice"));
        }
        Ok(tree)
    }

    /// Whether no folder has the name of a file. As both sort differently, others may lie between them, which all begin with it.
    fn folders_are_no_files(&self) -> bool {
        let mut pairs = self.entries.iter().zip(self.entries.iter().skip(1));
        pairs.all(|(before, entry)| {
            let (before, entry) = (self.entry(before), self.entry(entry));
            let may_be = entry.mode == MODE_TREE && before.name.starts_with(entry.name);
            !may_be || self.get(entry.name) == Some(entry)
        })
    }

    /// How many bytes it has.
    pub(super) fn size(&self) -> usize {
        self.raw.len()
    }

    /// All entries, in git's order.
    pub(super) fn iter(&self) -> impl Iterator<Item = TreeEntry<'_>> {
        self.entries.iter().map(|entry| self.entry(entry))
    }

    /// The entry of this name.
    pub(super) fn get(&self, name: &[u8]) -> Option<TreeEntry<'_>> {
        // Folders sort as if their name ended in `/`, so a name can stand in two places; whatever lies between begins with it.
        let search = |entries: &[(u32, u32, u32)], mode| {
            let id = EMPTY_TREE;
            let wanted = TreeEntry { mode, name, id };
            entries.binary_search_by(|entry| order(&self.entry(entry), &wanted))
        };
        let place = search(&self.entries, MODE_FILE).unwrap_or_else(|place| place);
        let rest = &self.entries[place..];
        let first = self.entry(rest.first()?);
        if first.name == name {
            return Some(first);
        }
        let between = first.name.starts_with(name);
        let place = between.then(|| search(rest, MODE_TREE).ok()).flatten()?;
        Some(self.entry(&rest[place])).filter(|entry| entry.name == name)
    }

    /// The names of the entries that stand otherwise in the other tree, or not at all.
    pub(super) fn unlike<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = &'a [u8]> {
        // Both are in order: whoever keeps step with the other one needs no search.
        let mut others = other.iter().peekable();
        self.iter().filter_map(move |entry| {
            while others
                .peek()
                .is_some_and(|there| order(there, &entry) == Ordering::Less)
            {
                others.next();
            }
            (others.peek() != Some(&entry)).then_some(entry.name)
        })
    }

    fn entry(&self, (mode, name, id): &(u32, u32, u32)) -> TreeEntry<'_> {
        let (name, id) = (*name as usize, *id as usize);
        TreeEntry {
            mode: *mode,
            name: &self.raw[name..id - 1],
            id: self.raw[id..id + 20]
                .try_into()
                .expect("the parser saw 20 bytes"),
        }
    }
}

/// The mode that an entry begins with, and where its name begins.
fn mode(entry: &[u8]) -> Result<(u32, usize)> {
    let mut mode = 0_u32;
    for (place, byte) in entry.iter().enumerate() {
        mode = match byte {
            b'0'..=b'7' if mode < 1 << 13 => mode * 8 + u32::from(byte - b'0'),
            b' ' if place > 0 => return Ok((mode, place + 1)),
            _ => return Err(damaged("has a mode that is no number")),
        };
    }
    Err(damaged("is cut short"))
}

fn damaged(how: &str) -> anyhow::Error {
    let failure = Failure::new(FailureKind::Invalid, format!("a tree object {how}"));
    failure.hint("`git fsck` tells what is damaged").into()
}

fn offset(place: usize) -> Result<u32> {
    Ok(u32::try_from(place)?)
}

/// The mode that git writes today for what older tools wrote.
fn canonical(mode: u32) -> u32 {
    match mode & 0o170_000 {
        0o040_000 => MODE_TREE,
        0o120_000 => MODE_LINK,
        0o160_000 => MODE_SUBMODULE,
        _ if mode & 0o100 != 0 => MODE_PROGRAM,
        _ => MODE_FILE,
    }
}

/// Git's order of tree entries.
pub(super) fn order(left: &TreeEntry, right: &TreeEntry) -> Ordering {
    let shared = left.name.len().min(right.name.len());
    let end = |entry: &TreeEntry| match entry.name.get(shared) {
        Some(byte) => Some(*byte),
        None => (entry.mode == MODE_TREE).then_some(b'/'),
    };
    let same_start = left.name[..shared].cmp(&right.name[..shared]);
    // Behind a name that ends, and the `/` of a folder, comes nothing.
    same_start.then_with(|| match end(left).cmp(&end(right)) {
        Ordering::Equal => left.name.len().cmp(&right.name.len()),
        other => other,
    })
}

/// Appends an entry as it stands in a tree object.
pub(super) fn append(bytes: &mut Vec<u8>, entry: &TreeEntry) {
    let mode: &[u8] = match entry.mode {
        MODE_FILE => b"100644 ",
        MODE_PROGRAM => b"100755 ",
        MODE_LINK => b"120000 ",
        MODE_SUBMODULE => b"160000 ",
        _ => b"40000 ",
    };
    bytes.extend_from_slice(mode);
    bytes.extend_from_slice(entry.name);
    bytes.push(0);
    bytes.extend_from_slice(&entry.id);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(entries: &[(u32, &str)]) -> Vec<u8> {
        entries.iter().fold(Vec::new(), |mut bytes, (mode, name)| {
            append(
                &mut bytes,
                &TreeEntry {
                    mode: *mode,
                    name: name.as_bytes(),
                    id: [7; 20],
                },
            );
            bytes
        })
    }

    #[test]
    fn a_tree_is_found_by_name_though_folders_sort_differently() {
        let entries = [
            (MODE_FILE, "a-b"),
            (MODE_TREE, "a"),
            (MODE_FILE, "a0"),
            (MODE_LINK, "b"),
        ];
        let tree = Tree::parse(object(&entries)).unwrap();
        for (mode, name) in entries {
            assert_eq!(tree.get(name.as_bytes()).unwrap().mode, mode);
        }
        assert_eq!(tree.get(b"c"), None);
        assert_eq!(tree.get(b""), None);
    }

    #[test]
    fn a_damaged_tree_is_an_error() {
        let twice = object(&[(MODE_FILE, "a"), (MODE_FILE, "a")]);
        let both = object(&[(MODE_FILE, "a"), (MODE_TREE, "a")]);
        let apart = object(&[(MODE_FILE, "a"), (MODE_FILE, "a-b"), (MODE_TREE, "a")]);
        let nameless = object(&[(MODE_FILE, "")]);
        let unsorted = object(&[(MODE_FILE, "b"), (MODE_FILE, "a")]);
        let cut = object(&[(MODE_FILE, "a")])[..20].to_vec();
        for bytes in [
            twice,
            both,
            apart,
            nameless,
            unsorted,
            cut,
            b"nonsense".to_vec(),
            b"99x a\0".to_vec(),
            // A mode has sixteen bits: this one would end in those of a folder.
            [&b"240000 a\0"[..], &[7; 20]].concat(),
        ] {
            assert!(Tree::parse(bytes).is_err());
        }
    }
}
