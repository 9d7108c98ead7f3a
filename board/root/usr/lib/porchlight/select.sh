#!/bin/sh
# The first partition: mounted only while something is done with it, so that a cut finds it clean. Sourced.

select_folder=${SELECT_FOLDER:-/run/select}

# The name of a partition: partition mmcblk0 2 = /dev/mmcblk0p2, partition sda 2 = /dev/sda2
partition() {
  case $1 in *[0-9]) printf '/dev/%sp%s' "$1" "$2" ;; *) printf '/dev/%s%s' "$1" "$2" ;; esac
}

# The name that a household's computer shows for it, at its place in the boot sector of FAT32 or FAT16.
is_select() {
  for place in 71 43; do
    [ "$(dd if="$1" bs=1 skip="$place" count=11 2>/dev/null)" != 'PORCHLIGHT ' ] || return 0
  done
  return 1
}

# with_select ro|rw COMMAND...: its result is the command's. A second one waits.
with_select() {
  how=$1
  shift
  mkdir -p "$select_folder"
  tries=0
  until mount -t vfat -o "$how,sync,nodev,nosuid,noexec,umask=077,shortname=mixed" "$(partition "$disk" 1)" "$select_folder"; do
    tries=$((tries + 1))
    [ "$tries" -lt 10 ] || return 1
    sleep 1
  done
  "$@"
  result=$?
  sync
  umount "$select_folder"
  return "$result"
}
