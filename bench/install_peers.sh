#!/usr/bin/env bash
# The peers that benches measure against, from Debian's own packages.
set -eu
command -v prometheus >/dev/null && exit 0
if ! command -v apt-get >/dev/null || [ "$(id -u)" != 0 ]; then
  echo "bench: Prometheus is missing. Install Debian's package: apt-get install prometheus" >&2
  exit 1
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
# The package starts a service of its own; the bench starts its own process on a free port.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  trap 'rm -f "$policy"' EXIT
  printf '#!/bin/sh\nexit 101\n' > "$policy" && chmod +x "$policy"
fi
apt-get install -y -qq --no-install-recommends prometheus >/dev/null
