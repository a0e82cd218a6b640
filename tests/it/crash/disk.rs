//! Disks that fill up, real ones of a few hundred KiB: what is begun ends well or not at all, and all is well once there is room.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::fault::run_at;
use super::scene::{OTHER, Shape};
use super::verdict::{Before, check_tidy, check_words, head};
use crate::world::{World, skipped};

/// A page of memory, which is the least that a file on such a disk takes.
const PAGE: usize = 4096;

/// A file system in memory, mounted for as long as it lives.
pub(super) struct Disk(PathBuf);

impl Disk {
    /// Mounts a disk on a folder and copies what lay there onto it; `None` if this machine does not let us.
    pub(super) fn under(folder: &Path) -> Option<Self> {
        let aside = folder.with_extension("aside");
        if folder.exists() {
            fs::rename(folder, &aside).unwrap();
        }
        fs::create_dir_all(folder).unwrap();
        let mounted = run(
            "mount",
            &[
                "-t",
                "tmpfs",
                "-o",
                "size=8m",
                "tmpfs",
                &folder.display().to_string(),
            ],
        );
        let disk = mounted.then(|| Self(folder.to_owned()));
        if aside.exists() {
            if disk.is_none() {
                fs::remove_dir(folder).unwrap();
                fs::rename(&aside, folder).unwrap();
            } else {
                let (from, to) = (
                    format!("{}/.", aside.display()),
                    folder.display().to_string(),
                );
                assert!(run("cp", &["-a", &from, &to]));
                fs::remove_dir_all(aside).unwrap();
            }
        }
        if disk.is_none() {
            skipped("this user may not mount anything");
        }
        disk
    }

    /// Leaves so many pages free.
    fn fill(&self, free: usize) {
        let stat = rustix::fs::statvfs(&self.0).unwrap();
        let room = usize::try_from(stat.f_bavail * stat.f_frsize).unwrap() / PAGE;
        let filler = vec![b'x'; room.saturating_sub(free) * PAGE];
        fs::write(self.0.join("filler"), filler).unwrap();
    }

    fn empty(&self) {
        fs::remove_file(self.0.join("filler")).unwrap();
    }

    /// Lets nobody write on it, or everybody again.
    pub(super) fn read_only(&self, on: bool) {
        let how = if on { "remount,ro" } else { "remount,rw" };
        assert!(run("mount", &["-o", how, &self.0.display().to_string()]));
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        run("umount", &["-l", &self.0.display().to_string()]);
    }
}

fn run(program: &str, arguments: &[&str]) -> bool {
    let output = Command::new(program).args(arguments).output();
    output.is_ok_and(|output| output.status.success())
}

/// Where the disk is.
#[derive(Clone, Copy, Debug)]
enum Full {
    /// Below the checkout with its git folder.
    Checkout,
    /// Below the git folder alone.
    GitFolder,
    /// Below the work tree alone.
    WorkTree,
    Remote,
}

impl Full {
    fn disk(self, world: &World) -> Option<Disk> {
        let checkout = world.checkout();
        match self {
            Self::Checkout => Disk::under(checkout),
            Self::GitFolder => Disk::under(&checkout.join(".git")),
            Self::WorkTree => {
                let git = world.room().join("git");
                fs::rename(checkout.join(".git"), &git).unwrap();
                fs::write(
                    checkout.join(".git"),
                    format!("gitdir: {}\n", git.display()),
                )
                .unwrap();
                Disk::under(checkout)
            }
            Self::Remote => Disk::under(&world.remote()),
        }
    }
}

/// Runs a command with so many pages free; then there is room again, and it is run until it is done, and another one.
fn filled(full: Full, shape: Shape, line: &str, free: usize) -> Option<i32> {
    let world = shape.world();
    let disk = full.disk(&world)?;
    let what = format!("{full:?}, {shape:?}, {line}, {free} pages");
    let (before, start) = (Before::of(&world), head(&world, shape));
    disk.fill(free);
    let answer = run_at(&world, shape, line, 1);
    disk.empty();
    check_words(&answer).unwrap_or_else(|error| panic!("{what}\n{error}"));
    let landed = head(&world, shape) != start;
    match answer.code {
        0 => assert!(landed, "{what}\n{answer}"),
        1 | 5 | 7 => before
            .check(&world)
            .unwrap_or_else(|error| panic!("{what}\n{error}\n{answer}")),
        4 => {}
        code => panic!("{what}: exit code {code}\n{answer}"),
    }
    let count = || {
        let folder = shape.judge(&world).display().to_string();
        world
            .git(&["-C", &folder, "rev-list", "--count", "main"])
            .parse::<usize>()
            .unwrap()
    };
    let before = count() - usize::from(landed);
    if answer.code != 0 {
        let again = run_at(&world, shape, line, 2);
        assert_eq!(again.code, 0, "{what}\n{answer}{again}");
    }
    let other = run_at(&world, shape, OTHER, 3);
    assert_eq!(other.code, 0, "{what}\n{answer}{other}");
    assert!(!other.leaves_behind(), "{what}\n{answer}{other}");
    assert_eq!(count(), before + 2, "{what}\n{answer}{other}");
    check_tidy(&world, shape, true)
        .unwrap_or_else(|error| panic!("{what}\n{error}\n{answer}{other}"));
    Some(answer.code)
}

/// Fills the disk to each of these; how many ended well.
fn fill_to_each(
    full: Full,
    shape: Shape,
    line: &str,
    pages: impl Iterator<Item = usize>,
) -> Option<(usize, usize)> {
    let mut ends = (0, 0);
    for free in pages {
        let code = filled(full, shape, line, free)?;
        ends.0 += usize::from(code == 0);
        ends.1 += 1;
    }
    Some(ends)
}

const RELEASE: &str =
    "release -a web --manifest dev=../scratch/next.yaml --manifest staging=../scratch/next.yaml";

#[test]
fn a_disk_with_room_for_a_part_of_a_release() {
    let pages = [0, 3, 20, 26];
    let ends = fill_to_each(Full::Checkout, Shape::Plain, RELEASE, pages.into_iter());
    assert!(ends.is_none_or(|(well, _)| well > 0), "{ends:?}");
}

#[test]
#[ignore = "takes a minute"]
fn disks_of_every_size() {
    for (full, shape) in [
        (Full::Checkout, Shape::Plain),
        (Full::Checkout, Shape::LineEndings),
        (Full::Checkout, Shape::Local),
        (Full::GitFolder, Shape::Plain),
        (Full::WorkTree, Shape::Plain),
        (Full::WorkTree, Shape::LineEndings),
        (Full::WorkTree, Shape::Local),
        (Full::Remote, Shape::Plain),
    ] {
        for line in [RELEASE, "environment delete staging"] {
            // Enough for all of it at the end.
            let mut pages: Vec<_> = (0..13).chain([16, 20, 26, 34, 44, 60, 80]).collect();
            if matches!(full, Full::Remote) {
                // With room for the objects and none for the ref, a server speaks as if others were faster, for a minute each.
                pages.retain(|free| *free < 13 || *free == 80);
            }
            let Some((well, of)) = fill_to_each(full, shape, line, pages.into_iter()) else {
                return;
            };
            let told = format!("{full:?}, {shape:?}, {line}: {well} of {of} ended well\n");
            let _ = std::io::stderr().write_all(told.as_bytes());
        }
    }
}
