//! What must hold after an accident, judged from the outside: commit ids, files, and what git itself says.

use std::fs;
use std::path::Path;

use walkdir::WalkDir;

use super::scene::{EDITS, Shape, git_folder};
use crate::world::{Answer, Node, Tree, World, differences, files_below};

/// What a command may not change if it fails: refs, `HEAD`, index, and files. No git is asked, which would refresh the index.
pub(super) struct Before(Tree);

impl Before {
    pub(super) fn of(world: &World) -> Self {
        let mut parts = Tree::new();
        let beside = |name: &str| (name.to_owned(), world.room().join(name));
        let ours = ("checkout/.git".to_owned(), git_folder(world));
        for (repository, folder) in [beside("remote.git"), ours, beside("bare.git")] {
            for name in ["HEAD", "packed-refs", "index"] {
                let bytes = fs::read(folder.join(name)).unwrap_or_default();
                parts.insert(format!("{repository}/{name}"), Node::File(bytes));
            }
            let refs = files_below(&folder.join("refs")).into_iter();
            let refs =
                refs.filter(|(path, _)| !path.ends_with('/') && !path.starts_with("trainyard/"));
            parts.extend(refs.map(|(path, node)| (format!("{repository}/refs/{path}"), node)));
        }
        let files = files_below(world.checkout()).into_iter();
        parts.extend(files.map(|(path, node)| (format!("work tree: {path}"), node)));
        Self(parts)
    }

    pub(super) fn check(&self, world: &World) -> Result<(), String> {
        let changed = differences(&self.0, &Self::of(world).0);
        if changed.is_empty() {
            return Ok(());
        }
        Err(format!(
            "something changed though the command failed:\n{changed}"
        ))
    }
}

/// Where the branch stands that tells whether a change has landed.
pub(super) fn head(world: &World, shape: Shape) -> String {
    let folder = shape.judge(world);
    let loose = fs::read_to_string(folder.join("refs/heads/main"));
    let found = loose.or_else(|_| {
        let packed = fs::read_to_string(folder.join("packed-refs"))?;
        let line = packed
            .lines()
            .find(|line| line.ends_with(" refs/heads/main"));
        Ok::<_, std::io::Error>(line.unwrap_or_default().replace(" refs/heads/main", ""))
    });
    found.unwrap().trim().to_owned()
}

/// Where a change has led to: the commit; in line, where the next command may publish it in another order, the tree and what was done.
pub(super) fn outcome(world: &World, shape: Shape) -> String {
    if !shape.combines() {
        return head(world, shape);
    }
    let tree = world.remote_git(&["rev-parse", "main^{tree}"]);
    let mut subjects = world.subjects();
    subjects.sort();
    format!("{tree}\n{}", subjects.join("\n"))
}

/// What a failure says: what is so, and never a panic.
pub(super) fn check_words(answer: &Answer) -> Result<(), String> {
    if answer.stderr.contains("panicked") || answer.code == 101 {
        return Err(format!("it panicked\n{answer}"));
    }
    let failed = ![0, 10, -1].contains(&answer.code);
    if failed && !(answer.stderr.contains("error: ") && answer.stderr.contains('`')) {
        return Err(format!("the error names nothing\n{answer}"));
    }
    Ok(())
}

/// A tag is on the commit that says so, where the branch is that tells whether a change has landed; none is anywhere else.
pub(super) fn check_tag(world: &World, shape: Shape) -> Result<(), String> {
    let folder = shape.judge(world).display().to_string();
    let git = |line: &[&str]| world.git(&[&["-C", &folder], line].concat());
    let tagged = git(&["for-each-ref", "--format=%(*objectname)", "refs/tags"]);
    let said = git(&["log", "--format=%H", "--grep=^Trainyard-Tag: ", "main"]);
    if tagged == said {
        return Ok(());
    }
    Err(format!("tagged: {tagged:?}, by the commits: {said:?}"))
}

/// Everything is in step and sound, the user's edits are there, and nothing is left lying about.
pub(super) fn check_tidy(world: &World, shape: Shape, careless: bool) -> Result<(), String> {
    let head = head(world, shape);
    let expect = |what: &str, found: &str, wanted: &str| {
        if found == wanted {
            return Ok(());
        }
        Err(format!("{what}: {found:?} in place of {wanted:?}"))
    };
    let status = world.git(&["status", "--porcelain"]);
    match shape {
        Shape::Bare => {
            let bare = fs::read_to_string(world.room().join("bare.git/refs/heads/main"))
                .unwrap_or_default();
            expect("the branch of the bare clone", bare.trim(), &head)?;
        }
        Shape::Plain
        | Shape::Behind
        | Shape::LineEndings
        | Shape::Local
        | Shape::InLine
        | Shape::Leads => {
            expect("HEAD", &world.git(&["rev-parse", "HEAD"]), &head)?;
            expect("git status", &status, EDITS)?;
        }
    }
    let edits = [
        ("notes.txt", "notes of the user\n"),
        ("staged.txt", "staged by the user\n"),
        ("untracked.txt", "not yet known to git\n"),
    ];
    for (name, wanted) in edits {
        let found = fs::read_to_string(world.checkout().join(name)).unwrap_or_default();
        expect(name, &found, wanted)?;
    }
    let mut left = Vec::new();
    for folder in [shape.git_folder(world), world.remote()] {
        left.extend(leftovers(&folder, careless));
        let sound = [
            "-C",
            &folder.display().to_string(),
            "fsck",
            "--strict",
            "--no-dangling",
        ]
        .map(str::to_owned);
        let mut git = world.beside("git");
        let output = git.args(sound).output().unwrap();
        if !output.status.success() {
            return Err(format!(
                "git fsck: {}",
                String::from_utf8_lossy(&output.stderr)
            ));
        }
    }
    expect("left lying about", &left.join(" "), "")
}

/// Locks, journals, drafts, refs of ours and temporary files. Those among the objects, which `git gc` takes away in time, are allowed
/// to whoever was killed, or could not remove them.
fn leftovers(folder: &Path, careless: bool) -> Vec<String> {
    let walk = WalkDir::new(folder).min_depth(1).into_iter().flatten();
    let files = walk.filter(|entry| !entry.file_type().is_dir());
    let paths = files.map(|entry| {
        entry
            .path()
            .strip_prefix(folder)
            .unwrap()
            .display()
            .to_string()
    });
    let is_left = |path: &String| {
        ends_in(path, "lock")
            || path.starts_with("trainyard/") && path != "trainyard/lock"
            || path.starts_with("refs/trainyard/")
            || path.starts_with("objects/") && path.contains("tmp_") && !careless
    };
    paths.filter(is_left).collect()
}

fn ends_in(name: &str, extension: &str) -> bool {
    Path::new(name)
        .extension()
        .is_some_and(|found| found == extension)
}

/// Where the branch may stand in the end. What happens in different ways may lead to the same.
#[derive(Clone, Debug, Default)]
pub(super) struct Ends(Vec<(String, &'static str)>);

impl Ends {
    pub(super) fn with(mut self, commit: String, what: &'static str) -> Self {
        self.0.push((commit, what));
        self
    }

    pub(super) fn check(&self, found: &str, allowed: &[&str]) -> Result<(), String> {
        let ends = self.0.iter().filter(|(commit, _)| commit == found);
        let ends: Vec<_> = ends.map(|(_, what)| *what).collect();
        if ends.iter().any(|what| allowed.contains(what)) {
            return Ok(());
        }
        Err(format!(
            "the branch ends at {found}: {ends:?} in place of {allowed:?}"
        ))
    }
}
