//! Whether something can be deployed: one sentence, and a list of the reasons.

use super::{Fate, escaped};
use crate::plan::view::permission::Permission;
use crate::report::text::view::permission::{reasons, verdict};

pub(super) fn lines(permission: &Permission, fate: &Fate) -> Vec<String> {
    let word = if permission.is_given() { "Yes" } else { "No" };
    let mut lines = vec![format!("**{word}**: {}", escaped(&verdict(permission)))];
    let reasons = reasons(permission, fate.now);
    if !reasons.is_empty() {
        lines.push(String::new());
    }
    lines.extend(
        reasons
            .iter()
            .map(|reason| format!("- {}", escaped(reason))),
    );
    lines
}
