//! Releases: their numbers, what is known of them, and their manifests.

use std::fmt;

use anyhow::Result;

use super::fault::{Mend, Severity, Told, What, pathspec, removing, restoring};
use super::look::{Look, no_instant};
use super::lost::Lost;
use super::manifest::Unfit;
use super::misplaced::{BadText, Misplaced};
use crate::plan::minor;
use crate::state::release::{self, Field, MANIFEST, ReleaseKind, ReleasePart};
use crate::state::{AppName, CommitId, DisplayVersion, EnvName, Moment, Version, deployment};
use crate::tree::{BlobId, Content, Entry, Kind, RepoPath};

/// What is wrong with a release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ReleaseFault {
    /// The name of its folder is no number as releases have it, so that it is passed over.
    NoNumber,
    /// No release is given this number.
    NumberOutOfRange,
    /// Later kuberpult wrote it: it is read, but not deployed.
    Revision,
    /// It has no manifest for any environment.
    NoManifests,
    /// Releases have manifests for an environment that does not exist.
    UnknownEnvironment {
        environment: EnvName,
        releases: usize,
    },
    /// A manifest cannot be applied.
    Unfit { why: Unfit, may_run: MayRun },
    /// A manifest is empty, and its release is not one that undeploys the app.
    EmptyManifest,
    /// It undeploys its app and has a manifest.
    UndeploysSomething,
    /// A manifest is not what it was when its release was stored, and runs as it was then.
    Changed(Lost),
    /// It runs, and it or its manifest was taken away.
    Gone(Lost),
    /// It is marked as minor, and differs from the release before it; or the other way round.
    MinorMark { marked: bool },
}

/// Whether the next command may deploy a manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MayRun {
    /// It runs, it waits, or its release is the highest.
    Yes,
    /// Only if somebody asks for that release.
    IfAskedFor,
}

impl Look<'_> {
    /// Everything below the folder of the releases of an app.
    pub(super) fn releases_of(&mut self, app: &AppName, folder: &RepoPath) -> Result<()> {
        let mut versions = Vec::new();
        for child in self.children(folder)? {
            let path = folder.join(&child.name);
            match Version::from_folder(&child.name) {
                None if child.kind == Kind::Directory
                    && child.name.starts_with(|first: char| first.is_ascii_digit()) =>
                {
                    self.found(&path, What::Release(ReleaseFault::NoNumber));
                }
                None => self.stray(&path, child.kind),
                Some(version) => {
                    if self.is_of(&path, child.kind, Kind::Directory) {
                        versions.push((version, path));
                    }
                }
            }
        }
        versions.sort();
        self.counts.releases += versions.len();
        let numbers: Vec<_> = versions.iter().map(|(version, _)| *version).collect();
        self.releases.insert(app.clone(), numbers);
        let mut may_run = deployment::in_use(self.tree, app)?;
        may_run.extend(versions.last().map(|(version, _)| *version));
        for (version, path) in &versions {
            let may_run = if may_run.contains(version) {
                MayRun::Yes
            } else {
                MayRun::IfAskedFor
            };
            self.release((app, *version), path, may_run)?;
        }
        for (path, marked) in minor::marked_wrongly(self.tree, self.ground, app)? {
            self.found(&path, What::Release(ReleaseFault::MinorMark { marked }));
        }
        Ok(())
    }

    fn release(
        &mut self,
        (app, version): (&AppName, Version),
        folder: &RepoPath,
        may_run: MayRun,
    ) -> Result<()> {
        if version.has_revision() {
            self.found(folder, What::Release(ReleaseFault::Revision));
        } else if !(1..=Version::LAST).contains(&version.number()) {
            self.found(folder, What::Release(ReleaseFault::NumberOutOfRange));
        }
        let mut kind = ReleaseKind::Ordinary;
        let (mut dated, mut manifests) = (false, Vec::new());
        for child in self.children(folder)? {
            let path = folder.join(&child.name);
            match release::release_part(&child.name) {
                Some(ReleasePart::CreatedAt) => {
                    dated = true;
                    self.text(&path, child.kind, |text| {
                        no_instant(Moment::parse(text).ok())
                    })?;
                }
                Some(ReleasePart::Field(field)) => self.field(app, &path, child.kind, field)?,
                Some(ReleasePart::Marker(marker)) => {
                    if marker == ReleaseKind::Undeploy {
                        kind = marker;
                    }
                    let bad = |text: &str| (!text.is_empty()).then_some(BadText::NotEmpty);
                    self.text(&path, child.kind, bad)?;
                }
                Some(ReleasePart::Environments) => {
                    if self.is_of(&path, child.kind, Kind::Directory) {
                        manifests = self.manifests(&path)?;
                    }
                }
                None => self.stray(&path, child.kind),
            }
        }
        if !dated {
            self.misplaced(&release::created_at_path(app, version), Misplaced::Missing);
        }
        if manifests.is_empty() && kind == ReleaseKind::Ordinary {
            self.found(folder, What::Release(ReleaseFault::NoManifests));
        }
        if kind == ReleaseKind::Undeploy {
            for path in &manifests {
                let entry = self.tree.entry(path)?;
                if matches!(&entry, Some(Entry::File(content)) if !self.is_empty(content)) {
                    let mark = folder.join(kind.name());
                    self.found(&mark, What::Release(ReleaseFault::UndeploysSomething));
                    break;
                }
            }
        }
        for path in manifests {
            self.manifest(&path, kind, may_run)?;
        }
        Ok(())
    }

    fn field(&mut self, app: &AppName, path: &RepoPath, kind: Kind, field: Field) -> Result<()> {
        let Some(text) = self.small(path, kind)? else {
            return Ok(());
        };
        let commit = |text: &str| text.parse::<CommitId>().ok();
        let bad = match field {
            _ if text.is_empty() => Some(BadText::Empty),
            Field::SourceCommitId | Field::PreviousCommitId => {
                commit(&text).is_none().then_some(BadText::NoCommit)
            }
            Field::DisplayVersion => {
                let fits = text.parse::<DisplayVersion>().is_ok();
                (!fits).then_some(BadText::NoDisplayVersion)
            }
            Field::SourceAuthor | Field::SourceMessage | Field::CiLink => None,
        };
        if let Some(bad) = bad {
            self.misplaced(path, Misplaced::BadText(bad));
        }
        if field == Field::SourceCommitId {
            let commit = CommitId::found(&text);
            self.commits
                .extend(commit.map(|commit| (commit, app.clone())));
        }
        Ok(())
    }

    /// The manifests of a release.
    fn manifests(&mut self, folder: &RepoPath) -> Result<Vec<RepoPath>> {
        let mut manifests = Vec::new();
        for child in self.children(folder)? {
            let home = folder.join(&child.name);
            let (Ok(environment), Kind::Directory) = (child.name.parse::<EnvName>(), child.kind)
            else {
                self.stray(&home, child.kind);
                continue;
            };
            if self.ground.environments.get(&environment).is_none() {
                let (_, count) = self
                    .unknown
                    .entry(environment)
                    .or_insert_with(|| (home.clone(), 0));
                *count += 1;
            }
            let mut missing = true;
            for child in self.children(&home)? {
                let path = home.join(&child.name);
                if child.name != MANIFEST {
                    self.stray(&path, child.kind);
                    continue;
                }
                missing = false;
                if self.is_of(&path, child.kind, Kind::File) {
                    manifests.push(path);
                }
            }
            if missing {
                self.misplaced(&home.join(MANIFEST), Misplaced::Missing);
            }
        }
        Ok(manifests)
    }

    /// Whether a manifest deploys nothing.
    fn is_empty(&self, content: &Content) -> bool {
        [BlobId::EMPTY, self.blank].contains(&content.id())
    }

    fn manifest(&mut self, path: &RepoPath, kind: ReleaseKind, may_run: MayRun) -> Result<()> {
        let Some(Entry::File(content)) = self.tree.entry(path)? else {
            return Ok(());
        };
        let undeploys = kind == ReleaseKind::Undeploy;
        if self.is_empty(&content) && !undeploys {
            self.found(path, What::Release(ReleaseFault::EmptyManifest));
        }
        if let Some(why) = self.unfit(&content)? {
            self.found(path, What::Release(ReleaseFault::Unfit { why, may_run }));
        }
        Ok(())
    }

    /// The environments that only releases know of.
    pub(super) fn unknown_environments(&mut self) {
        for (environment, (path, releases)) in std::mem::take(&mut self.unknown) {
            let fault = ReleaseFault::UnknownEnvironment {
                environment,
                releases,
            };
            self.found(&path, What::Release(fault));
        }
    }
}

impl fmt::Display for ReleaseFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoNumber => formatter
                .write_str("is no number as releases have it, such as 7, and is passed over"),
            Self::NumberOutOfRange => {
                write!(formatter, "has a number that is not from 1 to {}", Version::LAST)
            }
            Self::Revision => formatter
                .write_str("was written by later kuberpult: it is read, but cannot be deployed"),
            Self::NoManifests => formatter.write_str("has no manifest for any environment"),
            Self::UnknownEnvironment {
                environment,
                releases: 1,
            } => write!(
                formatter,
                "holds a manifest for the environment `{environment}`, which does not exist"
            ),
            Self::UnknownEnvironment {
                environment,
                releases,
            } => write!(
                formatter,
                "is the first of {releases} releases with a manifest for the environment `{environment}`, which does not exist"
            ),
            Self::Unfit { why, may_run } => {
                let what = match may_run {
                    MayRun::Yes => "cannot be applied",
                    MayRun::IfAskedFor => "could not be applied",
                };
                write!(formatter, "{what}: {why}")
            }
            Self::EmptyManifest => formatter.write_str(
                "is empty: it deploys nothing, and its release does not undeploy the app",
            ),
            Self::UndeploysSomething => formatter
                .write_str("marks a release that undeploys its app, and that has a manifest"),
            Self::Changed(lost) => write!(
                formatter,
                "was changed by commit {}, after its release was stored: what is applied is what it was before",
                lost.by()
            ),
            Self::Gone(lost) => {
                write!(formatter, "is in use, and was taken away by commit {}", lost.by())
            }
            Self::MinorMark { marked: true } => formatter.write_str(
                "marks a release as minor that differs from the one before it in more than minor lines",
            ),
            Self::MinorMark { marked: false } => formatter.write_str(
                "is missing: the release differs from the one before it in minor lines only",
            ),
        }
    }
}

impl Told for ReleaseFault {
    fn kind(&self) -> &'static str {
        match self {
            Self::NoNumber => "release-name",
            Self::NumberOutOfRange => "release-number",
            Self::Revision => "release-revision",
            Self::NoManifests => "release-without-manifests",
            Self::UnknownEnvironment { .. } => "manifest-for-unknown-environment",
            Self::Unfit { .. } => "unfit-manifest",
            Self::EmptyManifest => "empty-manifest",
            Self::UndeploysSomething => "undeploy-with-manifest",
            Self::Changed(_) => "release-changed",
            Self::Gone(_) => "release-gone",
            Self::MinorMark { .. } => "minor-mark",
        }
    }

    fn severity(&self) -> Severity {
        match self {
            Self::Unfit {
                may_run: MayRun::Yes,
                ..
            }
            | Self::Changed(_)
            | Self::Gone(_) => Severity::Error,
            Self::Unfit {
                may_run: MayRun::IfAskedFor,
                ..
            }
            | Self::NoNumber
            | Self::NumberOutOfRange
            | Self::UndeploysSomething => Severity::Warning,
            Self::Revision
            | Self::NoManifests
            | Self::UnknownEnvironment { .. }
            | Self::EmptyManifest
            | Self::MinorMark { .. } => Severity::Note,
        }
    }

    fn mend(&self, path: &str) -> Mend {
        match self {
            Self::NoNumber
            | Self::NumberOutOfRange
            | Self::Revision
            | Self::NoManifests
            | Self::UndeploysSomething
            | Self::MinorMark { marked: true } => removing(path),
            Self::UnknownEnvironment { environment, .. } => {
                Mend::ByHand(format!("trainyard environment create {environment}"))
            }
            Self::Unfit { .. } | Self::EmptyManifest => restoring(path),
            Self::Changed(lost) | Self::Gone(lost) => lost.mend(),
            Self::MinorMark { marked: false } => {
                let path = pathspec(path);
                Mend::ByHand(format!(
                    "touch {path} && git add {path} && git commit -qm 'mark a minor release' -- {path} && git push"
                ))
            }
        }
    }
}
