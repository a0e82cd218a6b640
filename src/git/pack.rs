//! Writes new objects: a few as loose objects, many as one pack with its index.

use std::collections::{HashMap, HashSet};
use std::io::Write as _;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use git2::{ObjectType, Repository};
use libdeflater::{CompressionLvl, Compressor};
use sha1::{Digest as _, Sha1};

use super::delta;
use super::objects::{NewObject, oid};

/// From how many objects on a pack is written: git's `unpackLimit`.
const PACK_FROM: usize = 100;

/// How many deltas stand on each other at most. Where git packs, it is 50; whoever reads the last one reads all of them.
const DEEPEST: u32 = 32;

/// Makes the objects part of the repository. Each is stored once, however often it is given.
pub(super) fn store(repository: &Repository, objects: &[NewObject]) -> Result<()> {
    let mut seen = HashSet::with_capacity(objects.len());
    let each = objects.iter().filter(|object| seen.insert(object.id));
    let objects: Vec<_> = each.collect();
    if objects.len() >= PACK_FROM {
        return write_pack(&repository.commondir().join("objects"), &objects);
    }
    let odb = repository.odb()?;
    for object in objects {
        let written = odb.write(object.kind, &object.bytes);
        let written = written.with_context(|| {
            let folder = repository.commondir().join("objects");
            format!("writing into `{}`", folder.display())
        })?;
        ensure!(
            written == oid(object.id),
            "libgit2 and trainyard disagree on an id"
        );
    }
    Ok(())
}

/// Where an object stands in the pack.
struct Placed<'a> {
    object: &'a NewObject,
    checksum: u32,
    offset: u32,
    /// How many deltas lead to it.
    depth: u32,
}

/// Writes `pack-<checksum>.pack` and then its index, which makes it visible. What comes last stands first: of several versions the
/// newest is whole, as it is read most, and each one before is told as what is different from its successor.
fn write_pack(objects_folder: &Path, objects: &[&NewObject]) -> Result<()> {
    let mut pack = Vec::with_capacity(
        objects
            .iter()
            .map(|object| object.bytes.len() / 2 + 64)
            .sum(),
    );
    pack.extend_from_slice(b"PACK\0\0\0\x02");
    pack.extend_from_slice(&u32::try_from(objects.len())?.to_be_bytes());
    let mut compressor = Compressor::new(CompressionLvl::fastest());
    let mut placed: Vec<Placed> = Vec::with_capacity(objects.len());
    // Of each object the place of one that came after it.
    let mut successors = HashMap::new();
    for object in objects.iter().rev() {
        let start = u32::try_from(pack.len())?;
        let base = successors.get(&object.id);
        let base = base.and_then(|place: &usize| placed.get(*place));
        let fits = |base: &&Placed| base.object.kind == object.kind && base.depth < DEEPEST;
        let delta = base.filter(fits).and_then(|base| {
            let delta = delta::between(&base.object.bytes, &object.bytes)?;
            Some((base, delta))
        });
        let depth = match delta {
            Some((base, delta)) => {
                append_head(&mut pack, OFFSET_DELTA, delta.len());
                append_distance(&mut pack, start - base.offset);
                append_data(&mut pack, &mut compressor, &delta)?;
                base.depth + 1
            }
            None => {
                append_head(&mut pack, kind(object.kind)?, object.bytes.len());
                append_data(&mut pack, &mut compressor, &object.bytes)?;
                0
            }
        };
        successors.extend(object.like.map(|like| (like, placed.len())));
        placed.push(Placed {
            object,
            checksum: crc32fast::hash(&pack[start as usize..]),
            offset: start,
            depth,
        });
    }
    ensure!(pack.len() < 1 << 31, "a change of more than 2 GiB");
    let checksum: [u8; 20] = Sha1::digest(&pack).into();
    pack.extend_from_slice(&checksum);
    placed.sort_by_key(|placed| placed.object.id);
    let index = index(&placed, checksum)?;
    let folder = objects_folder.join("pack");
    let name = format!("pack-{}", oid(checksum));
    write_durably(&folder, &format!("{name}.pack"), &pack)?;
    write_durably(&folder, &format!("{name}.idx"), &index)
}

/// How a pack calls a delta of what lies before it.
const OFFSET_DELTA: u8 = 6;

/// How a pack calls an object.
fn kind(kind: ObjectType) -> Result<u8> {
    Ok(match kind {
        ObjectType::Commit => 1,
        ObjectType::Tree => 2,
        ObjectType::Blob => 3,
        ObjectType::Tag => 4,
        ObjectType::Any => anyhow::bail!("an object of no kind"),
    })
}

/// The kind and the length, 4 bits beside the kind and then 7 bits a byte, lowest first.
fn append_head(pack: &mut Vec<u8>, kind: u8, length: usize) {
    let more = |rest: usize| if rest > 0 { 0x80 } else { 0 };
    let mut rest = length >> 4;
    pack.push((kind << 4) | (length.to_le_bytes()[0] & 0x0f) | more(rest));
    while rest > 0 {
        let low = rest.to_le_bytes()[0] & 0x7f;
        rest >>= 7;
        pack.push(low | more(rest));
    }
}

/// How far back the base of a delta lies: 7 bits a byte, highest first, and one less than the number in all but the last.
fn append_distance(pack: &mut Vec<u8>, distance: u32) {
    let mut bytes = vec![distance.to_le_bytes()[0] & 0x7f];
    let mut rest = distance >> 7;
    while rest > 0 {
        rest -= 1;
        bytes.push(rest.to_le_bytes()[0] | 0x80);
        rest >>= 7;
    }
    pack.extend(bytes.iter().rev());
}

fn append_data(pack: &mut Vec<u8>, compressor: &mut Compressor, bytes: &[u8]) -> Result<()> {
    let start = pack.len();
    pack.resize(start + compressor.zlib_compress_bound(bytes.len()), 0);
    let written = compressor.zlib_compress(bytes, &mut pack[start..])?;
    pack.truncate(start + written);
    Ok(())
}

/// A version 2 pack index.
fn index(placed: &[Placed], pack_checksum: [u8; 20]) -> Result<Vec<u8>> {
    let mut index = b"\xfftOc\0\0\0\x02".to_vec();
    for first in 0..=u8::MAX {
        let count = placed.partition_point(|placed| placed.object.id[0] <= first);
        index.extend_from_slice(&u32::try_from(count)?.to_be_bytes());
    }
    index.extend(placed.iter().flat_map(|placed| placed.object.id));
    index.extend(
        placed
            .iter()
            .flat_map(|object| object.checksum.to_be_bytes()),
    );
    index.extend(placed.iter().flat_map(|object| object.offset.to_be_bytes()));
    index.extend_from_slice(&pack_checksum);
    let checksum: [u8; 20] = Sha1::digest(&index).into();
    index.extend_from_slice(&checksum);
    Ok(index)
}

/// Writes a read-only file that is either there as a whole or not at all.
fn write_durably(folder: &Path, name: &str, bytes: &[u8]) -> Result<()> {
    let write = || -> Result<()> {
        std::fs::create_dir_all(folder)?;
        let mut file = tempfile::Builder::new()
            .prefix("tmp_pack_")
            .tempfile_in(folder)?;
        file.write_all(bytes)?;
        let mut permissions = file.as_file().metadata()?.permissions();
        std::os::unix::fs::PermissionsExt::set_mode(&mut permissions, 0o444);
        file.as_file().set_permissions(permissions)?;
        file.as_file().sync_all()?;
        file.persist(folder.join(name))?;
        Ok(())
    };
    write().with_context(|| format!("writing `{}`", folder.join(name).display()))
}

#[cfg(test)]
mod tests {
    use super::super::itself::git;
    use super::super::packs::Packs;
    use super::*;

    #[test]
    fn git_finds_every_object_of_a_pack_and_of_loose_objects() {
        for count in [3, 300] {
            let folder = tempfile::tempdir().unwrap();
            let repository = Repository::init_bare(folder.path()).unwrap();
            let text = |number: usize| format!("{number}\n").repeat(number * 7);
            let objects: Vec<_> = (0..count)
                .map(|number| NewObject::new(ObjectType::Blob, text(number).into_bytes()))
                .collect();
            store(&repository, &objects).unwrap();
            let packs = std::fs::read_dir(folder.path().join("objects/pack"))
                .unwrap()
                .count();
            assert_eq!(packs, if count >= PACK_FROM { 2 } else { 0 });
            let fresh = Repository::open(folder.path()).unwrap();
            for (number, object) in objects.iter().enumerate() {
                let blob = fresh.find_blob(oid(object.id)).unwrap();
                assert_eq!(blob.content(), text(number).as_bytes());
            }
            git(folder.path(), &["fsck", "--full", "--strict"]);
        }
    }

    /// A text of so many lines after so many changes.
    fn version(lines: u32, number: u32) -> NewObject {
        let line = |line: u32| {
            let factor = if line < number {
                0x9e37_79b1
            } else {
                0x85eb_ca6b
            };
            format!("{:x}\n", (line + 1).wrapping_mul(factor))
        };
        let text = (0..lines).map(line).collect::<String>();
        NewObject::new(ObjectType::Blob, text.into_bytes())
    }

    #[test]
    fn versions_of_a_text_are_packed_as_what_changes() {
        // So large that copies are split, and what lies between them so large that distances have three bytes.
        for (lines, between) in [(200, 0), (20_000, 20_000)] {
            let folder = tempfile::tempdir().unwrap();
            let repository = Repository::init_bare(folder.path()).unwrap();
            let mut objects = Vec::new();
            // What stood there before the first one is not in the pack.
            let mut before = [7; 20];
            for number in 0..u32::try_from(PACK_FROM).unwrap() {
                let noise = (0..between / 4).flat_map(|place: u32| {
                    crc32fast::hash(&[number.to_le_bytes(), place.to_le_bytes()].concat())
                        .to_le_bytes()
                });
                let mut version = version(lines, number);
                version.like = Some(std::mem::replace(&mut before, version.id));
                // What comes twice is stored once.
                objects.push(version.clone());
                objects.push(NewObject::new(ObjectType::Blob, noise.collect()));
                objects.push(version);
            }
            store(&repository, &objects).unwrap();
            git(folder.path(), &["fsck", "--full", "--strict"]);
            let entries = std::fs::read_dir(folder.path().join("objects/pack")).unwrap();
            let paths = entries.map(|entry| entry.unwrap().path());
            let mut packs = paths.filter(|path| path.extension().unwrap() == "pack");
            let pack = packs.next().unwrap().display().to_string();
            let told = git(folder.path(), &["verify-pack", "-v", &pack]);
            let depth = |version: &NewObject| {
                let id = oid(version.id).to_string();
                let line = told.lines().find(|line| line.starts_with(&id)).unwrap();
                let depth = line.split_whitespace().nth(5);
                depth.map_or(0, |depth| depth.parse::<u32>().unwrap())
            };
            let versions: Vec<_> = objects.iter().step_by(3).collect();
            // The newest one, which is read most, at once.
            let depths: Vec<_> = versions
                .iter()
                .rev()
                .map(|version| depth(version))
                .collect();
            let wanted = (0..=DEEPEST).cycle().take(versions.len());
            assert!(depths.iter().copied().eq(wanted), "{depths:?}");
            let fresh = Repository::open(folder.path()).unwrap();
            let ours = Packs::open(&folder.path().join("objects"));
            for object in &objects {
                let theirs = fresh.find_blob(oid(object.id)).unwrap();
                assert_eq!(theirs.content(), object.bytes.as_ref());
                assert_eq!(ours.object(&object.id).unwrap(), object.bytes.as_ref());
            }
        }
    }
}
