//! Two environments side by side, for programs.

use serde_json::{Map, Value, json};

use crate::plan::view::comparison::{Compared, Comparison, Found, Link, Pair, Side, Standing};
use crate::report::structured::version;

pub(super) fn comparison(comparison: &Comparison) -> Value {
    let pairs = comparison.pairs.iter();
    json!({
        "differs": comparison.differs(),
        "comparisons": pairs.map(|each| pair(each, comparison.all)).collect::<Value>(),
    })
}

fn pair(pair: &Pair, all: bool) -> Value {
    let listed = pair.apps.iter();
    let listed = listed.filter(|(_, each)| all || each.is_notable());
    let apps = listed.map(|(name, each)| (name.as_ref().to_owned(), app(each)));
    let (same, different) = pair.count();
    json!({
        "left": side(&pair.left),
        "right": side(&pair.right),
        "same": same,
        "different": different,
        "applications": apps.collect::<Map<_, _>>(),
    })
}

fn side(side: &Side) -> Value {
    let source = side.source.as_ref();
    json!({
        "environment": side.environment,
        "at": source.map(|source| json!({ "name": source.name, "commit": source.commit })),
    })
}

fn app(compared: &Compared) -> Value {
    let by = match compared.standing {
        Standing::LeftAhead(by) | Standing::RightAhead(by) => Some(by),
        Standing::Same
        | Standing::OnlyLeft
        | Standing::OnlyRight
        | Standing::MadeAgain
        | Standing::Unknown
        | Standing::NothingRuns => None,
    };
    json!({
        "standing": compared.standing.name(),
        "by": by,
        "left": found(&compared.left),
        "right": found(&compared.right),
    })
}

fn found(found: &Found) -> Value {
    let (runs, waits) = (release(&found.runs), release(&found.waits));
    json!({ "runs": runs, "queued": waits })
}

fn release(link: &Link) -> Value {
    match link {
        Link::Nothing => Value::Null,
        Link::Release(shown) => json!({
            "version": version(shown.version),
            "displayVersion": shown.display,
            "releaseKind": shown.kind.name(),
        }),
        Link::Broken(broken) => json!({ "fault": broken.to_string() }),
    }
}
