//! Manifests: why one cannot be applied.

use std::fmt;

use crate::plan::manifest;
use crate::state::plain;

/// Why a manifest cannot be applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Unfit {
    NoUtf8,
    /// The pointer that git LFS keeps in place of a file.
    LfsPointer,
    /// A merge was committed half way.
    ConflictMarks,
    /// It is too long, or no YAML.
    NoManifest(String),
}

impl fmt::Display for Unfit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoUtf8 => formatter.write_str("it is no text in UTF-8"),
            Self::LfsPointer => formatter
                .write_str("it is a pointer of git LFS, which Argo CD would apply as it is"),
            Self::ConflictMarks => formatter.write_str("it holds the marks of a merge conflict"),
            Self::NoManifest(why) => formatter.write_str(&plain(why)),
        }
    }
}

/// Why these bytes cannot be applied; `None` if they can.
pub(super) fn unfit(bytes: &[u8]) -> Option<Unfit> {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return Some(Unfit::NoUtf8);
    };
    if text.starts_with("version https://git-lfs.github.com/spec/") {
        return Some(Unfit::LfsPointer);
    }
    let marked = |mark: &str| {
        text.match_indices(mark).any(|(place, _)| {
            let begins = place == 0 || text.as_bytes()[place - 1] == b'\n';
            begins && text[place + mark.len()..].starts_with(' ')
        })
    };
    if marked("<<<<<<<") && marked(">>>>>>>") {
        return Some(Unfit::ConflictMarks);
    }
    let why = manifest::check(text).err()?;
    Some(Unfit::NoManifest(format!("{why:#}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_applied_is_told_apart() {
        let conflict = "a: 1\n<<<<<<< HEAD\nb: 1\n=======\nb: 2\n>>>>>>> main\n";
        let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:4d\nsize 12\n";
        assert_eq!(unfit(conflict.as_bytes()), Some(Unfit::ConflictMarks));
        assert_eq!(unfit(pointer.as_bytes()), Some(Unfit::LfsPointer));
        assert_eq!(unfit(b"a: \xff"), Some(Unfit::NoUtf8));
        for bad in ["a: [", "a: \0"] {
            assert!(matches!(unfit(bad.as_bytes()), Some(Unfit::NoManifest(_))));
        }
        for good in ["", " ", "a: 1", "a: |\n  <<<<<<< HEAD\n  >>>>>>> main\n"] {
            assert_eq!(unfit(good.as_bytes()), None, "{good}");
        }
    }
}
