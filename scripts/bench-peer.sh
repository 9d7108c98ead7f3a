#!/usr/bin/env bash
# Measures Porchlight beside Debian's Postfix and Dovecot, on a Debian machine that does nothing else meanwhile, as root:
#
#   scripts/bench-peer.sh              five rounds, under ten minutes
#   RUNS=1 SCALE=0.1 scripts/bench-peer.sh     a quick look
#
# The packages are installed and none of their services started. Both products then run on free ports of the loopback,
# with configurations of their own in a folder under TMPDIR (/tmp) that is removed at the end.
set -euo pipefail
cd "$(dirname "$0")/.."

if [ "$(id -u)" != 0 ]; then
  echo 'Postfix and Dovecot can only be started by root.' >&2
  exit 1
fi

missing=()
for package in postfix dovecot-core dovecot-lmtpd dovecot-pop3d; do
  dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q '^install ok installed$' || missing+=("$package")
done
if [ ${#missing[@]} -gt 0 ]; then
  # A package's service starts when it is installed, unless this file forbids it.
  policy=/usr/sbin/policy-rc.d
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
    trap 'rm -f "$policy"' EXIT
  fi
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  echo 'postfix postfix/main_mailer_type select No configuration' | debconf-set-selections
  apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi

[ -x node_modules/.bin/node ] || node scripts/install.mjs
executable=dist/porchlight-linux-x64
if [ ! -x "$executable" ] || [ -n "$(find src build.mjs -newer "$executable" -print -quit)" ]; then
  node build.mjs --only x64
fi
# An executable that was just written lies in the page cache in large pieces, which all count as its memory. Read from
# the disk, as after a boot, only what it needs does.
sync "$executable"
dd if="$executable" iflag=nocache count=0 status=none

node_modules/.bin/node scripts/bench-peer.ts
