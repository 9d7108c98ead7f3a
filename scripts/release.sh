#!/usr/bin/env bash
# Makes a release: executables, images to flash, and updates that boxes in their households accept.
#
#   PORCHLIGHT_KEY=FILE scripts/release.sh            builds all of it from what is committed, into dist/
#   PORCHLIGHT_KEY=FILE scripts/release.sh --new-key  only makes the maker's key: once in the life of all boxes
#
# The maker's key signs updates. Its public half is in every image, and a box installs nothing else. Without
# PORCHLIGHT_KEY it is looked for in ~/.config/porchlight/maker.key. It never lies inside of the repository.
set -euo pipefail

die() {
  printf '%s\n' "$*" >&2
  exit 1
}

root=$(cd "$(dirname "$0")/.." && pwd -P)
key=${PORCHLIGHT_KEY:-${HOME:-/root}/.config/porchlight/maker.key}
pack=("$root/node_modules/.bin/node" "$root/scripts/pack-update.ts")

case ${1-} in
  '' | --new-key) ;;
  *) die 'It takes nothing, or --new-key.' ;;
esac

# --- The key --------------------------------------------------------------------------------------------------------

# Where it really lies: a link may lead into the repository, or out of it.
real=$(realpath -m "$key")
case $real/ in
  "$root"/*) die "The key would lie inside of the repository, at $real. Set PORCHLIGHT_KEY to a file outside of it." ;;
esac
[ -x "${pack[0]}" ] || die 'First: npm ci'
if [ "${1-}" = --new-key ]; then
  [ ! -e "$real" ] || die "There is a key at $real already. A new one would lock out every box that has the old one."
  "${pack[@]}" --new-key "$real"
  printf 'Made the key %s.\n' "$real"
  printf 'Keep a copy where fire and theft do not reach it: without it no box can be updated any more,\n'
  printf 'and whoever has it can have any box install anything. Now: scripts/release.sh\n'
  exit 0
fi
[ -f "$real" ] || die "There is no maker's key at $real. To make one: scripts/release.sh --new-key"
case $(stat -c %a "$real") in
  *00) ;;
  *) die "Others may read $real. First: chmod 600 '$real'" ;;
esac

# --- What is released -----------------------------------------------------------------------------------------------

cd "$root"
[ -z "$(git status --porcelain)" ] || die 'There are changes that are not committed. A release is what everybody can look up.'
version=$("${pack[0]}" -p 'require("./package.json").version')
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export SOURCE_DATE_EPOCH

mkdir -p dist
# The pair for development would sign what no box of this release accepts.
rm -f dist/update.key
"${pack[@]}" --key "$real" --public dist/update.pub
npm run build
npm run image

files=()
for arch in arm64 amd64; do
  update=porchlight-$version-$arch.update
  "${pack[@]}" "dist/slot-$arch.img" --key "$real" --out "dist/$update" --arch "$arch" \
    --version "$version" --built "$SOURCE_DATE_EPOCH"
  image=porchlight-$version-$arch.img
  files+=("$update" "$image.xz" "$image.bmap" "$image.sha256")
done
files+=(os_list.json porchlight-linux-arm64 porchlight-linux-x64 LICENSES.txt)

cd dist
sha256sum "${files[@]}" >SHA256SUMS
printf '\nTo publish, all from dist/:\n'
printf '  %s\n' SHA256SUMS "${files[@]}"
