//! The remote: which one, and where it is.

use anyhow::Result;
use git2::Repository;

use super::checkout::Selection;
use super::settings::Settings;
use super::{Failure, FailureKind, Git, on_one_line};

/// A remote by its name.
#[derive(Clone, Debug)]
pub(crate) struct Remote {
    pub(crate) name: String,
    /// The URL without credentials.
    pub(crate) url: String,
    /// The URL that is pushed to, if it is not the one that is fetched from.
    push_url: Option<String>,
}

impl Remote {
    /// The remote: the one that is asked for, `trainyard.remote`, the one of the branch, or the only one.
    pub(super) fn find(
        repository: &Repository,
        (git, settings): (&Git, &Settings),
        selection: &Selection,
        branch: &str,
    ) -> Result<Option<Self>> {
        let names = repository.remotes()?;
        let names: Vec<_> = names
            .iter()
            .filter_map(|name| name.ok().flatten().map(str::to_owned))
            .collect();
        let configured = |key: &str| settings.text(key).filter(|name| names.contains(name));
        let name = match (&selection.remote, names.as_slice()) {
            (Some(asked), _) if names.contains(asked) => Some(asked.clone()),
            (Some(asked), _) => {
                let message = format!("there is no remote `{}`", on_one_line(asked));
                return Err(Failure::new(FailureKind::Usage, message)
                    .hint(listed(&names))
                    .into());
            }
            (None, []) => None,
            (None, [only]) => Some(only.clone()),
            (None, _) => configured("trainyard.remote")
                .or_else(|| configured(&format!("branch.{branch}.remote"))),
        };
        match name {
            Some(name) => {
                let remote = repository.find_remote(&name)?;
                // As it is configured: what `insteadOf` makes of it holds on this machine only.
                let url = settings
                    .text(&format!("remote.{name}.url"))
                    .unwrap_or_else(|| remote.url().unwrap_or_default().to_owned());
                Ok(Some(Self {
                    url: clean_url(&url),
                    push_url: push_url(git, settings, &name)?,
                    name,
                }))
            }
            None if names.is_empty() || !selection.push => Ok(None),
            None => {
                let branch = on_one_line(branch);
                let message = format!("several remotes, and none is the one of branch `{branch}`");
                Err(Failure::new(FailureKind::Usage, message)
                    .hint(listed(&names))
                    .into())
            }
        }
    }

    /// Whether what is fetched comes from another place than the one that is pushed to.
    pub(super) fn has_two_places(&self) -> bool {
        self.push_url.is_some()
    }

    /// What git is given to ask and to fetch: the place that changes are pushed to, as they must be planned on what is there.
    pub(super) fn source(&self) -> &str {
        self.push_url.as_deref().unwrap_or(&self.name)
    }
}

/// The URL that is pushed to, if it differs from the one that is fetched from.
fn push_url(git: &Git, settings: &Settings, name: &str) -> Result<Option<String>> {
    let may_differ = settings.count(&format!("remote.{name}.url")) > 1
        || settings.count(&format!("remote.{name}.pushurl")) > 0
        || settings.has_ending(".pushinsteadof");
    if !may_differ {
        return Ok(None);
    }
    let urls = |arguments: &[&str]| Ok::<_, anyhow::Error>(git.succeed(arguments)?.text());
    let pushed = urls(&["remote", "get-url", "--push", "--all", "--", name])?;
    let fetched = urls(&["remote", "get-url", "--", name])?;
    match pushed.lines().collect::<Vec<_>>().as_slice() {
        [only] if *only == fetched.trim_end() => Ok(None),
        [only] => Ok(Some((*only).to_owned())),
        several => {
            let message = format!(
                "the remote `{}` is pushed to {} places, and no change can reach all of them as one step",
                on_one_line(name),
                several.len()
            );
            let failure = Failure::new(FailureKind::Usage, message);
            Err(failure
                .hint("name a remote with one URL with `--remote`, and let the server mirror it")
                .into())
        }
    }
}

fn listed(names: &[String]) -> String {
    if names.is_empty() {
        return "this repository has no remotes; leave `--remote` out to commit to the local branch"
            .to_owned();
    }
    let names: Vec<_> = names
        .iter()
        .map(|name| format!("`--remote {}`", on_one_line(name)))
        .collect();
    format!("choose one: {}", names.join(" or "))
}

/// The URL without password; without user too, unless ssh needs it.
pub(super) fn clean_url(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let (user, host) = authority.rsplit_once('@').unwrap_or(("", authority));
    let user = user.split(':').next().unwrap_or_default();
    match (scheme.contains("ssh"), user) {
        (true, user) if !user.is_empty() => format!("{scheme}://{user}@{host}{path}"),
        _ => format!("{scheme}://{host}{path}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_shown_without_credentials() {
        for (url, shown) in [
            (
                "https://me:t0ken@h.example/r.git",
                "https://h.example/r.git",
            ),
            ("https://t0ken@h.example", "https://h.example"),
            (
                "ssh://git:pw@h.example:22/r.git",
                "ssh://git@h.example:22/r.git",
            ),
            ("git@h.example:acme/r.git", "git@h.example:acme/r.git"),
            ("/srv/r.git", "/srv/r.git"),
        ] {
            assert_eq!(clean_url(url), shown);
        }
    }
}
