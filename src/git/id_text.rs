//! Ids of objects in text: in journals, in messages of ours, in answers of git. An id has 40 digits: libgit2 would fill up a shorter one
//! with zeros.

use anyhow::{Result, ensure};
use git2::Oid;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An id of which nothing is missing.
pub(super) fn whole_id(text: &str) -> Result<Oid> {
    ensure!(text.len() == 40, "half an id");
    Ok(Oid::from_str(text)?)
}

pub(super) fn serialize<S: Serializer>(id: &Oid, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(id)
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Oid, D::Error> {
    whole_id(&String::deserialize(deserializer)?).map_err(D::Error::custom)
}

/// An id where the name of this module alone does not do, as in an option.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct IdText(#[serde(with = "self")] pub(super) Oid);
