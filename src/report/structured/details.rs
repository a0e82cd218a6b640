//! What comes with a move and what it changes, for programs.

use serde_json::{Value, json};

use super::{optional, version};
use crate::plan::cargo::{Built, Cargo, Piece, Way};
use crate::plan::change::{ManifestChange, Unreadable};
use crate::report::text::change::{shown, unified};
use crate::state::Moment;

pub(super) fn cargo(cargo: &Cargo) -> Value {
    let missing = cargo.missing.as_ref();
    json!({
        "direction": match cargo.way {
            Way::Forth => "forward",
            Way::Back => "back",
        },
        "commits": cargo.pieces.iter().map(piece).collect::<Value>(),
        "missingReleases": missing.map(|missing| json!({
            "above": optional(missing.above),
            "below": version(missing.below),
        })),
    })
}

fn piece(piece: &Piece) -> Value {
    json!({
        "commit": piece.commit,
        "author": piece.author,
        "message": piece.message,
        "builtAgain": piece.again,
        "releases": piece.releases.iter().map(built).collect::<Value>(),
    })
}

fn built(built: &Built) -> Value {
    json!({
        "version": version(built.version),
        "releaseKind": built.kind.name(),
        "displayVersion": built.display_version,
        "ciLink": built.ci_link,
        "createdAt": built.created_at.map(Moment::to_seconds),
    })
}

pub(super) fn change(change: &ManifestChange) -> Value {
    let (removed, added) = change.totals();
    let (result, reason) = match change {
        ManifestChange::Same => ("unchanged", None),
        ManifestChange::Kept => ("kept", None),
        ManifestChange::Text(_) => ("changed", None),
        ManifestChange::Unreadable {
            why: Unreadable::NoText,
            ..
        } => ("unreadable", Some("no text")),
        ManifestChange::Unreadable {
            why: Unreadable::NoYaml,
            ..
        } => ("unreadable", Some("no YAML")),
    };
    let path = match change {
        ManifestChange::Text(diff) => Some(diff.path.as_str()),
        ManifestChange::Unreadable { path, .. } => Some(path.as_str()),
        ManifestChange::Same | ManifestChange::Kept => None,
    };
    let unified = shown(change).map(|diff| {
        let lines = unified(diff).into_iter().map(|(_, line)| line + "\n");
        lines.collect::<String>()
    });
    json!({
        "result": result,
        "reason": reason,
        "path": path,
        "added": added,
        "removed": removed,
        "unified": unified,
    })
}
