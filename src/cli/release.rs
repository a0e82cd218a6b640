//! `trainyard release`

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context as _, Result, ensure};
use clap::{ArgMatches, Args};

use super::exit::usage;
use super::manifests::{self, ManifestFile};
use super::operation::{Operation, together};
use super::portable::{Name, Portable};
use super::session::Request;
use super::signature::Keyring;
use crate::plan::manifest;
use crate::plan::release::{NewRelease, Purpose, release};
use crate::report::Input;
use crate::state::release::Field;
use crate::state::{
    AppName, CommitId, DisplayVersion, EnvName, FreeText, InvalidName, TeamName, Version,
};

/// The longest source message, in bytes.
const MOST_BYTES: usize = 64 * 1024;

/// Store a release, and deploy it where the upstream is `latest`
///
/// A manifest for each environment comes as `--environment ENV --manifest FILE`, as `--manifest ENV=FILE`, or from a folder
/// that holds ENV.yaml for each of them.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  trainyard release -a web --environment staging --manifest web.yaml
  trainyard release -a web --manifests manifests --team shop --display-version v1.4.0")]
pub(super) struct ReleaseArgs {
    /// The app
    #[arg(
        short,
        long,
        value_name = "APP",
        alias = "app",
        required_unless_present = "from"
    )]
    application: Option<AppName>,
    /// A folder with a folder for each app, with its manifests ENV.yaml: all of them are released as one change
    #[arg(long, value_name = "DIR", conflicts_with_all = ["application", "environment", "manifest", "manifests", "undeploy"])]
    from: Option<PathBuf>,
    /// Its number [default: the highest one + 1]
    #[arg(long, value_name = "N")]
    version: Option<Version>,
    /// The environment of the manifest that follows
    #[arg(short, long, value_name = "ENV")]
    environment: Vec<EnvName>,
    /// A manifest: FILE behind `--environment`, or ENV=FILE; `-` reads stdin
    #[arg(short = 'f', long, value_name = "FILE")]
    manifest: Vec<String>,
    /// A folder with a manifest ENV.yaml for each environment
    #[arg(long, value_name = "DIR")]
    manifests: Option<PathBuf>,
    /// A detached OpenPGP signature: FILE behind its `--manifest`, or ENV=FILE; beside ENV.yaml in a folder, ENV.yaml.asc or .sig
    #[arg(long, value_name = "FILE", requires = "keyring", conflicts_with_all = ["from", "undeploy"])]
    signature: Vec<String>,
    /// The public keys of those who may sign: every manifest needs a good signature by one of them
    #[arg(long, value_name = "FILE", env = "TRAINYARD_KEYRING")]
    keyring: Option<PathBuf>,
    /// Take the app away instead: with an empty manifest for each environment that has it
    #[arg(long, conflicts_with_all = ["environment", "manifest", "manifests"])]
    undeploy: bool,
    /// The team that owns the app [default: stays as it is]
    #[arg(short, long)]
    team: Option<TeamName>,
    /// The commit that the release was built from, 40 digits
    #[arg(long, value_name = "SHA", alias = "source_commit_id", value_parser = commit_id)]
    source_commit_id: Option<CommitId>,
    /// The commit of the release before
    #[arg(long, value_name = "SHA", alias = "previous_commit_id", requires = "source_commit_id", value_parser = commit_id)]
    previous_commit_id: Option<CommitId>,
    /// The author of that commit, such as "Jane <jane@example.com>"
    #[arg(long, value_name = "AUTHOR", alias = "source_author")]
    source_author: Option<String>,
    /// The message of that commit
    #[arg(long, value_name = "MESSAGE", alias = "source_message")]
    source_message: Option<String>,
    /// What people call the version, such as v1.2.3
    #[arg(long, value_name = "VERSION", alias = "display_version")]
    display_version: Option<DisplayVersion>,
    /// The run that built it
    #[arg(long, value_name = "URL", alias = "ci_link")]
    ci_link: Option<String>,
}

/// Where `--environment`, `--manifest` and `--signature` stand on the command line: each belongs to the one before it.
#[derive(Debug, Default)]
pub(super) struct Places {
    environments: Vec<usize>,
    manifests: Vec<usize>,
    signatures: Vec<usize>,
}

impl Places {
    pub(super) fn of(matches: &ArgMatches) -> Self {
        let release = matches.subcommand_matches("release");
        let places = |name: &str| {
            let places = release.and_then(|matches| matches.indices_of(name));
            places.map(Iterator::collect).unwrap_or_default()
        };
        Self {
            environments: places("environment"),
            manifests: places("manifest"),
            signatures: places("signature"),
        }
    }
}

impl ReleaseArgs {
    /// The release that is asked for, or the releases of all apps of a folder.
    pub(super) fn operation(self, places: &Places) -> Result<Operation> {
        let fields = self.fields()?;
        let keyring = self.keyring.as_deref().map(Keyring::open).transpose()?;
        let Some(folder) = &self.from else {
            let app = self.application.clone();
            let app = app.unwrap_or_else(|| unreachable!("clap asks for an app or a folder"));
            let (purpose, manifests) = if self.undeploy {
                (Purpose::Undeploy, BTreeMap::new())
            } else {
                let files = self.files(places)?;
                (
                    Purpose::Deploy,
                    manifests::read_all(files, keyring.as_ref())?,
                )
            };
            return Ok(one(self.request(app, (purpose, manifests), fields)));
        };
        let mut requests = Vec::new();
        for (app, files) in manifests::apps_of(folder)? {
            let manifests = manifests::read_all(files, keyring.as_ref())
                .with_context(|| format!("app `{app}`"))?;
            requests.push(self.request(app, (Purpose::Deploy, manifests), fields.clone()));
        }
        Ok(together(
            Name::Release,
            requests.into_iter().map(one).collect(),
        ))
    }

    fn request(
        &self,
        app: AppName,
        (purpose, manifests): (Purpose, BTreeMap<EnvName, String>),
        fields: BTreeMap<Field, String>,
    ) -> NewRelease {
        NewRelease {
            app,
            version: self.version,
            team: self.team.clone(),
            purpose,
            fields,
            manifests,
        }
    }

    /// The file of each environment, as the command line pairs them.
    fn files(&self, places: &Places) -> Result<Vec<ManifestFile>> {
        let mut files = Vec::new();
        let mut waiting = self.environment.iter().zip(&places.environments).peekable();
        for (manifest, place) in self.manifest.iter().zip(&places.manifests) {
            // clap counts each flag and each value: the value of the flag just before stands two places earlier.
            match waiting.next_if(|(_, environment)| **environment + 2 == *place) {
                Some((environment, _)) => {
                    files.push(ManifestFile::new(environment.clone(), manifest));
                }
                None => match waiting.next_if(|(_, environment)| *environment < place) {
                    Some((environment, _)) => return Err(unpaired(environment)),
                    None => {
                        let behind = "--environment ENV";
                        let (name, path) = manifests::split("--manifest", manifest, behind)?;
                        files.push(ManifestFile::new(name, path));
                    }
                },
            }
        }
        if let Some((environment, _)) = waiting.next() {
            return Err(unpaired(environment));
        }
        self.sign(&mut files, places)?;
        if let Some(folder) = &self.manifests {
            files.extend(manifests::files_of(folder)?);
        }
        if files.is_empty() {
            return Err(usage(
                "a release needs a manifest: pass `--environment ENV --manifest FILE`",
            ));
        }
        Ok(files)
    }

    /// Gives each signature to its manifest: that of the environment it names, or the one right before it.
    fn sign(&self, files: &mut [ManifestFile], places: &Places) -> Result<()> {
        let mut last = None;
        for (signature, place) in self.signature.iter().zip(&places.signatures) {
            let named = signature.split_once('=').and_then(|(name, path)| {
                let of = |file: &ManifestFile| file.environment.as_ref() == name;
                Some((files.iter().position(of)?, path))
            });
            if let Some((file, path)) = named {
                files[file].signatures.push(path.into());
                continue;
            }
            let before = place.checked_sub(2);
            let of_manifest = places
                .manifests
                .iter()
                .position(|each| Some(*each) == before);
            // Several in a row are all of the same manifest.
            let of_last = last.filter(|(last, _)| Some(*last) == before);
            let Some(file) = of_manifest.or(of_last.map(|(_, file)| file)) else {
                let (name, _) = manifests::split("--signature", signature, "--manifest FILE")?;
                return Err(usage(format!(
                    "`--signature` for `{name}`, which has no `--manifest`"
                )));
            };
            files[file].signatures.push(signature.into());
            last = Some((*place, file));
        }
        Ok(())
    }

    fn fields(&self) -> Result<BTreeMap<Field, String>> {
        let text = |text: &dyn AsRef<str>| text.as_ref().to_owned();
        let fields = [
            (
                Field::SourceCommitId,
                self.source_commit_id.as_ref().map(|id| text(id)),
            ),
            (
                Field::PreviousCommitId,
                self.previous_commit_id.as_ref().map(|id| text(id)),
            ),
            (Field::SourceAuthor, self.source_author.clone()),
            (Field::SourceMessage, self.source_message.clone()),
            (
                Field::DisplayVersion,
                self.display_version.as_ref().map(|version| text(version)),
            ),
            (Field::CiLink, self.ci_link.clone()),
        ];
        let given = fields
            .into_iter()
            .filter_map(|(field, text)| Some((field, text?)));
        let fields = given.filter(|(_, text)| !text.is_empty()).collect();
        check(&fields)?;
        Ok(fields)
    }
}

/// Fails if a fact about a release has not the form that it needs.
fn check(fields: &BTreeMap<Field, String>) -> Result<()> {
    for (field, text) in fields {
        match field {
            Field::SourceCommitId | Field::PreviousCommitId => {
                text.parse::<CommitId>()?;
            }
            Field::SourceAuthor => check_author(text)?,
            Field::SourceMessage => {
                if text.len() > MOST_BYTES || text.contains('\0') {
                    return Err(usage(
                        "the source message must be at most 64 KiB of text without NUL bytes",
                    ));
                }
            }
            Field::DisplayVersion => {
                text.parse::<DisplayVersion>()?;
            }
            Field::CiLink => check_link(text)?,
        }
    }
    Ok(())
}

/// The operation of a release that was not typed here.
pub(super) fn checked(request: NewRelease) -> Result<Operation> {
    let fields = &request.fields;
    check(fields)?;
    ensure!(
        fields.values().all(|text| !text.is_empty()),
        "a fact about it is empty"
    );
    ensure!(
        fields.contains_key(&Field::SourceCommitId)
            || !fields.contains_key(&Field::PreviousCommitId),
        "it names the commit before its own, and not its own"
    );
    for (environment, text) in &request.manifests {
        let length = text.len() as u64;
        ensure!(
            length <= manifest::MOST_BYTES,
            "the manifest for `{environment}` has {length} bytes"
        );
        manifest::check(text).with_context(|| format!("the manifest for `{environment}`"))?;
    }
    match request.purpose {
        Purpose::Deploy => ensure!(!request.manifests.is_empty(), "it has no manifest"),
        Purpose::Undeploy => ensure!(request.manifests.is_empty(), "it has manifests"),
    }
    Ok(one(request))
}

/// The operation of one release.
fn one(request: NewRelease) -> Operation {
    let mut inputs = vec![Input {
        name: "Application",
        value: request.app.to_string(),
    }];
    inputs.extend(request.version.iter().map(|version| Input {
        name: "Version",
        value: version.to_string(),
    }));
    inputs.extend(request.fields.get(&Field::SourceCommitId).map(|id| Input {
        name: "Source-Commit",
        value: id.clone(),
    }));
    let command = Request {
        operation: "release",
        inputs,
        identity: format!("{request:?}"),
        counts: request.version.is_none(),
    };
    let portable = Portable::Release(request.clone());
    let operation = Operation::new(command, move |draft, ground| {
        release(draft, ground, &request)
    });
    operation.portable(portable)
}

/// A commit id in either case.
fn commit_id(text: &str) -> Result<CommitId, InvalidName> {
    text.to_ascii_lowercase().parse()
}

fn unpaired(environment: &EnvName) -> anyhow::Error {
    usage(format!(
        "`--environment {environment}` has no `--manifest` right behind it"
    ))
}

fn check_author(author: &str) -> Result<()> {
    // The form that kuberpult keeps: `Name` or `Name <mail@host>`, on one line.
    let well_formed = |author: &str| match author.split_once(" <") {
        None => !author.contains('<'),
        Some((name, rest)) => {
            let mail = rest.strip_suffix('>').and_then(|mail| mail.split_once('@'));
            !name.contains('<')
                && mail.is_some_and(|(user, host)| {
                    !user.is_empty() && !host.is_empty() && !host.contains('>')
                })
        }
    };
    if author.len() <= 1000 && !author.contains(char::is_control) && well_formed(author) {
        return Ok(());
    }
    let shown = FreeText(author.to_owned());
    Err(usage(format!(
        "{shown} is no author: `Jane` or `Jane <jane@example.com>` is needed"
    )))
}

fn check_link(link: &str) -> Result<()> {
    let rest = link
        .strip_prefix("https://")
        .or_else(|| link.strip_prefix("http://"));
    let odd =
        |letter: char| letter.is_control() || letter.is_whitespace() || "<>\"".contains(letter);
    if link.len() <= 1000 && rest.is_some_and(|rest| !rest.is_empty() && !rest.contains(odd)) {
        return Ok(());
    }
    let shown = FreeText(link.to_owned());
    Err(usage(format!(
        "{shown} is no link: an http or https URL is needed"
    )))
}
