//! Manifests as files: which one is for which environment, and what may be read.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use walkdir::WalkDir;

use super::exit::usage;
use super::signature::Keyring;
use crate::plan::manifest;
use crate::state::{AppName, EnvName, FreeText, plain};

/// A file with a manifest.
pub(super) struct ManifestFile {
    pub(super) environment: EnvName,
    pub(super) path: PathBuf,
    /// Files with detached signatures of it.
    pub(super) signatures: Vec<PathBuf>,
}

impl ManifestFile {
    /// A manifest without signatures.
    pub(super) fn new(environment: EnvName, path: impl Into<PathBuf>) -> Self {
        Self {
            environment,
            path: path.into(),
            signatures: Vec::new(),
        }
    }
}

/// The value of `option` in the form ENV=FILE, where it does not stand right behind what it belongs to.
pub(super) fn split(option: &str, value: &str, behind: &str) -> Result<(EnvName, PathBuf)> {
    let Some((environment, file)) = value.split_once('=') else {
        let shown = FreeText(value.to_owned());
        let message =
            format!("`{option}` {shown} needs `{behind}` right before it, or the form ENV=FILE");
        return Err(usage(message));
    };
    Ok((environment.parse()?, file.into()))
}

/// A path on one line, with control characters spelled out.
pub(super) fn shown(path: &Path) -> String {
    plain(&path.display().to_string())
}

/// `ENV.yaml` or `ENV.yml` for each environment in a folder, with the signatures `ENV.yaml.asc` and `ENV.yaml.sig` beside it.
pub(super) fn files_of(folder: &Path) -> Result<Vec<ManifestFile>> {
    let mut files = Vec::new();
    for path in entries(folder)? {
        if !matches!(
            path.extension().and_then(OsStr::to_str),
            Some("yaml" | "yml")
        ) {
            continue;
        }
        let name = path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let environment = name
            .parse()
            .with_context(|| format!("the file `{}`", shown(&path)))?;
        let beside = ["asc", "sig"].map(|end| {
            let mut name = path.as_os_str().to_owned();
            name.push(".");
            name.push(end);
            PathBuf::from(name)
        });
        files.push(ManifestFile {
            environment,
            signatures: beside.into_iter().filter(|path| path.is_file()).collect(),
            path,
        });
    }
    if files.is_empty() {
        let folder = shown(folder);
        return Err(usage(format!("the folder `{folder}` holds no ENV.yaml")));
    }
    Ok(files)
}

/// The folders in a folder, each named after an app, with the manifests of that app.
pub(super) fn apps_of(folder: &Path) -> Result<Vec<(AppName, Vec<ManifestFile>)>> {
    let mut apps = Vec::new();
    for path in entries(folder)? {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if !path.is_dir() || name.starts_with('.') {
            continue;
        }
        let app = name
            .parse()
            .with_context(|| format!("the folder `{}`", shown(&path)))?;
        apps.push((app, files_of(&path)?));
    }
    if apps.is_empty() {
        let folder = shown(folder);
        return Err(usage(format!(
            "the folder `{folder}` holds no folder APP with an ENV.yaml in it"
        )));
    }
    Ok(apps)
}

/// What lies in a folder, by name.
fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    if folder.is_file() {
        return Err(usage(format!("`{}` is no folder", shown(folder))));
    }
    let entries = WalkDir::new(folder)
        .min_depth(1)
        .max_depth(1)
        .sort_by_file_name();
    let paths = entries.into_iter().map(|entry| {
        let entry = entry.map_err(|error| {
            let why = error
                .io_error()
                .map_or_else(|| error.to_string(), ToString::to_string);
            let folder = shown(folder);
            usage(format!("the folder `{folder}` cannot be read: {why}"))
        })?;
        Ok(entry.into_path())
    });
    paths.collect()
}

/// Reads manifests, by environment; with a keyring, each needs a good signature.
pub(super) fn read_all(
    files: Vec<ManifestFile>,
    keyring: Option<&Keyring>,
) -> Result<BTreeMap<EnvName, String>> {
    let mut manifests = BTreeMap::new();
    let mut stdin_read = false;
    for file in files {
        let (environment, path) = (file.environment, file.path);
        if path.as_os_str() == "-" && std::mem::replace(&mut stdin_read, true) {
            return Err(usage("only one manifest can come from stdin"));
        }
        let what = format!("the manifest `{}` for `{environment}`", shown(&path));
        let text = read(&path).map_err(|error| usage(format!("{what}: {error:#}")))?;
        if let Some(keyring) = keyring {
            keyring.check(&what, text.as_bytes(), &file.signatures)?;
        }
        if manifests.insert(environment.clone(), text).is_some() {
            return Err(usage(format!(
                "environment `{environment}` has two manifests"
            )));
        }
    }
    Ok(manifests)
}

fn read(path: &Path) -> Result<String> {
    let stdin = path.as_os_str() == "-";
    if !stdin {
        let kind = std::fs::metadata(path).context("it cannot be read")?;
        anyhow::ensure!(!kind.is_dir(), "it is a folder");
        anyhow::ensure!(
            kind.len() <= manifest::MOST_BYTES,
            "it has {} bytes, and {} are allowed",
            kind.len(),
            manifest::MOST_BYTES
        );
    }
    let input: Box<dyn std::io::Read> = if stdin {
        Box::new(std::io::stdin().lock())
    } else {
        Box::new(std::fs::File::open(path).context("it cannot be read")?)
    };
    let mut bytes = Vec::new();
    // One byte more than allowed is enough to see that it is too much.
    input
        .take(manifest::MOST_BYTES + 1)
        .read_to_end(&mut bytes)
        .context("it cannot be read")?;
    let text = String::from_utf8(bytes).map_err(|_| anyhow::anyhow!("it is not UTF-8 text"))?;
    manifest::check(&text)?;
    Ok(text)
}
