//! The way of a plain checkout: only the paths that differ are looked at and written, and the index is patched in one pass.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::MetadataExt as _;

use anyhow::{Context as _, Result};

use super::Snapshot;
use super::files::{OnDisk, WorkFolder};
use super::index::{Index, Patch, Staged};
use super::known_bad::{Variant, known_bad};
use super::objects::{MODE_FILE, MODE_LINK, MODE_PROGRAM};
use super::settings::Settings;
use super::stamp::Stamp;
use super::step::{InTheWay, Step};
use super::touched::{Side, Touched, touched};
use crate::tree::{Content, Entry, RepoPath};

/// How many paths in the way are named.
const NAMED: usize = 5;

/// A move whose way is clear.
pub(super) struct Move<'a> {
    step: &'a Step<'a>,
    new: Snapshot<'a>,
    index: Index,
    paths: Vec<(RepoPath, Touched, Work)>,
}

/// What is left to do for a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Work {
    Write,
    Remove,
    /// It is right already.
    Nothing,
    InTheWay,
}

/// A clear way, found before or after the index was locked.
pub(super) struct Found<'a> {
    new: Snapshot<'a>,
    survey: Survey,
}

/// Looks whether the way is clear. `None`: this checkout is not plain, or a path is neither a plain file nor a link.
pub(super) fn find<'a>(step: &Step<'a>) -> Result<Option<Result<Found<'a>, InTheWay>>> {
    let old = step.checkout.snapshot(step.old)?;
    let new = step.checkout.snapshot(step.new)?;
    let touched = touched(&old, &new)?;
    let plain = |side: Side| side.is_none_or(|(mode, _)| matches!(mode, MODE_FILE | MODE_LINK));
    let mut paths = Vec::with_capacity(touched.len());
    for (path, touched) in &touched {
        let path = std::str::from_utf8(path).ok().and_then(RepoPath::parse);
        match path.filter(|_| plain(touched.old) && plain(touched.new)) {
            Some(path) => paths.push((path, *touched)),
            None => return Ok(None),
        }
    }
    let Some(survey) = survey(step, &[&old, &new], &new, paths)? else {
        return Ok(None);
    };
    Ok(Some(survey.clear().map(|survey| Found { new, survey })))
}

impl<'a> Found<'a> {
    /// Whether nothing has changed since: the index and every file are the ones that were looked at. `now` is from before that.
    pub(super) fn still_holds(&self, step: &Step, now: &Stamp) -> Result<bool> {
        let same = |before: Option<&Stamp>, after: Option<&Stamp>| {
            before == after && before.is_none_or(|stamp| stamp.would_tell(now))
        };
        let index = rustix::fs::stat(&step.index)?;
        let root = step.checkout.repository.workdir();
        let mut files = WorkFolder::open(root.context("a checkout has a work tree")?)?;
        if !same(Some(&self.survey.index_stamp), Some(&Stamp::of(&index))) {
            return Ok(false);
        }
        for ((path, ..), before) in self.survey.paths.iter().zip(&self.survey.stamps) {
            if !same(before.as_ref(), files.stamp(path)?.as_ref()) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The move, once the index is locked.
    pub(super) fn into_move(self, step: &'a Step<'a>) -> Move<'a> {
        Move {
            step,
            new: self.new,
            index: self.survey.index,
            paths: self.survey.paths,
        }
    }
}

/// What would be in the way of a change that is only planned. `None`: this checkout is not plain, or nothing is.
pub(super) fn rehearse(
    step: &Step,
    base: &Snapshot,
    paths: Vec<(RepoPath, Touched)>,
) -> Result<Option<Result<(), InTheWay>>> {
    let survey = survey(step, &[base], base, paths)?;
    Ok(survey.map(|survey| survey.clear().map(drop)))
}

/// What was found at the paths of a step.
struct Survey {
    index: Index,
    index_stamp: Stamp,
    paths: Vec<(RepoPath, Touched, Work)>,
    /// One for each path; `None` where nothing stood.
    stamps: Vec<Option<Stamp>>,
}

impl Survey {
    /// What was found, if nothing is in the way.
    fn clear(self) -> Result<Self, InTheWay> {
        let in_the_way: Vec<_> = self
            .paths
            .iter()
            .filter(|(_, _, work)| *work == Work::InTheWay)
            .map(|(path, ..)| path)
            .collect();
        if in_the_way.is_empty() {
            return Ok(self);
        }
        Err(named(&in_the_way))
    }
}

/// Looks at each path. `None`: this checkout is not plain.
fn survey(
    step: &Step,
    sides: &[&Snapshot],
    new: &Snapshot,
    paths: Vec<(RepoPath, Touched)>,
) -> Result<Option<Survey>> {
    let folders = folders_of(&paths);
    // A file that gives way to a folder, or a folder to a file.
    let traded = paths.iter().any(|(path, _)| folders.contains(path));
    if traded
        || !has_plain_config(&step.checkout.settings)
        || has_attributes(step, sides, &folders)?
    {
        return Ok(None);
    }
    let stamp = rustix::fs::stat(&step.index).ok();
    let index = std::fs::read(&step.index).ok().and_then(Index::parse);
    let root = step.checkout.repository.workdir();
    let (Some(stamp), Some(index), Some(root)) = (stamp, index, root) else {
        return Ok(None);
    };
    let mut files = WorkFolder::open(root)?;
    let doing = doing!("checking", "the files of the checkout");
    doing.record("total", paths.len());
    let mut works = Vec::with_capacity(paths.len());
    let mut stamps = Vec::with_capacity(paths.len());
    for (count, (path, touched)) in paths.into_iter().enumerate() {
        doing.record("count", count);
        let (on_disk, stamp) = files.look_closely(&path)?;
        let mut work = work(step, new, &index, on_disk, &path, &touched)?;
        if known_bad(Variant::OverwriteEdits) && work == Work::InTheWay {
            work = Work::Write;
        }
        works.push((path, touched, work));
        stamps.push(stamp);
    }
    Ok(Some(Survey {
        index,
        index_stamp: Stamp::of(&stamp),
        paths: works,
        stamps,
    }))
}

impl Move<'_> {
    /// Writes files and index.
    pub(super) fn apply(self) -> Result<()> {
        let root = self
            .step
            .checkout
            .repository
            .workdir()
            .context("a checkout has a work tree")?;
        let written = self
            .paths
            .iter()
            .filter(|(_, _, work)| *work == Work::Write);
        self.new
            .prefetch(written.filter_map(|(_, touched, _)| Some(touched.new?.1)))?;
        let doing = doing!("writing", "the files of the checkout");
        doing.record("total", self.paths.len());
        let mut files = WorkFolder::open(root)?;
        let mut patches = BTreeMap::new();
        // A file may give way to a folder of its name: what goes, goes first.
        for (path, _, work) in &self.paths {
            if *work == Work::Remove {
                files.remove(path)?;
            }
        }
        for (count, (path, touched, work)) in self.paths.iter().enumerate() {
            doing.record("count", count);
            let patch = match touched.new {
                None => Patch::Remove,
                Some((mode, id)) => {
                    let stat = match work {
                        Work::Write => self.write(&mut files, path, (mode, id))?,
                        Work::Remove | Work::Nothing | Work::InTheWay => files.stat(path)?,
                    };
                    Patch::Write(Staged { mode, id }, Box::new(stat))
                }
            };
            patches.insert(path.as_str().as_bytes().to_vec(), patch);
        }
        self.doubt(&mut files, &mut patches)?;
        let bytes = self.index.patched(&patches)?;
        let next = &self.step.next_index;
        std::fs::write(next, bytes).context("writing the index")?;
        std::fs::set_permissions(next, std::fs::metadata(&self.step.index)?.permissions())?;
        std::fs::rename(next, &self.step.index).context("replacing the index")
    }

    /// Marks the entries whose files have changed without their times telling it: a newer index would hide that.
    fn doubt(&self, files: &mut WorkFolder, patches: &mut BTreeMap<Vec<u8>, Patch>) -> Result<()> {
        let written = std::fs::metadata(&self.step.index)?.mtime();
        for (name, staged) in self.index.young(written) {
            let path = std::str::from_utf8(name).ok().and_then(RepoPath::parse);
            let Some(path) = path.filter(|_| !patches.contains_key(name)) else {
                continue;
            };
            let content = match files.look(&path)? {
                OnDisk::File(bytes) | OnDisk::Program(bytes) | OnDisk::Link(bytes) => bytes,
                OnDisk::Missing | OnDisk::Other => continue,
            };
            if Content::new(content.as_slice()).id().0 != staged.id {
                patches.insert(name.to_owned(), Patch::Doubt);
            }
        }
        Ok(())
    }

    fn write(
        &self,
        files: &mut WorkFolder,
        path: &RepoPath,
        (mode, id): (u32, [u8; 20]),
    ) -> Result<rustix::fs::Stat> {
        let bytes = self.new.object(id)?;
        let entry = if mode == MODE_LINK {
            let target = String::from_utf8(bytes.clone());
            Entry::Symlink(target.with_context(|| format!("the link `{path}` is not UTF-8"))?)
        } else {
            Entry::File(Content::stored(crate::tree::BlobId(id)))
        };
        files.write(path, &entry, &bytes)
    }
}

/// What is to be done for a path: nothing but the old or the new content may be replaced, on disk as in the index.
fn work(
    step: &Step,
    new: &Snapshot,
    index: &Index,
    on_disk: OnDisk,
    path: &RepoPath,
    touched: &Touched,
) -> Result<Work> {
    let staged = index
        .get(path.as_str().as_bytes())
        .map(|staged| (staged.mode, staged.id));
    if staged != touched.old && staged != touched.new {
        return Ok(Work::InTheWay);
    }
    let on_disk = match on_disk {
        OnDisk::Missing => None,
        OnDisk::File(bytes) => Some((MODE_FILE, bytes)),
        OnDisk::Program(bytes) => Some((mode_of_program(step), bytes)),
        OnDisk::Link(target) => Some((MODE_LINK, target)),
        OnDisk::Other => return Ok(Work::InTheWay),
    };
    let side = on_disk
        .as_ref()
        .map(|(mode, bytes)| (*mode, Content::new(bytes.as_slice()).id().0));
    let to_do = if touched.new.is_some() {
        Work::Write
    } else {
        Work::Remove
    };
    if side == touched.new {
        return Ok(Work::Nothing);
    }
    if side == touched.old || side.is_none() {
        return Ok(to_do);
    }
    // A killed command may have written the beginning of the new content.
    let begun = match (step.resumed, on_disk, touched.new) {
        (true, Some((MODE_FILE, bytes)), Some((MODE_FILE, id))) => {
            new.object(id)?.starts_with(&bytes)
        }
        _ => false,
    };
    Ok(if begun { to_do } else { Work::InTheWay })
}

/// What a file that can be executed counts as: in some checkouts that bit says nothing.
fn mode_of_program(step: &Step) -> u32 {
    let counts = step
        .checkout
        .settings
        .is_on("core.filemode")
        .unwrap_or(true);
    if counts { MODE_PROGRAM } else { MODE_FILE }
}

pub(super) fn named(paths: &[&RepoPath]) -> InTheWay {
    let mut named: Vec<_> = paths
        .iter()
        .take(NAMED)
        .map(|path| format!("`{path}`"))
        .collect();
    if paths.len() > NAMED {
        named.push(format!("and {} more", paths.len() - NAMED));
    }
    format!("it has other content in {}", named.join(", "))
}

/// Whether files look in the work tree as they do in the repository.
fn has_plain_config(settings: &Settings) -> bool {
    let on = |key: &str| settings.is_on(key).unwrap_or(false);
    let autocrlf = settings
        .text("core.autocrlf")
        .unwrap_or_default()
        .to_lowercase();
    matches!(autocrlf.as_str(), "" | "false" | "no" | "off" | "0")
        && settings.is_on("core.symlinks").unwrap_or(true)
        && !on("core.sparsecheckout")
        && !on("core.splitindex")
        && !on("index.sparse")
}

/// Every folder that any of the paths lies in.
fn folders_of(paths: &[(RepoPath, Touched)]) -> BTreeSet<RepoPath> {
    let mut folders = BTreeSet::from([RepoPath::root()]);
    for (path, _) in paths {
        let mut folder = path.parent();
        while let Some(above) = folder.filter(|above| !folders.contains(above)) {
            folder = above.parent();
            folders.insert(above);
        }
    }
    folders
}

/// Whether attributes may convert any of the paths in these folders.
fn has_attributes(step: &Step, sides: &[&Snapshot], folders: &BTreeSet<RepoPath>) -> Result<bool> {
    let repository = &step.checkout.repository;
    let beside = |config: Result<std::path::PathBuf, git2::Error>, name: &str| {
        config
            .ok()
            .and_then(|path| Some(path.parent()?.join(name)))
            .is_some_and(|path| path.exists())
    };
    let configured = step.checkout.settings.text("core.attributesfile");
    if configured.is_some_and(|path| !path.is_empty())
        || repository.commondir().join("info/attributes").exists()
        || beside(git2::Config::find_xdg(), "attributes")
        || beside(git2::Config::find_system(), "gitattributes")
    {
        return Ok(true);
    }
    for side in sides {
        for folder in folders {
            let tree = side.tree(folder)?;
            if tree.is_some_and(|tree| tree.get(b".gitattributes").is_some()) {
                return Ok(true);
            }
        }
    }
    Ok(false)
}
