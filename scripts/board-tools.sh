#!/usr/bin/env bash
# Installs the Debian packages that building an image and booting it in QEMU need, and says what each is for:
#
#   scripts/board-tools.sh           says what is missing, then installs that, with apt-get, as root
#   scripts/board-tools.sh --list    only says what is needed, and what of it is missing
#
# They are tools of the computer that builds. What goes into the image is fetched apart and pinned in board/packages.lock.
set -euo pipefail

# Package, and what it is for.
tools='
mtools                  writes into FAT file systems without mounting them
dosfstools              makes FAT file systems: the first partition, and both slots
squashfs-tools          packs the system that the board runs, read-only
e2fsprogs               makes the data partition; looks into one and damages it, in tests
xz-utils                packs the image, and unpacks drivers
bmap-tools              writes to a card only what an image holds, for scripts/flash.sh
zstd                    unpacks images that were packed with it, for scripts/flash.sh
debian-archive-keyring  proves that the packages in the image are those of Debian
qemu-system-arm         boots the image for Raspberry Pis
qemu-system-x86         boots the image for mini PCs
qemu-utils              gives each test a disk of its own over the same image
ovmf                    is the UEFI firmware of the mini PC in QEMU
cpio                    puts a file beside those an image starts with, in tests
shellcheck              reads the shell scripts of the board for mistakes
'

case ${1-} in
  '' | --list) ;;
  *)
    echo 'It takes nothing, or --list.' >&2
    exit 2
    ;;
esac
if ! command -v dpkg-query >/dev/null; then
  echo 'This is no Debian, nor one of its kin. Install what --list names by the means of your system.' >&2
  [ "${1-}" = --list ] || exit 1
fi

missing=()
while read -r package reason; do
  [ -n "$package" ] || continue
  state=''
  if ! dpkg-query --show --showformat '${Status}' "$package" 2>/dev/null | grep -q '^install ok installed$'; then
    missing+=("$package")
    state=' (missing)'
  fi
  printf '%-23s %s%s\n' "$package" "$reason" "$state"
done <<<"$tools"

if [ ${#missing[@]} = 0 ]; then
  printf '\nAll of it is installed.\n'
  exit
fi
[ "${1-}" != --list ] || exit 0

as_root=(env) # Changes nothing.
if [ "$(id -u)" != 0 ]; then
  command -v sudo >/dev/null || {
    echo 'Only root can install them. Run this as root.' >&2
    exit 1
  }
  as_root=(sudo)
fi
printf '\nInstalling what is missing: apt-get install %s\n' "${missing[*]}"
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
echo 'Done.'
