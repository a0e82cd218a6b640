//! `trainyard.yaml`: the options of one manifest repository.

use anyhow::Result;
use serde::Deserialize;

use super::MinorLines;
use super::check_nesting;
use super::config::ConfigError;
use crate::tree::{Entry, ReadTree, RepoPath};

/// The options; a repository without the file has the defaults. An unknown key is an error, so that a misspelt one is not lost.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Options {
    /// How many releases of an app the clean-up keeps: the oldest in use and those below it. 5 to 1000.
    pub(crate) release_versions_limit: usize,
    /// Whether app names may have up to 70 bytes instead of 39.
    pub(crate) allow_long_app_names: bool,
    /// Whether events are kept for each source commit.
    pub(crate) commit_data: bool,
    /// The lines of manifests that make no difference between releases.
    #[serde(rename = "minorRegexes")]
    pub(crate) minor_lines: MinorLines,
    /// How Argo CD files are rendered.
    pub(crate) argocd: ArgoCdOptions,
    /// How changes reach the remote.
    pub(crate) publish: PublishOptions,
}

/// The `publish` section of the options.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct PublishOptions {
    /// Which operations wait on the remote, for one command to publish all of them.
    pub(crate) combine: Combine,
}

/// Which operations go to the remote together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "CombineText")]
pub(crate) enum Combine {
    /// None.
    #[default]
    Never,
    /// Those that lost a race.
    AfterALostRace,
    /// All of them, also before they have tried alone.
    Always,
}

/// How the file says so.
#[derive(Deserialize)]
#[serde(untagged, expecting = "`true`, `false` or `always`")]
enum CombineText {
    Whether(bool),
    Word(CombineWord),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
enum CombineWord {
    Always,
}

impl From<CombineText> for Combine {
    fn from(text: CombineText) -> Self {
        match text {
            CombineText::Whether(false) => Self::Never,
            CombineText::Whether(true) => Self::AfterALostRace,
            CombineText::Word(CombineWord::Always) => Self::Always,
        }
    }
}

/// The `argocd` section of the options.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct ArgoCdOptions {
    /// The URL by which Argo CD reaches the manifest repository; absent: the URL of the remote.
    pub(crate) repo_url: Option<String>,
    /// The URL of an Argo CD server that is told of each push.
    pub(crate) notify_url: Option<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            release_versions_limit: 20,
            allow_long_app_names: false,
            commit_data: false,
            minor_lines: MinorLines::default(),
            argocd: ArgoCdOptions::default(),
            publish: PublishOptions::default(),
        }
    }
}

impl Options {
    /// The file.
    pub(crate) fn path() -> RepoPath {
        RepoPath::of(&["trainyard.yaml"])
    }

    /// Reads `trainyard.yaml`. Fails with a [`ConfigError`] if it cannot be understood.
    pub(crate) fn read(tree: &dyn ReadTree) -> Result<Self> {
        let path = Self::path();
        let error = |why: String| ConfigError {
            path: path.clone(),
            why,
        };
        let content = match tree.entry(&path)? {
            Some(Entry::File(content)) => content,
            None if tree.kind(&path)?.is_none() => return Ok(Self::default()),
            Some(Entry::Symlink(_)) | None => return Err(error("it is no file".to_owned()).into()),
        };
        let bytes = tree.bytes(&content)?;
        check_nesting(&bytes).map_err(|why| error(why.to_string()))?;
        let options: Option<Self> =
            serde_yaml::from_slice(&bytes).map_err(|why| error(why.to_string()))?;
        let options = options.unwrap_or_default();
        let limit = options.release_versions_limit;
        if (5..=1000).contains(&limit) {
            return Ok(options);
        }
        let why = format!("`releaseVersionsLimit` is {limit}, and 5 to 1000 are allowed");
        Err(error(why).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::MemoryTree;

    fn read(text: &str) -> Result<Options> {
        Options::read(&MemoryTree::of(&[("trainyard.yaml", text)]))
    }

    #[test]
    fn options_are_read_and_a_misspelt_one_is_not_lost() {
        assert_eq!(
            Options::read(&MemoryTree::default()).unwrap(),
            Options::default()
        );
        assert_eq!(read("# nothing yet\n").unwrap(), Options::default());
        assert_eq!(
            read("releaseVersionsLimit: 5")
                .unwrap()
                .release_versions_limit,
            5
        );
        assert!(read("commitData: true").unwrap().commit_data);
        for (text, combine) in [
            ("true", Combine::AfterALostRace),
            ("always", Combine::Always),
            ("false", Combine::Never),
        ] {
            let options = read(&format!("publish: {{combine: {text}}}")).unwrap();
            assert_eq!(options.publish.combine, combine);
        }
        let minor = read("minorRegexes: ['^ *image:']").unwrap().minor_lines;
        assert!(!minor.is_empty());
        for bad in [
            "minorRegexes: ['[a']",
            "minorRegexes: image",
            "releaseVersionLimit: 5",
            "releaseVersionsLimit: 4",
            "hook: rm -rf",
            "a: [",
            "publish: {combine: never}",
            "publish: {combine: 1}",
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
