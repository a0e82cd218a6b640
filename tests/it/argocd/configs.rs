//! Configs for Argo CD, in every shape there is.

use serde_json::{Value, json};

/// A config that uses every field there is.
pub(super) fn everything() -> Value {
    json!({
        "destination": { "name": "all", "server": "https://shop.example", "appProjectNamespace": "*", "applicationNamespace": "shop" },
        "syncWindows": [
            { "schedule": "* * * * *", "duration": "0s", "kind": "deny" },
            { "schedule": "0 7 * * 1-5", "duration": "24h", "kind": "allow", "applications": ["web", "till*"] },
        ],
        "accessList": [
            { "group": "*", "kind": "ClusterSecretStore" },
            { "group": "", "kind": "Namespace" },
            { "kind": "PersistentVolume" },
        ],
        "applicationAnnotations": {
            "notifications.argoproj.io/subscribe.on-degraded.teams": "",
            "shop.example/on-call": "true",
            "shop.example/note": "a note so long that a writer of YAML may want to fold it at the eightieth column or thereabouts",
        },
        "ignoreDifferences": [
            {
                "group": "apps",
                "kind": "Deployment",
                "name": "web",
                "namespace": "shop",
                "jsonPointers": ["/spec/replicas", "/metadata/annotations/a~1b"],
                "jqPathExpressions": [".spec.template.spec.containers[] | select(.name == \"sidecar\")"],
                "managedFieldsManagers": ["kube-controller-manager"],
            },
            { "kind": "Secret" },
        ],
        "syncOptions": ["ApplyOutOfSyncOnly=true", "ServerSideApply=true"],
    })
}

/// Names, configs, and the namespaces of project and application that must come of them.
pub(super) fn namespaces() -> [(&'static str, Value, [Option<&'static str>; 2]); 5] {
    let argocd = |namespaces: Value| {
        let mut destination = namespaces;
        destination["server"] = json!("https://shop.example");
        json!({ "destination": destination })
    };
    let both =
        json!({ "namespace": "shop", "appProjectNamespace": "p", "applicationNamespace": "a" });
    let own = json!({ "appProjectNamespace": "*", "applicationNamespace": "shop" });
    [
        ("both", argocd(both), [Some("shop"), Some("shop")]),
        ("own", argocd(own), [Some("*"), Some("shop")]),
        (
            "projects",
            argocd(json!({ "appProjectNamespace": "*" })),
            [Some("*"), None],
        ),
        (
            "apps",
            argocd(json!({ "applicationNamespace": "shop" })),
            [None, Some("shop")],
        ),
        ("none", argocd(json!({ "namespace": "" })), [None, None]),
    ]
}

/// An environment on three clusters.
pub(super) fn three_clusters() -> Value {
    let mut first = everything();
    first["name"] = json!("de-1");
    json!({
        "ArgoCdConfigurations": [
            first,
            { "name": "de-2", "destination": { "name": "de-2", "server": "" } },
            { "name": "us-1", "destination": { "name": "us-1", "server": "", "namespace": "shop" }, "syncOptions": [] },
        ],
        "CommonEnvPrefix": "aa",
    })
}
