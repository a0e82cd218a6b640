//! Deployments: which release of an app an environment runs, and the files that say so.

use std::fmt;

use anyhow::Result;
use thiserror::Error;

use super::{Actor, AppName, EnvName, Environment, FreeText, Moment, Version, plain, release};
use crate::tree::{Content, Draft, Entry, Kind, PathShape, ReadTree, RepoPath};

/// A `version` or `queued_version` that is no link to a release of its app, or cannot be there at all.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{path}` {why}")]
pub(crate) struct BrokenLink {
    /// The link, or what stands in place of a folder above it.
    pub(crate) path: RepoPath,
    /// What is wrong with it.
    pub(crate) why: BrokenLinkCause,
}

/// What is wrong with a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum BrokenLinkCause {
    /// It is a file or a folder.
    NoLink,
    /// It is no folder, and so nothing can lie below it.
    NoFolder,
    /// It does not have the form of a link to a release of this app.
    LeadsElsewhere(String),
    /// It names a release that is gone.
    Dangling(Version),
}

impl fmt::Display for BrokenLinkCause {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoLink => write!(formatter, "is no symbolic link"),
            Self::NoFolder => write!(formatter, "is no folder"),
            Self::LeadsElsewhere(target) => write!(
                formatter,
                "leads to `{}`, which is no release of this app",
                plain(target)
            ),
            Self::Dangling(version) => {
                write!(
                    formatter,
                    "leads to release {version}, which does not exist"
                )
            }
        }
    }
}

/// What a link of an app on an environment says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Linked {
    /// There is no link.
    Nothing,
    /// It leads to this release, which exists.
    To(Version),
    /// It cannot be used.
    Broken(BrokenLink),
}

impl Linked {
    /// The version, if there is one; a broken link is an error.
    pub(crate) fn version(self) -> Result<Option<Version>, BrokenLink> {
        match self {
            Self::Nothing => Ok(None),
            Self::To(version) => Ok(Some(version)),
            Self::Broken(broken) => Err(broken),
        }
    }
}

/// What stands in the folder of an app on an environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Version,
    QueuedVersion,
    Manifests,
    DeployedBy,
    DeployedByEmail,
    DeployedAt,
    Locks,
    ManifestLocks,
}

impl Part {
    pub(crate) const ALL: [Self; 8] = [
        Self::Version,
        Self::QueuedVersion,
        Self::Manifests,
        Self::DeployedBy,
        Self::DeployedByEmail,
        Self::DeployedAt,
        Self::Locks,
        Self::ManifestLocks,
    ];

    /// The name of its entry.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Version => "version",
            Self::QueuedVersion => "queued_version",
            Self::Manifests => "manifests",
            Self::DeployedBy => "deployed_by",
            Self::DeployedByEmail => "deployed_by_email",
            Self::DeployedAt => "deployed_at_utc",
            Self::Locks => "locks",
            Self::ManifestLocks => "manifest_locks",
        }
    }
}

/// What an entry of that folder is; `None` if it does not belong there.
pub(crate) fn part(name: &str) -> Option<Part> {
    Part::ALL.into_iter().find(|part| part.name() == name)
}

/// The folder of an app on an environment.
pub(crate) fn directory(environment: &EnvName, app: &AppName) -> RepoPath {
    Environment::directory(environment)
        .join("applications")
        .join(app)
}

/// The link that says which release runs.
pub(crate) fn version_path(environment: &EnvName, app: &AppName) -> RepoPath {
    directory(environment, app).join(Part::Version.name())
}

/// The apps that have a folder on an environment: deployed, queued or only locked. Names that break the rules are left out.
pub(crate) fn apps(tree: &dyn ReadTree, environment: &EnvName) -> Result<Vec<AppName>> {
    let folder = Environment::directory(environment).join("applications");
    let names = tree.folders(&folder)?;
    Ok(names.iter().filter_map(|name| name.parse().ok()).collect())
}

/// Which release of the app the environment runs.
pub(crate) fn current(tree: &dyn ReadTree, environment: &EnvName, app: &AppName) -> Result<Linked> {
    read_link(tree, app, &version_path(environment, app))
}

/// The releases of an app that run or wait anywhere, also where the name of the environment breaks the rules. A broken link
/// keeps nothing: its release is gone.
pub(crate) fn in_use(tree: &dyn ReadTree, app: &AppName) -> Result<Vec<Version>> {
    let mut versions = Vec::new();
    for folder in everywhere(tree, app)? {
        for linked in [folder.runs, folder.waits] {
            versions.extend(linked.version().ok().flatten());
        }
    }
    Ok(versions)
}

/// The folder of an app on an environment, whatever that environment is called, or what stands in its place.
pub(crate) struct AppFolder {
    /// The name of the environment's folder; it may break the rules.
    pub(crate) environment: String,
    /// What runs.
    pub(crate) runs: Linked,
    /// What waits in the queue.
    pub(crate) waits: Linked,
    path: RepoPath,
}

/// The folders of an app, by environment.
pub(crate) fn everywhere(tree: &dyn ReadTree, app: &AppName) -> Result<Vec<AppFolder>> {
    let environments = RepoPath::of(&["environments"]);
    let mut folders = Vec::new();
    for environment in tree.folders(&environments)? {
        let path = environments
            .join(&environment)
            .join("applications")
            .join(app);
        if tree.kind(&path)?.is_some() {
            folders.push(AppFolder {
                environment,
                runs: read_link(tree, app, &path.join("version"))?,
                waits: read_link(tree, app, &path.join("queued_version"))?,
                path,
            });
        }
    }
    Ok(folders)
}

/// Removes all that an environment holds of an app: links, manifest, locks, queue.
pub(crate) fn remove(draft: &mut Draft, folder: &AppFolder) -> Result<()> {
    draft.clear(&folder.path)
}

/// The version that the links of both environments name, if they name the same. Whether that release still exists is not
/// looked at: where nothing is to happen, the folder of all its releases need not be read.
pub(crate) fn shared(
    environments: [(&dyn ReadTree, &EnvName); 2],
    app: &AppName,
) -> Result<Option<Version>> {
    let [one, other] =
        environments.map(|(tree, environment)| tree.entry(&version_path(environment, app)));
    match (one?, other?) {
        (Some(Entry::Symlink(one)), Some(Entry::Symlink(other))) if one == other => {
            Ok(version_of(app, &one))
        }
        _ => Ok(None),
    }
}

/// The version that the text of a link names.
fn version_of(app: &AppName, target: &str) -> Option<Version> {
    target
        .strip_prefix(&link_folder(app))
        .and_then(Version::from_folder)
}

/// Which release the environment points at, whether there is such a release or not: what it said when it was written.
pub(crate) fn named(tree: &dyn ReadTree, environment: &EnvName, app: &AppName) -> Result<Linked> {
    read_target(tree, app, &version_path(environment, app))
}

/// Reads a link to a release of `app`.
pub(super) fn read_link(tree: &dyn ReadTree, app: &AppName, path: &RepoPath) -> Result<Linked> {
    match read_target(tree, app, path)? {
        Linked::To(version) if !release::exists(tree, app, version)? => {
            let path = path.clone();
            let why = BrokenLinkCause::Dangling(version);
            Ok(Linked::Broken(BrokenLink { path, why }))
        }
        other => Ok(other),
    }
}

/// The same, whether there is such a release or not.
pub(super) fn read_target(tree: &dyn ReadTree, app: &AppName, path: &RepoPath) -> Result<Linked> {
    let broken = |why| {
        let path = path.clone();
        Linked::Broken(BrokenLink { path, why })
    };
    let target = match tree.entry(path)? {
        Some(Entry::Symlink(target)) => target,
        Some(Entry::File(_)) => return Ok(broken(BrokenLinkCause::NoLink)),
        None if tree.kind(path)?.is_some() => return Ok(broken(BrokenLinkCause::NoLink)),
        None => return nothing(tree, path),
    };
    Ok(match version_of(app, &target) {
        Some(version) => Linked::To(version),
        None => broken(BrokenLinkCause::LeadsElsewhere(target)),
    })
}

/// No link at `path`: there is none, or there cannot be one.
fn nothing(tree: &dyn ReadTree, path: &RepoPath) -> Result<Linked> {
    let mut above = path.parent();
    while let Some(folder) = above {
        match tree.kind(&folder)? {
            Some(Kind::Directory) => break,
            Some(Kind::File | Kind::Symlink | Kind::Submodule) => {
                return Ok(Linked::Broken(BrokenLink {
                    path: folder,
                    why: BrokenLinkCause::NoFolder,
                }));
            }
            None => above = folder.parent(),
        }
    }
    Ok(Linked::Nothing)
}

/// The release that a file names which holds the text of a link: git writes it so where there are no links.
pub(crate) fn written_out(
    tree: &dyn ReadTree,
    app: &AppName,
    path: &RepoPath,
) -> Result<Option<Version>> {
    let Some(Entry::File(content)) = tree.entry(path)? else {
        return Ok(None);
    };
    let bytes = tree.bytes(&content)?;
    let text = std::str::from_utf8(&bytes).ok();
    let version = text.and_then(|text| version_of(app, text.trim_end()));
    match version {
        Some(version) if release::exists(tree, app, version)? => Ok(Some(version)),
        Some(_) | None => Ok(None),
    }
}

/// Puts a link to a release in place of whatever stands there, and nothing else.
pub(crate) fn relink(
    draft: &mut Draft,
    (environment, app): (&EnvName, &AppName),
    path: RepoPath,
    version: Version,
) -> Result<()> {
    let home = directory(environment, app);
    draft.replace(&home, path, link_to(app, version))
}

/// A link from the folder of an app on an environment to a release.
pub(super) fn link_to(app: &AppName, version: Version) -> Entry {
    Entry::Symlink(format!("{}{version}", link_folder(app)))
}

fn link_folder(app: &AppName) -> String {
    format!("../../../../applications/{app}/releases/")
}

/// Whether the environment has a `version` of this app, be it broken: its manifest is there, and Argo CD keeps applying it.
pub(crate) fn is_deployed(
    tree: &dyn ReadTree,
    environment: &EnvName,
    app: &AppName,
) -> Result<bool> {
    let kind = tree.kind(&version_path(environment, app))?;
    Ok(matches!(kind, Some(Kind::Symlink | Kind::File)))
}

/// Who deployed something, and when, as far as it is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Provenance {
    pub(crate) by: Actor,
    pub(crate) at: Option<Moment>,
}

/// Who deployed what runs of an app on an environment, and when.
pub(crate) fn provenance(
    tree: &dyn ReadTree,
    environment: &EnvName,
    app: &AppName,
) -> Result<Provenance> {
    let directory = directory(environment, app);
    let text =
        |name: &str| -> Result<_> { Ok(tree.text(&directory.join(name))?.unwrap_or_default()) };
    Ok(Provenance {
        by: Actor {
            name: FreeText(text("deployed_by")?),
            email: FreeText(text("deployed_by_email")?),
        },
        at: Moment::parse_go_utc(&text("deployed_at_utc")?),
    })
}

/// Points the environment at a release: the link, who and when, in place of whatever stands there. The manifest is [`apply`]'s.
pub(crate) fn write(
    draft: &mut Draft,
    (environment, app): (&EnvName, &AppName),
    version: Version,
    (actor, now): (&Actor, Moment),
) -> Result<()> {
    let directory = directory(environment, app);
    let mut put = |path, entry| draft.replace(&directory, path, entry);
    put(directory.join("version"), link_to(app, version))?;
    for (name, text) in [
        ("deployed_by", actor.name.raw()),
        ("deployed_by_email", actor.email.raw()),
        ("deployed_at_utc", now.to_go_utc().as_str()),
    ] {
        put(directory.join(name), Entry::file(text))?;
    }
    Ok(())
}

/// The manifest that Argo CD applies for an app on an environment.
pub(crate) fn manifest_path(environment: &EnvName, app: &AppName) -> RepoPath {
    directory(environment, app)
        .join("manifests")
        .join("manifests.yaml")
}

/// Puts the manifest in its place.
pub(crate) fn apply(
    draft: &mut Draft,
    environment: &EnvName,
    app: &AppName,
    manifest: Content,
) -> Result<()> {
    let path = manifest_path(environment, app);
    draft.replace(&directory(environment, app), path, applied(manifest))
}

/// The file by which a manifest is applied. An empty one becomes one space, because kuberpult's readers take an empty file for a
/// missing one.
pub(crate) fn applied(manifest: Content) -> Entry {
    let empty = manifest.id() == crate::tree::BlobId::EMPTY;
    Entry::File(if empty { Content::new(*b" ") } else { manifest })
}

/// The environment and the app whose `version` this is, if it is one.
pub(crate) fn place_of_version_path(path: &RepoPath) -> Option<(EnvName, AppName)> {
    let (environment, app) = place_of(path)?;
    (*path == version_path(&environment, &app)).then_some((environment, app))
}

/// The environment and the app whose applied manifest this is, if it is one.
pub(crate) fn place_of_manifest_path(path: &RepoPath) -> Option<(EnvName, AppName)> {
    let (environment, app) = place_of(path)?;
    (*path == manifest_path(&environment, &app)).then_some((environment, app))
}

/// The environment and the app to whose folder a path leads or below which it lies.
pub(super) fn place_of(path: &RepoPath) -> Option<(EnvName, AppName)> {
    let mut components = path.components();
    let environment = match (components.next(), components.next()) {
        (Some("environments"), Some(environment)) => environment.parse().ok()?,
        _ => return None,
    };
    match (components.next(), components.next()) {
        (Some("applications"), Some(app)) => Some((environment, app.parse().ok()?)),
        _ => None,
    }
}

/// An environment and an app; `None` stands for any.
pub(crate) type AnyPlace<'a> = (Option<&'a EnvName>, Option<&'a AppName>);

/// The links that say which release runs.
pub(crate) fn version_shape(place: AnyPlace) -> PathShape {
    shape(place, &[Some("version")])
}

/// The manifests that Argo CD applies.
pub(crate) fn manifest_shape(place: AnyPlace) -> PathShape {
    shape(place, &[Some("manifests"), Some("manifests.yaml")])
}

/// What lies in the folders of these apps on these environments.
pub(super) fn shape((environment, app): AnyPlace, below: &[Option<&str>]) -> PathShape {
    let folder = [
        Some("environments"),
        environment.map(AsRef::as_ref),
        Some("applications"),
        app.map(AsRef::as_ref),
    ];
    PathShape::of(&[&folder, below].concat())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::MemoryTree;

    #[track_caller]
    fn check(link: &str, expected: &str) {
        let tree = MemoryTree::of(&[
            ("applications/web/releases/1/created_at", "x"),
            ("applications/api/releases/1/created_at", "x"),
            ("environments/dev/applications/web/version", link),
        ]);
        let app = "web".parse().unwrap();
        let linked = current(&tree, &"dev".parse().unwrap(), &app).unwrap();
        let text = match linked.version() {
            Ok(version) => version.unwrap().to_string(),
            Err(broken) => broken.to_string(),
        };
        assert_eq!(text, expected);
    }

    #[test]
    fn a_link_leads_to_a_release_of_its_own_app_or_is_broken() {
        let path = "`environments/dev/applications/web/version`";
        check("->../../../../applications/web/releases/1", "1");
        let elsewhere =
            |target: &str| format!("{path} leads to `{target}`, which is no release of this app");
        for target in [
            "../../../../applications/api/releases/1",
            "/etc/shadow",
            "../../../../applications/web/releases/1/../1",
            "../../../../applications/web/releases/01",
            "version",
            "",
        ] {
            check(&format!("->{target}"), &elsewhere(target));
        }
        let dangling = format!("{path} leads to release 9, which does not exist");
        check("->../../../../applications/web/releases/9", &dangling);
        check("a file", &format!("{path} is no symbolic link"));
    }

    #[test]
    fn a_shape_is_that_of_the_paths_it_is_for() {
        let (environment, app) = ("dev".parse().unwrap(), "web".parse().unwrap());
        let place = (Some(&environment), Some(&app));
        let version = version_path(&environment, &app);
        let manifest = manifest_path(&environment, &app);
        assert_eq!(version_shape(place), PathShape::from(&version));
        assert_eq!(manifest_shape(place), PathShape::from(&manifest));
        let expected = Some((environment, app));
        assert_eq!(place_of_version_path(&version), expected);
        assert_eq!(place_of_manifest_path(&manifest), expected);
        assert_eq!(place_of_version_path(&manifest), None);
        assert_eq!(place_of_manifest_path(&version), None);
    }

    #[test]
    fn below_what_is_no_folder_no_link_can_be() {
        for (file, named) in [
            (
                "environments/dev/applications/web/version/x",
                "`environments/dev/applications/web/version` is no symbolic link",
            ),
            (
                "environments/dev/applications/web",
                "`environments/dev/applications/web` is no folder",
            ),
            (
                "environments/dev/applications",
                "`environments/dev/applications` is no folder",
            ),
        ] {
            let tree = MemoryTree::of(&[(file, "x")]);
            let linked = current(&tree, &"dev".parse().unwrap(), &"web".parse().unwrap()).unwrap();
            assert_eq!(linked.version().unwrap_err().to_string(), named);
        }
    }

    #[test]
    fn a_deployment_replaces_whatever_stands_in_its_way() {
        let folder = "environments/dev/applications/web";
        for planted in [
            "version/x",
            "manifests",
            "manifests/manifests.yaml/x",
            "deployed_by/x",
        ] {
            let tree = MemoryTree::of(&[
                (&format!("{folder}/{planted}"), "x"),
                ("applications/web/releases/1/created_at", "x"),
            ]);
            let (environment, app) = ("dev".parse().unwrap(), "web".parse().unwrap());
            let mut draft = Draft::on(&tree);
            let now = Moment::parse("0").unwrap();
            write(
                &mut draft,
                (&environment, &app),
                Version::new(1),
                (&Actor::default(), now),
            )
            .unwrap();
            apply(&mut draft, &environment, &app, Content::new(*b"a: 1")).unwrap();
            let linked = current(&draft, &environment, &app).unwrap();
            assert_eq!(linked, Linked::To(Version::new(1)), "{planted}");
            let manifest = RepoPath::parse(&format!("{folder}/manifests/manifests.yaml")).unwrap();
            assert_eq!(
                draft.text(&manifest).unwrap().as_deref(),
                Some("a: 1"),
                "{planted}"
            );
        }
    }
}
