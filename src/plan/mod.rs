//! Verbs: a request and a draft in, an outcome out. Nothing here does IO: verbs read through the draft and write into it.
//! The rules are `docs/rules.md`.

pub(crate) mod app;
pub(crate) mod argocd;
pub(crate) mod batch;
pub(crate) mod cargo;
pub(crate) mod change;
mod cleanup;
pub(crate) mod deploy;
pub(crate) mod environment;
mod ground;
pub(crate) mod inquiry;
mod known;
#[cfg(test)]
mod laws;
pub(crate) mod lock;
pub(crate) mod manifest;
mod minor;
pub(crate) mod movement;
pub(crate) mod names;
pub(crate) mod outcome;
pub(crate) mod place;
mod record;
mod refusal;
pub(crate) mod release;
pub(crate) mod render;
pub(crate) mod train;
pub(crate) mod unlock;
pub(crate) mod verify;
pub(crate) mod view;
pub(crate) mod whereabouts;
#[cfg(test)]
mod world;
mod yaml;

pub(crate) use ground::{Context, Ground, Past, Source, Unusable};
pub(crate) use known::{did_you_mean, key_meant, nearest};
pub(crate) use outcome::{Done, Outcome};
pub(crate) use refusal::{Refusal, unlock_command};
