#!/usr/bin/env bash
# Says where trainyard belongs on this runner: `folder`, and for a build from source `key`, which differs for any other source.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=common.sh
. "$here/common.sh"

platform=$(platform)
if [ -n "${WANTED_VERSION:-}" ]; then
  check_version "$WANTED_VERSION"
  name=$WANTED_VERSION
else
  cd "$here/../../.."
  # What the program is made of; `docs` holds the schemas that are part of it.
  find Cargo.toml Cargo.lock src docs -type f | LC_ALL=C sort | while IFS= read -r file; do
    printf '%s\n' "$file"
    cat "$file"
  done >"$RUNNER_TEMP/trainyard-sources"
  name=$(sha256 "$RUNNER_TEMP/trainyard-sources")
  name=source-${name:0:20}
fi
{
  printf 'folder=%s/trainyard/%s\n' "$RUNNER_TEMP" "$name"
  printf 'key=trainyard-%s-%s\n' "$platform" "$name"
} >>"$GITHUB_OUTPUT"
