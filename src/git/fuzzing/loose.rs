//! Loose objects, whatever became of their files.

use arbitrary::Unstructured;
use libdeflater::{CompressionLvl, Compressor};
use sha1::{Digest as _, Sha1};

use super::{in_a_folder, some};
use crate::fuzzing::assert_calm;
use crate::git::loose::Loose;
use crate::git::objects::oid;

/// A loose object is read as it was written, or refused: its file may be cut off, changed, or another one.
pub(crate) fn loose(data: &[u8]) {
    let mut left = Unstructured::new(data);
    let bytes = some(&mut left, 600);
    let kind = left.choose(&["blob", "tree", "commit"]).unwrap_or(&"blob");
    let whole = [format!("{kind} {}\0", bytes.len()).as_bytes(), bytes].concat();
    let id: [u8; 20] = Sha1::digest(&whole).into();
    let packed = packed(&whole);
    let mut file = packed.clone();
    for _ in 0..left.int_in_range(0..=3_u8).unwrap_or(0) {
        damage(&mut left, &mut file);
    }
    match left.int_in_range(0..=7_u8).unwrap_or(7) {
        0 => file = left.take_rest().to_vec(),
        // Sound by itself, and another one.
        1 => {
            let mut other = whole;
            damage(&mut left, &mut other);
            file = self::packed(&other);
        }
        _ => {}
    }
    in_a_folder(|folder| {
        let name = oid(id).to_string();
        let (home, name) = name.split_at(2);
        std::fs::create_dir(folder.join(home)).expect("the folder is empty");
        std::fs::write(folder.join(home).join(name), &file).expect("there is room");
        match Loose::of(folder.to_owned()).object(id) {
            Ok(read) => assert_eq!(read.as_deref(), Some(bytes)),
            Err(error) => {
                assert_ne!(file, packed, "{error:#}");
                assert_calm(&format!("{error:#}"));
            }
        }
    });
}

/// The bytes as git keeps them in a file.
fn packed(whole: &[u8]) -> Vec<u8> {
    let mut compressor = Compressor::new(CompressionLvl::default());
    let mut packed = vec![0; compressor.zlib_compress_bound(whole.len())];
    let length = compressor.zlib_compress(whole, &mut packed);
    packed.truncate(length.expect("there is room for it"));
    packed
}

fn damage(left: &mut Unstructured, file: &mut Vec<u8>) {
    let place = left.int_in_range(0..=file.len()).unwrap_or(0);
    let byte = left.arbitrary().unwrap_or(0);
    match left.int_in_range(0..=3_u8).unwrap_or(0) {
        0 => file.truncate(place),
        1 => file.insert(place, byte),
        2 if place < file.len() => file[place] ^= byte,
        _ => file.push(byte),
    }
}
