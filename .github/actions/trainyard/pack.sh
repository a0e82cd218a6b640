#!/usr/bin/env bash
# Packs the program $1 as the archive of the version $2 for this kind of machine, with its checksum beside it, into the folder $3.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=common.sh
. "$here/common.sh"

program=$1 version=$2 folder=$3
check_version "$version"
name=trainyard-$version-$(platform)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/$name" "$folder"
cp "$program" "$work/$name/trainyard"
cp "$here/../../../LICENSE" "$here/../../../README.md" "$work/$name/"
tar -czf "$folder/$name.tar.gz" -C "$work" "$name"
cd "$folder"
sha256 "$name.tar.gz" >"$name.tar.gz.sha256"
