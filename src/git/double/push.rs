//! A push in its three parts: what git makes of the refs that the remote tells, what the remote does, and what git says in the end.

use std::path::Path;

use git2::{ObjectType, Oid, Repository};

use super::line::{Lease, PushLine, RefLine};
use super::{Refs, Server, finished};
use crate::git::program::Finished;

/// The URL that git says it pushed to.
const URL: &str = "https://git.shop.example/manifests.git";

/// What git sends, and has already refused.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    atomic: bool,
    refs: Vec<SentRef>,
}

#[derive(Clone, Debug)]
struct SentRef {
    name: String,
    old: Option<Oid>,
    new: Option<Oid>,
    /// Whether it does not go forward.
    forced: bool,
    /// Why it was not even sent.
    refused: Option<&'static str>,
}

/// What the remote made of it: for each ref that was sent `None`, or why not; and what it said.
#[derive(Clone, Debug)]
pub(crate) struct Verdict {
    refs: Vec<Option<&'static str>>,
    said: String,
}

impl PushLine {
    /// What git sends when the remote tells where its refs stand. The objects go along.
    pub(crate) fn send(&self, server: &Server, clone: &Path) -> Sent {
        let repository = Repository::open(clone).unwrap();
        let sent = |line: &RefLine| {
            let old = server.refs.get(&line.name).copied();
            SentRef {
                name: line.name.clone(),
                old,
                new: line.new,
                forced: old
                    .zip(line.new)
                    .is_some_and(|sides| !goes_forward(&repository, sides)),
                refused: refused(&repository, line, old),
            }
        };
        let mut refs: Vec<_> = self.refs.iter().map(sent).collect();
        if self.atomic && refs.iter().any(|each| each.refused.is_some()) {
            for each in refs.iter_mut().filter(|each| !each.is_up_to_date()) {
                each.refused.get_or_insert("atomic push failed");
            }
        }
        let sent = Sent {
            atomic: self.atomic,
            refs,
        };
        for new in sent.to_do().filter_map(|each| each.new) {
            give(&repository, &server.folder, new);
        }
        sent
    }
}

fn refused(repository: &Repository, line: &RefLine, old: Option<Oid>) -> Option<&'static str> {
    if line.new.is_some() && line.new == old {
        return None;
    }
    match (line.lease, old, line.new) {
        (Lease::At(expected), _, _) => (expected != old).then_some("stale info"),
        (Lease::FastForward, Some(old), Some(new)) => {
            if !repository.odb().unwrap().exists(old) {
                return Some("fetch first");
            }
            (!goes_forward(repository, (old, new))).then_some("non-fast-forward")
        }
        (Lease::FastForward | Lease::Anywhere, _, _) => None,
    }
}

fn goes_forward(repository: &Repository, (old, new): (Oid, Oid)) -> bool {
    let known = repository.odb().unwrap().exists(old);
    known && repository.graph_descendant_of(new, old).unwrap()
}

/// Links what the server lacks of an object and all below it into its repository.
fn give(repository: &Repository, server: &Path, id: Oid) {
    let hex = id.to_string();
    let place = format!("objects/{}/{}", &hex[..2], &hex[2..]);
    let (from, to) = (repository.path().join(&place), server.join(&place));
    // What does not lie in the clone itself came from the server.
    if to.exists() || !from.exists() {
        return;
    }
    let object = repository.find_object(id, None).unwrap();
    match object.kind().unwrap() {
        ObjectType::Commit => {
            let commit = object.as_commit().unwrap();
            give(repository, server, commit.tree_id());
            for parent in commit.parent_ids() {
                give(repository, server, parent);
            }
        }
        ObjectType::Tree => {
            for entry in object.as_tree().unwrap() {
                give(repository, server, entry.id());
            }
        }
        ObjectType::Tag => give(repository, server, object.as_tag().unwrap().target_id()),
        ObjectType::Blob | ObjectType::Any => {}
    }
    std::fs::create_dir_all(to.parent().unwrap()).unwrap();
    std::fs::hard_link(from, to).unwrap();
}

impl SentRef {
    fn is_up_to_date(&self) -> bool {
        self.new.is_some() && self.new == self.old
    }

    /// What is in the way of it on the server, in its words.
    fn collision(&self, refs: &Refs) -> Option<String> {
        let now = refs.get(&self.name).copied();
        let why = match (self.old, now) {
            (old, now) if old == now => return None,
            (Some(old), Some(now)) => format!("is at {now} but expected {old}"),
            (Some(_), None) => format!("unable to resolve reference '{}'", self.name),
            (None, _) => "reference already exists".to_owned(),
        };
        Some(format!(
            "remote: error: cannot lock ref '{}': {why}        \n",
            self.name
        ))
    }

    fn apply(&self, refs: &mut Refs) {
        match self.new {
            Some(new) => refs.insert(self.name.clone(), new),
            None => refs.remove(&self.name),
        };
    }

    /// A line that `--porcelain` prints.
    fn line(&self, flag: char, what: &str) -> String {
        let new = self.new.map(|id| id.to_string()).unwrap_or_default();
        let from = match (what.starts_with("[rejected]"), self.new) {
            (true, None) => "(delete)",
            (true | false, _) => &new,
        };
        format!("{flag}\t{from}:{}\t{what}\n", self.name)
    }
}

impl Sent {
    /// The refs that go over the wire.
    fn to_do(&self) -> impl Iterator<Item = &SentRef> {
        self.refs
            .iter()
            .filter(|each| each.refused.is_none() && !each.is_up_to_date())
    }

    /// Whether the server has anything to do.
    pub(crate) fn is_nothing(&self) -> bool {
        self.to_do().next().is_none()
    }

    /// Where a ref shall go that is sent.
    pub(crate) fn new_of(&self, name: &str) -> Option<Oid> {
        self.to_do().find(|each| each.name == name)?.new
    }

    /// Where it stood when the remote told.
    pub(crate) fn old_of(&self, name: &str) -> Option<Oid> {
        self.refs.iter().find(|each| each.name == name)?.old
    }

    /// What the server does: each ref by itself, or all of them or none.
    pub(crate) fn apply(&self, refs: &mut Refs) -> Verdict {
        let mut said = String::new();
        if self.atomic {
            let mut sorted: Vec<_> = self.to_do().collect();
            sorted.sort_by_key(|each| &each.name);
            let collision = sorted.iter().find_map(|each| each.collision(refs));
            if collision.is_none() {
                self.to_do().for_each(|each| each.apply(refs));
            }
            let why = collision.as_ref().map(|_| "atomic transaction failed");
            said.extend(collision);
            let refs = self.to_do().map(|_| why).collect();
            return Verdict { refs, said };
        }
        let mut verdicts = Vec::new();
        for each in self.to_do() {
            if each.new.is_none() && each.old.is_none() {
                said.push_str("remote: warning: deleting a non-existent ref        \n");
            }
            let collision = each.collision(refs);
            if collision.is_none() {
                each.apply(refs);
            }
            verdicts.push(collision.as_ref().map(|_| "failed to update ref"));
            said.extend(collision);
        }
        Verdict {
            refs: verdicts,
            said,
        }
    }

    /// What a server says whose hook declines.
    pub(crate) fn declined(&self) -> Verdict {
        Verdict {
            refs: self
                .to_do()
                .map(|_| Some("pre-receive hook declined"))
                .collect(),
            said: if self.is_nothing() {
                String::new()
            } else {
                "remote: no way        \n".to_owned()
            },
        }
    }

    /// What git says when another push holds the refs.
    pub(crate) fn collided(&self) -> Verdict {
        let held = |each: &SentRef| {
            format!(
                "remote: error: cannot lock ref '{0}': Unable to create './{0}.lock': File exists.\n",
                each.name
            )
        };
        Verdict {
            refs: self.to_do().map(|_| Some("failed to update ref")).collect(),
            said: self.to_do().map(held).collect(),
        }
    }

    /// What git says when it sent the same once more to a server that had applied it, since the first answer was lost.
    pub(crate) fn again(&self, refs: &Refs) -> Verdict {
        let mut copy = refs.clone();
        self.apply(&mut copy)
    }

    /// What git says in the end.
    pub(crate) fn told(&self, verdict: &Verdict) -> Finished {
        let mut lines = vec![format!("To {URL}\n")];
        let mut verdicts = verdict.refs.iter();
        let mut failed = false;
        let short = |id: Option<Oid>| {
            id.map(|id| id.to_string()[..7].to_owned())
                .unwrap_or_default()
        };
        for each in &self.refs {
            if let Some(why) = each.refused {
                failed = true;
                lines.push(each.line('!', &format!("[rejected] ({why})")));
            } else if each.is_up_to_date() {
                lines.push(each.line('=', "[up to date]"));
            } else if let Some(why) = verdicts.next().copied().flatten() {
                failed = true;
                lines.push(each.line('!', &format!("[remote rejected] ({why})")));
            } else {
                lines.push(match (each.old, each.new) {
                    (_, None) => each.line('-', "[deleted]"),
                    (None, Some(_)) => each.line('*', new_kind(&each.name)),
                    (old, new) if each.forced => {
                        let ids = format!("{}...{} (forced update)", short(old), short(new));
                        each.line('+', &ids)
                    }
                    (old, new) => each.line(' ', &format!("{}..{}", short(old), short(new))),
                });
            }
        }
        lines.push("Done\n".to_owned());
        let mut said = verdict.said.clone();
        if failed {
            said.extend(["error: failed to push some refs to '", URL, "'\n"]);
        }
        finished(i32::from(failed), &lines.concat(), &said)
    }
}

fn new_kind(name: &str) -> &'static str {
    if name.starts_with("refs/heads/") {
        "[new branch]"
    } else if name.starts_with("refs/tags/") {
        "[new tag]"
    } else {
        "[new reference]"
    }
}
