#!/usr/bin/env bash
# Puts trainyard into $FOLDER, from the archive of a release or built from the source beside this action, and on the PATH.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=common.sh
. "$here/common.sh"

# Downloads $1 to the file $2. Nothing but https is followed, save on this very machine.
download() {
  local protocols='=https'
  case $1 in
    # What stands before an `@` is no host.
    *@*) fail "\`$1\` is no https address without a user" ;;
    http://127.0.0.1[:/]* | http://localhost[:/]*) protocols='=http' ;;
    https://*) ;;
    *) fail "\`$1\` is no https address" ;;
  esac
  curl --fail --silent --show-error --location --retry 3 --max-time 300 \
    --proto "$protocols" --output "$2" --url "$1" || fail "$1 could not be downloaded"
}

# Downloads the archive of a release, and takes nothing out of it before its checksum is right.
from_archive() {
  check_version "$WANTED_VERSION"
  local name archive wanted found
  name=trainyard-$WANTED_VERSION-$(platform)
  archive=$work/$name.tar.gz
  local url=${DOWNLOAD_URL%/}/v$WANTED_VERSION/$name.tar.gz
  download "$url" "$archive"
  wanted=${WANTED_SHA256:-}
  if [ -z "$wanted" ]; then
    download "$url.sha256" "$archive.sha256"
    read -r wanted _ <"$archive.sha256" || true
  fi
  wanted=$(printf '%s' "$wanted" | tr '[:upper:]' '[:lower:]')
  [[ $wanted =~ ^[0-9a-f]{64}$ ]] || fail "the checksum of $url is no SHA-256 checksum"
  found=$(sha256 "$archive")
  found=${found%% *}
  [ "$found" = "$wanted" ] || fail "$url has the checksum $found, and $wanted was expected"
  tar -xzf "$archive" -C "$work" "$name/trainyard"
  mv "$work/$name/trainyard" "$work/trainyard"
}

# Builds the source that this action came with.
from_source() {
  command -v cargo >/dev/null || fail 'cargo is missing: give a version to install, or put Rust on this runner'
  cargo build --locked --release --manifest-path "$here/../../../Cargo.toml" --target-dir "$work/target"
  mv "$work/target/release/trainyard" "$work/trainyard"
}

if [ ! -x "$FOLDER/trainyard" ]; then
  work=$(mktemp -d "$RUNNER_TEMP/trainyard.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  if [ -n "${WANTED_VERSION:-}" ]; then
    from_archive
  else
    from_source
  fi
  mkdir -p "$FOLDER"
  chmod 755 "$work/trainyard"
  # Moved as a whole: nobody finds half of it.
  mv "$work/trainyard" "$FOLDER/trainyard"
fi
"$FOLDER/trainyard" --version
printf '%s\n' "$FOLDER" >>"$GITHUB_PATH"
