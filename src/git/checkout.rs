//! The checkout that a command works on: the repository, its branch and its remote.

use std::cell::{Cell, RefCell};
use std::path::{Path, PathBuf};
use std::sync::Once;

use anyhow::{Context as _, Result};
use git2::{ErrorCode, Oid, Repository, RepositoryOpenFlags};

use super::guard::Guard;
use super::remote::Remote;
use super::settings::Settings;
use super::{Failure, FailureKind, Git, Snapshot, clean, on_one_line, shallow};

/// What the command line says about the checkout.
#[derive(Clone, Debug)]
pub(crate) struct Selection {
    /// A folder in the checkout.
    pub(crate) folder: PathBuf,
    /// Whether somebody named the folder: only then it may be a bare repository.
    pub(crate) explicit: bool,
    pub(crate) remote: Option<String>,
    pub(crate) branch: Option<String>,
    /// Whether changes are pushed.
    pub(crate) push: bool,
    /// Whether the environment names settings of git (`GIT_CONFIG_GLOBAL`, `GIT_CONFIG_COUNT` and their kin).
    pub(crate) settings_in_environment: bool,
}

/// An open checkout.
pub(crate) struct Checkout {
    pub(super) repository: Repository,
    pub(super) git: Git,
    pub(super) settings: Settings,
    pub(crate) branch: String,
    /// Where changes are pushed; `None`: the local branch is all there is.
    pub(crate) remote: Option<Remote>,
    /// The URL of the manifest repository without credentials; empty without a remote.
    pub(crate) url: String,
    /// Whether this command holds the guard.
    pub(super) guarded: Cell<bool>,
    /// Whether the ref of what this command fetches stays.
    pub(super) keeps_fetched: Cell<bool>,
    /// The repository as it is since more of its history was fetched.
    pub(super) deeper: RefCell<Option<Repository>>,
}

impl Checkout {
    /// Opens the checkout and finds its branch and remote.
    pub(crate) fn open(selection: &Selection) -> Result<Self> {
        let _doing = doing!("opening", "the repository");
        let repository = open_repository(selection)?;
        let branch = branch(&repository, selection.branch.as_deref())?;
        let folder = repository.workdir().unwrap_or(repository.path());
        let git = Git::new(folder, repository.is_bare());
        check_format(&repository, &git)?;
        let settings = Settings::read(&repository, &git, selection.settings_in_environment)?;
        let remote = Remote::find(&repository, (&git, &settings), selection, &branch)?;
        Ok(Self {
            settings,
            git,
            branch,
            url: remote
                .as_ref()
                .map(|remote| remote.url.clone())
                .unwrap_or_default(),
            remote: remote.filter(|_| selection.push),
            guarded: Cell::new(false),
            keeps_fetched: Cell::new(false),
            deeper: RefCell::new(shallow::that_knows_its_end(&repository)?),
            repository,
        })
    }

    /// Whether a change leaves this repository, or there is nowhere that it could go.
    pub(crate) fn pushes(&self) -> bool {
        self.remote.is_some() || self.url.is_empty()
    }

    /// Waits until no other trainyard changes this repository. The guard is kept as long as the checkout is used.
    pub(crate) fn guard(&self) -> Result<Guard> {
        let guard = Guard::take(self.repository.commondir())?;
        self.guarded.set(true);
        Ok(guard)
    }

    /// The name and mail address that git knows of the author, if it knows both.
    pub(crate) fn identity(&self) -> Option<(String, String)> {
        self.known(self.repository.author_from_env())
    }

    /// The name and mail address that git knows of the committer, if it knows both.
    pub(crate) fn committer(&self) -> Option<(String, String)> {
        self.known(self.repository.committer_from_env())
    }

    fn known(&self, found: Result<git2::Signature, git2::Error>) -> Option<(String, String)> {
        match found {
            Ok(found) => Some((
                found.name().ok()?.to_owned(),
                found.email().ok()?.to_owned(),
            )),
            Err(_) => Some((
                self.settings.text("user.name")?,
                self.settings.text("user.email")?,
            )),
        }
    }

    /// The full name of the branch.
    pub(super) fn branch_ref(&self) -> String {
        format!("refs/heads/{}", self.branch)
    }

    /// Where the local branch stands.
    pub(super) fn local(&self) -> Result<Option<Oid>> {
        self.resolved(&self.branch_ref())
    }

    /// Where the branch of the remote stood when we last heard of it.
    pub(super) fn tracked(&self) -> Result<Option<Oid>> {
        match &self.remote {
            Some(remote) => self.resolved(&format!("refs/remotes/{}/{}", remote.name, self.branch)),
            None => Ok(None),
        }
    }

    pub(super) fn resolved(&self, reference: &str) -> Result<Option<Oid>> {
        match self.repository.refname_to_id(reference) {
            Ok(id) => Ok(Some(id)),
            Err(error) if error.code() == ErrorCode::NotFound => Ok(None),
            Err(error) => Err(error).with_context(|| format!("reading `{reference}`")),
        }
    }

    /// The tree of a commit.
    pub(super) fn snapshot(&self, commit: Oid) -> Result<Snapshot<'_>> {
        Snapshot::of(&self.repository, &self.git, commit)
    }

    /// Whether the checked-out branch is ours.
    pub(super) fn is_checked_out(&self) -> bool {
        let head = self.repository.find_reference("HEAD");
        let target = head
            .ok()
            .and_then(|head| head.symbolic_target().ok().flatten().map(str::to_owned));
        !self.repository.is_bare() && target == Some(self.branch_ref())
    }

    /// Refuses if another work tree of this repository has our branch checked out: its files would stay behind.
    pub(super) fn check_other_work_trees(&self) -> Result<()> {
        let folder = self.repository.commondir();
        let linked = std::fs::read_dir(folder.join("worktrees"))
            .into_iter()
            .flatten();
        let linked = linked.filter_map(|entry| Some(entry.ok()?.path()));
        let bare = self
            .repository
            .config()?
            .get_bool("core.bare")
            .unwrap_or(false);
        let main = (!bare).then(|| folder.to_owned());
        let ours = format!("ref: {}", self.branch_ref());
        for other in linked
            .chain(main)
            .filter(|other| *other != self.repository.path())
        {
            let head = std::fs::read_to_string(other.join("HEAD")).unwrap_or_default();
            if head.trim_end() == ours {
                let place = std::fs::read_to_string(other.join("gitdir")).unwrap_or_default();
                let place = if place.is_empty() {
                    other.display().to_string()
                } else {
                    place
                };
                let message = format!(
                    "the branch `{}` is checked out in another work tree ({})",
                    self.branch,
                    place.trim_end()
                );
                let failure = Failure::new(FailureKind::Refused, message);
                return Err(failure.hint("run the command in that work tree").into());
            }
        }
        Ok(())
    }

    /// Whether `ancestor` lies in the history of `commit`.
    pub(super) fn contains(&self, commit: Oid, ancestor: Oid) -> Result<bool> {
        if commit == ancestor {
            return Ok(true);
        }
        match self.in_history(|history| history.graph_descendant_of(commit, ancestor)) {
            Ok(contains) => Ok(contains),
            // The history of a shallow clone ends somewhere.
            Err(error) if error.code() == ErrorCode::NotFound => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}

fn open_repository(selection: &Selection) -> Result<Repository> {
    prepare_libgit2();
    let folder = &selection.folder;
    let none: [&Path; 0] = [];
    let open = || Repository::open_ext(folder, RepositoryOpenFlags::empty(), none);
    let repository = match open() {
        Err(error) if error.code() == ErrorCode::Owner => {
            trusted_by_git(folder)?;
            #[expect(
                unsafe_code,
                reason = "a global setting of libgit2, set before any other thread uses it"
            )]
            // SAFETY: no other thread runs yet, which is what the setting asks for.
            unsafe {
                git2::opts::set_verify_owner_validation(false)?;
            }
            open()
        }
        other => other,
    };
    let repository = repository.map_err(|error| unopened(folder, &error))?;
    let named = || Some(folder.canonicalize().ok()? == repository.path().canonicalize().ok()?);
    if repository.is_bare() && !(selection.explicit && named().unwrap_or(false)) {
        let path = on_one_line(&repository.path().display().to_string());
        let message = format!("`{path}` is a bare repository that nobody named");
        let failure = Failure::new(FailureKind::Invalid, message);
        return Err(failure
            .hint(format!("pass it with `-C {path}` if you mean it"))
            .into());
    }
    check_work_tree(&repository)?;
    Ok(repository)
}

/// Refuses a repository with extensions that libgit2 knows and this git does not: what fails in the middle of a push might be
/// anything.
fn check_format(repository: &Repository, git: &Git) -> Result<()> {
    let version = repository.config()?.get_i32("core.repositoryformatversion");
    if version.unwrap_or_default() < 1 {
        return Ok(());
    }
    let answer = git.run(&["rev-parse", "--git-dir"])?;
    if answer.is_ok() {
        return Ok(());
    }
    let path = on_one_line(&repository.path().display().to_string());
    let message = format!("git itself does not open `{path}`:\n{}", answer.words());
    Err(Failure::new(FailureKind::Invalid, message)
        .hint(ANOTHER_GIT)
        .into())
}

/// What can be done about a format that only other versions of git know.
const ANOTHER_GIT: &str = "a newer git made it: install that one here, or clone the manifest repository again with this git";

/// Refuses a work tree elsewhere that knows nothing of this repository: `core.worktree` may name any folder of the machine, and we would
/// write there. That of a submodule has a `.git` that leads back.
fn check_work_tree(repository: &Repository) -> Result<()> {
    let named = repository.config()?.get_string("core.worktree").is_ok();
    let Some(folder) = repository.workdir().filter(|_| named) else {
        return Ok(());
    };
    let none: [&Path; 0] = [];
    let there = Repository::open_ext(folder, RepositoryOpenFlags::NO_SEARCH, none);
    let leads_back = |there: Repository| {
        let both = [there.path(), repository.path()].map(|path| path.canonicalize().ok());
        both[0].is_some() && both[0] == both[1]
    };
    if there.is_ok_and(leads_back) {
        return Ok(());
    }
    let [folder, path] =
        [folder, repository.path()].map(|path| on_one_line(&path.display().to_string()));
    let message =
        format!("`core.worktree` of `{path}` names `{folder}`, which is no checkout of it");
    let failure = Failure::new(FailureKind::Invalid, message);
    let command = format!("git config --file {path}config --unset core.worktree");
    Err(failure
        .hint(format!("take the setting away: `{command}`"))
        .into())
}

/// Sets what holds for all of libgit2, once: its settings must not change while another thread uses it.
fn prepare_libgit2() {
    static PREPARED: Once = Once::new();
    PREPARED.call_once(set_up_libgit2);
}

fn set_up_libgit2() {
    // Each object is checked by zlib as it is; hashing all of them once more doubles the time of a train.
    git2::opts::strict_hash_verification(false);
    #[expect(
        unsafe_code,
        reason = "a global setting of libgit2, set before any other thread uses it"
    )]
    // SAFETY: this runs once, before anything is opened. What a partial clone lacks is fetched by the `git` program.
    let set = unsafe { git2::opts::set_extensions(&["partialclone"]) };
    // Without it, partial clones are refused with a clear message.
    drop(set);
}

/// git's own verdict about a repository of another owner: it knows more exceptions than libgit2.
fn trusted_by_git(folder: &Path) -> Result<()> {
    let git = Git::new(folder, false);
    let answer = git.run(&["rev-parse", "--git-dir"])?;
    if answer.is_ok() {
        return Ok(());
    }
    let path = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    let path = on_one_line(&path.display().to_string());
    let message = format!("`{path}` belongs to somebody else:\n{}", answer.words());
    let failure = Failure::new(FailureKind::Invalid, message);
    let command = format!("git config --global --add safe.directory {path}");
    Err(failure.hint(format!("if you trust it: `{command}`")).into())
}

fn unopened(folder: &Path, error: &git2::Error) -> Failure {
    let shown = on_one_line(&folder.display().to_string());
    let said = clean(error.message());
    let failure = |message: String| Failure::new(FailureKind::Invalid, message);
    if !folder.exists() {
        return failure(format!("there is no folder `{shown}`"))
            .hint("pass the checkout of the manifest repository with `-C`");
    }
    if error.code() == ErrorCode::NotFound {
        return failure(format!("`{shown}` is not in a git repository"))
            .hint("change into the checkout of the manifest repository, or pass it with `-C`");
    }
    let kinds = [
        (
            "object format",
            "it uses SHA-256 object ids",
            "keep manifests in a repository with SHA-1 ids, which is git's default; `git fast-export --all | git -C NEW fast-import` brings the history there",
        ),
        (
            "refstorage",
            "it stores its refs as a reftable",
            "`git refs migrate --ref-format=files` turns it into one with plain files, which is git's default",
        ),
    ];
    let kind = kinds.iter().find(|(word, ..)| said.contains(word));
    match kind {
        Some((_, kind, hint)) => {
            failure(format!("`{shown}` cannot be opened: {kind} ({said})")).hint(*hint)
        }
        None if said.contains("unsupported extension") => {
            failure(format!("`{shown}` cannot be opened: {said}")).hint(ANOTHER_GIT)
        }
        None => failure(format!("`{shown}` cannot be opened: {said}")),
    }
}

/// The branch: the one that is asked for, or the one that is checked out. Never guessed.
fn branch(repository: &Repository, asked: Option<&str>) -> Result<String> {
    if let Some(asked) = asked {
        let branch = asked.strip_prefix("refs/heads/").unwrap_or(asked);
        let valid = git2::Reference::is_valid_name(&format!("refs/heads/{branch}"));
        if valid && !branch.starts_with('-') {
            return Ok(branch.to_owned());
        }
        let message = format!("`{}` is no valid branch name", on_one_line(asked));
        return Err(Failure::new(FailureKind::Usage, message).into());
    }
    let head = repository.find_reference("HEAD").context("reading HEAD")?;
    let target = head.symbolic_target().ok().flatten();
    let branch = target.and_then(|target| target.strip_prefix("refs/heads/"));
    branch.map(str::to_owned).ok_or_else(|| {
        let message = "no branch is checked out (HEAD is detached)";
        let failure = Failure::new(FailureKind::Usage, message);
        failure
            .hint("say which branch of the manifest repository is meant: `--branch main`")
            .into()
    })
}
