//! Rules of the protocol that a program can be built to break, one at a time, so that tests can show which of them notices. Only the
//! feature `known-bad` builds such a program; in every other one nothing here is ever so.

/// A rule that is broken on purpose. What each of them comes to is told in `docs/reliability.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Variant {
    /// The push does not say where the branch should stand.
    PushWithoutLease,
    /// The push moves the branch wherever it stands.
    PushByForce,
    /// What the remote rejected is told as refused; the remote is not asked.
    BelieveRejection,
    /// What was sent and not answered is told as refused; the remote is not asked.
    LostAnswerIsRefusal,
    /// Nothing is written down before the push.
    ForgetJournal,
    /// A lost race is planned on where the remote stood before it.
    StaleBase,
    /// A tag is pushed beside the commit, not with it.
    TagApart,
    /// What a killed command may have sent is looked for on the remote, and not kept out.
    NoFence,
    /// What the remote did not take into the inbox is told as never taken; nobody looks whether it is published.
    BelieveInboxRejection,
    /// Files are written before the index is locked.
    CheckoutBeforeLock,
    /// A lock on the index goes, whoever holds it.
    SweepForeignLock,
    /// Folders of the work tree that are links are entered.
    FollowLinks,
    /// A file is written over, whatever it holds.
    OverwriteEdits,
}

/// Whether this rule is broken.
#[cfg(not(feature = "known-bad"))]
pub(super) const fn known_bad(_: Variant) -> bool {
    false
}

#[cfg(feature = "known-bad")]
pub(crate) use chosen::choose;
#[cfg(feature = "known-bad")]
pub(super) use chosen::known_bad;

#[cfg(feature = "known-bad")]
mod chosen {
    use std::sync::OnceLock;

    use super::Variant;

    static CHOSEN: OnceLock<Variant> = OnceLock::new();

    /// Every rule that can be broken.
    const ALL: [Variant; 13] = [
        Variant::PushWithoutLease,
        Variant::PushByForce,
        Variant::BelieveRejection,
        Variant::LostAnswerIsRefusal,
        Variant::ForgetJournal,
        Variant::StaleBase,
        Variant::TagApart,
        Variant::NoFence,
        Variant::BelieveInboxRejection,
        Variant::CheckoutBeforeLock,
        Variant::SweepForeignLock,
        Variant::FollowLinks,
        Variant::OverwriteEdits,
    ];

    /// Whether this rule is broken.
    pub(in crate::git) fn known_bad(variant: Variant) -> bool {
        CHOSEN.get() == Some(&variant)
    }

    /// Chooses the rule that is broken from now on. Returns the names of all if none is called so.
    pub(crate) fn choose(name: &str) -> Result<(), String> {
        let called = |variant: &Variant| format!("{variant:?}") == name;
        let Some(variant) = ALL.into_iter().find(called) else {
            return Err(ALL.map(|variant| format!("{variant:?}")).join(" "));
        };
        CHOSEN.get_or_init(|| variant);
        Ok(())
    }
}
