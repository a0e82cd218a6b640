//! Deltas: an object as the changes to another one.

use super::packs::LARGEST;

/// What a delta makes of its base.
pub(super) fn applied(base: &[u8], delta: &[u8]) -> Option<Vec<u8>> {
    let mut rest = delta;
    if length(&mut rest)? != base.len() {
        return None;
    }
    let size = length(&mut rest).filter(|size| *size <= LARGEST)?;
    let mut bytes = Vec::with_capacity(size);
    while let Some((instruction, after)) = rest.split_first() {
        rest = after;
        if instruction & 0x80 == 0 {
            // New bytes; their number zero is reserved.
            let count = usize::from(*instruction);
            let (new, after) = rest.split_at_checked(count).filter(|_| count > 0)?;
            bytes.extend_from_slice(new);
            rest = after;
            continue;
        }
        // A part of the base: each bit says whether a byte of its place or its length follows.
        let mut number = |bits: std::ops::Range<u32>| {
            let first = bits.start;
            bits.filter(|bit| instruction & 1 << bit != 0)
                .try_fold(0_usize, |number, bit| {
                    let (byte, after) = rest.split_first()?;
                    rest = after;
                    Some(number | usize::from(*byte) << ((bit - first) * 8))
                })
        };
        let place = number(0..4)?;
        let count = match number(4..7)? {
            0 => 0x10000,
            count => count,
        };
        bytes.extend_from_slice(base.get(place..place.checked_add(count)?)?);
    }
    (bytes.len() == size).then_some(bytes)
}

/// A length at the beginning of a delta: 7 bits a byte, lowest first.
fn length(bytes: &mut &[u8]) -> Option<usize> {
    let (mut length, mut shift) = (0, 0);
    loop {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        length |= usize::from(byte & 0x7f).checked_shl(shift)?;
        if byte & 0x80 == 0 {
            return Some(length);
        }
        shift += 7;
    }
}

/// As many bytes as an instruction takes at most that copies them: fewer are better written anew.
const WORTH_A_COPY: usize = 8;

/// What makes `new` of the base; `None` unless it is less than half of `new`. What is the same at both ends is copied; between them,
/// where as much stands in both, also what is the same at the same distance: in a tree whose entries are replaced that is all but
/// their ids.
pub(super) fn between(base: &[u8], new: &[u8]) -> Option<Vec<u8>> {
    if base.len().max(new.len()) > LARGEST {
        return None;
    }
    let same = |pair: &(&u8, &u8)| pair.0 == pair.1;
    let start = base.iter().zip(new).take_while(same).count();
    let (base_rest, new_rest) = (&base[start..], &new[start..]);
    let ends = base_rest.iter().rev().zip(new_rest.iter().rev());
    let end = ends.take_while(same).count();
    let (replaced, middle) = (
        &base_rest[..base_rest.len() - end],
        &new_rest[..new_rest.len() - end],
    );
    let mut delta = Vec::new();
    append_length(&mut delta, base.len());
    append_length(&mut delta, new.len());
    append_copy(&mut delta, 0, start);
    let mut fresh = 0;
    if replaced.len() == middle.len() {
        let mut place = 0;
        while place < middle.len() {
            let pairs = replaced[place..].iter().zip(&middle[place..]);
            let same = pairs.take_while(same).count();
            if same >= WORTH_A_COPY {
                append_new(&mut delta, &middle[fresh..place]);
                append_copy(&mut delta, start + place, same);
                fresh = place + same;
            }
            place += same.max(1);
        }
    }
    append_new(&mut delta, &middle[fresh..]);
    append_copy(&mut delta, base.len() - end, end);
    (delta.len() < new.len() / 2).then_some(delta)
}

fn append_length(delta: &mut Vec<u8>, mut length: usize) {
    while length >= 0x80 {
        delta.push(length.to_le_bytes()[0] | 0x80);
        length >>= 7;
    }
    delta.push(length.to_le_bytes()[0]);
}

fn append_new(delta: &mut Vec<u8>, bytes: &[u8]) {
    for part in bytes.chunks(0x7f) {
        delta.push(part.len().to_le_bytes()[0]);
        delta.extend_from_slice(part);
    }
}

/// Copies so many bytes of the base from a place on.
fn append_copy(delta: &mut Vec<u8>, place: usize, count: usize) {
    // More at once is not understood by every git.
    const MOST: usize = 0x10000;
    for begin in (place..place + count).step_by(MOST) {
        let count = MOST.min(place + count - begin);
        let instruction = delta.len();
        delta.push(0x80);
        let parts = begin.to_le_bytes().into_iter().take(4);
        // The greatest length is written as none.
        let parts = parts.chain((count % MOST).to_le_bytes().into_iter().take(3));
        for (bit, byte) in parts.enumerate().filter(|(_, byte)| *byte != 0) {
            delta[instruction] |= 1 << bit;
            delta.push(byte);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    /// Bytes of which the second ones are like the first: parts of these, in places replaced by as many, or lengthened or left out,
    /// too.
    fn alike() -> impl Strategy<Value = (Vec<u8>, Vec<u8>, bool)> {
        let edit = (
            any::<prop::sample::Index>(),
            0..40_usize,
            vec(0..4_u8, 0..40),
        );
        let large = (0..200_000_usize)
            .prop_map(|size| (0..size).map(|n| ((n * n) >> 7).to_le_bytes()[0]).collect());
        let base = prop_oneof![4 => vec(0..4_u8, 0..300), 1 => large];
        let edits = (vec(edit, 0..6), any::<bool>());
        (base, edits).prop_map(|(base, (edits, only_replaced)): (Vec<u8>, _)| {
            let mut new = base.clone();
            for (place, gone, mut put) in edits {
                let start = place.index(new.len() + 1);
                if only_replaced {
                    put.truncate(new.len() - start);
                }
                let gone = if only_replaced { put.len() } else { gone };
                let end = new.len().min(start + gone);
                new.splice(start..end, put);
            }
            (base, new, only_replaced)
        })
    }

    proptest! {
        #[test]
        fn a_delta_makes_of_its_base_what_it_was_made_for((base, new, only_replaced) in alike()) {
            let delta = between(&base, &new);
            // Edits of 40 bytes each, with their instructions, and the copies before and behind each of them.
            let is_small = new.len() > 2 * (6 * (40 + 5 * 8) + 100);
            prop_assert!(delta.is_some() || !(only_replaced && is_small));
            if let Some(delta) = delta {
                prop_assert_eq!(applied(&base, &delta), Some(new));
            }
        }
    }

    #[test]
    fn what_is_replaced_takes_little_more_than_itself() {
        let tree = |odd: &[usize]| -> Vec<u8> {
            let entry = |number: usize| {
                let id = if odd.contains(&number) {
                    number.to_le_bytes()[0] ^ 0xff
                } else {
                    number.to_le_bytes()[0]
                };
                [format!("40000 service-{number:04}\0").as_bytes(), &[id; 20]].concat()
            };
            (0..4_000).flat_map(entry).collect()
        };
        let base = tree(&[]);
        let size = |new: &[u8]| {
            let delta = between(&base, new).unwrap();
            assert_eq!(applied(&base, &delta).unwrap(), new);
            delta.len()
        };
        // The two lengths, and an instruction for every 64 KiB: with a place but the first one, with a length but the greatest.
        assert_eq!(base.len(), 0x26160);
        assert_eq!(size(&base), 3 + 3 + 1 + 2 + 4);
        let one = size(&tree(&[2_000]));
        assert!(one < 60, "{one}");
        let three = size(&tree(&[1, 2_000, 3_998]));
        assert!(three < 120, "{three}");
        let mut longer = tree(&[7]);
        longer.splice(1_000..1_000, tree(&[])[..50].to_vec());
        assert!(size(&longer) < 900);
        // What has nothing in common is no delta.
        assert_eq!(between(&base, &[9; 500]), None);
        assert_eq!(between(b"", b""), None);
    }

    #[test]
    fn a_delta_never_reaches_beyond_its_base() {
        let base = b"0123456789";
        // Copies three bytes from place two, then adds one.
        assert_eq!(
            applied(base, b"\x0a\x04\x91\x02\x03\x01x").unwrap(),
            b"234x"
        );
        let broken: [&[u8]; 7] = [
            b"\x0b\x04\x91\x02\x03\x01x",
            b"\x0a\x05\x91\x02\x03\x01x",
            b"\x0a\x03\x91\x08\x03",
            b"\x0a\x01\x01",
            b"\x0a\x01\x00x",
            b"\x0a\x01\x91\x02",
            b"\x0a",
        ];
        for delta in broken {
            assert_eq!(applied(base, delta), None, "{delta:?}");
        }
    }
}
