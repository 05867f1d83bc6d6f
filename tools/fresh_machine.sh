#!/usr/bin/env bash
# Runs commands in a bare Debian 12 that holds nothing but a copy of this repository, to prove what the README says.
#
#   tools/fresh_machine.sh [--working-tree] [--root DIR] COMMAND [ARGUMENT...]
#   tools/fresh_machine.sh ./dev demo --seconds 30
#   tools/fresh_machine.sh bash -c './dev test && time ./dev demo --seconds 5'
#
#   --working-tree  copies the files as they are now (what .gitignore names left out) instead of the last commit
#   --root DIR      keeps the system in DIR, and goes on with it the next time; without, it is made anew and removed
#
# Wants root and debootstrap. Package mirrors, name servers, proxies, certificates and npm's registry are this
# machine's own; nothing else of it is seen inside.
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."

release=bookworm
copy=commit root='' keep=''

fail() { printf 'fresh_machine: %s\n' "$*" >&2 && exit 1; }

parse() {
  while [[ ${1:-} == --* ]]; do
    case $1 in
      --working-tree) copy=working_tree ;;
      --root) root=${2:?--root needs a folder} keep=yes && shift ;;
      *) fail "unknown option $1" ;;
    esac
    shift
  done
  [[ $# -gt 0 ]] || fail "say which command to run"
  command=("$@")
}

# The mirrors of the release that apt uses here: "URI SUITE COMPONENT" lines.
mirrors() {
  # shellcheck disable=SC2016  # apt expands these
  apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Identifier: Packages' |
    awk -v release="$release" '$2 ~ "^" release' | sort -u
}

make_root() {
  local mirror
  mirror=$(mirrors | awk -v release="$release" '$2 == release { print $1; exit }')
  [[ -n $mirror ]] || fail "apt here knows no mirror of $release"
  command -v debootstrap >/dev/null || fail "debootstrap is missing: apt-get install debootstrap"
  echo "fresh_machine: making a bare $release in $root"
  debootstrap --variant=minbase "$release" "$root/debian" "$mirror" >"$root/debootstrap.log" 2>&1 ||
    { tail "$root/debootstrap.log" && fail "debootstrap failed"; }
  mirrors | sed 's/^/deb /' >"$root/debian/etc/apt/sources.list"
  apt-config dump | grep '^Acquire::' | grep -v '^Acquire::IndexTargets' >"$root/debian/etc/apt/apt.conf.d/90machine"
  cp --dereference /etc/resolv.conf /etc/hosts "$root/debian/etc/"
}

copy_repository() {
  local to=$root/debian/repository
  mkdir -p "$to"
  if [[ $copy == commit ]]; then
    git archive HEAD | tar -x -C "$to"
  else
    git ls-files --cached --others --exclude-standard -z |
      tar --null --files-from=- --ignore-failed-read -c | tar -x -C "$to"
  fi
}

# What a person would set up once on a machine behind this network, as environment variables for inside.
network_settings() {
  local name value
  for name in http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY; do
    [[ -z ${!name:-} ]] || printf '%s=%s\n' "$name" "${!name}"
  done
  command -v npm >/dev/null || return 0
  for name in registry proxy https-proxy; do
    value=$(npm config get "$name" 2>/dev/null)
    [[ -z $value || $value == null ]] || printf 'npm_config_%s=%s\n' "${name//-/_}" "$value"
  done
  value=$(npm config get cafile 2>/dev/null)
  [[ -r $value ]] || return 0
  install -D --mode=644 "$value" "$root/debian/usr/local/etc/machine-certificates.pem"
  printf 'npm_config_cafile=/usr/local/etc/machine-certificates.pem\n'
}

# A mount and process namespace of its own: when the command ends, so do its mounts and whatever it left running.
run_inside() {
  local -a settings
  mapfile -t settings < <(network_settings)
  # shellcheck disable=SC2016  # expanded inside
  unshare --mount --pid --fork --kill-child bash -euc '
    root=$1 && shift
    mount -t proc proc "$root/proc"
    mount --rbind /sys "$root/sys"
    mount --rbind /dev "$root/dev"
    exec chroot "$root" "$@"' inside "$root/debian" \
    env -i HOME=/root TERM="${TERM:-dumb}" PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    "${settings[@]}" bash -c 'cd /repository && exec "$@"' run "${command[@]}"
}

main() {
  parse "$@"
  [[ $EUID -eq 0 ]] || fail "run this as root"
  if [[ -z $root ]]; then
    root=$(mktemp -d /var/tmp/fresh-machine-XXXXXX)
  else
    mkdir -p "$root" && root=$(readlink -f "$root")
  fi
  trap '[[ -n $keep ]] || rm -rf --one-file-system "$root"' EXIT
  [[ -e $root/debian/etc/apt/apt.conf.d/90machine ]] || make_root
  copy_repository
  run_inside
}

main "$@"
