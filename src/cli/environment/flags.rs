//! The options that change a config, and how their values are written on a command line.

use std::collections::BTreeMap;

use anyhow::{Result, bail, ensure};
use clap::{Args, ValueEnum};

use crate::state::argocd::{AccessEntry, IgnoreDifference, SyncWindow};
use crate::state::config::{
    ArgoCdEdit, ConfigEdit, DestinationField, Part, ignore_difference as json_difference,
};
use crate::state::{ConcreteName, EnvName, EnvPrefix, GroupName, Upstream};

/// The longest text of a field, in bytes.
const MOST_BYTES: usize = 64 * 1024;

#[derive(Debug, Args)]
pub(super) struct EditArgs {
    /// Where its versions come from: another environment, or `latest` for the newest release
    #[arg(long, value_name = "ENV", value_parser = upstream)]
    upstream: Option<Upstream>,
    /// The group that it is handled in
    #[arg(short = 'g', long, value_name = "GROUP", alias = "group")]
    environment_group: Option<GroupName>,
    /// Take something away, before the other options put something in
    #[arg(long, value_enum, value_name = "PART", value_delimiter = ',')]
    clear: Vec<Clear>,
    #[command(flatten)]
    argocd: ArgoCdArgs,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Argo CD")]
struct ArgoCdArgs {
    /// The URL of the cluster
    #[arg(long, value_name = "URL", value_parser = word)]
    destination_server: Option<String>,
    /// The name of the cluster
    #[arg(long, value_name = "NAME", value_parser = word)]
    destination_name: Option<String>,
    /// The namespace, for the project and its applications
    #[arg(long, value_name = "NAMESPACE", value_parser = word)]
    destination_namespace: Option<String>,
    /// The namespace of the project, if there is none for both
    #[arg(long, value_name = "NAMESPACE", value_parser = word)]
    app_project_namespace: Option<String>,
    /// The namespace of the applications, if there is none for both
    #[arg(long, value_name = "NAMESPACE", value_parser = word)]
    application_namespace: Option<String>,
    /// When Argo CD may sync, or may not: `deny 0 22 * * * 1h`, with apps behind it `allow @daily 2h web,api-*`
    #[arg(long, value_name = "WINDOW", value_parser = sync_window)]
    sync_window: Vec<SyncWindow>,
    /// A kind of cluster resource that apps may have: `*/ClusterIssuer`, `Namespace`
    #[arg(long, value_name = "GROUP/KIND", value_parser = access)]
    access: Vec<AccessEntry>,
    /// An annotation of every application
    #[arg(long, value_name = "KEY=TEXT", value_parser = annotation)]
    annotation: Vec<(String, String)>,
    /// What Argo CD passes over when it compares: `apps/Deployment=/spec/replicas`, or the entry as a JSON object
    #[arg(long, value_name = "DIFFERENCE", value_parser = difference)]
    ignore_difference: Vec<IgnoreDifference>,
    /// How Argo CD syncs: `ServerSideApply=true`
    #[arg(long, value_name = "NAME=VALUE", value_parser = sync_option)]
    sync_option: Vec<String>,
    /// Make the environment active/active: its Argo CD projects are called PREFIX-ENV-NAME
    #[arg(long, value_name = "PREFIX")]
    common_env_prefix: Option<EnvPrefix>,
    /// Which of the Argo CD configs of an active/active environment is changed; one that does not exist is added
    #[arg(long, value_name = "NAME")]
    concrete_env_name: Option<ConcreteName>,
    /// Remove one of the Argo CD configs of an active/active environment
    #[arg(long, value_name = "NAME")]
    remove_concrete_env: Vec<ConcreteName>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Clear {
    Upstream,
    #[value(alias = "group")]
    EnvironmentGroup,
    /// Every Argo CD config
    #[value(name = "argocd")]
    ArgoCd,
    DestinationServer,
    DestinationName,
    DestinationNamespace,
    AppProjectNamespace,
    ApplicationNamespace,
    SyncWindows,
    Access,
    Annotations,
    IgnoreDifferences,
    SyncOptions,
}

impl Clear {
    fn part(self) -> Part {
        match self {
            Self::Upstream => Part::Upstream,
            Self::EnvironmentGroup => Part::Group,
            Self::ArgoCd => Part::ArgoCd,
            Self::DestinationServer => Part::Destination(DestinationField::Server),
            Self::DestinationName => Part::Destination(DestinationField::Name),
            Self::DestinationNamespace => Part::Destination(DestinationField::Namespace),
            Self::AppProjectNamespace => Part::Destination(DestinationField::AppProjectNamespace),
            Self::ApplicationNamespace => Part::Destination(DestinationField::ApplicationNamespace),
            Self::SyncWindows => Part::SyncWindows,
            Self::Access => Part::AccessList,
            Self::Annotations => Part::Annotations,
            Self::IgnoreDifferences => Part::IgnoreDifferences,
            Self::SyncOptions => Part::SyncOptions,
        }
    }
}

impl EditArgs {
    pub(super) fn edit(self) -> ConfigEdit {
        let argocd = self.argocd;
        let destination = [
            (DestinationField::Server, argocd.destination_server),
            (DestinationField::Name, argocd.destination_name),
            (DestinationField::Namespace, argocd.destination_namespace),
            (
                DestinationField::AppProjectNamespace,
                argocd.app_project_namespace,
            ),
            (
                DestinationField::ApplicationNamespace,
                argocd.application_namespace,
            ),
        ];
        let destination = destination
            .into_iter()
            .filter_map(|(field, text)| Some((field, text?)));
        ConfigEdit {
            clear: self.clear.into_iter().map(Clear::part).collect(),
            upstream: self.upstream,
            group: self.environment_group,
            prefix: argocd.common_env_prefix,
            concrete: argocd.concrete_env_name,
            remove_concrete: argocd.remove_concrete_env.into_iter().collect(),
            argocd: ArgoCdEdit {
                destination: destination.collect(),
                sync_windows: argocd.sync_window,
                access_list: argocd.access,
                annotations: argocd.annotation.into_iter().collect::<BTreeMap<_, _>>(),
                ignore_differences: argocd.ignore_difference,
                sync_options: argocd.sync_option,
            },
        }
    }
}

fn upstream(text: &str) -> Result<Upstream> {
    if text == "latest" {
        return Ok(Upstream::Latest);
    }
    Ok(Upstream::Environment(text.parse::<EnvName>()?))
}

/// A text without blanks.
fn word(text: &str) -> Result<String> {
    let blank = |letter: char| letter.is_whitespace() || letter.is_control();
    ensure!(
        !text.is_empty(),
        "a text is needed; `--clear` takes one away"
    );
    ensure!(text.len() <= MOST_BYTES, "it is too long");
    ensure!(!text.contains(blank), "blanks are not allowed");
    Ok(text.to_owned())
}

/// `KIND SCHEDULE DURATION [APP,APP…]`
fn sync_window(text: &str) -> Result<SyncWindow> {
    let words: Vec<_> = text.split_whitespace().collect();
    let fields = match words.get(1) {
        Some(schedule) if schedule.starts_with('@') => 1,
        Some(_) | None => 5,
    };
    let (Some(kind), Some(schedule), Some(duration)) =
        (words.first(), words.get(1..=fields), words.get(fields + 1))
    else {
        bail!("a kind, a schedule of five fields and a duration are needed: `deny 0 22 * * * 1h`");
    };
    ensure!(
        matches!(*kind, "allow" | "deny"),
        "a window is for `allow` or `deny`"
    );
    let in_cron = |letter: char| letter.is_ascii_alphanumeric() || "*/,-?@#".contains(letter);
    ensure!(
        schedule.iter().all(|field| field.chars().all(in_cron)),
        "`{}` is no cron schedule",
        schedule.join(" ")
    );
    ensure!(
        is_duration(duration),
        "`{duration}` is no duration, such as `90m` or `1h30m`"
    );
    let applications = match &words[fields + 2..] {
        [] => Vec::new(),
        [apps] => apps.split(',').map(str::to_owned).collect(),
        [_, rest, ..] => bail!("`{rest}` is one word too many: apps stand together, `web,api-*`"),
    };
    ensure!(
        applications.iter().all(|app| !app.is_empty()),
        "an app has no name"
    );
    Ok(SyncWindow {
        schedule: schedule.join(" "),
        duration: (*duration).to_owned(),
        kind: (*kind).to_owned(),
        applications,
    })
}

/// Numbers with units, as Go writes durations.
fn is_duration(text: &str) -> bool {
    let mut rest = text;
    while !rest.is_empty() {
        let unit = rest.trim_start_matches(|letter: char| letter.is_ascii_digit());
        let units = ["ms", "h", "m", "s"];
        let after = units.iter().find_map(|each| unit.strip_prefix(each));
        match after {
            Some(after) if unit.len() < rest.len() => rest = after,
            Some(_) | None => return false,
        }
    }
    !text.is_empty()
}

/// `GROUP/KIND`, or `KIND` of the core group.
fn access(text: &str) -> Result<AccessEntry> {
    let (group, kind) = group_and_kind(text)?;
    Ok(AccessEntry { group, kind })
}

fn group_and_kind(text: &str) -> Result<(String, String)> {
    let (group, kind) = text.split_once('/').unwrap_or(("", text));
    let in_group = |letter: char| {
        letter.is_ascii_lowercase() || letter.is_ascii_digit() || ".-*".contains(letter)
    };
    let in_kind = |letter: char| letter.is_ascii_alphanumeric() || letter == '*';
    ensure!(
        group.chars().all(in_group) && !kind.is_empty() && kind.chars().all(in_kind),
        "a group and a kind are needed: `apps/Deployment`, or `Namespace` of the core group"
    );
    Ok((group.to_owned(), kind.to_owned()))
}

/// `KEY=TEXT`, where Kubernetes takes the key.
fn annotation(text: &str) -> Result<(String, String)> {
    let Some((key, text)) = text.split_once('=') else {
        bail!("a key and a text are needed: `example.com/owner=platform`");
    };
    let (prefix, name) = key.rsplit_once('/').unwrap_or(("", key));
    let inside = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
    let sound = |part: &str, most: usize| {
        let ends = [part.chars().next(), part.chars().next_back()];
        let ends_well = ends.iter().flatten().all(char::is_ascii_alphanumeric);
        part.len() <= most && part.chars().all(inside) && ends_well
    };
    let lower = !prefix.contains(|letter: char| letter.is_ascii_uppercase() || letter == '_');
    ensure!(
        !name.is_empty() && sound(name, 63) && sound(prefix, 253) && lower && !key.starts_with('/'),
        "Kubernetes does not take that key; `example.com/owner` is one"
    );
    ensure!(
        text.len() <= MOST_BYTES && !text.contains('\0'),
        "the text is too long or holds a NUL byte"
    );
    Ok((key.to_owned(), text.to_owned()))
}

/// A JSON object, or `GROUP/KIND=POINTER,POINTER…`.
fn difference(text: &str) -> Result<IgnoreDifference> {
    if text.trim_start().starts_with('{') {
        return json_difference(text);
    }
    let Some((resource, pointers)) = text.split_once('=') else {
        bail!("a kind and a JSON pointer are needed: `apps/Deployment=/spec/replicas`");
    };
    let (group, kind) = group_and_kind(resource)?;
    let json_pointers: Vec<_> = pointers.split(',').map(str::to_owned).collect();
    for pointer in &json_pointers {
        ensure!(pointer.starts_with('/'), "a JSON pointer begins with `/`");
    }
    Ok(IgnoreDifference {
        group,
        kind,
        json_pointers,
        ..IgnoreDifference::default()
    })
}

fn sync_option(text: &str) -> Result<String> {
    let sound = text
        .split_once('=')
        .is_some_and(|(name, value)| !name.is_empty() && !value.is_empty());
    ensure!(
        sound,
        "a name and a value are needed: `ServerSideApply=true`"
    );
    word(text)
}
