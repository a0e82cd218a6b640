//! Files of the work tree, reached folder by folder without ever following a link.

use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::path::Path;

use anyhow::{Context as _, Result};
use rustix::fs::{
    AtFlags, FileType, Mode, OFlags, Stat, mkdirat, openat, readlinkat, statat, symlinkat, unlinkat,
};
use rustix::io::Errno;

use super::known_bad::{Variant, known_bad};
use super::stamp::Stamp;
use crate::tree::{Entry, RepoPath};

/// What stands at a path of the work tree.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum OnDisk {
    Missing,
    File(Vec<u8>),
    /// A file that its owner may execute.
    Program(Vec<u8>),
    Link(Vec<u8>),
    /// A folder, or a path through something that is no folder.
    Other,
}

/// The work tree, with the folders open that were used last.
pub(super) struct WorkFolder {
    root: OwnedFd,
    open: Vec<(String, OwnedFd)>,
}

/// The folder that a path lies in.
enum Way {
    Open,
    Missing,
    Blocked,
}

const FOLDER: OFlags = OFlags::DIRECTORY
    .union(OFlags::NOFOLLOW)
    .union(OFlags::CLOEXEC)
    .union(OFlags::RDONLY);

impl WorkFolder {
    /// Opens the root of a work tree.
    pub(super) fn open(root: &Path) -> Result<Self> {
        let flags = OFlags::DIRECTORY | OFlags::CLOEXEC | OFlags::RDONLY;
        let root = rustix::fs::open(root, flags, Mode::empty()).context("opening the work tree")?;
        Ok(Self {
            root,
            open: Vec::new(),
        })
    }

    /// What stands at a path.
    pub(super) fn look(&mut self, path: &RepoPath) -> Result<OnDisk> {
        Ok(self.look_closely(path)?.0)
    }

    /// What stands at a path, and its stamp from just before it was read.
    pub(super) fn look_closely(&mut self, path: &RepoPath) -> Result<(OnDisk, Option<Stamp>)> {
        let stat = match self.enter(path, false)? {
            Way::Open => self.stat_here(path)?,
            Way::Missing => None,
            Way::Blocked => return Ok((OnDisk::Other, None)),
        };
        let on_disk = match &stat {
            Some(stat) => self.read(path, stat)?,
            None => OnDisk::Missing,
        };
        Ok((on_disk, stat.as_ref().map(Stamp::of)))
    }

    /// The stamp of what stands at a path now; `None` if nothing does.
    pub(super) fn stamp(&mut self, path: &RepoPath) -> Result<Option<Stamp>> {
        match self.enter(path, false)? {
            Way::Open => Ok(self.stat_here(path)?.as_ref().map(Stamp::of)),
            Way::Missing => Ok(None),
            Way::Blocked => anyhow::bail!("`{path}` lies in no folder"),
        }
    }

    fn stat_here(&self, path: &RepoPath) -> Result<Option<Stat>> {
        match statat(self.folder(), path.name(), AtFlags::SYMLINK_NOFOLLOW) {
            Err(Errno::NOENT) => Ok(None),
            other => Ok(Some(other.with_context(|| format!("looking at `{path}`"))?)),
        }
    }

    fn read(&self, path: &RepoPath, stat: &Stat) -> Result<OnDisk> {
        let (folder, name) = (self.folder(), path.name());
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::Symlink => Ok(OnDisk::Link(
                readlinkat(folder, name, Vec::new())?.into_bytes(),
            )),
            FileType::RegularFile => {
                let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
                let file = openat(folder, name, flags, Mode::empty())?;
                let mut bytes = Vec::with_capacity(usize::try_from(stat.st_size)? + 1);
                std::fs::File::from(file).read_to_end(&mut bytes)?;
                let is_program = Mode::from_raw_mode(stat.st_mode).contains(Mode::XUSR);
                Ok(if is_program {
                    OnDisk::Program(bytes)
                } else {
                    OnDisk::File(bytes)
                })
            }
            _ => Ok(OnDisk::Other),
        }
    }

    /// Puts a file or a link at a path, in place of the one that stood there.
    pub(super) fn write(&mut self, path: &RepoPath, entry: &Entry, bytes: &[u8]) -> Result<Stat> {
        let write = |this: &mut Self| -> Result<Stat> {
            this.unlink(path)?;
            anyhow::ensure!(
                matches!(this.enter(path, true)?, Way::Open),
                "its folder is no folder"
            );
            let (folder, name) = (this.folder(), path.name());
            match entry {
                Entry::Symlink(target) => symlinkat(target, folder, name)?,
                Entry::File(_) => {
                    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
                    let file = openat(folder, name, flags, Mode::from_raw_mode(0o666))?;
                    std::fs::File::from(file).write_all(bytes)?;
                }
            }
            Ok(statat(folder, name, AtFlags::SYMLINK_NOFOLLOW)?)
        };
        write(self).with_context(|| format!("writing `{path}`"))
    }

    /// What the index keeps about a path that is right already.
    pub(super) fn stat(&mut self, path: &RepoPath) -> Result<Stat> {
        anyhow::ensure!(
            matches!(self.enter(path, false)?, Way::Open),
            "`{path}` is gone"
        );
        Ok(statat(
            self.folder(),
            path.name(),
            AtFlags::SYMLINK_NOFOLLOW,
        )?)
    }

    /// Removes the file or link at a path, and the folders that this leaves empty.
    pub(super) fn remove(&mut self, path: &RepoPath) -> Result<()> {
        self.unlink(path)?;
        let mut folder = path.parent();
        while let Some(above) = folder.filter(|above| *above != RepoPath::root()) {
            if !matches!(self.enter(&above, false)?, Way::Open) {
                return Ok(());
            }
            match unlinkat(self.folder(), above.name(), AtFlags::REMOVEDIR) {
                Ok(()) | Err(Errno::NOENT) => {}
                // Others have files there; an odd file system may say so in its own way.
                Err(_) => return Ok(()),
            }
            folder = above.parent();
        }
        Ok(())
    }

    fn unlink(&mut self, path: &RepoPath) -> Result<()> {
        if !matches!(self.enter(path, false)?, Way::Open) {
            return Ok(());
        }
        match unlinkat(self.folder(), path.name(), AtFlags::empty()) {
            Err(error) if error != Errno::NOENT => {
                Err(error).with_context(|| format!("removing `{path}`"))
            }
            _ => Ok(()),
        }
    }

    fn folder(&self) -> &OwnedFd {
        self.open.last().map_or(&self.root, |(_, folder)| folder)
    }

    /// Opens the folder that a path lies in, making it if asked to. Paths come sorted, so most of the way is open already.
    fn enter(&mut self, path: &RepoPath, make: bool) -> Result<Way> {
        let components: Vec<_> = path.components().collect();
        let names = components
            .split_last()
            .map_or(&[][..], |(_, folders)| folders);
        let shared = self
            .open
            .iter()
            .zip(names)
            .take_while(|((open, _), name)| open == *name)
            .count();
        self.open.truncate(shared);
        for name in &names[shared..] {
            if make {
                match mkdirat(self.folder(), *name, Mode::from_raw_mode(0o777)) {
                    Ok(()) | Err(Errno::EXIST) => {}
                    Err(error) => return Err(error.into()),
                }
            }
            let mut flags = FOLDER;
            flags.set(OFlags::NOFOLLOW, !known_bad(Variant::FollowLinks));
            match openat(self.folder(), *name, flags, Mode::empty()) {
                Ok(folder) => self.open.push(((*name).to_owned(), folder)),
                Err(Errno::NOENT) => return Ok(Way::Missing),
                Err(Errno::NOTDIR | Errno::LOOP) => return Ok(Way::Blocked),
                Err(error) => {
                    return Err(error).with_context(|| format!("opening the folder of `{path}`"));
                }
            }
        }
        Ok(Way::Open)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> RepoPath {
        RepoPath::parse(text).unwrap()
    }

    #[test]
    fn files_and_links_are_written_read_and_removed_with_their_folders() {
        let root = tempfile::tempdir().unwrap();
        let mut work = WorkFolder::open(root.path()).unwrap();
        work.write(&path("a/b/file"), &Entry::file("1"), b"1")
            .unwrap();
        work.write(&path("a/b/file"), &Entry::file("22"), b"22")
            .unwrap();
        let stat = work
            .write(&path("a/link"), &Entry::Symlink("../x".into()), b"")
            .unwrap();
        assert_eq!(stat.st_size, 4);
        assert_eq!(
            work.look(&path("a/b/file")).unwrap(),
            OnDisk::File(b"22".to_vec())
        );
        assert_eq!(
            work.look(&path("a/link")).unwrap(),
            OnDisk::Link(b"../x".to_vec())
        );
        assert_eq!(work.look(&path("a/b")).unwrap(), OnDisk::Other);
        work.remove(&path("a/b/file")).unwrap();
        assert!(!root.path().join("a/b").exists() && root.path().join("a").exists());
        work.remove(&path("a/link")).unwrap();
        assert!(!root.path().join("a").exists());
    }

    #[test]
    fn a_link_is_never_followed() {
        let (root, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        std::fs::write(outside.path().join("file"), "theirs").unwrap();
        std::os::unix::fs::symlink(outside.path(), root.path().join("way")).unwrap();
        std::os::unix::fs::symlink(outside.path().join("file"), root.path().join("file")).unwrap();
        let mut work = WorkFolder::open(root.path()).unwrap();
        assert_eq!(work.look(&path("way/file")).unwrap(), OnDisk::Other);
        assert!(
            work.write(&path("way/file"), &Entry::file("x"), b"x")
                .is_err()
        );
        work.remove(&path("way/file")).unwrap();
        work.write(&path("file"), &Entry::file("ours"), b"ours")
            .unwrap();
        assert_eq!(
            std::fs::read(outside.path().join("file")).unwrap(),
            b"theirs"
        );
        assert_eq!(std::fs::read(root.path().join("file")).unwrap(), b"ours");
    }
}
