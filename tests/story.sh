#!/bin/sh
# Tells the story of six real versions on five environments with a shell and git alone, a fresh clone for every step,
# and checks at the end which version lies where, byte for byte.
#
# usage: tests/story.sh PATH_TO_TRAINYARD DATA_FOLDER
set -eu

if [ $# -ne 2 ]; then
    echo "usage: $0 PATH_TO_TRAINYARD DATA_FOLDER" >&2
    exit 2
fi
trainyard=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
data=$(cd "$2" && pwd)
boutique=$data/online-boutique
environments='development development2 staging fakeprod-ca fakeprod-de'
versions='v0.2.0 v0.3.0 v0.4.0 v0.5.0 v0.6.0 v0.8.0'

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/home"
export HOME="$folder/home" GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null LC_ALL=C TZ=UTC
export GIT_AUTHOR_NAME='Ada Signal' GIT_AUTHOR_EMAIL=ada@signals.example
export GIT_COMMITTER_NAME='Ada Signal' GIT_COMMITTER_EMAIL=ada@signals.example

# give WORDS...: one command of the program, which has to end well.
give() {
    "$trainyard" "$@" >"$folder/said" 2>&1 || {
        echo "story: \`trainyard $*\` ended with $?:" >&2
        cat "$folder/said" >&2
        exit 1
    }
}

# step COMMAND...: runs a command in a fresh clone, as a pipeline does.
step() {
    rm -rf "$folder/clone"
    git clone -q "$folder/remote.git" "$folder/clone"
    cd "$folder/clone"
    "$@"
    cd "$folder"
}

begin() {
    git init -q --bare --initial-branch=main "$folder/remote.git"
    git clone -q "$folder/remote.git" "$folder/clone" 2>/dev/null
    cd "$folder/clone"
    git checkout -q -B main
    for environment in $environments; do
        mkdir -p "environments/$environment"
        cp "$data/kuberpult-environments/$environment/config.json" "environments/$environment/"
    done
    git add environments
    git commit -q -m 'setup: environments'
    git push -q origin main
    cd "$folder"
}

# release_all NUMBER: every app in that version, to every environment, by two teams in turn.
release_all() {
    number=$1
    version=$(echo "$versions" | cut -d ' ' -f "$number")
    commit=$(cat "$boutique/$version/COMMIT")
    team=night-shift
    for manifest in "$boutique/$version"/*.yaml; do
        app=$(basename "$manifest" .yaml)
        if [ "$team" = day-shift ]; then team=night-shift; else team=day-shift; fi
        set --
        for environment in $environments; do
            set -- "$@" --environment "$environment" --manifest "$manifest"
        done
        give release -a "$app" --version "$number" "$@" --team "$team" \
            --source-commit-id "$commit" --source-message "$app: $version" --display-version "$version"
    done
}

# train TARGET: the train, after which another one would find nothing to do.
train() {
    give release-train "$1"
    give prognosis "$1" --detailed-exitcode
}

trains() {
    train staging
    train prod
}

differences=0
differ() {
    echo "story: $*" >&2
    differences=$((differences + 1))
}

# link ENVIRONMENT APP NAME: the version that the link names, or nothing.
link() {
    place=environments/$1/applications/$2/$3
    [ ! -L "$place" ] || readlink "$place" | sed "s,^../../../../applications/$2/releases/,,"
}

# expect ENVIRONMENT APP VERSION [QUEUED]: what runs there, and what waits there.
expect() {
    found=$(link "$1" "$2" version)
    [ "$found" = "$3" ] || differ "$2 on $1 is in version '$found', not '$3'"
    found=$(link "$1" "$2" queued_version)
    [ "$found" = "${4-}" ] || differ "version '$found' of $2 waits on $1, not '${4-}'"
    [ -n "$3" ] || return 0
    told=$boutique/$(echo "$versions" | cut -d ' ' -f "$3")/$2.yaml
    lies=environments/$1/applications/$2/manifests/manifests.yaml
    cmp -s "$told" "$lies" || differ "$lies is not $told"
}

# expect_all ENVIRONMENT VERSION [BUT]: all apps there, except for one.
expect_all() {
    for manifest in "$boutique"/v0.2.0/*.yaml; do
        app=$(basename "$manifest" .yaml)
        [ "$app" = "${3-}" ] || expect "$1" "$app" "$2"
    done
}

begin

# Version 1: the first stop is closed, and opens when a train has left without anything aboard.
step give lock -e development2 --lock-id opening-day -m 'opens at noon'
step release_all 1
step train staging
step expect_all development 1
step expect development2 currencyservice '' 1
step expect staging currencyservice ''
step give unlock -e development2 --lock-id opening-day
step trains
for environment in $environments; do step expect_all "$environment" 1; done

# Version 2: an app waits on staging, a team on fakeprod-de.
step give lock -e staging -a adservice --lock-id freeze -m 'one version is skipped: "2"'
step give lock -e fakeprod-de -t night-shift --lock-id audit -m 'audit until Friday'
step give lock -e fakeprod-de -a cartservice --lock-id audit-too -m "the auditors' own"
step release_all 2
step trains
step expect staging adservice 1 2
step expect fakeprod-ca cartservice 2
step expect fakeprod-de cartservice 1 2
step expect fakeprod-de currencyservice 1 2
step expect fakeprod-de checkoutservice 2

# Version 3: two environments wait whole; then the locks go, one by one.
step give lock -e development2 --lock-id load-test -m 'load test until Friday'
step give lock -e fakeprod-ca --lock-id incident -m '#4711'
step release_all 3
step expect development2 frontend 2 3
step train development2
step give unlock -e staging -a adservice --lock-id freeze
step expect staging adservice 2
step trains
step expect fakeprod-ca adservice 1
step expect fakeprod-de adservice 2
step give unlock -e development2 --lock-id load-test
step expect_all development2 3
step give unlock -e fakeprod-de -t night-shift --lock-id audit
step expect fakeprod-de currencyservice 2
step expect fakeprod-de cartservice 1 2
step trains
step expect fakeprod-de cartservice 1 3
step give unlock -e fakeprod-de -a cartservice --lock-id audit-too
step give unlock -e fakeprod-ca --lock-id incident
step expect_all fakeprod-ca 2 adservice
step trains
for environment in $environments; do step expect_all "$environment" 3; done

# Versions 4 to 6: one app gets slow, a whole group closes and opens, one app stays behind.
step give lock -e staging -a checkoutservice --lock-id slow -m 'slow since yesterday'
step release_all 4
step trains
step give lock -g prod --lock-id closed -m inventory
step release_all 5
step trains
step expect_all fakeprod-de 4 checkoutservice
step release_all 6
step trains
step expect staging checkoutservice 3 6
step give unlock -g prod --lock-id closed
step train prod
step give unlock -e staging -a checkoutservice --lock-id slow
step give lock -e fakeprod-ca -a checkoutservice --lock-id calm -m "quarter's end"
step train prod

for environment in development development2 staging fakeprod-de; do
    step expect_all "$environment" 6
done
step expect_all fakeprod-ca 6 checkoutservice
step expect fakeprod-ca checkoutservice 3 6

if [ "$differences" -ne 0 ]; then
    echo "story: $differences differences" >&2
    exit 1
fi
echo "story: six versions of twelve apps lie on five environments as told"
