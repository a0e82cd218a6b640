//! Trains that take what ran upstream at an earlier point.

use super::*;
use crate::plan::{Past, Refusal, Source};

/// What a train says and does on this state with the versions of that one.
fn told_as_of(now: &World, then: &World, request: &Train) -> Vec<String> {
    let context = context();
    let source = Source {
        name: "v1".parse().unwrap(),
        commit: "a".repeat(40).parse().unwrap(),
    };
    let pasts = [Past {
        source: &source,
        tree: &then.0,
    }];
    let ground = Ground::survey(&now.0, &context).unwrap().with_pasts(&pasts);
    let request = Train {
        source: "v1".parse().ok(),
        ..request.clone()
    };
    let prognosis = prognose(&now.0, &ground, &request);
    if let Ok(prognosis) = &prognosis {
        assert_eq!(prognosis.limits(), ", as of v1 (aaaaaaaaaa)");
        let mut draft = Draft::on(&now.0);
        let run = depart(&mut draft, &ground, prognosis.clone()).unwrap();
        assert_eq!(&run.prognosis, prognosis);
        assert_eq!(
            prognosis.changes_something(),
            !draft.into_changes().is_empty()
        );
    }
    told(prognosis)
}

#[test]
fn it_takes_what_ran_upstream_then_and_decides_all_else_now() {
    let now = world().runs("dev", "web", 3);
    assert_eq!(
        told_as_of(&now, &world(), &to("staging")),
        ["staging web: 2"]
    );
    let there = world().runs("staging", "web", 2);
    assert_eq!(
        told_as_of(&there, &world(), &to("staging")),
        ["staging web: APP_ALREADY_IN_UPSTREAM_VERSION"]
    );
    let locked_then = world().locked(WEB, "l-1");
    assert_eq!(
        told_as_of(&now, &locked_then, &to("staging")),
        ["staging web: 2"]
    );
    let locked_now = now.clone().locked(WEB, "l-1");
    assert_eq!(
        told_as_of(&locked_now, &world(), &to("staging")),
        ["staging web: APP_IS_LOCKED"]
    );
    let config = r#"{"upstream":{"latest":true}}"#;
    let latest_now = now.clone().config("staging", config);
    assert_eq!(
        told_as_of(&latest_now, &world(), &to("staging")),
        ["staging web: 3"]
    );
    let fewer_then = World::of(&[("dev", "latest")]).release("web", 1, &["dev"]);
    assert_eq!(
        told_as_of(&latest_now, &fewer_then, &to("staging")),
        ["staging web: APP_ALREADY_IN_UPSTREAM_VERSION"]
    );
}

#[test]
fn only_apps_that_were_there_then_ride_along() {
    let now = world()
        .release("api", 1, &["dev", "staging"])
        .runs("dev", "api", 1);
    assert_eq!(
        told_as_of(&now, &world(), &to("staging")),
        ["staging web: 2"]
    );
}

#[test]
fn a_release_that_is_gone_by_now_is_skipped_and_the_rest_rides() {
    let then = world()
        .release("api", 1, &["staging"])
        .runs("dev", "api", 1)
        .release("shop", 1, &["staging"])
        .runs("dev", "shop", 1);
    let now = world().release("api", 2, &["staging"]);
    let expected = [
        "staging api: APP_RELEASE_IS_GONE",
        "staging shop: APP_RELEASE_IS_GONE",
        "staging web: 2",
    ];
    assert_eq!(told_as_of(&now, &then, &to("staging")), expected);
}

#[test]
fn another_release_under_the_same_number_is_not_the_one_of_then() {
    let again = "applications/web/releases/2/created_at";
    let now = world().file(again, "2027-01-01T00:00:00Z");
    assert_eq!(
        told_as_of(&now, &world(), &to("staging")),
        ["staging web: APP_RELEASE_IS_GONE"]
    );
}

#[test]
fn where_there_were_no_environments_nothing_is_taken() {
    let then = World::default().file("README.md", "x");
    let refused = told_as_of(&world(), &then, &to("staging"));
    assert_eq!(refused, ["there are no environments at v1 (aaaaaaaaaa)"]);
    let context = context();
    let source = Source {
        name: "aaaaaaa".parse().unwrap(),
        commit: "a".repeat(40).parse().unwrap(),
    };
    let pasts = [Past {
        source: &source,
        tree: &then.0,
    }];
    let world = world();
    let ground = Ground::survey(&world.0, &context)
        .unwrap()
        .with_pasts(&pasts);
    let request = Train {
        source: "aaaaaaa".parse().ok(),
        ..to("staging")
    };
    let error = prognose(&world.0, &ground, &request).unwrap_err();
    assert_eq!(error.to_string(), "there are no environments at aaaaaaaaaa");
    assert!(error.downcast_ref::<Refusal>().unwrap().hint().is_some());
}

#[test]
fn an_environment_that_was_not_there_then_brings_nothing() {
    let then = World::of(&[("other", "latest")]);
    assert_eq!(told_as_of(&world(), &then, &to("staging")), [""; 0]);
}
