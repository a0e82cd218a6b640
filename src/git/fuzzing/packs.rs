//! Packs: objects, deltas, and the index that says where they lie.

use std::path::{Path, PathBuf};

use arbitrary::Unstructured;
use git2::{Indexer, Odb};
use libdeflater::{CompressionLvl, Compressor};
use sha1::{Digest as _, Sha1};

use super::{in_a_folder, some};
use crate::git::objects::raw;
use crate::git::packs::Packs;

/// What libgit2 reads from a pack, we read; from a damaged one what we read is what it was, or nothing.
pub(crate) fn packs(data: &[u8]) {
    let mut left = Unstructured::new(data);
    let pack = pack(&mut left);
    in_a_folder(|objects| {
        let folder = objects.join("pack");
        std::fs::create_dir(&folder).expect("the folder is new");
        if indexed(&folder, &pack).is_none() {
            // Also without an index that is right, nothing may go wrong.
            let place = folder.join("pack-odd.pack");
            std::fs::write(place, &pack).expect("there is room");
            let index = left.take_rest();
            std::fs::write(folder.join("pack-odd.idx"), index).expect("there is room");
            let _ = Packs::open(objects).object(&[0; 20]);
            return;
        }
        let known = known(objects);
        let packs = Packs::open(objects);
        for (id, bytes) in known.iter().chain(known.iter().rev()) {
            assert_eq!(packs.object(id).as_ref(), Some(bytes));
        }
        drop(packs);
        for path in files(&folder) {
            let sound = std::fs::read(&path).expect("it was just written");
            let mut damaged = sound.clone();
            for _ in 0..left.int_in_range(0..=3).unwrap_or(0) {
                let place = left.int_in_range(0..=damaged.len() - 1).unwrap_or(0);
                damaged[place] = left.arbitrary().unwrap_or(0xff);
            }
            replace(&path, &damaged);
            let packs = Packs::open(objects);
            for (id, bytes) in &known {
                assert!(packs.object(id).is_none_or(|read| read == *bytes));
            }
            drop(packs);
            replace(&path, &sound);
        }
    });
}

fn replace(path: &Path, bytes: &[u8]) {
    std::fs::remove_file(path).expect("it is there");
    std::fs::write(path, bytes).expect("there is room");
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("it is there");
    let mut files: Vec<_> = entries
        .map(|entry| entry.expect("it can be read").path())
        .collect();
    files.sort();
    files
}

/// Lets libgit2 write the pack with its index.
fn indexed(folder: &Path, pack: &[u8]) -> Option<()> {
    use std::io::Write as _;
    let mut indexer = Indexer::new(None, folder, 0o644, false).ok()?;
    indexer.write_all(pack).ok()?;
    indexer.commit().ok().map(drop)
}

/// What libgit2 reads, by id.
fn known(objects: &Path) -> Vec<([u8; 20], Vec<u8>)> {
    let odb = Odb::new().expect("a store of objects");
    let path = objects.to_str().expect("a plain path");
    odb.add_disk_alternate(path).expect("the folder is there");
    let mut ids = Vec::new();
    odb.foreach(|id| {
        ids.push(*id);
        true
    })
    .expect("the index was just written");
    let read = |id| Some((raw(id), odb.read(id).ok()?.data().to_vec()));
    ids.into_iter().filter_map(read).collect()
}

/// A pack of a few objects, some of them as changes to earlier ones.
fn pack(left: &mut Unstructured) -> Vec<u8> {
    let count = left.int_in_range(1..=5_u32).unwrap_or(1);
    let mut pack = b"PACK\0\0\0\x02".to_vec();
    pack.extend_from_slice(&count.to_be_bytes());
    let mut places = Vec::new();
    for _ in 0..count {
        let place = pack.len();
        let kind = left.int_in_range(0..=7_u8).unwrap_or(3);
        // The base of a delta: the size that it shall have, and how far back it lies.
        let base: (usize, usize) = *left.choose(&places).unwrap_or(&(place, 0));
        match kind {
            1..=4 => {
                let bytes = some(left, 300);
                append(&mut pack, (kind, bytes.len()), &[], bytes);
                places.push((place, bytes.len()));
            }
            6 => {
                let (delta, size) = delta(left, base.1);
                let back = distance(place - base.0);
                append(&mut pack, (6, delta.len()), &back, &delta);
                places.push((place, size));
            }
            // So large that a change to it takes every byte of a place and a length.
            5 => {
                let bytes = some(left, 300).repeat(1000);
                append(&mut pack, (3, bytes.len()), &[], &bytes);
                places.push((place, bytes.len()));
            }
            // Whatever the bytes say.
            _ => {
                let mut header = some(left, 12).to_vec();
                // libgit2 makes room for whatever a header claims, up to gigabytes: here up to four bytes of a size.
                if let Some(last) = header.iter_mut().take(4).last() {
                    *last &= 0x7f;
                }
                pack.extend_from_slice(&header);
                pack.extend_from_slice(&deflated(some(left, 40)));
            }
        }
    }
    let checksum = Sha1::digest(&pack);
    pack.extend_from_slice(&checksum);
    pack
}

/// The number of bytes that a delta copies where it says that it copies none.
const NONE: usize = 0x10000;

/// A delta of a base of this size, and the size of what it makes; not always a right one.
fn delta(left: &mut Unstructured, base: usize) -> (Vec<u8>, usize) {
    let (mut instructions, mut size) = (Vec::new(), 0);
    for _ in 0..left.int_in_range(0..=4).unwrap_or(0) {
        if base > 0 && left.arbitrary().unwrap_or(false) {
            let from = left.int_in_range(0..=base - 1).unwrap_or(0);
            let rest = base - from;
            let count = match left.int_in_range(1..=rest).unwrap_or(1) {
                count if count % 4 == 0 => rest.min(NONE),
                count => count,
            };
            if base > 0xffff {
                let told = if count == NONE { 0 } else { count };
                instructions.push(0xff);
                instructions.extend([from, from >> 8, from >> 16, from >> 24].map(low));
                instructions.extend([told, told >> 8, told >> 16].map(low));
            } else {
                instructions.push(0x80 | 0x01 | 0x02 | 0x10 | 0x20);
                instructions.extend([from, from >> 8, count, count >> 8].map(low));
            }
            size += count;
        } else {
            let new = some(left, 0x7f);
            if !new.is_empty() {
                instructions.push(low(new.len()));
                instructions.extend_from_slice(new);
                size += new.len();
            }
        }
    }
    instructions.extend_from_slice(some(left, 3));
    let sizes = [base, size].map(|size| {
        let lies = left.ratio(1, 16).unwrap_or(false);
        size + usize::from(lies)
    });
    let mut delta = Vec::new();
    for size in sizes {
        delta.extend(varied(size));
    }
    delta.extend(instructions);
    (delta, size)
}

fn low(number: usize) -> u8 {
    u8::try_from(number & 0xff).expect("eight bits")
}

/// A number as deltas have it: seven bits a byte, the lowest first.
fn varied(mut number: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number >= 0x80 {
        bytes.push(low(number) | 0x80);
        number >>= 7;
    }
    bytes.push(low(number));
    bytes
}

/// A number as it leads back to a base: seven bits a byte, the highest first, and none twice.
fn distance(mut number: usize) -> Vec<u8> {
    let mut bytes = vec![low(number) & 0x7f];
    while number >= 0x80 {
        number = (number >> 7) - 1;
        bytes.insert(0, low(number) | 0x80);
    }
    bytes
}

fn append(pack: &mut Vec<u8>, (kind, size): (u8, usize), base: &[u8], bytes: &[u8]) {
    let first = kind << 4 | low(size) & 0x0f;
    let rest = size >> 4;
    if rest == 0 {
        pack.push(first);
    } else {
        pack.push(first | 0x80);
        pack.extend(varied(rest));
    }
    pack.extend_from_slice(base);
    pack.extend(deflated(bytes));
}

fn deflated(bytes: &[u8]) -> Vec<u8> {
    let mut compressor = Compressor::new(CompressionLvl::fastest());
    let mut deflated = vec![0; compressor.zlib_compress_bound(bytes.len())];
    let length = compressor
        .zlib_compress(bytes, &mut deflated)
        .expect("there is room");
    deflated.truncate(length);
    deflated
}
