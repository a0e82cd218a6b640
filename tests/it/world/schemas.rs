//! Every JSON answer is held against the schema that `docs/schemas/` has for it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use jsonschema::Validator;
use serde_json::Value;

/// The schemas of answers, by the name that stands between `trainyard/` and `/v1`.
pub(crate) fn schemas() -> &'static BTreeMap<String, Validator> {
    static SCHEMAS: OnceLock<BTreeMap<String, Validator>> = OnceLock::new();
    SCHEMAS.get_or_init(|| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/schemas");
        let files = fs::read_dir(folder).unwrap();
        let schema = |file: std::io::Result<fs::DirEntry>| {
            let path = file.unwrap().path();
            let name = path
                .file_name()?
                .to_str()?
                .strip_suffix(".v1.schema.json")?;
            let text = fs::read_to_string(&path).unwrap();
            let schema: Value = serde_json::from_str(&text).unwrap();
            let validator = jsonschema::validator_for(&schema)
                .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            Some((name.to_owned(), validator))
        };
        files.filter_map(schema).collect()
    })
}

/// Fails if stdout is an answer in JSON that its schema does not allow.
#[track_caller]
pub(super) fn check(stdout: &str) {
    if !stdout.starts_with('{') {
        return;
    }
    let Ok(answer) = serde_json::from_str::<Value>(stdout) else {
        return;
    };
    let name = answer.get("schema").and_then(Value::as_str);
    let name = name.and_then(|name| name.strip_prefix("trainyard/")?.strip_suffix("/v1"));
    let Some(schema) = name.and_then(|name| schemas().get(name)) else {
        return;
    };
    let faults: Vec<_> = schema
        .iter_errors(&answer)
        .map(|fault| format!("{}: {fault}", fault.instance_path()))
        .collect();
    assert!(faults.is_empty(), "{faults:#?}\n{stdout}");
}
