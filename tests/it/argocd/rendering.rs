//! What has to stand in an Argo CD file, worked out from the config alone, and how such a file is read.

use std::collections::BTreeMap;

use serde::Deserialize as _;
use serde_json::{Map, Value, json};

use crate::world::{BRANCH, difference};

/// An environment as Argo CD sees it.
pub(crate) struct Cluster<'config> {
    /// The name by which Argo CD knows it.
    pub(crate) name: &'config str,
    /// The environment whose folder it applies; the same as the name, unless several clusters share one environment.
    pub(crate) environment: &'config str,
    /// Its `argocd` config.
    pub(crate) argocd: &'config Value,
}

/// The file says what the config says, for these apps and their teams.
#[track_caller]
pub(crate) fn assert_renders(
    file: &[u8],
    cluster: &Cluster,
    apps: &BTreeMap<String, String>,
    repo_url: &str,
) {
    let found = documents(file);
    let expected = cluster.documents(apps, repo_url);
    let names = |documents: &[Value]| -> Vec<String> {
        let names = documents
            .iter()
            .map(|document| &document["metadata"]["name"]);
        names.map(Value::to_string).collect()
    };
    let environment = cluster.name;
    assert_eq!(
        names(&found),
        names(&expected),
        "documents of {environment}"
    );
    for (found, expected) in found.iter().zip(&expected) {
        let diff = difference(expected, found);
        assert!(diff.is_empty(), "in {environment}:\n{diff}");
    }
}

impl Cluster<'_> {
    fn documents(&self, apps: &BTreeMap<String, String>, repo_url: &str) -> Vec<Value> {
        let apps = apps.iter();
        let apps = apps.map(|(app, team)| self.application(app, team, repo_url));
        [self.project()].into_iter().chain(apps).collect()
    }

    fn project(&self) -> Value {
        let mut spec = json!({
            "description": self.name,
            "sourceRepos": ["*"],
            "destinations": [self.destination("appProjectNamespace")],
        });
        let windows = self.list("syncWindows").iter().map(window);
        add_list(&mut spec, "syncWindows", windows.collect());
        let access = self.list("accessList").iter().map(resource);
        add_list(&mut spec, "clusterResourceWhitelist", access.collect());
        json!({
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "AppProject",
            "metadata": { "name": self.name },
            "spec": spec,
        })
    }

    fn application(&self, app: &str, team: &str, repo_url: &str) -> Value {
        let environment = self.environment;
        let path = format!("environments/{environment}/applications/{app}/manifests");
        let mut spec = json!({
            "project": self.name,
            "destination": self.destination("applicationNamespace"),
            "source": { "path": path, "repoURL": repo_url, "targetRevision": BRANCH },
            "syncPolicy": { "automated": { "allowEmpty": true, "prune": true, "selfHeal": true } },
        });
        let differences = self.list("ignoreDifferences").to_vec();
        add_list(&mut spec, "ignoreDifferences", differences);
        let options = self.list("syncOptions").to_vec();
        add_list(&mut spec["syncPolicy"], "syncOptions", options);
        json!({
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "Application",
            "metadata": {
                "name": format!("{}-{app}", self.name),
                "annotations": self.annotations(app, team, &path),
                "labels": { "com.freiheit.kuberpult/team": team },
                "finalizers": ["resources-finalizer.argocd.argoproj.io"],
            },
            "spec": spec,
        })
    }

    fn annotations(&self, app: &str, team: &str, path: &str) -> Value {
        let configured = self.argocd.get("applicationAnnotations");
        let mut annotations = configured.cloned().unwrap_or_else(|| json!({}));
        annotations["argocd.argoproj.io/manifest-generate-paths"] = json!(format!("/{path}"));
        annotations["com.freiheit.kuberpult/application"] = json!(app);
        annotations["com.freiheit.kuberpult/environment"] = json!(self.name);
        annotations["com.freiheit.kuberpult/team"] = json!(team);
        if self.name != self.environment {
            annotations["com.freiheit.kuberpult/aa-parent-environment"] = json!(self.environment);
        }
        annotations
    }

    /// The destination; `namespace` goes before the namespace that is only for one of the two kinds.
    fn destination(&self, namespace_of_its_own: &str) -> Value {
        let config = &self.argocd["destination"];
        let namespace = said(&config["namespace"]).or(said(&config[namespace_of_its_own]));
        let fields = [
            ("name", said(&config["name"])),
            ("server", said(&config["server"])),
            ("namespace", namespace),
        ];
        let fields = fields
            .into_iter()
            .filter_map(|(field, value)| Some((field.to_owned(), json!(value?))));
        Value::Object(fields.collect())
    }

    fn list(&self, field: &str) -> &[Value] {
        self.argocd[field].as_array().map_or(&[], Vec::as_slice)
    }
}

fn window(config: &Value) -> Value {
    let apps = &config["applications"];
    let everywhere = apps.as_array().is_none_or(Vec::is_empty);
    json!({
        "schedule": config["schedule"],
        "duration": config["duration"],
        "kind": config["kind"],
        "manualSync": true,
        "applications": if everywhere { json!(["*"]) } else { apps.clone() },
    })
}

/// A resource that the project may use. Argo CD's schema demands the group, also of the core group, which is called "".
fn resource(config: &Value) -> Value {
    json!({ "group": said(&config["group"]).unwrap_or(""), "kind": config["kind"] })
}

fn said(value: &Value) -> Option<&str> {
    value.as_str().filter(|text| !text.is_empty())
}

fn add_list(object: &mut Value, field: &str, list: Vec<Value>) {
    if !list.is_empty() {
        object[field] = Value::from(list);
    }
}

/// Reads a file as strictly as its strictest reader: text is text in every version of YAML, and every key is text.
#[track_caller]
pub(crate) fn documents(file: &[u8]) -> Vec<Value> {
    let text = std::str::from_utf8(file).unwrap();
    assert!(text.ends_with('\n'), "no newline at the end");
    assert!(!text.ends_with("\n\n"), "empty lines at the end");
    assert_eq!(
        ambiguous_lines(text),
        Vec::<&str>::new(),
        "in YAML 1.1, not all of this is text"
    );
    let documents = serde_yaml::Deserializer::from_str(text).map(|document| {
        let document = serde_yaml::Value::deserialize(document).unwrap();
        json_of(document)
    });
    documents.collect()
}

#[track_caller]
fn json_of(yaml: serde_yaml::Value) -> Value {
    match yaml {
        serde_yaml::Value::Mapping(mapping) => {
            let entries = mapping.into_iter().map(|(key, value)| {
                let key = key
                    .as_str()
                    .unwrap_or_else(|| panic!("the key {key:?} is no text"));
                (key.to_owned(), json_of(value))
            });
            Value::Object(entries.collect::<Map<_, _>>())
        }
        serde_yaml::Value::Sequence(items) => items.into_iter().map(json_of).collect(),
        serde_yaml::Value::Tagged(tagged) => panic!("a tag: {tagged:?}"),
        scalar => serde_json::to_value(scalar).unwrap(),
    }
}

/// The lines with a plain scalar that is no text in YAML 1.1, which Kubernetes tools read; `true` is meant in some.
fn ambiguous_lines(text: &str) -> Vec<&str> {
    const FLAGS: [&str; 4] = ["allowEmpty", "manualSync", "prune", "selfHeal"];
    let ambiguous = |line: &&str| {
        let item = line.trim().trim_start_matches("- ");
        let (key, value) = match item.split_once(": ") {
            Some((key, value)) => (key, value),
            None => (item.strip_suffix(':').unwrap_or(""), item),
        };
        let flag = FLAGS.contains(&key.trim_matches(['"', '\''])) && value == "true";
        !flag && (is_no_text(key) || is_no_text(value))
    };
    text.lines().filter(ambiguous).collect()
}

/// Whether a plain scalar is a truth value, nothing, a number or a date in YAML 1.1.
fn is_no_text(plain: &str) -> bool {
    const WORDS: [&str; 13] = [
        "y", "n", "yes", "no", "on", "off", "true", "false", "null", "~", ".inf", ".nan", "<<",
    ];
    let unsigned = plain.trim_start_matches(['+', '-']).replace('_', "");
    let radix = |prefix: &str, radix| {
        let digits = unsigned.strip_prefix(prefix);
        digits.is_some_and(|digits| u128::from_str_radix(digits, radix).is_ok())
    };
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let starts_like_a_number = unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.');
    let decimal = starts_like_a_number && unsigned.parse::<f64>().is_ok();
    let sexagesimal = unsigned.contains(':') && unsigned.split(':').all(digits);
    let date: Vec<&str> = plain.get(..10).unwrap_or_default().split('-').collect();
    let date = matches!(*date, [year, month, day] if year.len() == 4 && [year, month, day].into_iter().all(digits));
    WORDS.contains(&plain.to_lowercase().as_str())
        || WORDS.contains(&unsigned.to_lowercase().as_str())
        || radix("0x", 16)
        || radix("0b", 2)
        || radix("0o", 8)
        || decimal
        || sexagesimal
        || date
}

mod tests {
    use super::*;

    #[test]
    fn text_that_older_readers_take_for_something_else_is_noticed() {
        let no_text = [
            "yes",
            "Off",
            "y",
            "~",
            "Null",
            "012",
            "0x1f",
            "0o17",
            "1e3",
            "1.10",
            "-1",
            "+.5",
            "1_000",
            "12:30:45",
            "2001-01-01",
            "-.inf",
            "<<",
        ];
        for plain in no_text {
            assert!(is_no_text(plain), "{plain}");
        }
        for plain in [
            "",
            "8h",
            "0s",
            "0 0 * * *",
            "*",
            "'012'",
            "\"yes\"",
            "nan",
            "1.2.3",
            "a:b",
            "v1",
            "|-",
        ] {
            assert!(!is_no_text(plain), "{plain}");
        }
    }

    #[test]
    fn a_file_is_read_with_suspicion() {
        let lines = "prune: true\nx: \"true\"\n- yes\non: x\n- a: 1_0\n- b: c\ny:\n";
        assert_eq!(ambiguous_lines(lines), ["- yes", "on: x", "- a: 1_0", "y:"]);
        let two = documents(b"a: [\"1\"]\n---\nb: {}\n");
        assert_eq!(two, [json!({ "a": ["1"] }), json!({ "b": {} })]);
    }
}
