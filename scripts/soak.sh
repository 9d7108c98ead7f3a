#!/usr/bin/env bash
# Lets a server receive, give out and delete mail for a while, at many times a household's rate. Fails when its memory
# grows or is more than 110 MB, its disk holds more than 1.7 times the mail that is left, it writes more than 3.2 octets
# for each one it receives, or its event loop stands still for over 100 ms:
#
#   scripts/soak.sh [minutes [file]]   3 minutes; a sample every 10 s goes to the file, as lines of JSON
#
# PORCHLIGHT_EXECUTABLE=dist/porchlight-linux-x64 has the executable soaked, else the source. The data lies in a folder
# under TMPDIR (/tmp), which must be on a disk, and is removed at the end. A plot: scripts/soak-plot.ts.
set -euo pipefail
cd "$(dirname "$0")/.."

[ -x node_modules/.bin/node ] || node scripts/install.mjs
exec node_modules/.bin/node scripts/soak.ts "$@"
