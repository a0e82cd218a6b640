//! Walks over made-up histories, held against what git itself says about them.

use std::fmt::Write as _;

use git2::Repository;
use tempfile::TempDir;

use super::*;
use crate::git::Git;
use crate::git::itself::{git, git_with};
use crate::tree::{Kind, MemoryPast, MemoryTree, ReadTree};

/// A bare repository whose commits a text tells, in the words of `git fast-import`.
struct History(TempDir);

impl History {
    fn import(stream: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        git(folder.path(), &["init", "-q", "--bare", "-b", "main"]);
        git_with(folder.path(), &["fast-import", "--quiet"], stream);
        Self(folder)
    }

    /// Does something with the latest state.
    fn latest<T>(&self, read: impl FnOnce(&Snapshot) -> T) -> T {
        let repository = Repository::open(self.0.path()).unwrap();
        let git = Git::new(self.0.path(), true);
        let head = repository.refname_to_id("refs/heads/main").unwrap();
        read(&Snapshot::of(&repository, &git, head).unwrap())
    }

    /// The commits, and the paths of these shapes that each changed; `None` where that cannot be told.
    fn walked(&self, shapes: &[PathShape]) -> Vec<(String, Option<BTreeSet<String>>)> {
        self.latest(|snapshot| {
            let steps = snapshot.steps(shapes).map(|step| {
                let Step { commit, changed } = step.unwrap();
                let paths =
                    changed.map(|changed| changed.paths.iter().map(ToString::to_string).collect());
                (commit.id, paths)
            });
            steps.collect()
        })
    }

    fn git(&self, arguments: &[&str]) -> String {
        git(self.0.path(), arguments)
    }
}

/// A commit with these commands of `git fast-import`, made so many minutes after the beginning.
fn commit(minute: usize, commands: &str) -> String {
    let seconds = 1_700_000_000 + minute * 60;
    format!(
        "commit refs/heads/main\nmark :{mark}\nauthor Ada <ada@signals.example> {seconds} +0100\ncommitter Bob <bob@signals.example> {seconds} +0000\ndata <<END\nchange {minute}\nEND\n{commands}\n",
        mark = minute + 1
    )
}

fn file(mode: &str, path: &str, text: &str) -> String {
    format!("M {mode} inline {path}\ndata <<END\n{text}\nEND\n")
}

fn path(text: &str) -> RepoPath {
    RepoPath::parse(text).unwrap()
}

/// Numbers that look like chance and are the same every time.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }

    fn one_of<'a>(&mut self, words: &[&'a str]) -> &'a str {
        let place = self.below(u64::try_from(words.len()).unwrap());
        words[usize::try_from(place).unwrap()]
    }

    /// A history of this length over few enough paths that files, links and folders take each other's places.
    fn history(&mut self, length: usize) -> History {
        self.history_of(length, &["100644", "100644", "100755", "120000"])
    }

    /// The same with entries of these modes only.
    fn history_of(&mut self, length: usize, modes: &[&str]) -> History {
        let mut stream = String::new();
        for minute in 0..length {
            let mut commands = String::new();
            for _ in 0..self.below(4) {
                let depth = 1 + self.below(3);
                let names = (0..depth).map(|_| self.one_of(&["a", "a-b", "a.c", "b", "version"]));
                let path = names.collect::<Vec<_>>().join("/");
                let mode = self.one_of(modes);
                if self.below(4) == 0 {
                    writeln!(commands, "D {path}").unwrap();
                } else {
                    commands += &file(mode, &path, &self.below(3).to_string());
                }
            }
            stream += &commit(minute, &commands);
        }
        History::import(&stream)
    }
}

#[test]
fn a_walk_finds_what_git_finds() {
    let shapes = [
        PathShape::of(&[None]),
        PathShape::of(&[Some("a"), None]),
        PathShape::of(&[None, Some("version")]),
        PathShape::of(&[None, None, Some("version")]),
        PathShape::of(&[Some("b"), Some("a-b"), Some("a")]),
    ];
    let wanted: Shapes = shapes.iter().collect();
    let is_wanted = |path: &str| {
        let places = path.split('/').fold(vec![&wanted], |places, name| {
            places
                .into_iter()
                .flat_map(|place| place.at(name))
                .collect()
        });
        places.into_iter().any(Shapes::is_wanted)
    };
    for seed in 0..8 {
        let history = Chance(seed).history(40);
        // With `-t` git names the folders that differ as well.
        let log = history.git(&[
            "log",
            "--first-parent",
            "--format=commit %H",
            "--root",
            "-t",
            "-r",
            "--raw",
            "--no-renames",
            "--name-only",
        ]);
        let mut expected: Vec<(String, Option<BTreeSet<String>>)> = Vec::new();
        for line in log.lines().filter(|line| !line.is_empty()) {
            match line.strip_prefix("commit ") {
                Some(id) => expected.push((id.to_owned(), Some(BTreeSet::new()))),
                None if is_wanted(line) => {
                    expected
                        .last_mut()
                        .unwrap()
                        .1
                        .as_mut()
                        .unwrap()
                        .insert(line.to_owned());
                }
                None => {}
            }
        }
        assert_eq!(history.walked(&shapes), expected, "seed {seed}");
    }
}

#[test]
fn what_is_there_now_is_there_since_the_commit_that_git_names() {
    for seed in 0..8 {
        let history = Chance(seed).history(60);
        let listed = history.git(&["ls-tree", "-r", "-t", "--name-only", "main"]);
        let paths: BTreeSet<_> = listed.lines().map(path).chain([path("no/such")]).collect();
        let found = history.latest(|snapshot| snapshot.since(&paths).unwrap());
        let found: BTreeMap<_, _> = found
            .iter()
            .map(|(path, since)| match since {
                Since::Commit(commit) => (path.to_string(), commit.id.clone()),
                Since::BeforeOrAt(_) => panic!("all of the history is there"),
            })
            .collect();
        let expected: BTreeMap<_, _> = listed
            .lines()
            .map(|path| {
                let log = [
                    "log",
                    "--first-parent",
                    "-1",
                    "--format=%H",
                    "main",
                    "--",
                    path,
                ];
                (path.to_owned(), history.git(&log).trim().to_owned())
            })
            .collect();
        assert!(expected.len() > 3, "there is something to ask for");
        assert_eq!(found, expected, "seed {seed}");
    }
}

#[test]
fn a_step_tells_both_states_and_what_the_commit_says() {
    let link = |number| file("120000", "version", &format!("releases/{number}"));
    let history = History::import(&[commit(0, &link(1)), commit(1, &link(2))].concat());
    history.latest(|snapshot| {
        let wanted = [PathShape::from(&path("version"))];
        let mut steps = snapshot.steps(&wanted).map(Result::unwrap);
        let text = |tree: &dyn crate::tree::ReadTree| tree.entry(&path("version")).unwrap();
        let linked = |number| Some(crate::tree::Entry::Symlink(format!("releases/{number}\n")));
        let latest = steps.next().unwrap();
        let CommitFacts {
            author,
            committer,
            seconds,
            message,
            ..
        } = latest.commit;
        assert_eq!(
            (author.name, author.email),
            ("Ada".to_owned(), "ada@signals.example".to_owned())
        );
        assert_eq!(
            (committer.name, committer.email),
            ("Bob".to_owned(), "bob@signals.example".to_owned())
        );
        assert_eq!((seconds, message.as_str()), (1_700_000_060, "change 1\n"));
        let changed = latest.changed.unwrap();
        assert_eq!(
            (text(&*changed.before), text(&*changed.after)),
            (linked(1), linked(2))
        );
        let first = steps.next().unwrap().changed.unwrap();
        assert_eq!(
            (text(&*first.before), text(&*first.after)),
            (None, linked(1))
        );
        assert!(steps.next().is_none());
    });
}

#[test]
fn a_merge_changes_what_its_first_parent_lacks() {
    let stream = [
        commit(0, &file("100644", "a", "0")),
        "reset refs/heads/side\nfrom :1\n\n".to_owned(),
        commit(1, &file("100644", "b", "1")).replace("refs/heads/main", "refs/heads/side"),
        commit(2, &format!("merge :2\n{}", file("100644", "b", "1"))),
    ];
    let history = History::import(&stream.concat());
    let walked = history.walked(&[PathShape::of(&[None])]);
    let paths: Vec<_> = walked
        .into_iter()
        .map(|(_, paths)| paths.unwrap().into_iter().collect::<Vec<_>>().join(" "))
        .collect();
    assert_eq!(paths, ["b", "a"]);
}

#[test]
fn a_shallow_clone_ends_without_a_lie() {
    let stream = [
        commit(0, &file("100644", "old", "0")),
        commit(1, &file("100644", "new", "1")),
        commit(2, &file("100644", "newest", "2")),
    ];
    let whole = History::import(&stream.concat());
    let folder = tempfile::tempdir().unwrap();
    let source = format!("file://{}", whole.0.path().display());
    git(
        folder.path(),
        &["clone", "-q", "--bare", "--depth=2", &source, "."],
    );
    let shallow = History(folder);
    let walked = shallow.walked(&[PathShape::of(&[None])]);
    let ids: Vec<_> = shallow
        .git(&["rev-list", "main"])
        .lines()
        .map(str::to_owned)
        .collect();
    let newest = BTreeSet::from(["newest".to_owned()]);
    assert_eq!(
        walked,
        [(ids[0].clone(), Some(newest)), (ids[1].clone(), None)]
    );
    let paths = BTreeSet::from(["old", "new", "newest"].map(path));
    let since = shallow.latest(|snapshot| snapshot.since(&paths).unwrap());
    let said = |since: &Since| match since {
        Since::Commit(_) => format!("since {}", since.commit().message.trim()),
        Since::BeforeOrAt(_) => format!("not after {}", since.commit().message.trim()),
    };
    let said: Vec<_> = since
        .iter()
        .map(|(path, since)| format!("{path}: {}", said(since)))
        .collect();
    assert_eq!(
        said,
        [
            "new: not after change 1",
            "newest: since change 2",
            "old: not after change 1"
        ]
    );
}

#[test]
fn a_commit_that_is_missing_is_an_error_unless_the_clone_is_shallow() {
    let history = History::import(&commit(0, &file("100644", "a", "0")));
    let (tree, gone) = (history.git(&["rev-parse", "main^{tree}"]), "1".repeat(40));
    let orphan =
        format!("tree {tree}parent {gone}\nauthor A <a> 0 +0000\ncommitter A <a> 0 +0000\n\nm\n");
    let orphan = git_with(
        history.0.path(),
        &["hash-object", "-t", "commit", "-w", "--stdin"],
        &orphan,
    );
    history.git(&["update-ref", "refs/heads/main", orphan.trim()]);
    let shapes = [PathShape::of(&[None])];
    let error = history.latest(|snapshot| snapshot.steps(&shapes).next().unwrap().err());
    let message = format!("the object {gone} is missing from the repository");
    assert_eq!(error.unwrap().to_string(), message);
    std::fs::write(history.0.path().join("shallow"), orphan.as_bytes()).unwrap();
    assert_eq!(history.walked(&shapes), [(orphan.trim().to_owned(), None)]);
}

#[test]
fn what_a_commit_object_lacks_is_empty() {
    let tree = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";
    let read = |text: &[u8]| Commit::parse(Oid::ZERO_SHA1, text);
    let bare = read(format!("tree {tree}\n").as_bytes()).unwrap();
    assert_eq!(
        (bare.facts.message.as_str(), bare.facts.seconds, bare.parent),
        ("", 0, None)
    );
    let odd = format!(
        "tree {tree}\nauthor nobody\ncommitter <a> b> x\nencoding x\ngpgsig y\n tree z\n\n\nm\n\nn"
    );
    let odd = read(odd.as_bytes()).unwrap().facts;
    assert_eq!(
        (odd.author.name.as_str(), odd.author.email.as_str()),
        ("nobody", "")
    );
    assert_eq!(
        (odd.committer.name.as_str(), odd.committer.email.as_str()),
        ("", "a> b")
    );
    assert_eq!(odd.message, "\nm\n\nn");
    let latin = [b"tree ", tree.as_bytes(), b"\n\ncaf\xe9"].concat();
    assert_eq!(read(&latin).unwrap().facts.message, "caf\u{fffd}");
    for wrong in [
        "",
        "blob",
        "tree x\n\nm",
        "tree 4b825dc6\n\nm",
        &format!("author nobody\ntree {tree}\n\nm"),
        &format!("tree {tree}\nparent x\n\nm"),
        &format!("tree {tree}\nparent 4b825dc6\n\nm"),
    ] {
        assert!(read(wrong.as_bytes()).is_none(), "{wrong:?}");
    }
}

#[test]
fn a_parent_stands_right_behind_the_tree_or_is_none() {
    let tree = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";
    let text = format!("tree {tree}\nauthor nobody\nparent {tree}\n\nm");
    let read = Commit::parse(Oid::ZERO_SHA1, text.as_bytes());
    assert_eq!(read.unwrap().parent, None);
}

/// A tree in memory with the files and links of another one.
fn copied(tree: &dyn ReadTree) -> MemoryTree {
    let mut copy = MemoryTree::default();
    let mut folders = vec![RepoPath::root()];
    while let Some(folder) = folders.pop() {
        for child in tree.children(&folder).unwrap() {
            let path = folder.join(&child.name);
            let text = match (child.kind, tree.entry(&path).unwrap()) {
                (Kind::Directory, _) => {
                    folders.push(path);
                    continue;
                }
                (_, Some(crate::tree::Entry::Symlink(target))) => format!("->{target}"),
                _ => tree.text(&path).unwrap().unwrap(),
            };
            copy = copy.with(path.as_str(), &text);
        }
    }
    copy
}

#[test]
fn a_history_in_memory_is_walked_as_one_in_git() {
    let shapes = [
        PathShape::of(&[None]),
        PathShape::of(&[None, Some("version")]),
        PathShape::of(&[Some("a"), None, None]),
    ];
    for seed in 0..4 {
        let history = Chance(seed).history_of(40, &["100644", "120000"]);
        let (in_git, in_memory, paths) = history.latest(|snapshot| {
            let steps = snapshot.steps(&shapes).map(Result::unwrap);
            let states = steps.map(|step| {
                let changed = step.changed.unwrap();
                (step.commit, copied(&*changed.after), changed.paths)
            });
            let mut states: Vec<_> = states.collect();
            states.reverse();
            let walked: Vec<_> = states.iter().map(|(_, _, paths)| paths.clone()).collect();
            let past = states.into_iter().map(|(commit, tree, _)| (commit, tree));
            let paths: BTreeSet<_> = walked.iter().flatten().cloned().collect();
            let since = snapshot.since(&paths).unwrap();
            ((walked, since), MemoryPast(past.collect()), paths)
        });
        let steps = in_memory.steps(&shapes);
        let mut walked: Vec<_> = steps
            .map(|step| step.unwrap().changed.unwrap().paths)
            .collect();
        walked.reverse();
        assert_eq!(
            (walked, in_memory.since(&paths).unwrap()),
            in_git,
            "seed {seed}"
        );
    }
}
