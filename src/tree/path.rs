//! Paths inside a manifest repository: relative, clean, and joined from names.

use std::fmt;
use std::ops::Bound;

/// A path from the root of the repository, `/`-separated; the root itself is empty.
/// No component is empty, `.`, `..` or `.git`, or holds a `/` or a NUL byte.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct RepoPath(String);

impl RepoPath {
    /// The root of the repository.
    pub(crate) fn root() -> Self {
        Self::default()
    }

    /// Joins names that are known to be clean: literals and parsed domain names.
    pub(crate) fn of(names: &[&str]) -> Self {
        names
            .iter()
            .fold(Self::root(), |path, name| path.join(name))
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
        assert!(
            Self::is_component(name),
            "`{name}` comes from a parsed name or a checked tree entry"
        );
        if self.0.is_empty() {
            Self(name.to_owned())
        } else {
            Self([self.0.as_str(), "/", name].concat())
        }
    }

    /// Whether a tree entry of this name may become part of a path.
    pub(crate) fn is_component(name: &str) -> bool {
        let reserved = matches!(name, "" | "." | "..")
            || name.eq_ignore_ascii_case(".git")
            || name.eq_ignore_ascii_case("git~1");
        !reserved && !name.contains(['/', '\0'])
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

    /// The keys of everything below this folder, in the order of paths (`0` follows `/`).
    pub(super) fn range_below(&self) -> (Bound<Self>, Bound<Self>) {
        if self.0.is_empty() {
            return (Bound::Excluded(Self::root()), Bound::Unbounded);
        }
        let ending = |end: &str| Self([self.0.as_str(), end].concat());
        let (first, end) = (ending("/"), ending("0"));
        (Bound::Included(first), Bound::Excluded(end))
    }

    /// What is left of this path below `folder`; `None` if it lies elsewhere.
    pub(crate) fn below(&self, folder: &Self) -> Option<&str> {
        if folder.0.is_empty() {
            return Some(&self.0);
        }
        self.0.strip_prefix(&folder.0)?.strip_prefix('/')
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
    fn below_tells_what_lies_in_a_folder() {
        let folder = RepoPath::of(&["a", "b"]);
        assert_eq!(RepoPath::of(&["a", "b", "c"]).below(&folder), Some("c"));
        assert_eq!(RepoPath::of(&["a", "bc"]).below(&folder), None);
        assert_eq!(folder.below(&folder), None);
    }
}
