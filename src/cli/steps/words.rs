//! What a step is called once it is done.

/// As in "asked", for what was "asking" while it was under way.
pub(super) fn did(doing: &str) -> &str {
    match doing {
        "asking" => "asked",
        "bringing" => "brought",
        "checking" => "checked",
        "fetching" => "fetched",
        "looking at" => "looked at",
        "looking back" => "looked back",
        "looking up" => "looked up",
        "opening" => "opened",
        "planning" => "planned",
        "pushing" => "pushed",
        "reading" => "read",
        "removing" => "removed",
        "rendering" => "rendered",
        "sending" => "sent",
        "settling" => "settled",
        "signing" => "signed",
        "telling" => "told",
        "verifying" => "verified",
        "waiting" => "waited",
        "writing" => "wrote",
        // A test sees to it that there is none of ours.
        unknown => unknown,
    }
}
