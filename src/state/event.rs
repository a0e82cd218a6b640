//! The ids of events: UUIDs of version 1, whose time is that of the event and whose rest comes from what it says.

use std::fmt;

use uuid::{Builder, Uuid};

use super::Moment;
use crate::tree::Content;

/// The id of an event. The same event at the same tick has the same id; later ticks sort later by the time in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct EventId(Uuid);

impl EventId {
    /// The id of an event with this content, `ticks` of 100 ns after the beginning of the Gregorian calendar.
    pub(crate) fn new(ticks: u64, content: &str) -> Self {
        let hash = Content::new(content.as_bytes()).id().0;
        let [high, low, first, second, third, fourth, fifth, sixth, ..] = hash;
        // The multicast bit: no network card has this address.
        let node = [first | 1, second, third, fourth, fifth, sixth];
        let counter = u16::from_be_bytes([high, low]);
        Self(Builder::from_gregorian_timestamp(ticks, counter, &node).into_uuid())
    }

    /// The id in the name of a folder; `None` if it is none.
    pub(crate) fn found(name: &str) -> Option<Self> {
        Uuid::try_parse(name).ok().map(Self)
    }

    /// The instant of the event; `None` if this is no UUID with a time.
    pub(crate) fn moment(self) -> Option<Moment> {
        let (ticks, _) = self.0.get_timestamp()?.to_gregorian();
        Moment::from_ticks(ticks)
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_a_uuid_of_version_1_that_tells_its_time() {
        for instant in [
            "2024-07-22T10:00:00.123456700Z",
            "1970-01-01T00:00:00Z",
            "1582-10-15T00:00:00Z",
            "4000-01-01T00:00:00Z",
        ] {
            let ticks = Moment::parse(instant).unwrap().ticks();
            let id = EventId::new(ticks, "deployment");
            assert_eq!(id, EventId::new(ticks, "deployment"));
            assert_ne!(id, EventId::new(ticks, "replaced-by"));
            let read = Uuid::parse_str(&id.to_string()).unwrap();
            assert_eq!(read.get_version_num(), 1);
            assert_eq!(read.get_variant(), uuid::Variant::RFC4122);
            assert_eq!(EventId(read).moment(), Moment::from_ticks(ticks));
            assert_eq!(Moment::from_ticks(ticks), Moment::parse(instant).ok());
        }
    }

    #[test]
    fn the_time_stands_where_every_reader_of_version_1_looks() {
        // 0x1ef_4811_2866_a687 ticks: low, middle, version and high.
        let moment = Moment::parse("2024-07-22T10:00:00.123456789Z").unwrap();
        let id = EventId::new(moment.ticks(), "").to_string();
        assert!(id.starts_with("2866a687-4811-11ef-"), "{id}");
    }
}
