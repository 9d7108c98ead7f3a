#!/usr/bin/env bash
# Writes a Porchlight image to a memory card or a USB disk, safely, on Linux:
#
#   scripts/flash.sh dist/porchlight-0.1.0-arm64.img.xz           lists the cards and disks it could go to
#   scripts/flash.sh dist/porchlight-0.1.0-arm64.img.xz sdb       writes it to /dev/sdb, reads it back, compares
#
# The image may be .img, .img.xz or .img.zst. A .sha256 beside it is checked, a .bmap is used where bmaptool is installed.
# Nothing is written before the name of the disk was typed.
set -euo pipefail

die() {
  printf '%s\n' "$*" >&2
  exit 1
}

if [ "$(uname -s)" != Linux ]; then
  die 'This script knows Linux only. On a Mac or Windows take Raspberry Pi Imager: "Use custom", then the .img.xz file.'
fi

# For tests only: stands before /sys, /proc and /dev.
root=${PORCHLIGHT_FLASH_ROOT:-}

# --- What a disk is -------------------------------------------------------------------------------------------------

# The first line of a file of sysfs, or nothing. A disk chooses these words itself, so only what can be printed stays.
fact() {
  local line=''
  [ -r "$1" ] && { read -r line <"$1" || true; }
  LC_ALL=C tr -cd '\040-\176' <<<"$line" | sed 's/^ *//; s/ *$//'
}

# The same, from the nearest folder above the disk that has it: a USB stick's serial number is its bus's.
fact_above() {
  local folder
  folder=$(readlink -f "$root/sys/block/$1/device" || true)
  while [ -n "$folder" ] && [ "$folder" != "$root" ]; do
    if [ -f "$folder/$2" ]; then
      fact "$folder/$2"
      return
    fi
    # Above a USB device is its hub, which is another thing with another number.
    [ ! -f "$folder/idVendor" ] || return 0
    folder=${folder%/*}
  done
}

octets() { echo $(($(fact "$root/sys/block/$1/size") * 512)); }

human() { numfmt --to=si --suffix=B --format=%.1f "$1"; }

kind() {
  case $(readlink -f "$root/sys/block/$1/device" || true) in
    */usb[0-9]*) echo USB ;;
    */mmc_host/*) [ "$(fact "$root/sys/block/$1/device/type")" = MMC ] && echo eMMC || echo 'SD card' ;;
    *) [ "$(fact "$root/sys/block/$1/removable")" = 1 ] && echo removable || echo built-in ;;
  esac
}

model() {
  local device=$root/sys/block/$1/device words
  words="$(fact "$device/vendor") $(fact "$device/model")$(fact "$device/name")"
  words=${words# }
  echo "${words:-no model told}"
}

serial() {
  local number
  number=$(fact_above "$1" serial)
  echo "${number:-no serial number told}"
}

# Names of its partitions, one a line.
partitions() {
  local folder
  for folder in "$root/sys/block/$1/$1"*; do
    [ -e "$folder/partition" ] && basename "$folder"
  done
  return 0
}

# Changes when another card is put into the same reader.
identity() { echo "$(model "$1") $(serial "$1") $(octets "$1") $(fact "$root/sys/block/$1/diskseq")"; }

# --- What speaks against it -----------------------------------------------------------------------------------------

# Where a disk or partition is mounted, one a line. Some file systems (btrfs) tell their device by its name only.
mounts() {
  local number
  number=$(fact "$root/sys/class/block/$1/dev")
  awk -v number="$number" -v source="/dev/$1" '{
    for (i = 7; $i != "-"; i++);
    if ($3 == number || $(i + 2) == source) print $5
  }' "$root/proc/self/mountinfo" | while read -r place; do printf '%b\n' "$place"; done
}

# Ends with a sentence when this disk must not be written to.
refuse_unfit() {
  local disk=$1 part place holder opened='' devices=''
  [[ $disk =~ ^[A-Za-z0-9]+$ && -b $root/dev/$disk ]] || die "There is no disk named $disk. Without a name this script lists them."
  if [ -e "$root/sys/class/block/$disk/partition" ]; then
    die "$disk is a part of a disk; the image needs the whole one. Without a name this script lists them."
  fi
  [ -d "$root/sys/block/$disk" ] || die "$disk is no disk that this computer knows."
  for part in "$disk" $(partitions "$disk"); do
    while read -r place; do
      [ "$place" != / ] || die "This computer itself runs from $disk. It stays as it is."
      opened+=", $part is open at $place"
      devices+=" /dev/$part"
    done < <(mounts "$part")
    if grep -q "^/dev/${part}[[:blank:]]" "$root/proc/swaps"; then
      die "$disk is in use: this computer swaps to $part. If it may go without, type: sudo swapoff /dev/$part"
    fi
    for holder in "$root/sys/class/block/$part/holders"/*; do
      [ ! -e "$holder" ] || die "$disk is in use: $part belongs to ${holder##*/} (LVM, RAID or encryption). It stays as it is."
    done
  done
  [ -z "$opened" ] || die "$disk is in use: ${opened#, }. If nobody needs it there, type: sudo umount$devices"
  [ "$(kind "$disk")" != built-in ] || die "$disk is built into this computer ($(model "$disk")). Only cards and USB disks are written to."
  [ "$(octets "$disk")" != 0 ] || die "There is no card in $disk."
  [ "$(fact "$root/sys/block/$disk/ro")" = 0 ] || die "$disk cannot be written to. Many cards have a small slider: push it away from \"lock\"."
  [ "$(octets "$disk")" -ge "$size" ] || die "$disk is too small: it has $(human "$(octets "$disk")"), the image needs $(human "$size")."
}

# --- The image ------------------------------------------------------------------------------------------------------

# The image as it will lie on the card.
unpacked() {
  case $image in
    *.xz) xz --decompress --stdout -- "$image" ;;
    *.zst) zstd --decompress --stdout --quiet -- "$image" ;;
    *) cat -- "$image" ;;
  esac
}

check_image() {
  local named sum sums
  [ -f "$image" ] || die "There is no file $image."
  case $image in
    *.img) ;;
    *.img.xz) command -v xz >/dev/null || die 'This image is packed with xz, which is not installed. On Debian type: sudo apt install xz-utils' ;;
    *.img.zst) command -v zstd >/dev/null || die 'This image is packed with zstd, which is not installed. On Debian type: sudo apt install zstd' ;;
    *.update) die 'This is an update. It goes to a Porchlight that runs: type update at its console.' ;;
    *) die "$image is no image: its name ends in .img, .img.xz or .img.zst." ;;
  esac
  named=''
  for sums in "$image.sha256" "$(dirname -- "$image")"/{*.sha256,SHA256SUMS}; do
    [ ! -f "$sums" ] || named=$(awk -v name="${image##*/}" '{ sub(/^\*/, "", $2) } $2 == name { print $1; exit }' "$sums")
    [ -z "$named" ] || break
  done
  if [ -n "$named" ]; then
    echo "Checking ${image##*/} ..."
    sum=$(sha256sum <"$image")
    [ "${sum%% *}" = "$named" ] || die "$image is damaged: its checksum is not the one in $sums. Fetch it again."
  else
    echo "No .sha256 file beside ${image##*/} names it, so nobody can tell whether it came whole."
  fi
  size=$(unpacked | wc -c) || die "$image is damaged: it cannot be unpacked. Fetch it again."
  # The two octets every disk with partitions has at the end of its first sector.
  if [ $((size % 512)) != 0 ] || [ "$(unpacked 2>/dev/null | head -c 512 | tail -c 2 | od -An -tx1)" != ' 55 aa' ]; then
    die "$image is no image of a disk, or not all of it."
  fi
}

# The block map of the image, where it can be used: the name of a file, or nothing.
block_map() {
  local map=${image%.xz}
  map=${map%.zst}.bmap
  if command -v bmaptool >/dev/null && [ -f "$map" ] && grep -q '<ChecksumType> *sha256 *<' "$map"; then echo "$map"; fi
}

# --- Writing and reading back ---------------------------------------------------------------------------------------

# Keeps udev from looking at the card while it is written and compared: a desktop would open what it finds, and change it.
# It lasts until this script ends, however it ends.
hold_card() {
  # shellcheck disable=SC2016 # The inner shell's words.
  coproc holder { "${as_root[@]}" flock --exclusive --timeout 30 "$node" sh -c 'echo held; exec cat'; }
  read -r _ <&"${holder[0]}"
}

write_card() {
  if [ -n "$map" ]; then
    "${as_root[@]}" bmaptool copy --bmap "$map" -- "$image" "$node"
  else
    unpacked | "${as_root[@]}" dd of="$node" bs=4M iflag=fullblock oflag=direct conv=fsync,nocreat status=progress
  fi
}

# Octets of the card itself, past every cache: from, how many.
read_card() {
  "${as_root[@]}" dd if="$node" bs=4M iflag=direct,fullblock,skip_bytes,count_bytes skip="$1" count="$2" status="$3"
}

# Succeeds when the card gives back what was written; of a block map only what it names was.
compare_card() {
  if [ -z "$map" ]; then
    read_card 0 "$size" progress | cmp -s -- - <(unpacked)
    return
  fi
  local block sum first last start end
  block=$(sed -n 's/.*<BlockSize> *\([0-9]*\) *<.*/\1/p' "$map")
  while read -r sum first last; do
    start=$((first * block))
    end=$(((${last:-first} + 1) * block))
    [ "$end" -le "$size" ] || end=$size
    [ "$(read_card "$start" $((end - start)) none | sha256sum)" = "$sum  -" ] || return 1
  done < <(sed -n 's/.*<Range chksum="\([0-9a-f]*\)"> *\([0-9]*\)-*\([0-9]*\) *<.*/\1 \2 \3/p' "$map")
}

# --- The conversation -----------------------------------------------------------------------------------------------

list_disks() {
  local folder disk found=no
  for folder in "$root/sys/block"/*; do
    disk=${folder##*/}
    case $disk in loop* | ram* | zram* | dm-* | md* | sr* | nbd* | mmcblk*boot* | mmcblk*rpmb) continue ;; esac
    if [ "$(kind "$disk")" = built-in ] || [ "$(octets "$disk")" = 0 ]; then continue; fi
    [ "$found" = yes ] || printf '\nCards and disks that it could go to:\n\n'
    found=yes
    printf '  %-9s %9s  %-9s %s, %s\n' "$disk" "$(human "$(octets "$disk")")" "$(kind "$disk")" "$(model "$disk")" "$(serial "$disk")"
  done
  if [ "$found" = yes ]; then
    printf '\nTo write to one of them, type this with its name at the end:\n\n  %s %s NAME\n' "$0" "$image"
  else
    printf '\nNo card and no USB disk is here. Put one in, and run this again.\n'
  fi
}

show_disk() {
  local disk=$1 part content
  printf '\n  %s: %s, %s, %s\n  serial number: %s\n' \
    "$disk" "$(model "$disk")" "$(kind "$disk")" "$(human "$(octets "$disk")")" "$(serial "$disk")"
  for part in $(partitions "$disk"); do
    content=$(lsblk --noheadings --nodeps --raw --output FSTYPE,LABEL "$root/dev/$part" 2>/dev/null || true)
    printf '  %s: %s %s\n' "$part" "$(human $(($(fact "$root/sys/class/block/$part/size") * 512)))" "$content"
  done
  printf '\nEverything on it will be lost.\n'
}

if [ $# -lt 1 ] || [ $# -gt 2 ] || [ "${1#-}" != "$1" ]; then
  sed -n '2,/^set/{ /^#/s/^#\( \|$\)//p; }' "$0" >&2
  exit 2
fi

image=$1
check_image
if [ $# = 1 ]; then
  list_disks
  exit
fi

case $2 in
  /dev/disk/*) disk=$(readlink -f -- "$2") ;; # Names that udev made, such as by-id/usb-Generic_Reader-0:0.
  *) disk=$2 ;;
esac
disk=${disk#/dev/}
node=$root/dev/$disk
refuse_unfit "$disk"
was=$(identity "$disk")
show_disk "$disk"
printf 'To go on, type %s and press Enter: ' "$disk"
read -r typed || true
[ "$typed" = "$disk" ] || die 'That is not its name. Nothing was written.'

# Meanwhile a desktop may have opened it, or somebody changed the card.
refuse_unfit "$disk"
[ "$was" = "$(identity "$disk")" ] || die 'Another card is in it now. Nothing was written.'

as_root=(env) # Changes nothing.
if [ ! -w "$node" ]; then
  command -v sudo >/dev/null || die "You may not write to $disk. Run this as root. Nothing was written."
  as_root=(sudo)
  sudo -v || die "Without the right of root $disk cannot be written to. Nothing was written."
fi
map=$(block_map)

half="$disk is half written and will not start. Run this again."
trap 'trap - INT TERM; echo; die "Stopped. $half"' INT TERM
printf '\nWriting %s. Leave it in until this is done.\n' "$(human "$size")"
hold_card || die "Another program works on $disk. Nothing was written."
write_card || die "$disk could not be written to. $half If it fails again, take another card."
sync
"${as_root[@]}" blockdev --flushbufs "$node"
printf '\nReading it back.\n'
compare_card || die "$disk did not keep what was written to it: it is worn out, or smaller than it says. Do not use it."
trap - INT TERM

cat <<TEXT

Done: $disk holds Porchlight, octet for octet. You can take it out.

If you like, put settings on it beforehand: take it out and in again, and edit porchlight.toml on the drive PORCHLIGHT.
Then put it into the board, plug in the network and the power, and sit down at its console: "The first time" in README.md
says how.
TEXT
