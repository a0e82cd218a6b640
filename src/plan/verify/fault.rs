//! A fault: where it is, what is so, how bad that is, and what mends it.

use std::fmt;

use super::app::AppFault;
use super::commits::CommitFault;
use super::deployment::LinkFault;
use super::derived::DerivedFault;
use super::environment::ConfigFault;
use super::local::LocalFault;
use super::lock::LockFault;
use super::misplaced::Misplaced;
use super::queue::QueueFault;
use super::release::ReleaseFault;
use crate::state::config::ConfigError;
use crate::state::{Options, plain};
use crate::tree::RepoPath;

/// How bad a fault is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Severity {
    /// Something does not work, or not as it says.
    Error,
    /// Something is not as it should be, and everything works all the same.
    Warning,
    /// Something that may well be meant.
    Note,
}

impl Severity {
    pub(crate) const ALL: [Self; 3] = [Self::Error, Self::Warning, Self::Note];

    /// Its name for programs.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// What mends a fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Mend {
    /// `verify --fix`.
    Safe,
    /// This command, after a person has looked. Words in capitals stand for what only a person knows.
    ByHand(String),
}

impl Mend {
    /// The command.
    pub(crate) fn command(&self) -> &str {
        match self {
            Self::Safe => "trainyard verify --fix",
            Self::ByHand(command) => command,
        }
    }
}

/// A fault and its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// In the repository; of what is only in this clone, in its git folder.
    pub(crate) path: String,
    pub(crate) what: What,
}

/// What is wrong, by noun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum What {
    Options(ConfigError),
    Misplaced(Misplaced),
    App(AppFault),
    Release(ReleaseFault),
    Config(ConfigFault),
    Link(LinkFault),
    Queue(QueueFault),
    Lock(LockFault),
    Derived(DerivedFault),
    Commit(CommitFault),
    Local(LocalFault),
}

/// What every noun says of its faults, besides the sentence that says what is so.
pub(super) trait Told: fmt::Display {
    /// The kind, for programs: words with hyphens.
    fn kind(&self) -> &'static str;

    fn severity(&self) -> Severity;

    /// What mends it at this path.
    fn mend(&self, path: &str) -> Mend;
}

impl Fault {
    pub(super) fn new(path: &RepoPath, what: What) -> Self {
        Self {
            path: path.to_string(),
            what,
        }
    }

    pub(super) fn options(error: ConfigError) -> Self {
        Self::new(&Options::path(), What::Options(error))
    }

    fn told(&self) -> &dyn Told {
        match &self.what {
            What::Options(error) => error,
            What::Misplaced(fault) => fault,
            What::App(fault) => fault,
            What::Release(fault) => fault,
            What::Config(fault) => fault,
            What::Link(fault) => fault,
            What::Queue(fault) => fault,
            What::Lock(fault) => fault,
            What::Derived(fault) => fault,
            What::Commit(fault) => fault,
            What::Local(fault) => fault,
        }
    }

    /// The kind, for programs.
    pub(crate) fn kind(&self) -> &'static str {
        self.told().kind()
    }

    pub(crate) fn severity(&self) -> Severity {
        self.told().severity()
    }

    /// What mends it.
    pub(crate) fn mend(&self) -> Mend {
        self.told().mend(&self.path)
    }

    /// Whether it says that a manifest of a release deploys nothing, or cannot be applied.
    pub(super) fn is_about_manifest(&self) -> bool {
        matches!(
            self.what,
            What::Release(ReleaseFault::Unfit { .. } | ReleaseFault::EmptyManifest)
        )
    }

    /// Whether it is in the repository, and not only in this clone.
    pub(crate) fn is_in_repository(&self) -> bool {
        !matches!(self.what, What::Local(_))
    }
}

/// What is so, in one phrase.
impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.told().fmt(formatter)
    }
}

impl Told for ConfigError {
    fn kind(&self) -> &'static str {
        "options"
    }

    fn severity(&self) -> Severity {
        Severity::Error
    }

    fn mend(&self, path: &str) -> Mend {
        restoring(path)
    }
}

/// Removing what stands at a path, as git does it.
pub(super) fn removing(path: &str) -> Mend {
    let path = pathspec(path);
    Mend::ByHand(format!(
        "git rm -rq -- {path} && git commit -qm 'remove what does not belong there' && git push"
    ))
}

/// Bringing back what stood at a path before it was changed last.
pub(super) fn restoring(path: &str) -> Mend {
    let path = pathspec(path);
    Mend::ByHand(format!(
        "git restore --source=\"$(git rev-list -1 HEAD -- {path})^\" --staged --worktree -- {path} && git commit -qm 'bring back what was lost' && git push"
    ))
}

/// Giving another name to what stands at a path.
pub(super) fn renaming(path: &str) -> Mend {
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let (path, new) = (quoted(&plain(path)), quoted(&format!("{folder}/NAME")));
    Mend::ByHand(format!(
        "git mv -- {path} {new} && git commit -qm 'give it a name that can be read' && git push"
    ))
}

/// A path for git, on a command line: letters that would mean something else, or that nobody can type, become `?`, which stands for
/// any one byte.
pub(super) fn pathspec(path: &str) -> String {
    let shown = plain(path);
    if shown == path && !path.contains(['*', '?', '[', '\\']) && !path.starts_with(':') {
        return quoted(path);
    }
    let byte = |byte: u8| match byte {
        b'*' | b'?' | b'[' | b'\\' | b':' => '?',
        b' '..=b'~' => char::from(byte),
        _ => '?',
    };
    quoted(&path.bytes().map(byte).collect::<String>())
}

/// A word for a shell.
pub(super) fn quoted(word: &str) -> String {
    let harmless = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./@+,".contains(&byte);
    if !word.is_empty() && word.bytes().all(harmless) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}
