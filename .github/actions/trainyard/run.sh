#!/usr/bin/env bash
# Runs $FOLDER/trainyard with the words of $COMMAND_LINE.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=common.sh
. "$here/common.sh"
# shellcheck source=words.sh
. "$here/words.sh"

split "$COMMAND_LINE"
# As people write it.
if [ "${words[0]-}" = trainyard ]; then
  words=("${words[@]:1}")
fi
exec "$FOLDER/trainyard" ${words[@]+"${words[@]}"}
