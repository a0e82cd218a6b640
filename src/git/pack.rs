//! Writes new objects: a few as loose objects, many as one pack with its index.

use std::io::Write as _;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use git2::{ObjectType, Repository};
use libdeflater::{CompressionLvl, Compressor};
use sha1::{Digest as _, Sha1};

use super::objects::{NewObject, oid};

/// From how many objects on a pack is written: git's `unpackLimit`.
const PACK_FROM: usize = 100;

/// Makes the objects part of the repository.
pub(super) fn store(repository: &Repository, objects: &[NewObject]) -> Result<()> {
    if objects.len() >= PACK_FROM {
        return write_pack(&repository.commondir().join("objects"), objects);
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
struct Placed {
    id: [u8; 20],
    checksum: u32,
    offset: u32,
}

/// Writes `pack-<checksum>.pack` and then its index, which makes it visible.
fn write_pack(objects_folder: &Path, objects: &[NewObject]) -> Result<()> {
    let mut pack = Vec::with_capacity(
        objects
            .iter()
            .map(|object| object.bytes.len() / 2 + 64)
            .sum(),
    );
    pack.extend_from_slice(b"PACK\0\0\0\x02");
    pack.extend_from_slice(&u32::try_from(objects.len())?.to_be_bytes());
    let mut compressor = Compressor::new(CompressionLvl::fastest());
    let mut placed = Vec::with_capacity(objects.len());
    for object in objects {
        let start = pack.len();
        append_object(&mut pack, &mut compressor, object)?;
        placed.push(Placed {
            id: object.id,
            checksum: crc32fast::hash(&pack[start..]),
            offset: u32::try_from(start)?,
        });
    }
    ensure!(pack.len() < 1 << 31, "a change of more than 2 GiB");
    let checksum: [u8; 20] = Sha1::digest(&pack).into();
    pack.extend_from_slice(&checksum);
    placed.sort_by_key(|object| object.id);
    let index = index(&placed, checksum)?;
    let folder = objects_folder.join("pack");
    let name = format!("pack-{}", oid(checksum));
    write_durably(&folder, &format!("{name}.pack"), &pack)?;
    write_durably(&folder, &format!("{name}.idx"), &index)
}

fn append_object(
    pack: &mut Vec<u8>,
    compressor: &mut Compressor,
    object: &NewObject,
) -> Result<()> {
    let kind: u8 = match object.kind {
        ObjectType::Commit => 1,
        ObjectType::Tree => 2,
        ObjectType::Blob => 3,
        ObjectType::Tag => 4,
        ObjectType::Any => anyhow::bail!("an object of no kind"),
    };
    // The length, 4 bits beside the kind and then 7 bits a byte, lowest first.
    let mut length = object.bytes.len();
    let low = u8::try_from(length & 0x0f)?;
    length >>= 4;
    pack.push((kind << 4) | low | if length > 0 { 0x80 } else { 0 });
    while length > 0 {
        let low = u8::try_from(length & 0x7f)?;
        length >>= 7;
        pack.push(low | if length > 0 { 0x80 } else { 0 });
    }
    let start = pack.len();
    pack.resize(
        start + compressor.zlib_compress_bound(object.bytes.len()),
        0,
    );
    let written = compressor.zlib_compress(&object.bytes, &mut pack[start..])?;
    pack.truncate(start + written);
    Ok(())
}

/// A version 2 pack index.
fn index(placed: &[Placed], pack_checksum: [u8; 20]) -> Result<Vec<u8>> {
    let mut index = b"\xfftOc\0\0\0\x02".to_vec();
    for first in 0..=u8::MAX {
        let count = placed.partition_point(|object| object.id[0] <= first);
        index.extend_from_slice(&u32::try_from(count)?.to_be_bytes());
    }
    index.extend(placed.iter().flat_map(|object| object.id));
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
            let verified = std::process::Command::new("git")
                .args([
                    "-C",
                    &folder.path().display().to_string(),
                    "fsck",
                    "--full",
                    "--strict",
                ])
                .output()
                .unwrap();
            assert!(
                verified.status.success(),
                "{}",
                String::from_utf8_lossy(&verified.stderr)
            );
        }
    }
}
