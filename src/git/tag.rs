//! A tag that goes along with a commit: its object, whether its name is free, and the ref that remembers it here.

use anyhow::{Context as _, Result};
use git2::{ObjectType, Oid};
use serde::{Deserialize, Serialize};

use super::commit::UnpushedCommit;
use super::journal::Pending;
use super::objects::{NewObject, oid};
use super::operation::Operation;
use super::remote::Remote;
use super::{Checkout, Failure, FailureKind, Git, guard, id_text, pack};

/// The folder of the repository in which a tag is signed, among our own files.
const ASIDE: &str = "tag";

/// A tag that the repository holds and no ref names yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct UnpushedTag {
    name: String,
    #[serde(with = "id_text")]
    id: Oid,
}

impl UnpushedTag {
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The command that sends it alone.
    pub(super) fn sending(&self, remote: &Remote) -> String {
        format!("git push {} {}:{}", remote.name, self.id, self.reference())
    }

    /// How to take it away, and no other one of its name.
    pub(super) fn taking_away(&self, remote: &Remote) -> String {
        let (name, reference) = (&remote.name, self.reference());
        format!(
            "take it away with `git push --force-with-lease={reference}:{} {name} :{reference}`, and with `git tag -d {}` where a fetch has brought it here",
            self.id, self.name
        )
    }

    /// The full name of its ref.
    pub(super) fn reference(&self) -> String {
        full_name(&self.name)
    }

    /// The tag object.
    pub(super) fn id(&self) -> Oid {
        self.id
    }
}

fn full_name(tag: &str) -> String {
    format!("refs/tags/{tag}")
}

/// A tag cannot be made, as there is one of that name.
pub(crate) struct TagTaken {
    pub(crate) failure: Failure,
    /// Where it stands on the remote, if it is the remote that has it.
    pub(super) there: Option<Oid>,
}

impl Checkout {
    /// Why a tag of this name cannot be made, here or on the remote; `None` if it can.
    pub(crate) fn tag_in_the_way(&self, name: &str) -> Result<Option<TagTaken>> {
        self.tag_in_the_way_but(name, |_| false)
    }

    fn tag_in_the_way_but(
        &self,
        name: &str,
        may_be_here: impl Fn(Oid) -> bool,
    ) -> Result<Option<TagTaken>> {
        let wanted = full_name(name);
        // A ref can be no folder of others, nor the other way round.
        let collides = |reference: &str| {
            let below = |one: &str, other: &str| {
                one.strip_prefix(other)
                    .is_some_and(|rest| rest.starts_with('/'))
            };
            reference == wanted || below(reference, &wanted) || below(&wanted, reference)
        };
        let here = self.repository.references_glob("refs/tags/*")?;
        for reference in here {
            let reference = reference?;
            if let Ok(found) = reference.name()
                && collides(found)
                && !reference.target().is_some_and(&may_be_here)
            {
                return Ok(Some(TagTaken {
                    failure: taken(name, found, "here"),
                    there: None,
                }));
            }
        }
        let Some(remote) = &self.remote else {
            return Ok(None);
        };
        let below = format!("{wanted}/*");
        let mut patterns = vec![wanted.as_str(), below.as_str()];
        let places = wanted.match_indices('/').map(|(place, _)| place);
        patterns.extend(places.map(|place| &wanted[..place]));
        let there = self.ask_for(remote, &patterns)?;
        let found = there.iter().find(|(found, _)| collides(found));
        let place = format!("on the remote `{}`", remote.name);
        Ok(found.map(|(found, there)| TagTaken {
            failure: taken(name, found, &place),
            there: Some(*there),
        }))
    }

    /// The same for the tag of an operation, if it has one. What an open push of it was to bring may be here: whoever fetches takes along
    /// what the remote has kept.
    pub(super) fn own_tag_in_the_way(
        &self,
        operation: &Operation,
        open: Option<&Pending>,
    ) -> Result<Option<TagTaken>> {
        let is_own = |id| open.is_some_and(|open| open.tag_at(&operation.id, id).is_some());
        match &operation.tag {
            Some(name) => self.tag_in_the_way_but(name, is_own),
            None => Ok(None),
        }
    }

    /// Writes the tag of an operation on its commit, if it has one. Signed where git is configured to.
    pub(super) fn write_tag(
        &self,
        operation: &Operation,
        commit: UnpushedCommit,
        commit_message: &str,
    ) -> Result<Option<UnpushedTag>> {
        let Some(name) = &operation.tag else {
            return Ok(None);
        };
        let message = message(commit_message);
        let on = |key: &str| self.settings.is_on(key).unwrap_or(false);
        let id = if on("tag.gpgsign") || on("tag.forcesignannotated") {
            self.sign_tag(operation, commit.id, name, &message)?
        } else {
            let tagger = operation.committer.line();
            let commit = commit.id;
            let object =
                format!("object {commit}\ntype commit\ntag {name}\ntagger {tagger}\n\n{message}");
            let object = NewObject::new(ObjectType::Tag, object.into_bytes());
            let id = oid(object.id);
            pack::store(&self.repository, &[object]).context("storing the tag")?;
            id
        };
        Ok(Some(UnpushedTag {
            name: name.clone(),
            id,
        }))
    }

    /// Has git sign the tag. It cannot do so without making a ref: it makes it in a repository of no other use, which shares
    /// our settings and objects, so that nobody sees the tag before it is pushed.
    fn sign_tag(
        &self,
        operation: &Operation,
        commit: Oid,
        name: &str,
        message: &str,
    ) -> Result<Oid> {
        self.sweep_aside();
        let common = self.repository.commondir().canonicalize()?;
        let folder = &guard::folder(&common).join(ASIDE);
        std::fs::create_dir_all(folder.join("refs"))?;
        std::fs::write(folder.join("HEAD"), "ref: refs/heads/none\n")?;
        let settings = common.join("config").display().to_string();
        let settings = settings.replace('\\', "\\\\").replace('"', "\\\"");
        let config = format!(
            "[core]\n\trepositoryformatversion = 0\n\tbare = true\n[include]\n\tpath = \"{settings}\"\n"
        );
        std::fs::write(folder.join("config"), config)?;
        let tagger = &operation.committer;
        let objects = common.join("objects").display().to_string();
        let environment = [
            ("GIT_OBJECT_DIRECTORY".to_owned(), objects),
            ("GIT_COMMITTER_NAME".to_owned(), tagger.name.clone()),
            ("GIT_COMMITTER_EMAIL".to_owned(), tagger.email.clone()),
            (
                "GIT_COMMITTER_DATE".to_owned(),
                format!("@{} +0000", tagger.seconds),
            ),
        ];
        let _doing = doing!("signing", "the tag {name}");
        let git = Git::new(folder, true);
        let commit = commit.to_string();
        let arguments = ["tag", "-s", "--cleanup=verbatim", "-F", "-", name, &commit];
        let signed = git.succeed_with(&arguments, &environment, message.as_bytes());
        if signed.is_err() {
            self.sweep_aside();
        }
        signed.context("git is configured to sign tags, and the tag cannot be signed")?;
        let made = std::fs::read_to_string(folder.join(full_name(name)));
        let id = Oid::from_str(made.context("reading the tag")?.trim())?;
        self.sweep_aside();
        Ok(id)
    }

    /// Removes the repository in which a tag was signed.
    pub(super) fn sweep_aside(&self) {
        // What cannot be removed now is removed before the next tag.
        let _ = std::fs::remove_dir_all(guard::folder(self.repository.commondir()).join(ASIDE));
    }

    /// Remembers a tag that has landed. Never fails: the tag is where everybody finds it.
    pub(super) fn remember_tag(&self, tag: Option<&UnpushedTag>) {
        let Some(tag) = tag else { return };
        let remember = || -> Result<()> {
            let (name, id) = (tag.reference(), tag.id());
            self.remove_ref_lock(&name, &[id])?;
            match self.resolved(&name)? {
                Some(there) if there == id => Ok(()),
                Some(_) => anyhow::bail!("there is another tag of this name here"),
                None => {
                    self.repository.reference(&name, id, false, "trainyard")?;
                    // libgit2 does not mind a lock that it could not remove.
                    self.remove_ref_lock(&name, &[id])
                }
            }
        };
        if let Err(error) = remember() {
            tracing::warn!(
                "the tag `{}` has landed, but not in this clone: {error:#}",
                tag.name
            );
        }
    }

    /// Brings tag and local branch together after a command that was killed while it moved them: both, or none.
    /// Says whether they moved.
    pub(super) fn mend_tag(&self, commit: Oid, tag: &UnpushedTag) -> Result<bool> {
        let (name, id) = (tag.reference(), tag.id());
        self.remove_ref_lock(&self.branch_ref(), &[commit])?;
        self.remove_ref_lock(&name, &[id])?;
        let landed = self.is_here(commit)?;
        if landed {
            self.remember_tag(Some(tag));
        } else if self.resolved(&name)? == Some(id) {
            self.repository.find_reference(&name)?.delete()?;
        }
        Ok(landed)
    }
}

/// The first line of the message of a commit, and its trailers.
fn message(commit_message: &str) -> String {
    let subject = commit_message.lines().next().unwrap_or_default();
    let trailers = commit_message.trim_end().rsplit("\n\n").next();
    format!("{subject}\n\n{}\n", trailers.unwrap_or_default())
}

fn taken(name: &str, found: &str, place: &str) -> Failure {
    let found = found.strip_prefix("refs/tags/").unwrap_or(found);
    let message = if found == name {
        format!("the tag `{name}` exists already, {place}")
    } else {
        format!("the tag `{name}` cannot stand beside the tag `{found}`, which exists {place}")
    };
    Failure::new(FailureKind::Refused, message)
        .hint("choose another name; a tag that exists is never moved")
}
