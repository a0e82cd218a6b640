//! The board for programs: what is shared stands once, beside the cells.

use serde_json::{Value, json};

use super::super::{object, optional};
use super::{locks, queue};
use crate::plan::view::board::{
    Board, Cell, Column, Concern, Lag, ReleaseFacts, Row, Runs, in_force,
};
use crate::state::Version;
use crate::state::deployment::BrokenLink;

pub(super) fn value(board: &Board) -> Value {
    let focus = &board.focus;
    let only = board.only.map(|concern| match concern {
        Concern::Behind => "behind",
        Concern::Locked => "locked",
        Concern::Queued => "queued",
    });
    let rows = board.rows.iter();
    let applications = rows.map(|row| (row.app.as_ref().to_owned(), application(board, row)));
    let mut fields = object(json!({
        "application": focus.app,
        "environment": focus.environment,
        "environmentGroup": focus.group,
        "team": focus.team,
        "only": only,
    }));
    // `json!` copies the values that it is given; these are large.
    fields.insert("summary".into(), summary(board));
    fields.insert(
        "environments".into(),
        board.columns.iter().map(column).collect(),
    );
    fields.insert("applications".into(), Value::Object(applications.collect()));
    fields.insert("faults".into(), board.faults().map(fault).collect());
    fields.extend(object(locks(&board.locks())));
    fields.extend(object(queue(&board.queue)));
    Value::Object(fields)
}

fn summary(board: &Board) -> Value {
    let tally = board.tally();
    json!({
        "applications": tally.apps,
        "environments": tally.environments,
        "behind": tally.behind,
        "queued": tally.queued,
        "locks": tally.locks,
        "faults": tally.faults,
    })
}

fn column(column: &Column) -> Value {
    json!({
        "environment": column.environment,
        "environmentGroup": column.group,
        "upstream": column.upstream.as_ref().ok().map(ToString::to_string),
        "upstreamFault": column.upstream.as_ref().err().map(ToString::to_string),
        "distance": column.distance,
        "locked": !column.locks.is_empty(),
    })
}

fn application(board: &Board, row: &Row) -> Value {
    let cells = board.cells(row).map(|(column, each)| {
        let locked = in_force(column, row, each).next().is_some();
        (
            column.environment.as_ref().to_owned(),
            cell(row, each, locked),
        )
    });
    let releases = row.releases.iter();
    let releases = releases.map(|(number, facts)| (number.to_string(), release(facts)));
    let mut fields = object(json!({ "team": row.team, "latestVersion": optional(row.latest) }));
    fields.insert("environments".into(), Value::Object(cells.collect()));
    fields.insert("releases".into(), Value::Object(releases.collect()));
    Value::Object(fields)
}

fn release(facts: &ReleaseFacts) -> Value {
    json!({
        "releaseKind": facts.kind.name(),
        "displayVersion": facts.display_version,
        "sourceCommit": facts.source_commit,
        "sourceAuthor": facts.source_author,
        "sourceMessage": facts.source_message,
        "createdAt": facts.created_at,
    })
}

fn cell(row: &Row, cell: &Cell, locked: bool) -> Value {
    let (state, provenance) = match &cell.runs {
        Runs::Release(_, provenance) => ("deployed", Some(provenance)),
        Runs::NotYet => ("not-deployed", None),
        Runs::NotMeant => ("not-meant", None),
        Runs::Broken(_) => ("broken", None),
    };
    let (standing, upstream, distance) = match cell.lag {
        Lag::Unknown => ("unknown", None, None),
        Lag::Level => ("level", cell.running(), Some(0)),
        Lag::Behind { upstream, releases } => ("behind", Some(upstream), Some(releases)),
        Lag::Ahead { upstream, releases } => ("ahead", Some(upstream), Some(releases)),
    };
    let display = |number: Option<Version>| {
        let facts = number.and_then(|number| row.facts(number));
        facts.and_then(|facts| facts.display_version.as_ref())
    };
    json!({
        "state": state,
        "version": optional(cell.running()),
        "displayVersion": display(cell.running()),
        "deployedAt": provenance.and_then(|provenance| provenance.at),
        "deployedBy": provenance.map(|provenance| &provenance.by),
        "standing": standing,
        "upstreamVersion": optional(upstream),
        "releasesApart": distance,
        "queuedVersion": optional(cell.queued()),
        "queuedDisplayVersion": display(cell.queued()),
        "locked": locked,
        "manifestLocked": !cell.manifest_locks.is_empty(),
        "manifestDiffers": cell.manifest_differs,
    })
}

fn fault((row, column, broken): (&Row, &Column, &BrokenLink)) -> Value {
    json!({
        "application": row.app,
        "environment": column.environment,
        "path": broken.path.as_str(),
        "problem": broken.to_string(),
    })
}
