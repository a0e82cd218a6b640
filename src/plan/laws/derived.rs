//! Laws of derived files: rendering writes them and nothing else, and after it all is in step.

use std::cell::Cell;

use super::hold;
use super::picture::Picture;
use super::repository::repositories;
use crate::plan::render::{RenderTarget, check, render};
use crate::plan::world::{context, run};
use crate::plan::{Done, Ground, Outcome};
use crate::tree::MemoryTree;

/// The paths that a check names.
fn faults(tree: &MemoryTree) -> Option<Vec<String>> {
    let context = context();
    let ground = Ground::survey(tree, &context).ok()?;
    let Outcome { done, .. } = check(tree, &ground, &RenderTarget::All).unwrap();
    let Done::RenderChecked(rendered) = done else {
        panic!("a check comes to a check");
    };
    Some(rendered.files.keys().map(ToString::to_string).collect())
}

#[test]
fn rendering_writes_what_the_check_names_and_then_all_is_in_step() {
    let written = Cell::new(0);
    hold(400, &repositories(), |repository| {
        let before = repository.world().0;
        let Some(faults) = faults(&before) else {
            return;
        };
        let mut after = before.clone();
        run(&mut after, |draft, ground| {
            render(draft, ground, &RenderTarget::All)
        })
        .unwrap();
        let (old, new) = (before.listing(), after.listing());
        let changed = new
            .iter()
            .filter(|(path, text)| old.get(*path) != Some(text));
        let changed: Vec<_> = changed.map(|(path, _)| path.clone()).collect();
        assert_eq!(changed, faults);
        assert!(
            old.keys().all(|path| new.contains_key(path)),
            "nothing goes"
        );
        let derived = |path: &String| {
            path.starts_with("argocd/v1alpha1/") || path.ends_with("/manifests/manifests.yaml")
        };
        assert!(changed.iter().all(derived), "{changed:?}");
        assert_eq!(self::faults(&after), Some(Vec::new()));
        let picture = Picture::of(&after);
        for ((environment, app), link) in &picture.runs {
            let place = (environment.clone(), app.clone());
            let number = picture.leads(app, link);
            let manifest =
                number.and_then(|number| picture.releases[app][&number].get(environment));
            if let Some(manifest) = manifest.filter(|_| !picture.keeps_manifest(&place)) {
                let expected = if manifest.is_empty() { " " } else { manifest };
                assert_eq!(picture.applied[&place], expected, "{place:?}");
            }
        }
        written.set(written.get() + changed.len());
    });
    assert!(written.get() > 400, "{}", written.get());
}
