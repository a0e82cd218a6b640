//! What a tree holds: files, links and folders, and the one way to read them.

use std::fmt;
use std::sync::Arc;

use anyhow::Result;
use sha1::{Digest as _, Sha1};

use super::RepoPath;

/// The git id of a blob: what makes two contents the same without reading either.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct BlobId(pub(crate) [u8; 20]);

impl BlobId {
    /// The blob of no bytes.
    pub(crate) const EMPTY: Self = Self([
        0xe6, 0x9d, 0xe2, 0x9b, 0xb2, 0xd1, 0xd6, 0x43, 0x4b, 0x8b, 0x29, 0xae, 0x77, 0x5a, 0xd8,
        0xc2, 0xe4, 0x8c, 0x53, 0x91,
    ]);
}

impl fmt::Debug for BlobId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0
            .iter()
            .try_for_each(|byte| write!(formatter, "{byte:02x}"))
    }
}

/// The content of a file: new bytes, or a blob that the repository already holds.
/// Two contents are equal when their ids are.
#[derive(Clone)]
pub(crate) struct Content {
    id: BlobId,
    bytes: Option<Arc<[u8]>>,
}

impl Content {
    /// New bytes, with the id that git will give them.
    pub(crate) fn new(bytes: impl Into<Arc<[u8]>>) -> Self {
        let bytes = bytes.into();
        // Without the detection of collisions that git has: it checks whatever it sends and receives.
        let mut hash = Sha1::new();
        hash.update(format!("blob {}\0", bytes.len()));
        hash.update(&bytes);
        let id = BlobId(hash.finalize().into());
        Self {
            id,
            bytes: Some(bytes),
        }
    }

    /// A blob that the repository holds under this id.
    pub(crate) fn stored(id: BlobId) -> Self {
        Self { id, bytes: None }
    }

    /// The id of the blob.
    pub(crate) fn id(&self) -> BlobId {
        self.id
    }

    /// The bytes, if they are new.
    pub(crate) fn new_bytes(&self) -> Option<&Arc<[u8]>> {
        self.bytes.as_ref()
    }
}

impl PartialEq for Content {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Eq for Content {}

impl fmt::Debug for Content {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.bytes {
            Some(bytes) => write!(formatter, "{:?}", String::from_utf8_lossy(bytes)),
            None => write!(formatter, "stored {:?}", self.id),
        }
    }
}

/// A file (always mode 100644 when written) or a symbolic link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Entry {
    /// A regular file.
    File(Content),
    /// A link and the text it holds.
    Symlink(String),
}

impl Entry {
    /// A file with these bytes.
    pub(crate) fn file(bytes: impl AsRef<[u8]>) -> Self {
        Self::File(Content::new(bytes.as_ref()))
    }

    /// The kind of this entry.
    pub(crate) fn kind(&self) -> Kind {
        match self {
            Self::File(_) => Kind::File,
            Self::Symlink(_) => Kind::Symlink,
        }
    }
}

/// What stands at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A regular file.
    File,
    /// A symbolic link; never followed.
    Symlink,
    /// A folder with something in it.
    Directory,
    /// A commit of another repository.
    Submodule,
}

/// One entry of a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Child {
    /// Its name: one clean path component.
    pub(crate) name: String,
    /// What it is.
    pub(crate) kind: Kind,
}

/// What stands in a folder and is none of its children, or not as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Oddity {
    /// A file that can be executed.
    Executable(String),
    /// A folder without anything in it.
    EmptyFolder(String),
    /// A name that is no clean path component: it is passed over everywhere.
    BadName(Vec<u8>),
}

/// A tree that can be read. Links are never followed: a path below a link does not exist.
pub(crate) trait ReadTree {
    /// What stands at `path`; `None` if nothing does, or only an empty folder.
    fn kind(&self, path: &RepoPath) -> Result<Option<Kind>>;

    /// The file or link at `path`; `None` for anything else.
    fn entry(&self, path: &RepoPath) -> Result<Option<Entry>>;

    /// What a folder holds, sorted by name; nothing if it is no folder.
    fn children(&self, folder: &RepoPath) -> Result<Vec<Child>>;

    /// What is odd about a folder; where a tree cannot hold anything odd, nothing.
    fn oddities(&self, _folder: &RepoPath) -> Result<Vec<Oddity>> {
        Ok(Vec::new())
    }

    /// The bytes of a content.
    fn bytes(&self, content: &Content) -> Result<Arc<[u8]>>;

    /// The text of a file without surrounding white space; `None` if there is no file.
    /// Bytes that are not UTF-8 are replaced.
    fn text(&self, path: &RepoPath) -> Result<Option<String>> {
        let Some(Entry::File(content)) = self.entry(path)? else {
            return Ok(None);
        };
        let bytes = self.bytes(&content)?;
        Ok(Some(String::from_utf8_lossy(&bytes).trim().to_owned()))
    }

    /// Whether there is a folder with something in it.
    fn has_folder(&self, path: &RepoPath) -> Result<bool> {
        Ok(self.kind(path)? == Some(Kind::Directory))
    }

    /// The names of the folders in a folder, sorted.
    fn folders(&self, folder: &RepoPath) -> Result<Vec<String>> {
        let children = self.children(folder)?;
        let folders = children
            .into_iter()
            .filter(|child| child.kind == Kind::Directory);
        Ok(folders.map(|child| child.name).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_content_has_the_id_that_git_gives_it() {
        assert_eq!(Content::new(*b"").id(), BlobId::EMPTY);
        let hello = Content::new(*b"hello\n");
        assert_eq!(
            format!("{:?}", hello.id()),
            "ce013625030ba8dba906f756967f9e9ca394464a"
        );
        assert_eq!(hello, Content::stored(hello.id()));
    }
}
