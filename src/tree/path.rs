//! Paths inside a manifest repository: relative, clean, and joined from names.

use std::cmp::Ordering;
use std::fmt;

/// A path from the root of the repository, `/`-separated; the root itself is empty.
/// No component is empty, `.`, `..` or `.git`, or holds a `/` or a NUL byte.
/// Paths are in order component by component, so that a folder is followed by all that lies below it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct RepoPath(String);

impl RepoPath {
    /// The root of the repository.
    pub(crate) fn root() -> Self {
        Self::default()
    }

    /// Joins names that are known to be clean: literals and parsed domain names.
    pub(crate) fn of(names: &[&str]) -> Self {
        let mut path = Self(String::with_capacity(64));
        for name in names {
            path.push(name);
        }
        path
    }

    /// A whole path as git prints it; `None` if a component is not clean.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        text.split('/')
            .all(Self::is_component)
            .then(|| Self(text.to_owned()))
    }

    /// This path with one more clean component.
    pub(crate) fn join(&self, name: impl AsRef<str>) -> Self {
        let name = name.as_ref();
        let mut path = String::with_capacity(self.0.len() + 1 + name.len());
        path.push_str(&self.0);
        let mut path = Self(path);
        path.push(name);
        path
    }

    fn push(&mut self, name: &str) {
        assert!(
            Self::is_component(name),
            "`{name}` comes from a parsed name or a checked tree entry"
        );
        if !self.0.is_empty() {
            self.0.push('/');
        }
        self.0.push_str(name);
    }

    /// Whether a tree entry of this name may become part of a path.
    pub(crate) fn is_component(name: &str) -> bool {
        let reserved = match name.as_bytes() {
            [] | [b'.'] | [b'.', b'.'] => true,
            [b'.', ..] => name.eq_ignore_ascii_case(".git"),
            [b'g' | b'G', ..] => name.eq_ignore_ascii_case("git~1"),
            _ => false,
        };
        !reserved && !name.bytes().any(|byte| matches!(byte, b'/' | b'\0'))
    }

    /// The folder that holds this path; `None` at the root.
    pub(crate) fn parent(&self) -> Option<Self> {
        if self.0.is_empty() {
            return None;
        }
        let end = self.0.rfind('/').unwrap_or(0);
        Some(Self(self.0[..end].to_owned()))
    }

    /// The last component; empty at the root.
    pub(crate) fn name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or_default()
    }

    /// All components from the root down.
    pub(crate) fn components(&self) -> impl Iterator<Item = &str> {
        self.0.split('/').filter(|component| !component.is_empty())
    }

    /// The path as git writes it.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// What is left of this path below `folder`; `None` if it lies elsewhere.
    pub(crate) fn below(&self, folder: &Self) -> Option<&str> {
        if folder.0.is_empty() {
            return Some(&self.0);
        }
        self.0.strip_prefix(&folder.0)?.strip_prefix('/')
    }
}

impl Ord for RepoPath {
    fn cmp(&self, other: &Self) -> Ordering {
        let (one, other) = (self.0.as_bytes(), other.0.as_bytes());
        // Paths that meet here mostly share a long beginning: it is passed in strides.
        let strides = one.as_chunks::<8>().0.iter().zip(other.as_chunks::<8>().0);
        let shared = strides.take_while(|(one, other)| one == other).count() * 8;
        let rest = one[shared..].iter().zip(&other[shared..]);
        let rank = |byte: u8| if byte == b'/' { 0 } else { byte };
        for (one, other) in rest {
            if one != other {
                return rank(*one).cmp(&rank(*other));
            }
        }
        one.len().cmp(&other.len())
    }
}

impl PartialOrd for RepoPath {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for RepoPath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_joined_from_clean_names_only() {
        let path = RepoPath::of(&["environments", "dev", "locks"]);
        assert_eq!(path.as_str(), "environments/dev/locks");
        assert_eq!(path.parent(), RepoPath::parse("environments/dev"));
        assert_eq!(path.name(), "locks");
        for bad in ["a//b", "../x", "a/./b", "", "/etc", "a/.GIT/config", "a\0b"] {
            assert_eq!(RepoPath::parse(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn a_folder_is_followed_by_what_lies_below_it() {
        let sorted = [
            "a",
            "a/b",
            "a/b/c-and-more/d",
            "a/b/c-and-more/e",
            "a/b-",
            "a!",
            "a-b",
            "ab",
        ];
        let paths: Vec<_> = sorted.map(RepoPath::parse).into_iter().flatten().collect();
        assert_eq!(paths.len(), sorted.len());
        for (place, path) in paths.iter().enumerate() {
            assert!(RepoPath::root() < *path);
            for (other, there) in paths.iter().enumerate() {
                assert_eq!(path.cmp(there), place.cmp(&other), "{path} and {there}");
            }
        }
    }

    #[test]
    fn below_tells_what_lies_in_a_folder() {
        let folder = RepoPath::of(&["a", "b"]);
        assert_eq!(RepoPath::of(&["a", "b", "c"]).below(&folder), Some("c"));
        assert_eq!(RepoPath::of(&["a", "bc"]).below(&folder), None);
        assert_eq!(folder.below(&folder), None);
    }
}
