//! Loose objects, read by ourselves: libgit2 never comes to the end of one that was cut off, as a crash or a full disk leaves them, and is
//! told not to ask whether an object is the one that its name says.

use std::cell::RefCell;
use std::io::ErrorKind;
use std::path::PathBuf;

use anyhow::Result;
use libdeflater::{DecompressionError, Decompressor};
use sha1::{Digest as _, Sha1};

use super::objects::oid;
use super::packs::LARGEST;
use super::{Failure, FailureKind};

/// The loose objects of a repository.
pub(super) struct Loose {
    folder: PathBuf,
    inflater: RefCell<Decompressor>,
}

/// What came of unpacking a file.
enum Inflated {
    Whole(Vec<u8>),
    TooLarge,
    Damaged,
}

impl Loose {
    /// Those in this folder of objects.
    pub(super) fn of(folder: PathBuf) -> Self {
        Self {
            folder,
            inflater: RefCell::new(Decompressor::new()),
        }
    }

    /// The bytes of an object; `None` if it is not here, or too large to be read as a whole.
    pub(super) fn object(&self, id: [u8; 20]) -> Result<Option<Vec<u8>>> {
        let name = oid(id).to_string();
        let (folder, file) = name.split_at(2);
        let packed = match std::fs::read(self.folder.join(folder).join(file)) {
            Ok(packed) => packed,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(damaged(&name, &error.to_string()).into()),
        };
        let whole = match self.inflated(&packed) {
            Inflated::Whole(whole) => whole,
            Inflated::TooLarge => return Ok(None),
            Inflated::Damaged => return Err(damaged(&name, "it is damaged").into()),
        };
        let is_it = Sha1::digest(&whole)[..] == id;
        let head = whole.iter().position(|byte| *byte == 0);
        match head.filter(|_| is_it) {
            Some(end) => Ok(Some(whole[end + 1..].to_vec())),
            None => Err(damaged(&name, "it is another one").into()),
        }
    }

    /// How much it will be is told in the part that is packed: the room grows until it is enough.
    fn inflated(&self, packed: &[u8]) -> Inflated {
        let mut room = packed.len().saturating_mul(4).max(512);
        while room <= LARGEST {
            let mut whole = vec![0; room];
            let mut inflater = self.inflater.borrow_mut();
            match inflater.zlib_decompress(packed, &mut whole) {
                Ok(length) => {
                    whole.truncate(length);
                    return Inflated::Whole(whole);
                }
                Err(DecompressionError::InsufficientSpace) => room *= 4,
                Err(DecompressionError::BadData) => return Inflated::Damaged,
            }
        }
        Inflated::TooLarge
    }
}

fn damaged(name: &str, why: &str) -> Failure {
    let message = format!("the object {name} cannot be read: {why}");
    Failure::new(FailureKind::Invalid, message).hint("`git fsck` tells what is damaged")
}

#[cfg(test)]
mod tests {
    use git2::{ObjectType, Repository};

    use super::*;

    /// What is said of an object after something was done to its file.
    #[track_caller]
    fn check(change: impl FnOnce(&mut Vec<u8>), said: Option<&str>) {
        let room = tempfile::tempdir().unwrap();
        let repository = Repository::init_bare(room.path()).unwrap();
        let bytes = b"all is well ".repeat(1000);
        let id = repository.odb().unwrap().write(ObjectType::Blob, &bytes);
        let id = id.unwrap();
        let name = id.to_string();
        let objects = room.path().join("objects");
        let path = objects.join(&name[..2]).join(&name[2..]);
        let mut packed = std::fs::read(&path).unwrap();
        change(&mut packed);
        std::fs::remove_file(&path).unwrap();
        std::fs::write(&path, packed).unwrap();
        let loose = Loose::of(objects);
        let read = loose.object(id.as_bytes().try_into().unwrap());
        match said {
            None => assert_eq!(read.unwrap().unwrap(), bytes),
            Some(said) => assert!(read.unwrap_err().to_string().ends_with(said)),
        }
        assert!(loose.object([7; 20]).unwrap().is_none());
    }

    #[test]
    fn an_object_is_read_only_if_it_is_whole_and_the_right_one() {
        check(|_| (), None);
        check(Vec::clear, Some("it is damaged"));
        check(|packed| packed.truncate(20), Some("it is damaged"));
        check(|packed| packed[20] ^= 1, Some("it is damaged"));
        let mut compressor = libdeflater::Compressor::new(libdeflater::CompressionLvl::default());
        let mut other = vec![0; 100];
        let length = compressor.zlib_compress(b"blob 1\0x", &mut other).unwrap();
        other.truncate(length);
        check(|packed| *packed = other, Some("it is another one"));
    }
}
