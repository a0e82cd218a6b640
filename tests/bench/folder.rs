//! A git folder that is brought back to how it was, so that no run profits from what an earlier one left behind.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use walkdir::WalkDir;

/// A git folder together with its remembered content.
pub(crate) struct GitFolder {
    root: PathBuf,
    folders: BTreeSet<PathBuf>,
    files: BTreeMap<PathBuf, Remembered>,
}

enum Remembered {
    /// Below `objects/`, where a file's name vouches for its content.
    Object,
    /// References, configuration, and whatever else is small.
    Content(Vec<u8>),
}

impl GitFolder {
    /// Remembers all that lies in the folder now, except a checkout's index, which goes with the work tree.
    pub(crate) fn remember(root: PathBuf) -> Result<Self> {
        let (mut folders, mut files) = (BTreeSet::new(), BTreeMap::new());
        for entry in WalkDir::new(&root).min_depth(1) {
            let entry = entry?;
            let path = entry
                .path()
                .strip_prefix(&root)
                .expect("a walk stays below its root")
                .to_owned();
            if entry.file_type().is_dir() {
                folders.insert(path);
            } else if path.starts_with("objects") {
                files.insert(path, Remembered::Object);
            } else if path != Path::new("index") {
                files.insert(path, Remembered::Content(fs::read(entry.path())?));
            }
        }
        Ok(Self {
            root,
            folders,
            files,
        })
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Removes what is new in the folder and rewrites what differs.
    pub(crate) fn restore(&self) -> Result<()> {
        self.remove_new()
            .with_context(|| format!("cleaning {}", self.root.display()))?;
        for folder in &self.folders {
            fs::create_dir_all(self.root.join(folder))?;
        }
        for (path, remembered) in &self.files {
            let path = self.root.join(path);
            match remembered {
                Remembered::Object if !path.exists() => bail!("`{}` has vanished", path.display()),
                Remembered::Object => {}
                Remembered::Content(content) => write_if_other(&path, content)?,
            }
        }
        Ok(())
    }

    /// Returns the size of the packs in bytes.
    pub(crate) fn packed(&self) -> Result<u64> {
        let packs = self.files.keys().filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "pack")
        });
        packs
            .map(|path| Ok(fs::metadata(self.root.join(path))?.len()))
            .sum()
    }

    fn remove_new(&self) -> Result<()> {
        for entry in WalkDir::new(&self.root).min_depth(1).contents_first(true) {
            let entry = entry?;
            let path = entry
                .path()
                .strip_prefix(&self.root)
                .expect("a walk stays below its root");
            if entry.file_type().is_dir() {
                if !self.folders.contains(path) {
                    fs::remove_dir(entry.path())?;
                }
            } else if !self.files.contains_key(path) && path != Path::new("index") {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    }
}

fn write_if_other(path: &Path, content: &[u8]) -> Result<()> {
    if fs::read(path).is_ok_and(|present| present == content) {
        return Ok(());
    }
    fs::write(path, content).with_context(|| format!("writing {}", path.display()))
}
