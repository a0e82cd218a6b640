//! Instants, ages, and the ids that tell a time.

use super::{assert_one_line, text};
use crate::state::{EventId, Moment, When};

/// Everything that reads a point in time.
pub(super) fn instants(data: &[u8]) {
    let value = &*text(data);
    let now = Moment::of_seconds(1_721_642_400);
    match Moment::parse(value) {
        Ok(moment) => survives(moment, now),
        Err(error) => assert_one_line(&error.to_string()),
    }
    if let Some(moment) = Moment::parse_go_utc(value) {
        survives(moment, now);
    }
    match value.parse::<When>() {
        Ok(when) => match when.instant(now) {
            Ok(moment) => survives(moment, now),
            Err(error) => assert_one_line(&error.to_string()),
        },
        Err(error) => assert_one_line(&error.to_string()),
    }
    if let Some(moment) = EventId::found(value).and_then(EventId::moment) {
        survives(moment, now);
    }
}

/// An instant is written in every form, and read back from those that keep all of it.
fn survives(moment: Moment, now: Moment) {
    assert_eq!(Moment::parse(&moment.to_exact()).unwrap(), moment);
    assert_eq!(Moment::parse_go_utc(&moment.to_go_utc()), Some(moment));
    let whole = Moment::parse(&moment.to_seconds()).unwrap();
    assert!(moment.seconds().abs_diff(whole.seconds()) <= 1);
    assert_one_line(&moment.to_go_log());
    assert_one_line(&moment.age(now));
    let event = EventId::new(moment.ticks(), "deployment");
    assert_eq!(EventId::found(&event.to_string()), Some(event));
    let _ = event.moment();
    assert_eq!(
        Moment::of_seconds(moment.seconds()).seconds(),
        moment.seconds()
    );
}
