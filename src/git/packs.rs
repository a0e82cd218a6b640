//! Reads objects straight from the packs of a repository, where nearly all of them lie: mapped into memory, inflated once,
//! each checked against its id. What is not found or not understood here is libgit2's business.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::HashMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use foldhash::fast::RandomState;
use libdeflater::Decompressor;
use memmap2::Mmap;
use sha1::{Digest as _, Sha1};

use super::delta::applied;

/// Larger objects are rare, and a damaged length must not claim all memory.
pub(super) const LARGEST: usize = 64 << 20;
/// How many bytes of delta bases are kept.
const KEPT: usize = 16 << 20;
/// No git writes longer chains of deltas than 4,095.
const LONGEST_CHAIN: usize = 4_095;
/// Header of an index of version 2, and its table of counts by first byte.
const INDEX_HEADER: usize = 8;
const FANOUT: usize = 256 * 4;
const ID: usize = 20;

/// The packs of one repository, as they were when it was opened.
pub(super) struct Packs {
    all: Vec<Pack>,
    /// Where the last object was found: the next one mostly lies there too.
    last: Cell<usize>,
    bases: RefCell<Bases>,
    inflater: RefCell<Decompressor>,
}

struct Pack {
    index: Mmap,
    count: usize,
    path: PathBuf,
    data: OnceCell<Option<Mmap>>,
}

/// Objects that others were deltas of, by pack and place: the next delta mostly has the same base.
#[derive(Default)]
struct Bases {
    kept: HashMap<(usize, usize), Base, RandomState>,
    bytes: usize,
}

/// An object on the way to another one.
#[derive(Clone)]
struct Base {
    kind: &'static str,
    bytes: Rc<Vec<u8>>,
}

/// What stands at a place of a pack.
enum Packed {
    Whole {
        kind: &'static str,
        size: usize,
        data: usize,
    },
    Delta {
        base: usize,
        size: usize,
        data: usize,
    },
}

impl Packs {
    /// Opens the packs in a folder of objects.
    pub(super) fn open(objects: &Path) -> Self {
        let entries = std::fs::read_dir(objects.join("pack"));
        let paths = entries
            .into_iter()
            .flatten()
            .filter_map(|entry| Some(entry.ok()?.path()));
        let indexes = paths.filter(|path| path.extension().is_some_and(|end| end == "idx"));
        Self {
            all: indexes.filter_map(|index| Pack::open(&index)).collect(),
            last: Cell::new(0),
            bases: RefCell::default(),
            inflater: RefCell::new(Decompressor::new()),
        }
    }

    /// The bytes of an object; `None` if it lies elsewhere or cannot be read here.
    pub(super) fn object(&self, id: &[u8; ID]) -> Option<Vec<u8>> {
        let last = self.last.get();
        let others = (0..self.all.len()).filter(|place| *place != last);
        let (place, start) = std::iter::once(last)
            .chain(others)
            .find_map(|place| Some((place, self.all.get(place)?.find(id)?)))?;
        self.last.set(place);
        let object = self.resolved(place, start)?;
        let mut hash = Sha1::new();
        hash.update(header(object.kind, object.bytes.len()));
        hash.update(object.bytes.as_slice());
        if hash.finalize().as_slice() != id {
            return None;
        }
        Some(Rc::try_unwrap(object.bytes).unwrap_or_else(|shared| shared.as_ref().clone()))
    }

    /// The object at a place of a pack: the base at the end of its chain, and all deltas on the way back.
    fn resolved(&self, pack: usize, start: usize) -> Option<Base> {
        let data = self.all[pack].data()?;
        let mut deltas = Vec::new();
        let mut place = start;
        let mut object = loop {
            if let Some(base) = self.bases.borrow().kept.get(&(pack, place)) {
                break base.clone();
            }
            match self.all[pack].packed(data, place)? {
                Packed::Whole {
                    kind,
                    size,
                    data: from,
                } => {
                    let bytes = Rc::new(self.inflated(data.get(from..)?, size)?);
                    break Base { kind, bytes };
                }
                Packed::Delta { base, size, data } if deltas.len() < LONGEST_CHAIN => {
                    deltas.push((base, size, data));
                    place = base;
                }
                Packed::Delta { .. } => return None,
            }
        };
        while let Some((base, size, from)) = deltas.pop() {
            let delta = self.inflated(data.get(from..)?, size)?;
            let bytes = Rc::new(applied(&object.bytes, &delta)?);
            let kind = object.kind;
            self.bases.borrow_mut().keep((pack, base), object);
            object = Base { kind, bytes };
        }
        Some(object)
    }

    fn inflated(&self, data: &[u8], size: usize) -> Option<Vec<u8>> {
        let mut bytes = vec![0; size];
        let mut inflater = self.inflater.borrow_mut();
        let inflated = inflater.zlib_decompress(data, &mut bytes).ok()?;
        (inflated == size).then_some(bytes)
    }
}

impl Bases {
    fn keep(&mut self, place: (usize, usize), base: Base) {
        if self.bytes > KEPT {
            *self = Self::default();
        }
        self.bytes += base.bytes.len();
        self.kept.insert(place, base);
    }
}

impl Pack {
    fn open(path: &Path) -> Option<Self> {
        let index = mapped(path)?;
        let count = usize::try_from(word(&index, INDEX_HEADER + FANOUT - 4)?).ok()?;
        let least = count
            .checked_mul(ID + 4 + 4)?
            .checked_add(INDEX_HEADER + FANOUT + 2 * ID)?;
        let known = index.starts_with(b"\xfftOc\0\0\0\x02") && index.len() >= least;
        known.then_some(Self {
            index,
            count,
            path: path.with_extension("pack"),
            data: OnceCell::new(),
        })
    }

    /// The bytes of the pack without the checksum at their end.
    fn data(&self) -> Option<&[u8]> {
        let map = self.data.get_or_init(|| {
            let map = mapped(&self.path)?;
            let whole = map.starts_with(b"PACK\0\0\0\x02") && map.len() >= 12 + ID;
            let theirs = self
                .index
                .get(self.index.len() - 2 * ID..self.index.len() - ID)?;
            (whole && map.ends_with(theirs)).then_some(map)
        });
        let map = map.as_ref()?;
        map.get(..map.len() - ID)
    }

    /// Where an object lies in the pack.
    fn find(&self, id: &[u8; ID]) -> Option<usize> {
        let fanout = |byte: u8| word(&self.index, INDEX_HEADER + usize::from(byte) * 4);
        let mut low = match id[0].checked_sub(1) {
            Some(before) => usize::try_from(fanout(before)?).ok()?,
            None => 0,
        };
        let mut high = usize::try_from(fanout(id[0])?).ok()?.min(self.count);
        let ids = self.index.get(INDEX_HEADER + FANOUT..)?;
        while low < high {
            let middle = low.midpoint(high);
            match ids.get(middle * ID..middle * ID + ID)?.cmp(id) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
                std::cmp::Ordering::Equal => return self.place(middle),
            }
        }
        None
    }

    /// The place of the object with this number; in large packs it stands in a table of its own.
    fn place(&self, number: usize) -> Option<usize> {
        let offsets = INDEX_HEADER + FANOUT + self.count * (ID + 4);
        let short = word(&self.index, offsets + number * 4)?;
        if short & 1 << 31 == 0 {
            return usize::try_from(short).ok();
        }
        let number = usize::try_from(short & !(1 << 31)).ok()?;
        let long = offsets + self.count * 4 + number * 8;
        let bytes = self.index.get(long..long + 8)?;
        usize::try_from(u64::from_be_bytes(bytes.try_into().ok()?)).ok()
    }

    fn packed(&self, data: &[u8], start: usize) -> Option<Packed> {
        let mut place = start;
        let mut next = || {
            let byte = *data.get(place)?;
            place += 1;
            Some(byte)
        };
        let first = next()?;
        let mut size = usize::from(first & 0x0f);
        let (mut more, mut shift) = (first & 0x80 != 0, 4);
        while more {
            let byte = next()?;
            size |= usize::from(byte & 0x7f).checked_shl(shift)?;
            (more, shift) = (byte & 0x80 != 0, shift + 7);
        }
        if size > LARGEST {
            return None;
        }
        let kind = match first >> 4 & 7 {
            1 => "commit",
            2 => "tree",
            3 => "blob",
            4 => "tag",
            6 => {
                let mut byte = next()?;
                let mut back = usize::from(byte & 0x7f);
                while byte & 0x80 != 0 {
                    byte = next()?;
                    back = back.checked_add(1)?.checked_mul(128)? | usize::from(byte & 0x7f);
                }
                let base = start.checked_sub(back).filter(|base| *base < start)?;
                return Some(Packed::Delta {
                    base,
                    size,
                    data: place,
                });
            }
            7 => {
                let id = data.get(place..place + ID)?.try_into().ok()?;
                let base = self.find(id)?;
                return Some(Packed::Delta {
                    base,
                    size,
                    data: place + ID,
                });
            }
            _ => return None,
        };
        Some(Packed::Whole {
            kind,
            size,
            data: place,
        })
    }
}

/// What stands before an object when its id is made.
fn header(kind: &str, length: usize) -> String {
    format!("{kind} {length}\0")
}

fn word(bytes: &[u8], place: usize) -> Option<u32> {
    let bytes = bytes.get(place..place + 4)?;
    Some(u32::from_be_bytes(bytes.try_into().ok()?))
}

fn mapped(path: &Path) -> Option<Mmap> {
    let file = File::open(path).ok()?;
    #[expect(
        unsafe_code,
        reason = "reading a large pack in one piece would take its size in memory"
    )]
    // SAFETY: git and we write packs under another name and never change them later; every id is checked all the same.
    unsafe { Mmap::map(&file) }.ok()
}

#[cfg(test)]
mod tests {
    use super::super::itself::git;
    use super::*;

    /// A packed repository whose files differ from each other in one line, and all of its objects.
    fn repository(settings: &[&str]) -> (tempfile::TempDir, Vec<[u8; ID]>) {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        git(root, &["init", "-q"]);
        for number in 0..60 {
            let folder = root.join(format!("apps/{number}"));
            std::fs::create_dir_all(&folder).unwrap();
            let mut lines: Vec<_> = (0..200).map(|line| format!("line {line}\n")).collect();
            lines[number * 3] = format!("the line of {number}\n");
            std::fs::write(folder.join("manifest.yaml"), lines.concat()).unwrap();
        }
        std::fs::write(root.join("empty"), "").unwrap();
        std::fs::write(root.join("huge"), "0123456789abcdef".repeat(20_000)).unwrap();
        git(root, &["add", "-A"]);
        let who = ["-c", "user.name=a", "-c", "user.email=a@b"];
        git(root, &[&who[..], &["commit", "-q", "-m", "all"]].concat());
        let repack = [
            "repack",
            "-q",
            "-a",
            "-d",
            "-f",
            "--depth=50",
            "--window=10",
        ];
        git(root, &[settings, &repack].concat());
        let list = [
            "cat-file",
            "--batch-all-objects",
            "--batch-check=%(objectname)",
        ];
        let list = git(root, &list);
        let ids = list.lines().map(|id| git2::Oid::from_str(id).unwrap());
        let ids: Vec<[u8; ID]> = ids.map(|id| id.as_bytes().try_into().unwrap()).collect();
        assert!(ids.len() > 120);
        (folder, ids)
    }

    fn delta_count(packs: &Packs, ids: &[[u8; ID]]) -> usize {
        let pack = &packs.all[0];
        let data = pack.data().unwrap();
        let deltas = ids.iter().filter(|id| {
            let place = pack.find(id).unwrap();
            matches!(pack.packed(data, place), Some(Packed::Delta { .. }))
        });
        deltas.count()
    }

    #[test]
    fn every_object_of_a_pack_is_what_git_says_it_is() {
        for settings in [&[][..], &["-c", "repack.useDeltaBaseOffset=false"]] {
            let (folder, ids) = repository(settings);
            let packs = Packs::open(&folder.path().join(".git/objects"));
            assert!(delta_count(&packs, &ids) > 50, "there are deltas to read");
            let repository = git2::Repository::open(folder.path()).unwrap();
            let odb = repository.odb().unwrap();
            for id in ids.iter().chain(ids.iter().rev()) {
                let theirs = odb.read(git2::Oid::from_bytes(id).unwrap()).unwrap();
                assert_eq!(packs.object(id).unwrap(), theirs.data());
            }
            assert_eq!(packs.object(&[7; ID]), None);
        }
    }

    #[test]
    fn what_is_damaged_is_never_read() {
        let (folder, ids) = repository(&[]);
        let objects = folder.path().join(".git/objects");
        let sound = Packs::open(&objects);
        let contents: Vec<_> = ids.iter().map(|id| sound.object(id).unwrap()).collect();
        let files = std::fs::read_dir(objects.join("pack")).unwrap();
        let files = files.map(|entry| entry.unwrap().path());
        let is_read = |path: &PathBuf| {
            path.extension()
                .is_some_and(|end| end == "idx" || end == "pack")
        };
        for path in files.filter(is_read) {
            let bytes = std::fs::read(&path).unwrap();
            std::fs::remove_file(&path).unwrap();
            for start in 0..40 {
                let mut damaged = bytes.clone();
                for place in (start * 7..damaged.len()).step_by(281) {
                    damaged[place] ^= 1 << (place % 8);
                }
                damaged.truncate(bytes.len() - start % 3 * 1_000);
                std::fs::write(&path, damaged).unwrap();
                let packs = Packs::open(&objects);
                for (id, content) in ids.iter().zip(&contents) {
                    assert!(packs.object(id).is_none_or(|bytes| bytes == *content));
                }
            }
            std::fs::write(&path, bytes).unwrap();
        }
        assert_eq!(
            Packs::open(&objects).object(&ids[0]),
            Some(contents[0].clone())
        );
    }

    #[test]
    fn an_index_that_leads_to_another_object_is_not_believed() {
        let (folder, ids) = repository(&[]);
        let objects = folder.path().join(".git/objects");
        let sound = Packs::open(&objects);
        let path = sound.all[0].path.with_extension("idx");
        let mut index = std::fs::read(&path).unwrap();
        let offsets = INDEX_HEADER + FANOUT + ids.len() * (ID + 4);
        // The ids come sorted, as the index has them: each object now stands where its neighbour does.
        index[offsets..offsets + ids.len() * 4].rotate_left(4);
        std::fs::remove_file(&path).unwrap();
        std::fs::write(&path, index).unwrap();
        let packs = Packs::open(&objects);
        for id in &ids {
            assert!(sound.object(id).is_some());
            assert_eq!(packs.object(id), None);
        }
    }
}
