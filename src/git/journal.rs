//! The journal: what is under way, so that the next command can settle what a killed one left.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use git2::Oid;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::id_text::IdText;
use super::inbox::Place;
use super::known_bad::{Variant, known_bad};
use super::tag::UnpushedTag;
use super::{Checkout, Failure, FailureKind, guard, id_text, outside};

/// A push whose end nobody has seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Pending {
    /// The version of this form.
    pub(super) form: u32,
    /// The id of the operation.
    pub(crate) operation: String,
    /// What was asked for, and by whom.
    pub(crate) request: String,
    /// The instant of the command.
    pub(crate) instant: String,
    /// The commit that the operation was planned on.
    #[serde(with = "id_text")]
    pub(super) base: Oid,
    /// The commit that was pushed.
    #[serde(with = "id_text")]
    pub(super) new: Oid,
    /// The commit in which the operation waits in the inbox of the remote; then the base is where the branch stood before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) waiting: Option<Waiting>,
    /// The commit that the branch was to move to, if others were published with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) tip: Option<IdText>,
    /// The tag that goes along with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) tag: Option<UnpushedTag>,
    /// A push that was open before. On the same base, one of the two can land.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) earlier: Option<Box<Self>>,
}

/// An operation in the inbox, as the journal keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Waiting {
    #[serde(with = "id_text")]
    commit: Oid,
    #[serde(with = "id_text")]
    since: Oid,
    /// Whether the remote is known to have taken it.
    #[serde(default)]
    arrived: bool,
}

impl Pending {
    /// The same while the operation waits in the inbox.
    pub(super) fn waiting(self, place: &Place) -> Self {
        Self {
            waiting: Some(Waiting {
                commit: place.commit,
                since: place.since,
                arrived: place.arrived,
            }),
            ..self
        }
    }

    /// Whether it may still land while the branch stands at `tip`, as one that does not wait in the inbox.
    pub(super) fn is_open_at(&self, tip: Option<Oid>) -> bool {
        self.waiting.is_none() && tip == Some(self.base)
    }

    /// This push and those that were open before it.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Self> {
        std::iter::successors(Some(self), |push| push.earlier.as_deref())
    }

    /// The same after one that is open on the same base.
    pub(super) fn after(self, left: Option<&Self>) -> Self {
        let open = left.filter(|left| left.base == self.base);
        let earlier = open.and_then(|open| open.only(|other| !other.is_same_push(&self)));
        Self {
            earlier: earlier.map(Box::new),
            ..self
        }
    }

    /// The same for a place in the inbox, beside pushes that are open on whatever base.
    pub(super) fn beside(self, open: Option<Self>) -> Self {
        Self {
            earlier: open.map(Box::new),
            ..self
        }
    }

    /// Those of this push and of the ones before it that are meant; `None` if none is.
    pub(super) fn only(&self, is_meant: impl Fn(&Self) -> bool) -> Option<Self> {
        let meant: Vec<_> = self.all().filter(|push| is_meant(push)).collect();
        meant.into_iter().rev().fold(None, |earlier, push| {
            Some(Self {
                earlier: earlier.map(Box::new),
                ..push.clone()
            })
        })
    }

    /// The same without its place in the inbox; `None` if nothing else was pushed.
    pub(super) fn without_place(&self) -> Option<Self> {
        let slip = self.waiting.as_ref().map(|waiting| waiting.commit);
        if slip == Some(self.new) {
            return self.earlier.as_deref().cloned();
        }
        Some(Self {
            waiting: None,
            ..self.clone()
        })
    }

    /// The same with the commit that the branch moves to.
    pub(super) fn moving_to(self, tip: Oid) -> Self {
        Self {
            tip: (tip != self.new).then_some(IdText(tip)),
            ..self
        }
    }

    /// The commits that a ref was to move to, one of them.
    pub(super) fn ends(&self) -> Vec<Oid> {
        let tip = self.tip.map(|IdText(tip)| tip);
        [Some(self.new), tip].into_iter().flatten().collect()
    }

    /// Whether it was planned on this commit: then it may still land as long as the branch stands there.
    pub(super) fn is_on(&self, base: Oid) -> bool {
        self.base == base
    }

    /// Its place in the inbox, if it was there.
    pub(super) fn place(&self) -> Option<Place> {
        let waiting = self.waiting.as_ref()?;
        Some(Place {
            id: self.operation.clone(),
            commit: waiting.commit,
            since: waiting.since,
            arrived: waiting.arrived,
        })
    }

    /// The tag that an operation was to bring with its commit.
    pub(super) fn tag_with(&self, operation: &str, commit: Oid) -> Option<&UnpushedTag> {
        let mut own = self.all().filter(|push| push.operation == operation);
        own.find(|push| push.new == commit)?.tag.as_ref()
    }

    /// The tag that an operation was to bring and that has this id.
    pub(super) fn tag_at(&self, operation: &str, id: Oid) -> Option<&UnpushedTag> {
        let own = self.all().filter(|push| push.operation == operation);
        let mut tags = own.filter_map(|push| push.tag.as_ref());
        tags.find(|tag| tag.id() == id)
    }

    /// Whether this is about the same commit on the same base.
    pub(super) fn is_same_push(&self, other: &Self) -> bool {
        (&self.operation, self.base, self.new) == (&other.operation, other.base, other.new)
    }
}

/// The form of journals that this program writes and understands.
pub(super) const FORM: u32 = 1;

impl Checkout {
    /// What an earlier command on this remote and branch left, if it was killed.
    pub(crate) fn pending(&self) -> Result<Option<Pending>> {
        read(&self.journal_path())
    }

    pub(super) fn write_pending(&self, pending: &Pending) -> Result<()> {
        if known_bad(Variant::ForgetJournal) {
            return Ok(());
        }
        write(&self.journal_path(), pending, Survives::PowerCut)
    }

    /// Clears the journal after the commit point, where nothing may fail any more. Nothing that takes long may come after it: a
    /// command that is killed before is known when it is repeated, one that is killed later would be done twice.
    pub(super) fn forget_pending(&self) {
        self.drop_fetched();
        if let Err(error) = self.clear_pending() {
            tracing::warn!("the change has landed, but its journal stays: {error:#}");
        }
    }

    pub(super) fn clear_pending(&self) -> Result<()> {
        remove(&self.journal_path())
    }

    /// Removes what a command left that was killed while it wrote its journal.
    pub(super) fn sweep_pending(&self) {
        // What cannot be removed now is written over by the next journal.
        let _ = std::fs::remove_file(self.journal_path().with_extension("draft"));
    }

    pub(super) fn journal_path(&self) -> PathBuf {
        let remote = self.remote.as_ref().map(|remote| remote.name.as_str());
        let name = file_name(remote, &self.branch);
        guard::folder(self.repository.commondir()).join(name)
    }
}

/// The name of the journal of pushes to a branch; without a remote, of changes that stay here.
pub(super) fn file_name(remote: Option<&str>, branch: &str) -> String {
    let remote = remote.unwrap_or_default();
    let place = crc32fast::hash(format!("{remote}\0{branch}").as_bytes());
    format!("push-{place:08x}.json")
}

/// What every journal begins with.
#[derive(Deserialize)]
struct Form {
    form: u32,
}

/// Reads a journal; `None` if there is none. What cannot be understood is not touched.
pub(super) fn read<T: DeserializeOwned>(path: &Path) -> Result<Option<T>> {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).with_context(|| format!("reading `{}`", path.display())),
    };
    let form = serde_json::from_slice(&bytes).map(|Form { form }| form);
    let journal = form.as_ref().ok().filter(|form| **form == FORM);
    if let Some(journal) = journal.and_then(|_| serde_json::from_slice(&bytes).ok()) {
        return Ok(Some(journal));
    }
    let shown = path.display();
    let (message, hint) = if form.is_ok_and(|form| form > FORM) {
        (
            format!("the journal `{shown}` is from a newer trainyard"),
            "settle it with that one: any change, or `trainyard verify --fix`".to_owned(),
        )
    } else {
        (
            format!("the journal `{shown}` is damaged"),
            format!(
                "an interrupted change may still be under way: wait some minutes, see with `git fetch` and `git log FETCH_HEAD` whether it landed, then remove `{shown}`"
            ),
        )
    };
    Err(Failure::new(FailureKind::Unknown, message)
        .hint(hint)
        .into())
}

/// Whether a journal must survive a power cut, or only a kill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Survives {
    PowerCut,
    Kill,
}

/// Writes a journal, as a whole or not at all.
pub(super) fn write<T: Serialize>(path: &Path, journal: &T, survives: Survives) -> Result<()> {
    let folder = path.parent().context("a journal lies in a folder")?;
    let write = || -> Result<()> {
        std::fs::create_dir_all(folder)?;
        // Always the same name, so that a killed command leaves no more than one: whoever writes holds the guard.
        let draft = path.with_extension("draft");
        let mut file = std::fs::File::create(&draft)?;
        file.write_all(&serde_json::to_vec(journal)?)?;
        if survives == Survives::PowerCut {
            file.sync_data()?;
        }
        std::fs::rename(draft, path)?;
        Ok(())
    };
    outside::between();
    write().with_context(|| format!("writing `{}`", path.display()))?;
    outside::between();
    Ok(())
}

/// Removes a journal.
pub(super) fn remove(path: &Path) -> Result<()> {
    outside::between();
    if let Err(error) = std::fs::remove_file(path)
        && error.kind() != std::io::ErrorKind::NotFound
    {
        return Err(error).with_context(|| format!("removing `{}`", path.display()));
    }
    Ok(())
}
