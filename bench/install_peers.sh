#!/usr/bin/env bash
# The peers that benches measure against, from Debian's own packages.
set -eu
missing=""
for peer in prometheus victoria-metrics; do
  command -v "$peer" >/dev/null || missing="$missing $peer"
done
[ -n "$missing" ] || exit 0
if ! command -v apt-get >/dev/null || [ "$(id -u)" != 0 ]; then
  echo "bench: missing:$missing. Install Debian's packages: apt-get install$missing" >&2
  exit 1
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
# The packages start services of their own; the bench starts its own processes on free ports.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  trap 'rm -f "$policy"' EXIT
  printf '#!/bin/sh\nexit 101\n' > "$policy" && chmod +x "$policy"
fi
# shellcheck disable=SC2086 # a list
apt-get install -y -qq --no-install-recommends $missing >/dev/null
