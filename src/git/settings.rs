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
    Listed(BTreeMap<String, Vec<String>>),
}

impl Settings {
    /// Reads the settings; `in_environment` if variables such as `GIT_CONFIG_COUNT` are set.
    pub(super) fn read(repository: &Repository, git: &Git, in_environment: bool) -> Result<Self> {
        if !in_environment {
            return Ok(Self::Files(repository.config()?));
        }
        let listed = git.succeed(&["config", "-z", "--list"])?;
        Ok(Self::listed(&listed.text()))
    }

    /// The settings that `git config -z --list` tells.
    pub(super) fn listed(answer: &str) -> Self {
        // A key without a value means that it is on.
        let pairs = answer.split('\0').filter(|entry| !entry.is_empty());
        let pairs = pairs.map(|entry| entry.split_once('\n').unwrap_or((entry, "true")));
        let mut settings: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (key, value) in pairs {
            settings
                .entry(key.to_owned())
                .or_default()
                .push(value.to_owned());
        }
        Self::Listed(settings)
    }

    /// The value that counts of a key such as `core.autocrlf`; section and key are spelled in lower case.
    pub(super) fn text(&self, key: &str) -> Option<String> {
        match self {
            Self::Files(config) => config.get_string(key).ok(),
            Self::Listed(settings) => settings.get(key)?.last().cloned(),
        }
    }

    /// How many values a key has.
    pub(super) fn count(&self, key: &str) -> usize {
        match self {
            Self::Files(config) => {
                let mut count = 0;
                // An unreadable config has no values that anybody could use.
                let _ = config
                    .multivar(key, None)
                    .and_then(|values| values.for_each(|_| count += 1));
                count
            }
            Self::Listed(settings) => settings.get(key).map_or(0, Vec::len),
        }
    }

    /// Whether any key ends like this, such as `.pushinsteadof`.
    pub(super) fn has_ending(&self, ending: &str) -> bool {
        match self {
            Self::Files(config) => {
                let mut found = false;
                let _ = config.entries(None).and_then(|entries| {
                    entries.for_each(|entry| {
                        found |= entry.name().is_ok_and(|name| name.ends_with(ending));
                    })
                });
                found
            }
            Self::Listed(settings) => settings.keys().any(|key| key.ends_with(ending)),
        }
    }

    /// Whether a key is on; `None` if it is not set.
    pub(super) fn is_on(&self, key: &str) -> Option<bool> {
        let text = self.text(key)?.to_lowercase();
        Some(matches!(text.as_str(), "true" | "yes" | "on" | "1"))
    }
}
