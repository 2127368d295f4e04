# Shared by scripts/run and scripts/test: says what it does, installs what is missing, builds with progress.
# shellcheck shell=bash

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
REPO=$PWD

if [ -t 1 ]; then BOLD=$'\e[1m'; PLAIN=$'\e[0m'; else BOLD=; PLAIN=; fi
started=$SECONDS
say() { printf '%s[%3ds] %s%s\n' "$BOLD" "$((SECONDS - started))" "$*" "$PLAIN"; }
die() { printf 'error: %s\n' "$*" >&2; exit 1; }

need_root() { [ "$(id -u)" = 0 ] || die "run this as root: it installs packages and starts services under users of their own"; }

# What is installed for us is started by us alone: no service of it runs, and PostgreSQL makes no database of its own.
hold_services() {
  local held
  for held in /usr/sbin/policy-rc.d /etc/postgresql-common/createcluster.d/redflag.conf; do
    [ ! -e "$held" ] || continue
    mkdir -p "$(dirname "$held")"
    HELD_FILES+=("$held")
  done
  trap release_services EXIT
  for held in "${HELD_FILES[@]}"; do
    case $held in
      */policy-rc.d) printf '#!/bin/sh\nexit 101\n' >"$held"; chmod 755 "$held" ;;
      *) echo "create_main_cluster = false" >"$held" ;;
    esac
  done
}

release_services() {
  rm -f "${HELD_FILES[@]}"
  HELD_FILES=()
  trap - EXIT
}

# need_packages FILE…: installs the packages that are named there and not on this machine.
need_packages() {
  local wanted missing
  wanted=$(sed -e 's/#.*//' "$@" | tr -s ' \n' '\n' | sed '/^$/d')
  # shellcheck disable=SC2086
  missing=$(comm -23 <(printf '%s\n' $wanted | sort -u) \
    <(dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n' 2>/dev/null | sed -n 's/^ii *//p' | sort -u))
  # Node from elsewhere than Debian brings its own npm.
  command -v npm >/dev/null && missing=$(printf '%s\n' "$missing" | grep -vx npm || true)
  [ -z "$missing" ] && return 0
  say "Installing $(printf '%s\n' "$missing" | wc -l) packages: $(printf '%s' "$missing" | tr '\n' ' ')"
  apt-get update -q 2>&1 | tail -n 1
  HELD_FILES=()
  hold_services
  # shellcheck disable=SC2086
  DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends $missing >"$(log packages)" 2>&1 ||
    { tail -n 20 "$(log packages)" >&2; die "apt-get install failed; the whole output is in $(log packages)"; }
  release_services
}

log() { mkdir -p "$REPO/build/logs"; printf '%s/build/logs/%s.log' "$REPO" "$1"; }

# The browser application wants a newer Node than Debian 12 has; the npm package "node" carries one.
need_node() {
  local major
  major=$(node --version 2>/dev/null | sed 's/^v\([0-9]*\).*/\1/')
  if [ "${major:-0}" -lt 20 ]; then
    if [ ! -x build/node/node_modules/node/bin/node ]; then
      say "Fetching Node 22 (this machine has ${major:-none})"
      npm install --silent --no-fund --no-audit --prefix build/node node@22 >"$(log node)" 2>&1 ||
        { tail -n 20 "$(log node)" >&2; die "npm could not install the package 'node'"; }
    fi
    export REDFLAG_NODE_BIN=$REPO/build/node/node_modules/node/bin
    export PATH=$REDFLAG_NODE_BIN:$PATH
  fi
}

# build PRESET [TARGET…]: ninja's own progress on a terminal, a line for each tenth of the work elsewhere.
build() {
  local preset=$1
  shift
  if [ ! -f "build/$preset/build.ninja" ]; then
    say "Configuring ($preset)"
    cmake --preset "$preset" >"$(log "configure-$preset")" 2>&1 ||
      { tail -n 30 "$(log "configure-$preset")" >&2; die "cmake failed"; }
  fi
  say "Building ($preset)"
  if [ -t 1 ]; then
    cmake --build --preset "$preset" ${@:+--target "$@"} || die "the build failed"
  else
    cmake --build --preset "$preset" ${@:+--target "$@"} 2>&1 | tee "$(log "build-$preset")" |
      awk -F'[][/]' '/^\[[0-9]+\/[0-9]+\]/ { step = int($2 * 10 / $3); if (step != last) { printf "       %d %%  (%d of %d)\n", step * 10, $2, $3; fflush(); last = step } next } /error|FAILED|warning:/ { print; fflush() }'
    [ "${PIPESTATUS[0]}" = 0 ] || { tail -n 40 "$(log "build-$preset")" >&2; die "the build failed"; }
  fi
}
