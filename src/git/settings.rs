//! Settings of git that we go by ourselves, as git sees them.

use std::collections::BTreeMap;

use anyhow::Result;
use git2::Repository;

use super::Git;

/// The settings of a checkout.
pub(super) enum Settings {
    /// libgit2 reads the same files as git.
    Files(git2::Config),
    /// The environment names other files or values, which libgit2 does not see: what `git config --list` says.
    Listed(BTreeMap<String, String>),
}

impl Settings {
    /// Reads the settings; `in_environment` if variables such as `GIT_CONFIG_COUNT` are set.
    pub(super) fn read(repository: &Repository, git: &Git, in_environment: bool) -> Result<Self> {
        if !in_environment {
            return Ok(Self::Files(repository.config()?));
        }
        let listed = git.succeed(&["config", "-z", "--list"])?.text();
        // A key without a value means that it is on.
        let pairs = listed.split('\0').filter(|entry| !entry.is_empty());
        let pairs = pairs.map(|entry| entry.split_once('\n').unwrap_or((entry, "true")));
        Ok(Self::Listed(
            pairs
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .collect(),
        ))
    }

    /// The value of a key without a subsection, such as `core.autocrlf`; keys are spelled in lower case.
    pub(super) fn text(&self, key: &str) -> Option<String> {
        match self {
            Self::Files(config) => config.get_string(key).ok(),
            Self::Listed(settings) => settings.get(key).cloned(),
        }
    }

    /// Whether a key is on; `None` if it is not set.
    pub(super) fn is_on(&self, key: &str) -> Option<bool> {
        let text = self.text(key)?.to_lowercase();
        Some(matches!(text.as_str(), "true" | "yes" | "on" | "1"))
    }
}
