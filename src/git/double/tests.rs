//! The double is held against git itself: the same commands, races and refusals on both, and the same answers.

use std::os::unix::fs::PermissionsExt as _;

use git2::{Repository, RepositoryInitOptions, Signature};

use super::*;
use crate::git::Git;

const MAIN: &str = "refs/heads/main";

/// The same remote and the same clone twice: those of git, and those of the double.
struct Pair {
    room: tempfile::TempDir,
    server: Server,
    /// A line of commits, and one that lies beside the last.
    commits: Vec<Oid>,
}

/// What somebody else does while a push is under way.
type Race = Option<(String, Option<Oid>)>;

fn init(folder: &Path) -> Repository {
    let mut options = RepositoryInitOptions::new();
    options
        .bare(true)
        .initial_head("main")
        .external_template(false);
    Repository::init_opts(folder, &options).unwrap()
}

impl Pair {
    fn new() -> Self {
        let room = tempfile::tempdir().unwrap();
        let at = |name: &str| room.path().join(name);
        let mut commits = Vec::new();
        for name in ["git-server", "server", "git-clone", "clone"] {
            let repository = init(&at(name));
            commits = line_of_commits(&repository);
        }
        let clone = Repository::open(at("git-clone")).unwrap();
        clone
            .remote("origin", at("git-server").to_str().unwrap())
            .unwrap();
        let server = Server::new(&at("server"), Refs::new());
        Self {
            room,
            server,
            commits,
        }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.room.path().join(name)
    }

    /// Puts a script in the place of a hook of the remote.
    fn hook(&self, script: &str) {
        let path = self.at("git-server").join("hooks/pre-receive");
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// What both say, in an order and in words that do not depend on the version of git.
    fn both(&mut self, arguments: &[&str], race: &Race, declines: bool) -> [(String, Refs); 2] {
        let race_of_git = match race {
            None => String::new(),
            Some((name, Some(id))) => {
                format!("unset GIT_QUARANTINE_PATH\ngit update-ref {name} {id}")
            }
            Some((name, None)) => format!("unset GIT_QUARANTINE_PATH\ngit update-ref -d {name}"),
        };
        self.hook(if declines {
            "echo no way >&2; exit 1"
        } else {
            &race_of_git
        });
        let git = Git::new(&self.at("git-clone"), true)
            .run(arguments)
            .unwrap();
        let said = match Line::read(arguments) {
            Line::List(patterns) => self.server.list(&patterns),
            Line::Fetch(refspecs) => self.server.fetch(&self.at("clone"), &refspecs),
            Line::Push(line) => {
                let sent = line.send(&self.server, &self.at("clone"));
                if let (Some((name, id)), false) = (race, sent.is_nothing()) {
                    match id {
                        Some(id) => self.server.refs.insert(name.clone(), *id),
                        None => self.server.refs.remove(name),
                    };
                }
                let verdict = if declines {
                    sent.declined()
                } else {
                    sent.apply(&mut self.server.refs)
                };
                sent.told(&verdict)
            }
        };
        [
            (
                told(&git),
                refs(&self.at("git-server"), &self.at("git-clone")),
            ),
            (told(&said), self.refs_of_the_double()),
        ]
    }

    fn refs_of_the_double(&self) -> Refs {
        let here = refs(&self.at("server"), &self.at("clone"));
        let there = self.server.refs.iter();
        let there = there.map(|(name, id)| (format!("server {name}"), *id));
        here.into_iter().chain(there).collect()
    }
}

/// Four commits, each on the one before, and one beside the last.
fn line_of_commits(repository: &Repository) -> Vec<Oid> {
    let who = Signature::new("Jo", "jo@shop.example", &git2::Time::new(0, 0)).unwrap();
    let tree = repository.treebuilder(None).unwrap().write().unwrap();
    let tree = repository.find_tree(tree).unwrap();
    let mut commits: Vec<Oid> = Vec::new();
    for place in 0..5 {
        let parent = match place {
            0 => None,
            4 => commits.get(2),
            _ => commits.last(),
        };
        let parent = parent.map(|id| repository.find_commit(*id).unwrap());
        let parents: Vec<_> = parent.iter().collect();
        let message = format!("commit {place}");
        let id = repository.commit(None, &who, &who, &message, &tree, &parents);
        commits.push(id.unwrap());
    }
    commits
}

/// The refs of a remote, and those that a clone has fetched.
fn refs(server: &Path, clone: &Path) -> Refs {
    let mut found = Refs::new();
    for (place, folder) in [("server", server), ("clone", clone)] {
        for reference in Repository::open(folder).unwrap().references().unwrap() {
            let reference = reference.unwrap();
            let name = reference.name().unwrap();
            // git keeps in mind what it pushed; in the model that is up to the one who pushes.
            if !name.starts_with("refs/remotes/") {
                found.insert(format!("{place} {name}"), reference.target().unwrap());
            }
        }
    }
    found
}

fn told(finished: &Finished) -> String {
    // As later versions of git call it.
    let text = finished
        .text()
        .replace("incorrect old value provided", "failed to update ref");
    let text = text.replace("reference already exists", "failed to update ref");
    let lines = text.lines().filter(|line| !line.starts_with("To "));
    let mut lines: Vec<_> = lines.map(str::to_owned).collect();
    lines.sort();
    let signs = [
        "cannot lock ref",
        "couldn't find remote ref",
        "no way",
        "failed to push",
    ];
    let signs = signs.iter().filter(|sign| finished.stderr.contains(**sign));
    let code = finished.status.and_then(|status| status.code());
    format!(
        "{code:?} {signs:?}\n{}",
        lines.join("\n"),
        signs = signs.collect::<Vec<_>>()
    )
}

/// Numbers that look like chance.
fn chance(state: &mut u32, below: usize) -> usize {
    *state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
    (*state >> 16) as usize % below
}

#[test]
fn the_double_says_and_does_what_git_says_and_does() {
    let mut pair = Pair::new();
    let mut seed = 5;
    let names = [MAIN, "refs/trainyard/inbox/a", "refs/trainyard/inbox/b"];
    let mut kinds = std::collections::BTreeSet::new();
    for step in 0..90 {
        let mut chance = |below: usize| chance(&mut seed, below);
        let any = |place: usize| pair.commits[place].to_string();
        // What is so, or else anything.
        let now = |name: &str, other: usize| match pair.server.refs.get(name) {
            Some(id) if other > 3 => id.to_string(),
            None if other > 3 => String::new(),
            _ if other == 3 => String::new(),
            _ => any(other),
        };
        let mut arguments = vec!["push".to_owned(), "--porcelain".to_owned()];
        arguments.extend(["--no-follow-tags", "--recurse-submodules=no"].map(str::to_owned));
        let mut refspecs = vec!["--".to_owned(), "origin".to_owned()];
        match chance(9) {
            0 => {
                arguments = ["ls-remote", "--quiet", "--", "origin"]
                    .map(str::to_owned)
                    .to_vec();
                arguments.push(MAIN.to_owned());
                arguments.push("refs/trainyard/inbox/*".to_owned());
                refspecs.clear();
            }
            1 => {
                arguments = ["fetch", "--quiet", "--no-tags", "--no-write-fetch-head"]
                    .map(str::to_owned)
                    .to_vec();
                arguments.extend(["--no-recurse-submodules", "--refmap="].map(str::to_owned));
                refspecs.push(format!("+{}:refs/trainyard/fetch/change", names[chance(3)]));
                refspecs.push("+refs/trainyard/inbox/*:refs/trainyard/fetch/inbox/*".to_owned());
            }
            _ => {
                if chance(2) == 0 {
                    arguments.push("--atomic".to_owned());
                }
                let first = chance(3);
                for name in &names[first..=(first + chance(3)).min(2)] {
                    match chance(6) {
                        0 => {}
                        _ => {
                            let lease = now(name, chance(11));
                            arguments.push(format!("--force-with-lease={name}:{lease}"));
                        }
                    }
                    let away = *name != MAIN && chance(3) == 0;
                    let new = if away { String::new() } else { any(chance(5)) };
                    refspecs.push(format!("{new}:{name}"));
                }
            }
        }
        arguments.extend(refspecs);
        let race = match chance(4) {
            0 => {
                let name = names[chance(3)];
                let id = (chance(2) == 0).then(|| pair.commits[chance(5)]);
                // A ref that is not there cannot be taken away.
                let there = pair.server.refs.contains_key(name);
                (id.is_some() || there).then(|| (name.to_owned(), id))
            }
            _ => None,
        };
        let declines = race.is_none() && chance(8) == 0;
        let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
        let [git, double] = pair.both(&arguments, &race, declines);
        let shown = arguments.join(" ");
        assert_eq!(git, double, "step {step}: {shown}\n{race:?} {declines}");
        let kind = |line: &str| line.rsplit('\t').next().unwrap_or_default().to_owned();
        kinds.extend(git.0.lines().map(kind).filter(|kind| kind.starts_with('[')));
    }
    // Or it would say nothing.
    let kinds: Vec<_> = kinds.iter().map(String::as_str).collect();
    assert_eq!(
        kinds,
        [
            "[deleted]",
            "[new branch]",
            "[new reference]",
            "[rejected] (atomic push failed)",
            "[rejected] (non-fast-forward)",
            "[rejected] (stale info)",
            "[remote rejected] (atomic transaction failed)",
            "[remote rejected] (failed to update ref)",
            "[remote rejected] (pre-receive hook declined)",
            "[up to date]"
        ]
    );
}
