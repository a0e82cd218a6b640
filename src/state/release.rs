//! Releases: one immutable version of an app, with a manifest for each environment and where it came from.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use anyhow::Result;
use serde::{Deserialize, Serialize};

use super::{AppName, CommitId, EnvName, Moment, TeamName, Version};
use crate::tree::{Content, Draft, Entry, Kind, PathShape, ReadTree, RepoPath};

/// A fact about a release that is a file in its folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Field {
    SourceCommitId,
    PreviousCommitId,
    SourceAuthor,
    SourceMessage,
    DisplayVersion,
    CiLink,
}

impl Field {
    pub(crate) const ALL: [Self; 6] = [
        Self::SourceCommitId,
        Self::PreviousCommitId,
        Self::SourceAuthor,
        Self::SourceMessage,
        Self::DisplayVersion,
        Self::CiLink,
    ];

    /// The name of the file, and the name of the field for people.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::SourceCommitId => "source_commit_id",
            Self::PreviousCommitId => "previous_commit_id",
            Self::SourceAuthor => "source_author",
            Self::SourceMessage => "source_message",
            Self::DisplayVersion => "display_version",
            Self::CiLink => "ci_link",
        }
    }
}

/// What kind of release it is. All but the ordinary ones have a marker in their folder: an empty file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReleaseKind {
    /// It changes something, and is meant to run.
    Ordinary,
    /// It differs from the release before it in nothing but lines that make no difference.
    Minor,
    /// It takes its app away: its manifests are empty.
    Undeploy,
}

impl ReleaseKind {
    /// The name of its marker.
    fn marker(self) -> Option<&'static str> {
        match self {
            Self::Ordinary => None,
            Self::Minor => Some("minor"),
            Self::Undeploy => Some("undeploy"),
        }
    }

    /// Its name for programs.
    pub(crate) fn name(self) -> &'static str {
        self.marker().unwrap_or("ordinary")
    }
}

/// What is worth saying behind the number of a release: nothing for an ordinary one.
impl fmt::Display for ReleaseKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.marker()
            .map_or(Ok(()), |marker| write!(formatter, " ({marker})"))
    }
}

/// What a release is made of.
#[derive(Clone, Debug)]
pub(crate) struct Release {
    pub(crate) kind: ReleaseKind,
    /// The facts that are known.
    pub(crate) fields: BTreeMap<Field, String>,
    /// The manifests, by environment.
    pub(crate) manifests: BTreeMap<EnvName, Content>,
}

/// The folder of all apps.
pub(crate) fn root() -> RepoPath {
    RepoPath::of(&["applications"])
}

/// What stands in the folder of an app.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AppPart {
    Team,
    Releases,
    /// Where the sources are: earlier kuberpult kept it, and nobody reads it any longer.
    SourceRepoUrl,
}

/// What an entry of the folder of an app is; `None` if it does not belong there.
pub(crate) fn app_part(name: &str) -> Option<AppPart> {
    match name {
        "team" => Some(AppPart::Team),
        "releases" => Some(AppPart::Releases),
        "sourceRepoUrl" => Some(AppPart::SourceRepoUrl),
        _ => None,
    }
}

/// What stands in the folder of a release.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReleasePart {
    CreatedAt,
    Field(Field),
    Marker(ReleaseKind),
    Environments,
}

/// What an entry of the folder of a release is; `None` if it does not belong there.
pub(crate) fn release_part(name: &str) -> Option<ReleasePart> {
    let field = Field::ALL.into_iter().find(|field| field.name() == name);
    let marked = [ReleaseKind::Minor, ReleaseKind::Undeploy];
    let marker = marked.into_iter().find(|kind| kind.name() == name);
    match name {
        "created_at" => Some(ReleasePart::CreatedAt),
        "environments" => Some(ReleasePart::Environments),
        _ => field
            .map(ReleasePart::Field)
            .or(marker.map(ReleasePart::Marker)),
    }
}

/// The name of the file of a manifest in the folder of its environment.
pub(crate) const MANIFEST: &str = "manifests.yaml";

fn app_directory(app: &AppName) -> RepoPath {
    root().join(app)
}

pub(crate) fn directory(app: &AppName, version: Version) -> RepoPath {
    app_directory(app)
        .join("releases")
        .join(version.to_string())
}

/// The manifest of a release for an environment.
pub(crate) fn manifest_path(app: &AppName, version: Version, environment: &EnvName) -> RepoPath {
    let environments = directory(app, version).join("environments");
    environments.join(environment).join(MANIFEST)
}

/// All apps that have releases or a team, by name. Names that break the rules are left out.
pub(crate) fn apps(tree: &dyn ReadTree) -> Result<Vec<AppName>> {
    let names = tree.folders(&root())?;
    Ok(names.iter().filter_map(|name| name.parse().ok()).collect())
}

/// Whether there is such an app.
pub(crate) fn app_exists(tree: &dyn ReadTree, app: &AppName) -> Result<bool> {
    tree.has_folder(&app_directory(app))
}

/// The releases of an app, in order. Entries that are no number are passed over.
pub(crate) fn versions(tree: &dyn ReadTree, app: &AppName) -> Result<Vec<Version>> {
    let names = tree.folders(&app_directory(app).join("releases"))?;
    let versions: BTreeSet<_> = names
        .iter()
        .filter_map(|name| Version::from_folder(name))
        .collect();
    Ok(versions.into_iter().collect())
}

/// Whether the release exists.
pub(crate) fn exists(tree: &dyn ReadTree, app: &AppName, version: Version) -> Result<bool> {
    tree.has_folder(&directory(app, version))
}

/// The manifest of a release for an environment.
pub(crate) fn manifest(
    tree: &dyn ReadTree,
    app: &AppName,
    version: Version,
    environment: &EnvName,
) -> Result<Option<Content>> {
    match tree.entry(&manifest_path(app, version, environment))? {
        Some(Entry::File(content)) => Ok(Some(content)),
        Some(Entry::Symlink(_)) | None => Ok(None),
    }
}

/// The environments for which a release has a manifest.
pub(crate) fn environments(
    tree: &dyn ReadTree,
    app: &AppName,
    version: Version,
) -> Result<Vec<EnvName>> {
    let mut environments = Vec::new();
    for name in environment_folders(tree, app, version)? {
        if manifest(tree, app, version, &name)?.is_some() {
            environments.push(name);
        }
    }
    Ok(environments)
}

/// The environments that have a folder in a release; whether a manifest is in it is not looked at.
pub(crate) fn environment_folders(
    tree: &dyn ReadTree,
    app: &AppName,
    version: Version,
) -> Result<Vec<EnvName>> {
    let names = tree.folders(&directory(app, version).join("environments"))?;
    Ok(names.iter().filter_map(|name| name.parse().ok()).collect())
}

/// What kind of release it is.
pub(crate) fn kind(tree: &dyn ReadTree, app: &AppName, version: Version) -> Result<ReleaseKind> {
    let folder = directory(app, version);
    for kind in [ReleaseKind::Undeploy, ReleaseKind::Minor] {
        if let Some(marker) = kind.marker()
            && tree.kind(&folder.join(marker))?.is_some()
        {
            return Ok(kind);
        }
    }
    Ok(ReleaseKind::Ordinary)
}

/// One fact about a release.
pub(crate) fn field(
    tree: &dyn ReadTree,
    app: &AppName,
    version: Version,
    field: Field,
) -> Result<Option<String>> {
    let path = directory(app, version).join(field.name());
    let Some(Entry::File(content)) = tree.entry(&path)? else {
        return Ok(None);
    };
    let bytes = tree.bytes(&content)?;
    Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
}

/// The commit that a release was built from, if it names one in full.
pub(crate) fn source_commit(
    tree: &dyn ReadTree,
    app: &AppName,
    version: Version,
) -> Result<Option<CommitId>> {
    let text = field(tree, app, version, Field::SourceCommitId)?;
    Ok(text.and_then(|text| CommitId::found(&text)))
}

/// The file that says when a release was stored.
pub(crate) fn created_at_path(app: &AppName, version: Version) -> RepoPath {
    directory(app, version).join("created_at")
}

/// When a release was stored, as a file: what tells it from another one of the same number.
pub(crate) fn created_at(
    tree: &dyn ReadTree,
    app: &AppName,
    version: Version,
) -> Result<Option<Entry>> {
    tree.entry(&created_at_path(app, version))
}

/// When a release was stored; `None` if the file is missing or unreadable.
pub(crate) fn stored_at(
    tree: &dyn ReadTree,
    app: &AppName,
    version: Version,
) -> Result<Option<Moment>> {
    let text = tree.text(&created_at_path(app, version))?;
    Ok(text.and_then(|text| Moment::parse(&text).ok()))
}

/// Stores a new release.
pub(crate) fn store(
    draft: &mut Draft,
    app: &AppName,
    version: Version,
    release: &Release,
    now: Moment,
) -> Result<()> {
    let directory = directory(app, version);
    draft.write(directory.join("created_at"), Entry::file(now.to_seconds()))?;
    if let Some(marker) = release.kind.marker() {
        draft.write(directory.join(marker), Entry::file(""))?;
    }
    for (field, text) in &release.fields {
        draft.write(directory.join(field.name()), Entry::file(text))?;
    }
    for (environment, manifest) in &release.manifests {
        let path = manifest_path(app, version, environment);
        draft.write(path, Entry::File(manifest.clone()))?;
    }
    Ok(())
}

/// Marks a release that undeploys nothing as minor or as ordinary. The mark tells how it compares with the release before it, and is
/// the one thing about a release that may change.
pub(crate) fn mark(
    draft: &mut Draft,
    app: &AppName,
    version: Version,
    kind: ReleaseKind,
) -> Result<()> {
    let folder = directory(app, version);
    if let Some(marker) = ReleaseKind::Minor.marker() {
        draft.clear(&folder.join(marker))?;
    }
    match kind.marker() {
        Some(marker) => draft.write(folder.join(marker), Entry::file("")),
        None => Ok(()),
    }
}

/// The file that marks a release as minor.
pub(crate) fn mark_path(app: &AppName, version: Version) -> RepoPath {
    directory(app, version).join(ReleaseKind::Minor.name())
}

/// Removes a release.
pub(crate) fn remove(draft: &mut Draft, app: &AppName, version: Version) -> Result<()> {
    draft.delete_folder(&directory(app, version))
}

/// Takes the manifest for one environment out of a release, and says whether there was one.
pub(crate) fn remove_manifest(
    draft: &mut Draft,
    app: &AppName,
    version: Version,
    environment: &EnvName,
) -> Result<bool> {
    let folder = directory(app, version)
        .join("environments")
        .join(environment);
    let there = draft.has_folder(&folder)?;
    draft.delete_folder(&folder)?;
    Ok(there)
}

/// Removes what is left of an app besides its releases and its deployments, such as its team.
pub(crate) fn remove_app(draft: &mut Draft, app: &AppName) -> Result<()> {
    draft.delete_folder(&app_directory(app))
}

/// The file that names the team of an app.
pub(crate) fn team_path(app: &AppName) -> RepoPath {
    app_directory(app).join("team")
}

/// The team that owns an app.
pub(crate) fn team(tree: &dyn ReadTree, app: &AppName) -> Result<Option<TeamName>> {
    let text = tree.text(&team_path(app))?;
    Ok(text
        .filter(|text| !text.is_empty())
        .map(|text| TeamName::found(&text)))
}

/// Gives an app to a team.
pub(crate) fn write_team(draft: &mut Draft, app: &AppName, team: &TeamName) -> Result<()> {
    draft.write(team_path(app), Entry::file(team.as_ref()))
}

/// The app whose team file this is, if it is one.
pub(crate) fn app_of_team_path(path: &RepoPath) -> Option<AppName> {
    let mut components = path.components();
    let app = match (components.next(), components.next()) {
        (Some("applications"), Some(app)) => app.parse().ok()?,
        _ => return None,
    };
    (*path == team_path(&app)).then_some(app)
}

/// The release whose folder this is, if it is one.
pub(crate) fn of_path(path: &RepoPath) -> Option<(AppName, Version)> {
    let app = path.components().nth(1)?.parse().ok()?;
    let version = Version::from_folder(path.name())?;
    (*path == directory(&app, version)).then_some((app, version))
}

/// The folders of the releases of an app; of all apps without one.
pub(crate) fn shape(app: Option<&AppName>) -> PathShape {
    let app = app.map(AsRef::as_ref);
    PathShape::of(&[Some("applications"), app, Some("releases"), None])
}

/// The app whose folder this is, if it is one.
pub(crate) fn app_of_path(path: &RepoPath) -> Option<AppName> {
    let app = path.name().parse().ok()?;
    (*path == app_directory(&app)).then_some(app)
}

/// The folder of an app; of all apps without one.
pub(crate) fn app_shape(app: Option<&AppName>) -> PathShape {
    PathShape::of(&[Some("applications"), app.map(AsRef::as_ref)])
}

/// Whether there is any app, be it without releases.
pub(crate) fn any(tree: &dyn ReadTree) -> Result<bool> {
    Ok(tree.kind(&root())? == Some(Kind::Directory))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_tells_whose_it_is() {
        let (app, version) = ("web".parse().unwrap(), Version::new(7));
        let (folder, of_app) = (directory(&app, version), app_directory(&app));
        assert_eq!(of_path(&folder), Some((app.clone(), version)));
        assert_eq!(app_of_path(&of_app), Some(app.clone()));
        assert_eq!(app_shape(Some(&app)), PathShape::from(&of_app));
        let names = [Some("applications"), Some("web"), Some("releases"), None];
        assert_eq!(shape(Some(&app)), PathShape::of(&names));
        for other in [
            "applications",
            "applications/web/releases",
            "other/web/releases/7",
        ] {
            let path = RepoPath::parse(other).unwrap();
            assert_eq!(
                (of_path(&path), app_of_path(&path)),
                (None, None),
                "{other}"
            );
        }
    }
}
