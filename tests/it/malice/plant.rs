//! Plants what is bad: trees written as raw objects, which no git would write, and files in the room.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use git2::{ObjectType, Odb, Oid, Repository};

use super::row::{Entry, Names, Plant, Row, Special, Text};
use crate::world::{BRANCH, World};

const FILE: u32 = 0o100_644;
const LINK: u32 = 0o120_000;
const TREE: u32 = 0o040_000;
const SUBMODULE: u32 = 0o160_000;

/// An entry of a tree as git stores it.
#[derive(Clone)]
struct Raw {
    mode: String,
    name: Vec<u8>,
    id: Oid,
}

/// A program that leaves a trace if anybody runs it, and a folder that nobody may write into.
pub(super) fn prepare(world: &World) {
    let room = world.room().canonicalize().unwrap();
    let evil = room.join("scratch/evil");
    let script = format!("#!/bin/sh\necho \"$0 $*\" >> {}/executed\n", room.display());
    fs::write(&evil, script).unwrap();
    fs::set_permissions(&evil, fs::Permissions::from_mode(0o755)).unwrap();
    for (path, content) in [
        ("outside/config.json", "{\"upstream\":{\"latest\":true}}"),
        ("outside/message", "nobody's business"),
        ("outside/manifests/manifests.yaml", "kind: Secret\n"),
    ] {
        let path = room.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
}

/// Whether the planted program was run.
pub(super) fn executed(world: &World) -> Option<String> {
    fs::read_to_string(world.room().join("executed")).ok()
}

pub(super) fn plant(world: &World, row: &Row) {
    let names = Names::of(world);
    for each in &row.plant {
        match each {
            Plant::Tree(entries) => plant_tree(world, &names, entries),
            Plant::File(files) => {
                for (path, entry) in files {
                    put(&world.room().join(path), entry, &names);
                }
            }
            Plant::Lines(files) => {
                for (path, lines) in files {
                    let path = world.room().join(path);
                    let mut file = fs::File::options()
                        .append(true)
                        .create(true)
                        .open(path)
                        .unwrap();
                    file.write_all(&lines.bytes(&names)).unwrap();
                }
            }
            Plant::Run(line) => drop(world.ok(&names.fill(line))),
            Plant::Shell(line) => world.shell(&names.fill(line)),
        }
    }
}

/// Puts a file, a link or a folder into the room.
fn put(place: &Path, entry: &Entry, names: &Names) {
    fs::create_dir_all(place.parent().unwrap()).unwrap();
    match entry {
        Entry::File(text) => fs::write(place, text.bytes(names)).unwrap(),
        Entry::Folder(children) => {
            fs::create_dir_all(place).unwrap();
            for (name, child) in children {
                put(&place.join(name), child, names);
            }
        }
        Entry::Special(Special::Link(target)) => {
            let _ = fs::remove_file(place);
            std::os::unix::fs::symlink(target.word(names), place).unwrap();
        }
        Entry::Special(Special::Gone(())) => {
            if fs::remove_file(place).is_err() {
                fs::remove_dir_all(place).unwrap();
            }
        }
        Entry::Special(Special::Mode(mode, text)) => {
            fs::write(place, text.bytes(names)).unwrap();
            let mode = u32::from_str_radix(mode, 8).unwrap();
            fs::set_permissions(place, fs::Permissions::from_mode(mode & 0o777)).unwrap();
        }
        Entry::Special(
            Special::Submodule(())
            | Special::Missing(_)
            | Special::Raw(_)
            | Special::Crowd(..)
            | Special::Deep(..),
        ) => panic!("{}: only a tree can hold that", place.display()),
    }
}

/// Commits entries on the branch of the remote; the checkout hears of it when it asks.
fn plant_tree(world: &World, names: &Names, entries: &BTreeMap<String, Entry>) {
    let repository = Repository::open_bare(world.remote()).unwrap();
    let odb = repository.odb().unwrap();
    let branch = format!("refs/heads/{BRANCH}");
    let parent = repository.refname_to_id(&branch).unwrap();
    let mut root = repository.find_commit(parent).unwrap().tree_id();
    let scene = Scene { odb: &odb, names };
    for (path, entry) in entries {
        let path: Vec<&str> = path.split('/').collect();
        root = scene.over(Some(root), &path, entry).unwrap();
    }
    let seconds = world.now().as_second();
    let person = format!("Mallory <mallory@evil.example> {seconds} +0000");
    let commit =
        format!("tree {root}\nparent {parent}\nauthor {person}\ncommitter {person}\n\nplanted\n");
    let commit = odb.write(ObjectType::Commit, commit.as_bytes()).unwrap();
    repository
        .reference(&branch, commit, true, "planted")
        .unwrap();
}

struct Scene<'a> {
    odb: &'a Odb<'a>,
    names: &'a Names,
}

impl Scene<'_> {
    /// The tree with an entry at a path; `None`: nothing is left of it.
    fn over(&self, tree: Option<Oid>, path: &[&str], entry: &Entry) -> Option<Oid> {
        let mut all = tree.map_or_else(Vec::new, |tree| self.parsed(tree));
        let (name, rest) = path.split_first().unwrap();
        let there = all.iter().position(|raw| raw.name == name.as_bytes());
        let there = there.map(|place| all.remove(place));
        let new = if rest.is_empty() {
            self.made(entry).map(|(mode, id)| Raw {
                mode,
                name: name.as_bytes().to_vec(),
                id,
            })
        } else {
            let below = there.filter(|raw| raw.mode == "40000").map(|raw| raw.id);
            let id = self.over(below, rest, entry);
            id.map(|id| Raw {
                mode: "40000".to_owned(),
                name: name.as_bytes().to_vec(),
                id,
            })
        };
        all.extend(new);
        (!all.is_empty()).then(|| self.sorted(all))
    }

    /// Mode and id of an entry; `None` if it shall be gone.
    fn made(&self, entry: &Entry) -> Option<(String, Oid)> {
        let mode = |mode: u32| format!("{mode:o}");
        Some(match entry {
            Entry::File(text) => (mode(FILE), self.blob(text)),
            Entry::Folder(children) => {
                let children = children.iter().filter_map(|(name, child)| {
                    let (mode, id) = self.made(child)?;
                    let name = name.clone().into_bytes();
                    Some(Raw { mode, name, id })
                });
                (mode(TREE), self.sorted(children.collect()))
            }
            Entry::Special(special) => match special {
                Special::Gone(()) => return None,
                Special::Link(target) => (mode(LINK), self.blob(target)),
                Special::Submodule(()) => (mode(SUBMODULE), Oid::from_bytes(&[7; 20]).unwrap()),
                Special::Mode(mode, text) => (mode.clone(), self.blob(text)),
                Special::Missing(mode) => (mode.clone(), Oid::from_bytes(&[9; 20]).unwrap()),
                Special::Raw(entries) => {
                    let entries = entries.iter().filter_map(|(mode, name, entry)| {
                        let (_, id) = self.made(entry)?;
                        let name = name.word(self.names).as_bytes().to_vec();
                        let mode = mode.clone();
                        Some(Raw { mode, name, id })
                    });
                    (mode(TREE), self.tree(&entries.collect::<Vec<_>>()))
                }
                Special::Crowd(count, pattern, entry) => {
                    let (kind, id) = self.made(entry)?;
                    let all = (1..=*count).map(|number| Raw {
                        mode: kind.clone(),
                        name: pattern.replace('%', &number.to_string()).into_bytes(),
                        id,
                    });
                    (mode(TREE), self.sorted(all.collect()))
                }
                Special::Deep(depth, name, bottom) => {
                    let bottom = self.made(bottom)?;
                    (0..*depth).fold(bottom, |(kind, id), _| {
                        let name = name.clone().into_bytes();
                        (
                            mode(TREE),
                            self.tree(&[Raw {
                                mode: kind,
                                name,
                                id,
                            }]),
                        )
                    })
                }
            },
        })
    }

    fn blob(&self, text: &Text) -> Oid {
        self.odb
            .write(ObjectType::Blob, &text.bytes(self.names))
            .unwrap()
    }

    fn parsed(&self, tree: Oid) -> Vec<Raw> {
        let object = self.odb.read(tree).unwrap();
        let mut rest = object.data();
        let mut all = Vec::new();
        while let Some(space) = rest.iter().position(|byte| *byte == b' ') {
            let end = rest.iter().position(|byte| *byte == 0).unwrap();
            all.push(Raw {
                mode: String::from_utf8(rest[..space].to_vec()).unwrap(),
                name: rest[space + 1..end].to_vec(),
                id: Oid::from_bytes(&rest[end + 1..end + 21]).unwrap(),
            });
            rest = &rest[end + 21..];
        }
        all
    }

    /// A tree in git's order, in which a folder's name ends in a slash.
    fn sorted(&self, mut all: Vec<Raw>) -> Oid {
        all.sort_by_cached_key(|raw| {
            let mut key = raw.name.clone();
            if raw.mode == "40000" {
                key.push(b'/');
            }
            key
        });
        self.tree(&all)
    }

    /// A tree of exactly these entries, whatever they are.
    fn tree(&self, all: &[Raw]) -> Oid {
        let mut bytes = Vec::new();
        for raw in all {
            bytes.extend(raw.mode.as_bytes());
            bytes.push(b' ');
            bytes.extend(&raw.name);
            bytes.push(0);
            bytes.extend(raw.id.as_bytes());
        }
        self.odb.write(ObjectType::Tree, &bytes).unwrap()
    }
}
