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

#[cfg(test)]
mod tests {
    use super::*;

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
