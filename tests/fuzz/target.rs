//! Hands what libFuzzer makes up to the target that `FUZZ_TARGET` names.
#![no_main]

use std::sync::LazyLock;

use trainyard::fuzzing::Target;

static TARGET: LazyLock<&Target> = LazyLock::new(|| {
    let name = std::env::var("FUZZ_TARGET").unwrap_or_default();
    Target::named(&name).unwrap_or_else(|| panic!("FUZZ_TARGET is `{name}`, which is no target"))
});

libfuzzer_sys::fuzz_target!(|data: &[u8]| TARGET.run(data));
