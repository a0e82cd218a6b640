//! Worlds as copies of one that was made before: much quicker than asking git for each of them.

use std::ffi::OsStr;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use tempfile::TempDir;
use walkdir::WalkDir;

use super::{Room, World};

/// A room with a checkout and its remote, kept in memory.
pub(crate) struct Mould {
    room: PathBuf,
    minutes: i64,
    /// By path, folders before what they hold.
    pieces: Vec<(PathBuf, Piece)>,
}

enum Piece {
    Folder,
    File(Vec<u8>),
    Link(PathBuf),
}

impl World {
    /// Keeps all that is in the room, to make copies of it.
    pub(crate) fn mould(self) -> Mould {
        let room = self.room.folder.path().to_owned();
        let walk = WalkDir::new(&room).min_depth(1).into_iter();
        let pieces = walk.map(|entry| {
            let entry = entry.unwrap();
            let path = entry.path().strip_prefix(&room).unwrap().to_owned();
            let kind = entry.file_type();
            let piece = if kind.is_dir() {
                Piece::Folder
            } else if kind.is_symlink() {
                Piece::Link(fs::read_link(entry.path()).unwrap())
            } else {
                Piece::File(fs::read(entry.path()).unwrap())
            };
            (path, piece)
        });
        // git's examples of hooks would be most of the files.
        let pieces = pieces.filter(|(path, _)| path.extension() != Some(OsStr::new("sample")));
        Mould {
            pieces: pieces.collect(),
            minutes: self.room.minutes.load(Ordering::SeqCst),
            room,
        }
    }
}

impl Mould {
    /// A world like the one that was kept.
    pub(crate) fn cast(&self) -> World {
        let folder = TempDir::new().unwrap();
        for (path, piece) in &self.pieces {
            let place = folder.path().join(path);
            match piece {
                Piece::Folder => fs::create_dir(place).unwrap(),
                Piece::File(bytes) => fs::write(place, bytes).unwrap(),
                Piece::Link(target) => std::os::unix::fs::symlink(target, place).unwrap(),
            }
        }
        let checkout = folder.path().join("checkout");
        let config = checkout.join(".git/config");
        let [old, new] = [self.room.as_path(), folder.path()].map(|room| room.to_str().unwrap());
        let moved = fs::read_to_string(&config).unwrap().replace(old, new);
        fs::write(config, moved).unwrap();
        let room = Arc::new(Room {
            minutes: AtomicI64::new(self.minutes),
            folder,
        });
        let world = World { room, checkout };
        // The index still knows the inodes of the files that were kept.
        world.git(&["update-index", "-q", "--refresh"]);
        world
    }
}
