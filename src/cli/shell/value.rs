//! What the value of an argument is, as far as somebody can be helped with it: told by its type, or else by its name.

use std::any::TypeId;
use std::path::PathBuf;

use clap::Arg;

use crate::plan::names::Noun;
use crate::state::{
    AppName, EnvName, EnvPoint, GroupName, LockId, SourceRef, TeamName, Upstream, Version,
};

/// What stands behind an option, or in the place of a positional argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Value {
    /// One of a few words that the argument itself lists.
    Listed,
    /// A name of the repository.
    Noun(Noun),
    /// Two environments or groups with `..` between them.
    Range,
    /// An environment, or `latest`.
    Upstream,
    /// A point in the history of the repository.
    Point,
    Branch,
    Remote,
    File,
    Folder,
    /// A command, word by word.
    Command,
    /// The same, or a topic of the help.
    Page,
}

impl Value {
    /// The value of an argument; `None` if nobody can guess it.
    pub(super) fn of(argument: &Arg) -> Option<Self> {
        if !argument.get_action().takes_values() {
            return None;
        }
        if !argument.get_possible_values().is_empty() {
            return Some(Self::Listed);
        }
        Self::by_name(argument).or_else(|| Self::by_type(argument))
    }

    /// Where the name says more than the type.
    fn by_name(argument: &Arg) -> Option<Self> {
        let placeholder = argument.get_value_names().unwrap_or_default();
        let placeholder = placeholder.first().map_or("", |name| name.as_str());
        Some(match (argument.get_id().as_str(), placeholder) {
            ("remote", _) => Self::Remote,
            ("branch", _) => Self::Branch,
            (_, "TARGET") => Self::Noun(Noun::Target),
            (_, "FROM..TO") => Self::Range,
            (_, "COMMAND") => Self::Command,
            (_, "COMMAND|TOPIC") => Self::Page,
            (_, "DIR") => Self::Folder,
            (_, "FILE") => Self::File,
            _ => return None,
        })
    }

    fn by_type(argument: &Arg) -> Option<Self> {
        let known = [
            (TypeId::of::<AppName>(), Self::Noun(Noun::App)),
            (TypeId::of::<EnvName>(), Self::Noun(Noun::Environment)),
            (TypeId::of::<GroupName>(), Self::Noun(Noun::Group)),
            (TypeId::of::<TeamName>(), Self::Noun(Noun::Team)),
            (TypeId::of::<LockId>(), Self::Noun(Noun::LockId)),
            (TypeId::of::<EnvPoint>(), Self::Noun(Noun::Target)),
            (TypeId::of::<Version>(), Self::Noun(Noun::Version)),
            (TypeId::of::<Upstream>(), Self::Upstream),
            (TypeId::of::<SourceRef>(), Self::Point),
            (TypeId::of::<PathBuf>(), Self::File),
        ];
        let own = argument.get_value_parser().type_id();
        let found = known.into_iter().find(|(known, _)| own == *known);
        found.map(|(_, value)| value)
    }
}
