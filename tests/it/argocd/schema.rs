//! Argo CD's own schemas as a judge of our files, stricter than a cluster: what the schema does not know is refused.

use std::fs;
use std::path::Path;

use jsonschema::Validator;
use serde_json::{Value, json};

const NAME: &str = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$";
const KEY: &str =
    r"^([a-z0-9]([-.a-z0-9]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$";
const LABEL: &str = r"^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$";

/// Judges documents by the schemas of the two custom resources.
pub(super) struct Judge {
    application: Validator,
    project: Validator,
}

impl Judge {
    /// Reads the schemas from the folder of the test data.
    pub(super) fn from(data: &Path) -> Self {
        let folder = data.join("argo-cd");
        Self {
            application: validator(&folder.join("application-crd.yaml"), "Application"),
            project: validator(&folder.join("appproject-crd.yaml"), "AppProject"),
        }
    }

    /// What is wrong with a document; empty if nothing is.
    pub(super) fn complaints(&self, document: &Value) -> Vec<String> {
        let validator = match document["kind"].as_str() {
            Some("Application") => &self.application,
            Some("AppProject") => &self.project,
            _ => return vec![format!("neither kind: {}", document["kind"])],
        };
        let errors = validator.iter_errors(document);
        errors
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect()
    }
}

fn validator(file: &Path, kind: &str) -> Validator {
    let definition: Value = serde_yaml::from_str(&fs::read_to_string(file).unwrap()).unwrap();
    let version = &definition["spec"]["versions"][0];
    let api_version = format!(
        "{}/{}",
        definition["spec"]["group"].as_str().unwrap(),
        version["name"].as_str().unwrap()
    );
    let mut schema = version["schema"]["openAPIV3Schema"].clone();
    tighten(&mut schema);
    schema["properties"]["apiVersion"] = json!({ "const": api_version });
    schema["properties"]["kind"] = json!({ "const": kind });
    schema["properties"]["metadata"] = metadata();
    schema["required"] = json!(["apiVersion", "kind", "metadata", "spec"]);
    jsonschema::draft7::options()
        .should_validate_formats(true)
        .should_ignore_unknown_formats(true)
        .build(&schema)
        .unwrap()
}

/// The rules that Kubernetes itself has for every object, as far as we write them.
fn metadata() -> Value {
    json!({
        "type": "object",
        "required": ["name"],
        "additionalProperties": false,
        "properties": {
            "name": { "type": "string", "pattern": NAME, "maxLength": 253 },
            "labels": {
                "type": "object",
                "propertyNames": { "pattern": KEY },
                "additionalProperties": { "type": "string", "pattern": LABEL },
            },
            "annotations": {
                "type": "object",
                "propertyNames": { "pattern": KEY },
                "additionalProperties": { "type": "string" },
            },
            "finalizers": { "type": "array", "items": { "type": "string", "pattern": KEY } },
        },
    })
}

/// Turns the schema of a custom resource into a JSON schema that knows no fields but its own.
///
/// What Kubernetes writes as `x-kubernetes-int-or-string` stands beside an `anyOf` that says the same, so it needs no care.
fn tighten(schema: &mut Value) {
    let Some(fields) = schema.as_object_mut() else {
        return;
    };
    let open = fields.contains_key("additionalProperties")
        || fields.get("x-kubernetes-preserve-unknown-fields") == Some(&json!(true));
    if fields.get("type") == Some(&json!("object")) && !open {
        fields.insert("additionalProperties".into(), json!(false));
    }
    if fields.get("nullable") == Some(&json!(true)) {
        let kind = fields["type"].take();
        fields.insert("type".into(), json!([kind, "null"]));
    }
    if let Some(Value::Object(properties)) = fields.get_mut("properties") {
        properties.values_mut().for_each(tighten);
    }
    for field in ["items", "additionalProperties"] {
        if let Some(inner) = fields.get_mut(field) {
            tighten(inner);
        }
    }
}

mod tests {
    use super::*;

    #[test]
    fn a_tight_schema_is_open_only_where_kubernetes_says_so() {
        let mut schema = json!({
            "type": "object",
            "properties": {
                "properties": { "type": "object", "properties": { "x": { "type": "string", "nullable": true } } },
                "labels": { "type": "object", "additionalProperties": { "type": "object" } },
                "anything": { "type": "object", "x-kubernetes-preserve-unknown-fields": true },
                "list": { "type": "array", "items": { "type": "object" } },
            },
        });
        tighten(&mut schema);
        let validator = jsonschema::draft7::new(&schema).unwrap();
        for good in [
            json!({ "properties": { "x": null }, "anything": { "y": 1 } }),
            json!({ "labels": { "any": {} }, "list": [{}] }),
        ] {
            assert!(validator.is_valid(&good), "{good}");
        }
        for bad in [
            json!({ "other": 1 }),
            json!({ "properties": { "y": "" } }),
            json!({ "properties": { "x": 1 } }),
            json!({ "labels": { "any": { "z": 1 } } }),
            json!({ "list": [{ "z": 1 }] }),
        ] {
            assert!(!validator.is_valid(&bad), "{bad}");
        }
    }
}
