//! Tells Argo CD what was pushed, in the form of GitHub's webhook: so it need not wait until it looks by itself.

use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};
use serde_json::{Value, json};
use ureq::tls::{RootCerts, TlsConfig};

use super::exit::usage;
use crate::git::{Snapshot, clean};
use crate::tree::{Change, ChangeSet, ReadTree as _};

/// How often it is tried, as long as the server says that the fault is its own.
const TRIES: u32 = 3;
/// How long all of them may take together.
const DEADLINE: Duration = Duration::from_secs(6);

/// A push that Argo CD is to hear of.
pub(super) struct Notice {
    url: String,
    before: String,
    added: Vec<String>,
    removed: Vec<String>,
    modified: Vec<String>,
}

impl Notice {
    /// The notice of a change that is planned on a snapshot.
    pub(super) fn of(url: &str, snapshot: &Snapshot, changes: &ChangeSet) -> Result<Self> {
        let mut notice = Self {
            url: webhook(url)?,
            before: snapshot.commit().to_string(),
            added: Vec::new(),
            removed: Vec::new(),
            modified: Vec::new(),
        };
        for (path, change) in changes.iter() {
            let kind = match change {
                Change::Delete => &mut notice.removed,
                Change::Write(_) if snapshot.entry(path)?.is_some() => &mut notice.modified,
                Change::Write(_) => &mut notice.added,
            };
            kind.push(path.to_string());
        }
        Ok(notice)
    }

    /// Sends it. `after` is the commit that landed on `branch` of the repository at `repo_url`.
    pub(super) fn send(&self, (repo_url, branch): (&str, &str), after: &str) -> Result<()> {
        let body = self.payload((repo_url, branch), after).to_string();
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .user_agent(concat!("trainyard/", env!("CARGO_PKG_VERSION")))
            .tls_config(
                TlsConfig::builder()
                    .root_certs(RootCerts::PlatformVerifier)
                    .build(),
            );
        let agent = ureq::Agent::new_with_config(config.build());
        let mut failure = anyhow!("it was never asked");
        let start = Instant::now();
        for attempt in 0..TRIES {
            sleep(Duration::from_millis(100) * attempt);
            let left = DEADLINE.saturating_sub(start.elapsed());
            if left.is_zero() {
                break;
            }
            let answer = agent
                .post(&self.url)
                .config()
                .timeout_global(Some(left))
                .build()
                .header("Content-Type", "application/json")
                .header("X-GitHub-Event", "push")
                .send(&body);
            match answer {
                Ok(answer) if answer.status().is_success() => return Ok(()),
                Ok(answer) => {
                    failure = anyhow!("it answers {}", answer.status());
                    if !answer.status().is_server_error() {
                        break;
                    }
                }
                Err(error) => failure = anyhow!("{error}"),
            }
        }
        let (url, failure) = (clean(&self.url), clean(&failure.to_string()));
        Err(anyhow!(
            "Argo CD at `{url}` could not be notified: {failure}"
        ))
    }

    /// The fields of GitHub's `push` event that Argo CD reads.
    fn payload(&self, (repo_url, branch): (&str, &str), after: &str) -> Value {
        json!({
            "ref": format!("refs/heads/{branch}"),
            "before": self.before,
            "after": after,
            "repository": { "html_url": web_url(repo_url), "default_branch": branch },
            "commits": [{
                "id": after,
                "added": self.added,
                "removed": self.removed,
                "modified": self.modified,
            }],
        })
    }
}

/// The URL of the webhook of an Argo CD server; fails if it can be none.
pub(super) fn webhook(url: &str) -> Result<String> {
    const PATH: &str = "/api/webhook";
    let rest = url
        .strip_prefix("https://")
        .or_else(|| url.strip_prefix("http://"));
    let odd = |letter: char| letter.is_control() || letter.is_whitespace() || "?#".contains(letter);
    if rest.is_none_or(|rest| rest.is_empty() || rest.starts_with('/') || rest.contains(odd)) {
        return Err(usage(format!(
            "`{}` is no URL of Argo CD: an http or https URL is needed",
            clean(url)
        )));
    }
    let url = url.trim_end_matches('/');
    Ok(if url.ends_with(PATH) {
        url.to_owned()
    } else {
        format!("{url}{PATH}")
    })
}

/// The repository as a page, by which Argo CD finds the applications that it belongs to: it compares host and path only.
pub(super) fn web_url(repo_url: &str) -> String {
    let url = repo_url.trim_end_matches('/');
    let url = url.strip_suffix(".git").unwrap_or(url);
    let rest = match url.split_once("://") {
        Some(("http" | "https", _)) => return url.to_owned(),
        Some((_, rest)) => rest.to_owned(),
        // `user@host:path`, as ssh is often written.
        None => match url.split_once(':') {
            Some((host, path)) if !host.contains('/') => format!("{host}/{path}"),
            _ => return url.to_owned(),
        },
    };
    let (authority, path) = rest.split_once('/').unwrap_or((&rest, ""));
    let host = authority.rsplit('@').next().unwrap_or_default();
    let host = host.split(':').next().unwrap_or_default();
    format!("https://{host}/{path}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_webhook_lies_below_the_server_and_is_asked_over_http() {
        for url in [
            "https://argocd.example",
            "https://argocd.example/",
            "https://argocd.example/api/webhook",
        ] {
            assert_eq!(
                webhook(url).unwrap(),
                "https://argocd.example/api/webhook",
                "{url}"
            );
        }
        for url in [
            "",
            "argocd.example",
            "ftp://x",
            "https://",
            "https:///x",
            "http://a b",
            "http://a/?token=b",
        ] {
            assert!(webhook(url).is_err(), "{url:?}");
        }
    }

    #[test]
    fn a_repository_is_told_as_its_page() {
        for (url, page) in [
            ("https://h.example/acme/r.git", "https://h.example/acme/r"),
            ("git@h.example:acme/r.git", "https://h.example/acme/r"),
            ("ssh://git@h.example:22/acme/r", "https://h.example/acme/r"),
            ("http://h.example/acme/r/", "http://h.example/acme/r"),
            ("/srv/r.git", "/srv/r"),
        ] {
            assert_eq!(web_url(url), page);
        }
    }
}
