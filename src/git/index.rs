//! The index file: finds and replaces the entries of a few paths in one pass over its bytes.
//! Plain indexes only (version 2 and 3, one file, all paths present); every other form is git's own business.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use rustix::fs::Stat;
use sha1::{Digest as _, Sha1};

/// Bytes of an entry before its name.
const FIXED: usize = 62;
/// A flag: two more bytes follow the flags.
const EXTENDED: u16 = 0x4000;
/// No git lays a path so deep: its longest has 4,096 bytes.
const DEEPEST: usize = 4_096;
/// Flags that say which side of a merge conflict an entry is.
const STAGE: u16 = 0x3000;

/// What an index says about a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Staged {
    pub(super) mode: u32,
    pub(super) id: [u8; 20],
}

/// What becomes of a path.
#[derive(Clone, Debug)]
pub(super) enum Patch {
    Write(Staged, Box<Stat>),
    Remove,
    /// The entry stays, but what it keeps of the file on disk is not to be relied on.
    Doubt,
}

/// The bytes of an index.
pub(super) struct Index {
    bytes: Vec<u8>,
    /// Start and end of each entry, in the order of paths.
    entries: Vec<(usize, usize)>,
    /// The cached tree, if there is one.
    cached_tree: Option<(usize, usize)>,
}

impl Index {
    /// Parses an index; `None` if it has a form that only git should write.
    pub(super) fn parse(bytes: Vec<u8>) -> Option<Self> {
        let content = bytes.len().checked_sub(20)?;
        let version = word(&bytes, 4)?;
        let count = usize::try_from(word(&bytes, 8)?).ok()?;
        let (body, checksum) = bytes.split_at(content);
        let sound = checksum == [0; 20] || Sha1::digest(body).as_slice() == checksum;
        if !sound || !bytes.starts_with(b"DIRC") || !matches!(version, 2 | 3) {
            return None;
        }
        // What the header says is not believed: so many entries would have to fit.
        let mut entries = Vec::with_capacity(count.min(content / FIXED));
        let mut place = 12;
        for _ in 0..count {
            let end = place + entry_length(&bytes, place)?;
            let conflict = half(&bytes, place + 60)? & STAGE != 0;
            if end > content || conflict {
                return None;
            }
            entries.push((place, end));
            place = end;
        }
        let mut cached_tree = None;
        while place < content {
            let length = usize::try_from(word(&bytes, place + 4)?).ok()?;
            let end = (place + 8)
                .checked_add(length)
                .filter(|end| *end <= content)?;
            match &bytes[place..place + 4] {
                b"TREE" => cached_tree = Some((place + 8, end)),
                // Where entries and extensions lie, for readers with several threads: written afresh by git.
                b"EOIE" | b"IEOT" => {}
                _ => return None,
            }
            place = end;
        }
        Some(Self {
            bytes,
            entries,
            cached_tree,
        })
    }

    /// What the index says about a path.
    pub(super) fn get(&self, path: &[u8]) -> Option<Staged> {
        let place = self
            .entries
            .binary_search_by(|entry| self.name(*entry).cmp(path))
            .ok()?;
        self.staged(self.entries[place].0)
    }

    fn staged(&self, start: usize) -> Option<Staged> {
        Some(Staged {
            mode: word(&self.bytes, start + 24)?,
            id: self.bytes.get(start + 40..start + 60)?.try_into().ok()?,
        })
    }

    /// Entries of files that were as young as the index itself when it was written: a change of theirs in the same second
    /// does not show in their times, so git compares their content as long as the index is not written anew.
    pub(super) fn young(&self, index_seconds: i64) -> impl Iterator<Item = (&[u8], Staged)> {
        let young = self.entries.iter().filter(move |(start, _)| {
            word(&self.bytes, start + 8).is_some_and(|seconds| i64::from(seconds) >= index_seconds)
        });
        young.filter_map(|entry| Some((self.name(*entry), self.staged(entry.0)?)))
    }

    /// The bytes of the index after the patches. All other entries stay as they are.
    pub(super) fn patched(&self, patches: &BTreeMap<Vec<u8>, Patch>) -> Result<Vec<u8>> {
        let mut written = Vec::with_capacity(self.bytes.len() + patches.len() * 160);
        written.extend_from_slice(&self.bytes[..12]);
        let mut count = 0_u32;
        let mut patches_left = patches.iter().peekable();
        for entry in &self.entries {
            let name = self.name(*entry);
            let (mut replaced, mut doubted) = (false, false);
            while let Some((path, patch)) =
                patches_left.next_if(|(path, _)| path.as_slice() <= name)
            {
                let same = path.as_slice() == name;
                doubted |= same && matches!(patch, Patch::Doubt);
                replaced |= same && !doubted;
                count += append(&mut written, path, patch);
            }
            if !replaced {
                let start = written.len();
                written.extend_from_slice(&self.bytes[entry.0..entry.1]);
                if doubted {
                    // A size of zero is how git itself marks such entries.
                    written[start + 36..start + 40].fill(0);
                }
                count += 1;
            }
        }
        for (path, patch) in patches_left {
            count += append(&mut written, path, patch);
        }
        written[8..12].copy_from_slice(&count.to_be_bytes());
        if let Some((start, end)) = self.cached_tree {
            let tree = invalidated(&self.bytes[start..end], patches);
            if let Some(tree) = tree {
                written.extend_from_slice(b"TREE");
                written.extend_from_slice(&u32::try_from(tree.len())?.to_be_bytes());
                written.extend_from_slice(&tree);
            }
        }
        let checksum = Sha1::digest(&written);
        written.extend_from_slice(&checksum);
        Ok(written)
    }

    fn name(&self, (start, end): (usize, usize)) -> &[u8] {
        let extended = half(&self.bytes, start + 60).unwrap_or(0) & EXTENDED != 0;
        let name = &self.bytes[start + FIXED + if extended { 2 } else { 0 }..end];
        &name[..name
            .iter()
            .position(|byte| *byte == 0)
            .unwrap_or(name.len())]
    }
}

fn word(bytes: &[u8], place: usize) -> Option<u32> {
    Some(u32::from_be_bytes(
        bytes.get(place..place + 4)?.try_into().ok()?,
    ))
}

fn half(bytes: &[u8], place: usize) -> Option<u16> {
    Some(u16::from_be_bytes(
        bytes.get(place..place + 2)?.try_into().ok()?,
    ))
}

/// The length of an entry: name and at least one NUL, up to a multiple of eight.
fn entry_length(bytes: &[u8], place: usize) -> Option<usize> {
    let flags = half(bytes, place + 60)?;
    let fixed = FIXED + if flags & EXTENDED != 0 { 2 } else { 0 };
    let name = match usize::from(flags & 0x0fff) {
        0x0fff => bytes
            .get(place + fixed..)?
            .iter()
            .position(|byte| *byte == 0)?,
        length => length,
    };
    // Readers differ in whether they go by this length or by the first NUL, so both must say the same.
    let text = bytes.get(place + fixed..=place + fixed + name)?;
    if text.iter().position(|byte| *byte == 0) != Some(name) {
        return None;
    }
    Some((fixed + name + 8) / 8 * 8)
}

/// Appends the entry of a patch; returns how many entries that makes.
fn append(written: &mut Vec<u8>, path: &[u8], patch: &Patch) -> u32 {
    let Patch::Write(staged, stat) = patch else {
        return 0;
    };
    let start = written.len();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the index keeps the lower 32 bits of every number"
    )]
    let numbers = [
        stat.st_ctime as u32,
        stat.st_ctime_nsec as u32,
        stat.st_mtime as u32,
        stat.st_mtime_nsec as u32,
        stat.st_dev as u32,
        stat.st_ino as u32,
        staged.mode,
        stat.st_uid,
        stat.st_gid,
        stat.st_size as u32,
    ];
    for number in numbers {
        written.extend_from_slice(&number.to_be_bytes());
    }
    written.extend_from_slice(&staged.id);
    let length = u16::try_from(path.len()).unwrap_or(u16::MAX).min(0x0fff);
    written.extend_from_slice(&length.to_be_bytes());
    written.extend_from_slice(path);
    let end = start + (FIXED + path.len() + 8) / 8 * 8;
    written.resize(end, 0);
    1
}

/// The cached tree with every folder marked as stale that a patch lies in; `None` if it is damaged.
fn invalidated(tree: &[u8], patches: &BTreeMap<Vec<u8>, Patch>) -> Option<Vec<u8>> {
    let mut stale = BTreeSet::new();
    for path in patches.keys() {
        let ends = path
            .iter()
            .enumerate()
            .filter(|(_, byte)| **byte == b'/')
            .map(|(place, _)| place);
        stale.extend(ends.map(|end| path[..end].to_vec()));
        stale.insert(Vec::new());
    }
    let mut written = Vec::with_capacity(tree.len());
    let mut place = 0;
    // The folders that are open, with how many in each are still to come. A recursion would end where the stack does.
    let mut open: Vec<(Vec<u8>, usize)> = Vec::new();
    loop {
        let parent = open.last().map(|(path, _)| path.as_slice());
        let (path, folders) = copy_node(tree, &mut place, parent, &stale, &mut written)?;
        open.push((path, folders));
        if open.len() > DEEPEST {
            return None;
        }
        while open.pop_if(|(_, left)| *left == 0).is_some() {}
        match open.last_mut() {
            Some((_, left)) => *left -= 1,
            None => return Some(written),
        }
    }
}

/// Copies the entry of one folder; returns its path, and how many entries of folders in it follow.
fn copy_node(
    tree: &[u8],
    place: &mut usize,
    parent: Option<&[u8]>,
    stale: &BTreeSet<Vec<u8>>,
    written: &mut Vec<u8>,
) -> Option<(Vec<u8>, usize)> {
    let rest = tree.get(*place..)?;
    let nul = rest.iter().position(|byte| *byte == 0)?;
    let line = nul + rest[nul..].iter().position(|byte| *byte == b'\n')?;
    let numbers = std::str::from_utf8(&rest[nul + 1..line]).ok()?;
    let (count, folders) = numbers.split_once(' ')?;
    let name = &rest[..nul];
    let path = match parent {
        None => Vec::new(),
        Some([]) => name.to_vec(),
        Some(parent) => [parent, b"/", name].concat(),
    };
    // A folder that is stale has no id. As git reads it, `-0` is nothing, and has one.
    let is_stale = count.parse::<i32>().ok()? < 0;
    let id = line + 1..line + 1 + if is_stale { 0 } else { 20 };
    let numbers_and_id = rest.get(nul..id.end)?;
    written.extend_from_slice(name);
    if stale.contains(&path) {
        written.extend_from_slice(format!("\0-1 {folders}\n").as_bytes());
    } else {
        written.extend_from_slice(numbers_and_id);
    }
    *place += id.end;
    Some((path, folders.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::super::itself::git;
    use super::*;

    /// A repository with an index that git wrote, and a way to ask git about it.
    struct World(tempfile::TempDir);

    impl World {
        fn new(files: &[&str]) -> Self {
            let world = Self(tempfile::tempdir().unwrap());
            world.git(&["init", "-q"]);
            for file in files {
                let path = world.0.path().join(file);
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(path, file).unwrap();
            }
            world.git(&["add", "-A"]);
            world.git(&["write-tree"]);
            world
        }

        fn git(&self, arguments: &[&str]) -> String {
            git(self.0.path(), arguments)
        }

        fn index(&self) -> std::path::PathBuf {
            self.0.path().join(".git/index")
        }

        fn read(&self) -> Option<Index> {
            Index::parse(std::fs::read(self.index()).unwrap())
        }

        /// Writes a file and returns what the index should say about it.
        fn write(&self, file: &str, text: &str) -> Patch {
            let path = self.0.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, text).unwrap();
            let id = crate::tree::Content::new(text.as_bytes()).id().0;
            let stat = rustix::fs::lstat(&path).unwrap();
            self.git(&["hash-object", "-w", file]);
            Patch::Write(
                Staged {
                    mode: 0o100_644,
                    id,
                },
                Box::new(stat),
            )
        }
    }

    #[test]
    fn git_reads_a_patched_index_as_if_it_had_written_it() {
        let world = World::new(&["a", "b/c", "b/d", "e/f/g", "z"]);
        let index = world.read().unwrap();
        assert_eq!(index.get(b"b/c").unwrap().mode, 0o100_644);
        assert_eq!(index.get(b"b"), None);
        let patches = BTreeMap::from([
            (b"b/c".to_vec(), world.write("b/c", "changed")),
            (b"b/c-new".to_vec(), world.write("b/c-new", "new")),
            (b"zz/last".to_vec(), world.write("zz/last", "last")),
            (b"e/f/g".to_vec(), Patch::Remove),
            (b"never/there".to_vec(), Patch::Remove),
        ]);
        std::fs::remove_dir_all(world.0.path().join("e")).unwrap();
        std::fs::write(world.index(), index.patched(&patches).unwrap()).unwrap();
        assert_eq!(
            world.git(&["ls-files"]),
            "a\nb/c\nb/c-new\nb/d\nz\nzz/last\n"
        );
        assert_eq!(world.git(&["diff-files", "--name-only"]), "");
        let tree = world.git(&["write-tree"]);
        world.git(&["add", "-A"]);
        assert_eq!(world.git(&["write-tree"]), tree);
        world.git(&["fsck", "--strict"]);
    }

    #[test]
    fn a_cached_tree_is_given_up_where_it_is_deeper_than_any_path() {
        let cached = |depth: usize| [b"\0-1 1\n", &b"d\0-1 1\n".repeat(depth)[..]].concat();
        let patches = BTreeMap::from([(b"d/x".to_vec(), Patch::Remove)]);
        let shallow = [cached(3), b"d\0-1 0\n".to_vec()].concat();
        assert_eq!(invalidated(&shallow, &patches), Some(shallow.clone()));
        assert_eq!(invalidated(&cached(1_000_000), &patches), None);
    }

    #[test]
    fn a_cached_tree_is_read_by_its_numbers() {
        let patches = BTreeMap::from([(b"d/x".to_vec(), Patch::Remove)]);
        let id = [7; 20];
        let with = |root: &str| [format!("\0{root} 0\n").as_bytes(), &id].concat();
        assert_eq!(invalidated(&with("-0"), &BTreeMap::new()), Some(with("-0")));
        assert_eq!(
            invalidated(&with("3"), &patches),
            Some(b"\0-1 0\n".to_vec())
        );
        // Without its id it is damaged, and so it is with a number that is none.
        assert_eq!(invalidated(b"\0-0 0\n", &patches), None);
        assert_eq!(invalidated(&with("x"), &patches), None);
    }

    #[test]
    fn forms_that_only_git_should_write_are_left_to_it() {
        let world = World::new(&["a", "b/c"]);
        let bytes = std::fs::read(world.index()).unwrap();
        let mut damaged = bytes.clone();
        damaged[20] ^= 1;
        assert!(Index::parse(damaged).is_none());
        assert!(Index::parse(bytes[..bytes.len() - 30].to_vec()).is_none());
        assert!(Index::parse(Vec::new()).is_none());
        // A name that ends before its end.
        let cut = &bytes[..bytes.len() - 20];
        let name = cut.windows(4).position(|part| part == b"b/c\0").unwrap();
        let cut = [&cut[..=name], b"\0", &cut[name + 2..]].concat();
        let checksum = Sha1::digest(&cut);
        assert!(Index::parse([&cut[..], &checksum].concat()).is_none());
        // A header that claims four thousand million entries takes no memory for them.
        let mut claims = b"DIRC\0\0\0\x02\xff\xff\xff\xff".to_vec();
        claims.extend_from_slice(&[0; 20]);
        assert!(Index::parse(claims).is_none());
        world.git(&["update-index", "--index-version", "4"]);
        assert!(world.read().is_none());
        world.git(&["update-index", "--index-version", "2"]);
        assert!(world.read().is_some());
        world.git(&["update-index", "--split-index"]);
        assert!(world.read().is_none());
    }
}
