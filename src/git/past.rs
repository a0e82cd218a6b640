//! Earlier states: what a tag, a branch or a commit id stands for, here or on the remote.

use anyhow::Result;
use git2::{ErrorCode, ObjectType, Oid};

use super::remote::Remote;
use super::{Checkout, Failure, FailureKind, Snapshot, on_one_line};

impl Checkout {
    /// The state at a point in the history. Tags and commit ids are looked for here first, since they do not move; branches
    /// on the remote first, since ours may be behind.
    pub(crate) fn past(&self, name: &str) -> Result<Snapshot<'_>> {
        let _doing = doing!("looking up", "{name}");
        let id = match self.fixed(name)? {
            Some(id) => Some(id),
            None => match &self.remote {
                Some(remote) => self.asked_of(remote, name)?,
                None => None,
            },
        };
        let id = match id {
            Some(id) => Some(id),
            None => self.resolve(name)?,
        };
        let Some(id) = id else {
            return Err(self.no_such_point(name).into());
        };
        self.snapshot(self.commit_of(id, name)?)
    }

    /// What a tag of this clone, or the digits of a commit, stand for.
    fn fixed(&self, name: &str) -> Result<Option<Oid>> {
        let tag = name.strip_prefix("refs/tags/").unwrap_or(name);
        let tag = format!("refs/tags/{tag}");
        if git2::Reference::is_valid_name(&tag)
            && let Some(id) = self.resolved(&tag)?
        {
            return Ok(Some(id));
        }
        let digits = (4..=40).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_hexdigit());
        if digits { self.resolve(name) } else { Ok(None) }
    }

    /// A tag or a branch of the remote, or else a commit by its whole id.
    fn asked_of(&self, remote: &Remote, name: &str) -> Result<Option<Oid>> {
        let whole = name.len() == 40 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
        let names = if name.starts_with("refs/") {
            vec![name.to_owned()]
        } else {
            vec![format!("refs/tags/{name}"), format!("refs/heads/{name}")]
        };
        for name in names {
            if !git2::Reference::is_valid_name(&name) {
                continue;
            }
            let there = self.ask_for(remote, &[&name])?.remove(&name);
            match there {
                Some(id) if self.repository.odb()?.exists(id) => return Ok(Some(id)),
                Some(_) => return self.fetch_what(remote, &name),
                None => {}
            }
        }
        if whole {
            // A server may keep to itself what no ref of its leads to.
            return Ok(self.fetch_what(remote, name).unwrap_or(None));
        }
        Ok(None)
    }

    /// What git makes of a name here.
    fn resolve(&self, name: &str) -> Result<Option<Oid>> {
        match self.repository.revparse_single(name) {
            Ok(object) => Ok(Some(object.id())),
            Err(error) if error.code() == ErrorCode::Ambiguous => {
                let name = on_one_line(name);
                let message = format!("several objects begin with `{name}`");
                let failure = Failure::new(FailureKind::Refused, message);
                Err(failure.hint("give more digits of the one you mean").into())
            }
            Err(_) => Ok(None),
        }
    }

    /// The commit that a tag or a commit is about.
    fn commit_of(&self, id: Oid, name: &str) -> Result<Oid> {
        let object = self.repository.find_object(id, None);
        let commit = object.and_then(|object| object.peel(ObjectType::Commit));
        match commit {
            Ok(commit) => Ok(commit.id()),
            Err(_) => {
                let message = format!("`{}` is no commit", on_one_line(name));
                let failure = Failure::new(FailureKind::Refused, message);
                Err(failure
                    .hint("name a commit of the manifest repository's branch, or a tag on it")
                    .into())
            }
        }
    }

    fn no_such_point(&self, name: &str) -> Failure {
        let place = match &self.remote {
            Some(remote) => format!("neither here nor on the remote `{}`", remote.name),
            None => "not here, and the remote is not asked".to_owned(),
        };
        let message = format!(
            "there is no tag, branch or commit `{}`, {place}",
            on_one_line(name)
        );
        Failure::new(FailureKind::Refused, message)
            .hint("`git tag` and `git log` tell the names; a commit that this clone lacks needs its whole id")
    }
}
