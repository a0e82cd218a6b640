//! Faults of a repository for programs.

use serde_json::{Map, Value, json};

use super::object;
use crate::plan::verify::{Fault, Mend, Severity, Verified};

/// The fields of the object.
pub(super) fn fields(verified: &Verified) -> Map<String, Value> {
    let counts = &verified.counts;
    let mut fields = object(json!({
        "sound": verified.is_sound(),
        "counts": Severity::ALL
            .map(|severity| (severity.name().to_owned(), json!(verified.count(severity))))
            .into_iter()
            .collect::<Map<_, _>>(),
        "faults": verified.faults.iter().map(fault).collect::<Value>(),
        "lookedAt": {
            "environments": counts.environments,
            "applications": counts.apps,
            "releases": counts.releases,
            "deployments": counts.deployments,
            "queued": counts.queued,
            "locks": counts.locks,
        },
    }));
    if let Some(mended) = &verified.mended {
        let mended = mended.iter().map(fault).collect::<Value>();
        fields.insert("mended".into(), mended);
    }
    fields
}

fn fault(fault: &Fault) -> Value {
    let mend = fault.mend();
    json!({
        "kind": fault.kind(),
        "severity": fault.severity().name(),
        "path": fault.path,
        "inRepository": fault.is_in_repository(),
        "problem": fault.to_string(),
        "safeToMend": mend == Mend::Safe,
        "command": mend.command(),
    })
}
