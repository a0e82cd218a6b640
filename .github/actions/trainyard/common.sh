# shellcheck shell=bash
# What the scripts of this folder share. To be read by them, not run.

# Ends the step with an error that a person sees.
fail() {
  local text=$1
  text=${text//'%'/%25}
  text=${text//$'\r'/%0D}
  text=${text//$'\n'/%0A}
  printf '::error title=trainyard::%s\n' "${text//'##['/'#['}" >&2
  exit 1
}

# Fails unless $1 can be the number of a release. It becomes part of paths and addresses.
check_version() {
  [[ $1 =~ ^[0-9][0-9A-Za-z.+-]*$ ]] || fail "\`$1\` is no version: one such as 0.1.0 is needed"
}

# The name of this kind of machine in the names of archives.
platform() {
  local system machine
  case ${RUNNER_OS:-$(uname -s)} in
    Linux) system=linux ;;
    macOS | Darwin) system=macos ;;
    *) fail "there is no release for this system: $(uname -s)" ;;
  esac
  case ${RUNNER_ARCH:-$(uname -m)} in
    X64 | x86_64) machine=x86_64 ;;
    ARM64 | aarch64 | arm64) machine=aarch64 ;;
    *) fail "there is no release for this machine: $(uname -m)" ;;
  esac
  printf '%s-%s' "$machine" "$system"
}

# The SHA-256 checksum of each file, as lines `checksum  file`.
sha256() {
  if command -v sha256sum >/dev/null; then
    sha256sum -- "$@"
  else
    shasum -a 256 -- "$@"
  fi
}
