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
use crate::state::{Options, plain, quoted};
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
    /// Why nobody can tell here what mends it.
    pub(super) doubt: Option<Doubt>,
}

/// Why a fault cannot be held against history, which might name another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Doubt {
    /// The clone has only a part of it.
    Shallow,
    /// It cannot be read now.
    Unread,
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
        Self::at(path.to_string(), what)
    }

    pub(super) fn at(path: String, what: What) -> Self {
        Self {
            path,
            what,
            doubt: None,
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

    /// What mends it; where nobody can tell, what tells more.
    pub(crate) fn mend(&self) -> Mend {
        match self.doubt {
            None => self.told().mend(&self.path),
            Some(Doubt::Shallow) => {
                Mend::ByHand("git fetch --unshallow && trainyard verify".to_owned())
            }
            Some(Doubt::Unread) => Mend::ByHand("trainyard verify".to_owned()),
        }
    }

    /// Whether history tells that something was lost, or might tell so if it could be read.
    pub(super) fn is_lost(&self) -> bool {
        self.doubt.is_some()
            || matches!(
                self.what,
                What::Release(ReleaseFault::Changed(_) | ReleaseFault::Gone(_))
                    | What::Config(
                        ConfigFault::Lost(..)
                            | ConfigFault::EnvironmentLost(..)
                            | ConfigFault::DescriptionLost(..)
                    )
                    | What::Link(LinkFault::Lost(..) | LinkFault::LedAway(_))
                    | What::Derived(DerivedFault::ManifestLost(..))
            )
    }

    /// Whether a change that mends something else would settle it: every change writes anew what Argo CD is told, without what is lost.
    pub(super) fn comes_first(&self) -> bool {
        match self.doubt {
            None => self.is_lost(),
            Some(_) => matches!(
                self.what,
                What::Derived(DerivedFault::ArgoCdDiffers(..) | DerivedFault::ArgoCdOrphan)
                    | What::Link(LinkFault::NoLink(..) | LinkFault::Broken(..))
            ),
        }
    }

    /// Whether it is in the repository, and not only in this clone.
    pub(crate) fn is_in_repository(&self) -> bool {
        !matches!(self.what, What::Local(_))
    }
}

/// What is so, in one phrase.
impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.told().fmt(formatter)?;
        match self.doubt {
            None => Ok(()),
            Some(Doubt::Shallow) => formatter.write_str(
                "; the history of this clone ends too early to tell whether something was lost",
            ),
            Some(Doubt::Unread) => {
                formatter.write_str("; history could not be read, which may tell what was lost")
            }
        }
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
    removing_all(&pathspec(path))
}

/// Removing what a quoted path or pattern finds.
pub(super) fn removing_all(paths: &str) -> Mend {
    Mend::ByHand(format!(
        "git rm -rq -- {paths} && git commit -qm 'remove what does not belong there' -- {paths} && git push"
    ))
}

/// Bringing back what stood at a path before it was changed last.
pub(super) fn restoring(path: &str) -> Mend {
    let path = pathspec(path);
    Mend::ByHand(format!(
        "git restore --source=\"$(git rev-list -1 HEAD -- {path})^\" --overlay --staged --worktree -- {path} && git commit -qm 'bring back what was lost' -- {path} && git push"
    ))
}

/// Giving another name to what stands at a path.
pub(super) fn renaming(path: &str) -> Mend {
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let (path, new) = (quoted(&plain(path)), quoted(&format!("{folder}/NAME")));
    Mend::ByHand(format!(
        "git mv -- {path} {new} && git commit -qm 'give it a name that can be read' -- {path} {new} && git push"
    ))
}

/// A path for git, on a command line, after which nothing else is committed. Letters that nobody can type become `?`, which stands for any
/// one byte.
pub(super) fn pathspec(path: &str) -> String {
    let shown = plain(path);
    if shown == path {
        let is_plain = !path.contains(['*', '?', '[', '\\']) && !path.starts_with(':');
        return quoted(&if is_plain {
            path.to_owned()
        } else {
            format!(":(literal){path}")
        });
    }
    quoted(&pattern(path.as_bytes()))
}

/// What git finds a path by of which some bytes are better not typed.
pub(super) fn pattern(path: &[u8]) -> String {
    let byte = |byte: &u8| match byte {
        b'*' | b'?' | b'[' | b'\\' | b':' => '?',
        b' '..=b'~' => char::from(*byte),
        _ => '?',
    };
    path.iter().map(byte).collect()
}
