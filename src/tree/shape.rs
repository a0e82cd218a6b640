//! Shapes of paths, such as "the version link of this app on any environment": what somebody wants to know of a history.

use std::collections::BTreeMap;

use super::RepoPath;

/// All paths with so many components, each of them given or any.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PathShape(Vec<Option<String>>);

impl PathShape {
    /// The shape with these components; `None` stands for any name.
    pub(crate) fn of(components: &[Option<&str>]) -> Self {
        let components = components.iter();
        Self(components.map(|each| each.map(str::to_owned)).collect())
    }
}

impl From<&RepoPath> for PathShape {
    fn from(path: &RepoPath) -> Self {
        Self(
            path.components()
                .map(|name| Some(name.to_owned()))
                .collect(),
        )
    }
}

/// Several shapes, arranged by their components: a folder at a time can be asked what is wanted in it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shapes {
    /// Whether a shape ends here.
    wanted: bool,
    named: BTreeMap<String, Shapes>,
    any: Option<Box<Shapes>>,
}

impl<'a> FromIterator<&'a PathShape> for Shapes {
    fn from_iter<T: IntoIterator<Item = &'a PathShape>>(shapes: T) -> Self {
        let mut all = Self::default();
        for shape in shapes {
            all.add(shape);
        }
        all
    }
}

impl Shapes {
    /// Adds a shape.
    fn add(&mut self, shape: &PathShape) {
        let mut place = self;
        for component in &shape.0 {
            place = match component {
                Some(name) => place.named.entry(name.clone()).or_default(),
                None => place.any.get_or_insert_default(),
            };
        }
        place.wanted = true;
    }

    /// Takes one path out that was added as it is.
    pub(crate) fn remove(&mut self, path: &RepoPath) {
        self.without(&mut path.components());
    }

    fn without<'a>(&mut self, components: &mut impl Iterator<Item = &'a str>) {
        let Some(name) = components.next() else {
            self.wanted = false;
            return;
        };
        if let Some(next) = self.named.get_mut(name) {
            next.without(components);
            if next.is_empty() {
                self.named.remove(name);
            }
        }
    }

    /// Whether nothing is wanted, here or below.
    pub(crate) fn is_empty(&self) -> bool {
        !self.wanted && self.ends_here()
    }

    /// Whether this very place is wanted.
    pub(crate) fn is_wanted(&self) -> bool {
        self.wanted
    }

    /// Whether nothing below this place is wanted.
    pub(crate) fn ends_here(&self) -> bool {
        self.named.is_empty() && self.any.is_none()
    }

    /// The names that are wanted in this folder; `None` if any may be.
    pub(crate) fn names(&self) -> Option<impl Iterator<Item = &str>> {
        let any = self.any.is_some();
        (!any).then(|| self.named.keys().map(String::as_str))
    }

    /// What is wanted at the entry of this name and below it: by its name, and because any may be.
    pub(crate) fn at(&self, name: &str) -> impl Iterator<Item = &Self> {
        self.named.get(name).into_iter().chain(self.any.as_deref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(shapes: &Shapes, path: &str) -> bool {
        let places = path.split('/').fold(vec![shapes], |places, name| {
            places
                .into_iter()
                .flat_map(|place| place.at(name))
                .collect()
        });
        places.into_iter().any(Shapes::is_wanted)
    }

    #[test]
    fn a_path_is_wanted_if_each_component_is_given_or_any() {
        let mut shapes = Shapes::default();
        shapes.add(&PathShape::of(&[Some("a"), None, Some("c")]));
        shapes.add(&PathShape::of(&[Some("a"), Some("b")]));
        for (path, expected) in [
            ("a", false),
            ("a/b", true),
            ("a/x", false),
            ("a/b/c", true),
            ("a/x/c", true),
            ("a/x/d", false),
            ("b/x/c", false),
            ("a/x/c/d", false),
        ] {
            assert_eq!(wanted(&shapes, path), expected, "{path}");
        }
    }

    #[test]
    fn a_path_that_is_taken_out_leaves_the_others() {
        let path = |text: &str| RepoPath::parse(text).unwrap();
        let mut shapes = Shapes::default();
        for each in ["a/b", "a/b/c", "a/d"] {
            shapes.add(&PathShape::from(&path(each)));
        }
        shapes.remove(&path("a/b"));
        assert!(!wanted(&shapes, "a/b") && wanted(&shapes, "a/b/c") && wanted(&shapes, "a/d"));
        shapes.remove(&path("a/x"));
        shapes.remove(&path("a/b/c"));
        assert!(wanted(&shapes, "a/d") && !shapes.is_empty());
        shapes.remove(&path("a/d"));
        assert!(shapes.is_empty());
    }
}
