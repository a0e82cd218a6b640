//! Which commands accidents happen to: every verb in every shape, and the work of git where it has some of its own.

use super::fault::Whose;
use super::scene::{Shape, VERBS};

/// A verb in a shape, and whose calls fail.
#[derive(Clone, Copy, Debug)]
pub(super) struct Route {
    pub(super) shape: Shape,
    pub(super) verb: (&'static str, &'static str),
    pub(super) whose: Whose,
}

impl Route {
    /// All there are: every verb in every shape, and the work of git where it has some of its own. Who takes others along does that
    /// in the same way for every verb.
    fn all() -> Vec<Self> {
        let ours = Shape::ALL.into_iter().flat_map(|shape| {
            let few = ["release", "lock", "tagged"];
            let verbs = VERBS.into_iter();
            let verbs = verbs.filter(move |(name, _)| shape != Shape::Leads || few.contains(name));
            verbs.map(move |verb| Self {
                shape,
                verb,
                whose: Whose::Ours,
            })
        });
        let gits = [
            (Shape::Plain, "release", "push"),
            (Shape::Plain, "tagged", "push"),
            (Shape::Bare, "release", "push"),
            (Shape::Behind, "release", "fetch"),
            (Shape::LineEndings, "release", "read-tree"),
            (Shape::LineEndings, "delete", "read-tree"),
            (Shape::InLine, "release", "push"),
            (Shape::InLine, "release", "ls-remote"),
            (Shape::Leads, "release", "fetch"),
            (Shape::Leads, "tagged", "push"),
        ];
        let gits = gits.into_iter().map(|(shape, name, word)| Self {
            shape,
            verb: verb(name),
            whose: Whose::Git(word),
        });
        ours.chain(gits).collect()
    }
}

pub(super) fn verb(name: &str) -> (&'static str, &'static str) {
    VERBS.into_iter().find(|verb| verb.0 == name).unwrap()
}

/// The routes that `TRAINYARD_CRASH_ROUTES` asks for: each of its words is the name of a verb, of a shape, or `git`.
pub(super) fn routes() -> Vec<Route> {
    let wanted = std::env::var("TRAINYARD_CRASH_ROUTES").unwrap_or_default();
    let wanted: Vec<_> = wanted.split(',').filter(|word| !word.is_empty()).collect();
    let mut routes = Route::all();
    routes.retain(|route| {
        let whose = if route.whose == Whose::Ours {
            "ours"
        } else {
            "git"
        };
        let shape = format!("{:?}", route.shape);
        wanted.iter().all(|word| {
            word.split('+')
                .any(|word| [whose, &shape, route.verb.0].contains(&word))
        })
    });
    routes
}
