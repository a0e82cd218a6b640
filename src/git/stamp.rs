//! What tells that a file is still the one that was read, without reading it again.

use std::path::Path;

use anyhow::Result;
use rustix::fs::{Stat, fstat};

/// Twice what a kernel lets pass at most between two ticks of the clock that it stamps files with.
const TICK: i128 = 20_000_000;
/// As long on file systems that keep no fractions of seconds.
const COARSE_TICK: i128 = 2_500_000_000;

/// Device, inode, mode and size of a file, and when its content and its inode were changed, in nanoseconds. Nobody can set the
/// last one back, so a file that keeps its stamp keeps its content, unless it was changed within one tick.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    device: i128,
    rest: [i128; 4],
    changed: i128,
}

impl Stamp {
    pub(super) fn of(stat: &Stat) -> Self {
        let nanoseconds = |seconds: i128, fraction: i128| seconds * 1_000_000_000 + fraction;
        Self {
            device: stat.st_dev.into(),
            rest: [
                stat.st_ino.into(),
                stat.st_mode.into(),
                stat.st_size.into(),
                nanoseconds(stat.st_mtime.into(), stat.st_mtime_nsec.into()),
            ],
            changed: nanoseconds(stat.st_ctime.into(), stat.st_ctime_nsec.into()),
        }
    }

    /// The stamp of a file that is made in a folder at this moment, by the clock of its file system, and vanishes at once.
    pub(super) fn now_in(folder: &Path) -> Result<Self> {
        Ok(Self::of(&fstat(tempfile::tempfile_in(folder)?)?))
    }

    /// Whether a change from `now` on would show in this stamp: the file is of the same file system, and old enough.
    pub(super) fn would_tell(&self, now: &Self) -> bool {
        let coarse = self.changed % 1_000_000_000 == 0;
        let tick = if coarse { COARSE_TICK } else { TICK };
        self.device == now.device && self.changed + tick < now.changed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_tells_later_changes_of_a_file_that_is_old_enough() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        let stamp = || Stamp::of(&rustix::fs::lstat(&file).unwrap());
        std::fs::write(&file, "old").unwrap();
        let first = stamp();
        let now = Stamp::now_in(folder.path()).unwrap();
        assert!(!first.would_tell(&now), "it is too young");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        std::thread::sleep(std::time::Duration::from_millis(150));
        let now = Stamp::now_in(folder.path()).unwrap();
        assert!(first.would_tell(&now));
        assert_eq!(stamp(), first);
        let modified = std::fs::metadata(&file).unwrap().modified().unwrap();
        std::fs::write(&file, "new").unwrap();
        let handle = std::fs::File::options().write(true).open(&file).unwrap();
        handle.set_modified(modified).unwrap();
        assert_ne!(
            stamp(),
            first,
            "though size and modification time are the same"
        );
    }

    #[test]
    fn whole_seconds_and_other_file_systems_are_trusted_less() {
        let stamp = |device, changed| Stamp {
            device,
            rest: [0; 4],
            changed,
        };
        let now = stamp(1, 5_000_000_000);
        assert!(stamp(1, 4_000_000_001).would_tell(&now));
        assert!(!stamp(1, 4_000_000_000).would_tell(&now));
        assert!(stamp(1, 2_000_000_000).would_tell(&now));
        assert!(!stamp(2, 2_000_000_000).would_tell(&now));
        assert!(!stamp(1, 6_000_000_001).would_tell(&now));
    }
}
