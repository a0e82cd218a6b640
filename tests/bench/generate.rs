//! Makes a manifest repository of any size: streams it into `git fast-import` in a new bare repository.

use std::fs;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::Stdio;

use anyhow::{Context, Result, ensure};
use serde_json::json;

use crate::program::{BRANCH, Programs, answer};
use crate::shape::Shape;

/// Commits after the first, so that trees lie in the pack as deltas, the way a lived-in repository has them.
const LATER_COMMITS: usize = 100;
/// The first commit's date, in seconds since 1970.
const FOUNDED: usize = 1_740_000_000;
const TEAMS: usize = 20;

/// Creates the bare repository `folder` with everything that `shape` asks for on its branch.
pub(crate) fn generate(programs: &Programs, shape: &Shape, folder: &Path) -> Result<()> {
    fs::create_dir_all(folder)?;
    answer(
        programs
            .git_in(folder)
            .args(["init", "-q", "--bare", "--template=", "-b", BRANCH]),
    )?;
    let mut import = programs
        .git_in(folder)
        .args(["fast-import", "--quiet", "--done"])
        .stdin(Stdio::piped())
        .spawn()
        .context("starting `git fast-import`")?;
    let pipe = import
        .stdin
        .take()
        .expect("stdin was just asked for as a pipe");
    let written = Stream {
        out: BufWriter::with_capacity(1 << 18, pipe),
        shape,
    }
    .write();
    let status = import.wait()?;
    ensure!(status.success(), "`git fast-import` failed: {status}");
    written.context("writing to `git fast-import`")
}

/// The input of `git fast-import` on its way there.
struct Stream<'shape, W: Write> {
    out: W,
    shape: &'shape Shape,
}

impl<W: Write> Stream<'_, W> {
    fn write(mut self) -> Result<()> {
        self.manifests()?;
        self.commit(0, "everything at once")?;
        self.environments()?;
        for application in 0..self.shape.applications {
            self.releases(application)?;
            self.deployments(application)?;
        }
        self.later_commits()?;
        writeln!(self.out, "done")?;
        Ok(self.out.flush()?)
    }

    /// Writes one manifest per release, which its environments share, so that the size lies in the number of files.
    fn manifests(&mut self) -> Result<()> {
        for application in 0..self.shape.applications {
            for release in 1..=self.shape.releases {
                writeln!(self.out, "blob\nmark :{}", self.mark(application, release))?;
                self.data(&manifest(&application_name(application), release))?;
            }
        }
        Ok(())
    }

    fn environments(&mut self) -> Result<()> {
        // At most 1,000 releases are kept, so that no shape has any to clean up.
        self.file("trainyard.yaml", "releaseVersionsLimit: 1000\n")?;
        let names = self.shape.environment_names();
        for (place, name) in names.iter().enumerate() {
            let config = config(place, name);
            self.file(&format!("environments/{name}/config.json"), &config)?;
        }
        Ok(())
    }

    fn releases(&mut self, application: usize) -> Result<()> {
        let name = application_name(application);
        let team = application % TEAMS;
        self.file(
            &format!("applications/{name}/team"),
            &format!("team-{team:02}"),
        )?;
        for release in 1..=self.shape.releases {
            let folder = format!("applications/{name}/releases/{release}");
            self.file(&format!("{folder}/created_at"), &created_at(release))?;
            self.file(
                &format!("{folder}/source_commit_id"),
                &source_commit(application, release),
            )?;
            self.file(
                &format!("{folder}/source_author"),
                &format!("Developer {team} <developer{team}@example.com>"),
            )?;
            self.file(
                &format!("{folder}/source_message"),
                &format!("feat: what customers asked for (#{release})"),
            )?;
            let mark = self.mark(application, release);
            for environment in self.shape.environment_names() {
                self.marked(
                    &format!("{folder}/environments/{environment}/manifests.yaml"),
                    mark,
                )?;
            }
        }
        Ok(())
    }

    fn deployments(&mut self, application: usize) -> Result<()> {
        let name = application_name(application);
        for (place, environment) in self.shape.environment_names().iter().enumerate() {
            let release = self.shape.deployed(place, application);
            let folder = format!("environments/{environment}/applications/{name}");
            writeln!(self.out, "M 120000 inline {folder}/version")?;
            self.data(&format!(
                "../../../../applications/{name}/releases/{release}"
            ))?;
            self.marked(
                &format!("{folder}/manifests/manifests.yaml"),
                self.mark(application, release),
            )?;
            self.file(&format!("{folder}/deployed_by"), "Release Bot")?;
            self.file(
                &format!("{folder}/deployed_by_email"),
                "release-bot@example.com",
            )?;
            self.file(&format!("{folder}/deployed_at_utc"), &deployed_at(release))?;
        }
        Ok(())
    }

    /// Deploys one application after the other to dev once more: a commit each, nothing but the time changes.
    fn later_commits(&mut self) -> Result<()> {
        for number in 1..=LATER_COMMITS {
            let name = application_name(number % self.shape.applications);
            self.commit(number, &format!("deployed {name} to dev again"))?;
            self.file(
                &format!("environments/dev/applications/{name}/deployed_at_utc"),
                &deployed_at(1_000 + number),
            )?;
        }
        Ok(())
    }

    fn commit(&mut self, number: usize, message: &str) -> Result<()> {
        let date = FOUNDED + number * 60;
        writeln!(self.out, "commit refs/heads/{BRANCH}")?;
        writeln!(
            self.out,
            "committer Release Bot <release-bot@example.com> {date} +0000"
        )?;
        self.data(message)
    }

    fn file(&mut self, path: &str, content: &str) -> Result<()> {
        writeln!(self.out, "M 100644 inline {path}")?;
        self.data(content)
    }

    fn marked(&mut self, path: &str, mark: usize) -> Result<()> {
        Ok(writeln!(self.out, "M 100644 :{mark} {path}")?)
    }

    fn data(&mut self, content: &str) -> Result<()> {
        Ok(writeln!(self.out, "data {}\n{content}", content.len())?)
    }

    /// Returns the mark of a release's manifest; marks begin at 1, as releases do.
    fn mark(&self, application: usize, release: usize) -> usize {
        application * self.shape.releases + release
    }
}

pub(crate) fn application_name(number: usize) -> String {
    format!("service-{number:04}")
}

fn created_at(release: usize) -> String {
    format!(
        "2024-{:02}-{:02}T10:00:00Z",
        release / 28 % 12 + 1,
        release % 28 + 1
    )
}

fn deployed_at(moment: usize) -> String {
    format!(
        "2025-01-{:02} 10:{:02}:00.5 +0000 UTC",
        moment % 28 + 1,
        moment % 60
    )
}

/// Returns forty hex digits that no other release has.
fn source_commit(application: usize, release: usize) -> String {
    let spread = |salt: u64| {
        let seed = (application as u64) << 32 | release as u64;
        // The multiplier is the golden ratio's, as hash tables use it to spread neighbours apart.
        (seed ^ salt)
            .wrapping_mul(0x9e37_79b9_7f4a_7c15)
            .rotate_left(29)
            .wrapping_mul(0x9e37_79b9_7f4a_7c15)
    };
    format!(
        "{:016x}{:016x}{:08x}",
        spread(1 << 60),
        spread(1 << 61),
        spread(1 << 62) >> 32
    )
}

fn config(place: usize, name: &str) -> String {
    let upstream = match place {
        0 => json!({ "latest": true }),
        1 => json!({ "environment": "dev" }),
        _ => json!({ "environment": "staging" }),
    };
    let config = json!({
        "upstream": upstream,
        "environmentGroup": if place < 2 { name } else { "prod" },
        "argocd": {
            "destination": { "server": format!("https://{name}.clusters.example.com"), "namespace": "*" },
            "accessList": [
                { "group": "*", "kind": "ClusterSecretStore" },
                { "group": "*", "kind": "ClusterIssuer" },
            ],
            "applicationAnnotations": {
                "notifications.argoproj.io/subscribe.on-degraded.teams": "",
                "notifications.argoproj.io/subscribe.on-sync-failed.teams": "",
            },
            "ignoreDifferences": [
                { "group": "apps", "kind": "Deployment", "jsonPointers": ["/spec/replicas"] },
            ],
            "syncOptions": ["ApplyOutOfSyncOnly=true"],
        },
    });
    format!("{config:#}\n")
}

fn manifest(name: &str, release: usize) -> String {
    let filled = include_str!("manifest.yaml").replace("{name}", name);
    filled.replace("{release}", &release.to_string())
}
