//! Where colours go, and how steps and warnings are told on stderr.

use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use super::{Color, Global};

/// Colours as asked for; warnings, and with `-v` each step, on stderr.
pub(super) fn set_up(global: &Global) {
    let choice = match global.color {
        Color::Auto => anstream::ColorChoice::Auto,
        Color::Always => anstream::ColorChoice::Always,
        Color::Never => anstream::ColorChoice::Never,
    };
    choice.write_global();
    let level = match (global.quiet, global.verbose) {
        (true, _) => tracing::Level::ERROR,
        (false, true) => tracing::Level::INFO,
        (false, false) => tracing::Level::WARN,
    };
    // A second call, as the demo makes, keeps the first setting.
    let _ = tracing_subscriber::fmt()
        .with_max_level(level)
        // It would panic where stderr is a closed pipe.
        .log_internal_errors(false)
        .with_writer(std::io::stderr)
        .event_format(Plain)
        .try_init();
}

/// A step as it is; a warning as every other warning is told.
struct Plain;

impl<S, N> FormatEvent<S, N> for Plain
where
    S: tracing::Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &tracing::Event<'_>,
    ) -> std::fmt::Result {
        if *event.metadata().level() == tracing::Level::WARN {
            write!(writer, "warning: ")?;
        }
        context.format_fields(writer.by_ref(), event)?;
        writeln!(writer)
    }
}
