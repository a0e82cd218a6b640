//! Nouns: what a manifest repository holds. Each module owns the files of its noun, to read and to write.
//! The format is `docs/format.md`.

pub(crate) mod argocd;
pub(crate) mod commits;
pub(crate) mod config;
pub(crate) mod deployment;
pub(crate) mod environment;
mod event;
pub(crate) mod lock;
mod minor;
mod name;
mod nesting;
pub(crate) mod options;
mod point;
pub(crate) mod queue;
pub(crate) mod release;
mod text;
mod time;
pub(crate) mod trailer;

pub(crate) use environment::{Environment, EnvironmentGraph, Upstream};
pub(crate) use event::EventId;
pub(crate) use lock::{Lock, LockScope, Locks, PlacedLock};
pub(crate) use minor::MinorLines;
pub(crate) use name::{
    AppName, CommitId, CommitPrefix, ConcreteName, DisplayVersion, EnvName, EnvPrefix, GroupName,
    InvalidName, LockId, SourceRef, TagName, TeamName, Version,
};
pub(crate) use nesting::check_nesting;
pub(crate) use options::{Combine, Options};
pub(crate) use point::EnvPoint;
pub(crate) use text::{FreeText, plain, quoted};
pub(crate) use time::{Actor, Moment, When};
pub(crate) use trailer::Trace;
