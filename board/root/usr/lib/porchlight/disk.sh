#!/bin/sh
# The data partition: grown to the end of the card, checked, mounted at /data. Sourced by preinit; a cut anywhere repeats.

# The table first, one sector rewritten. The file system is grown at each start that finds it smaller than its partition,
# so a cut in between is made good by the next start.
grow_data() {
  grown=false
  part=/sys/class/block/${data##*/}
  whole=$(cat "/sys/block/$disk/size")
  finish=$(($(cat "$part/start") + $(cat "$part/size")))
  # Less than 16 MiB to gain: a table is not rewritten for alignment.
  [ $((whole - finish)) -gt 32768 ] || return 0
  echo ', +' | /usr/sbin/sfdisk --no-reread --no-tell-kernel --quiet -N 4 "/dev/$disk" >/run/keep/grow.log 2>&1 || return 0
  /usr/bin/partx --update --nr 4 "/dev/$disk" >>/run/keep/grow.log 2>&1
  grown=true
}

# Checks and repairs. Sets `repaired` to e2fsck's words when it had something to repair.
check_data() {
  /usr/sbin/e2fsck -p "$data" >/run/keep/e2fsck.log 2>&1
  result=$?
  if [ "$result" -ge 4 ]; then
    # What -p does not dare is still better than no mail: whole answers yes, and we tell.
    /usr/sbin/e2fsck -f -y "$data" >>/run/keep/e2fsck.log 2>&1
    result=$?
  fi
  # 1: repaired. 2: repaired, and a mounted one would have to be mounted anew, which ours is not.
  [ "$result" -eq 0 ] || repaired=$(tail -n 20 /run/keep/e2fsck.log)
  [ "$result" -lt 4 ]
}

# The size of the file system against that of its partition, in blocks of 512 octets.
is_smaller() {
  # Block count comes before Block size.
  # shellcheck disable=SC2046 # Two words.
  set -- $(/usr/sbin/dumpe2fs -h "$data" 2>/dev/null | sed -n 's/^Block \(count\|size\): *//p')
  blocks=${1-} size=${2-}
  [ -n "$size" ] && [ $((blocks * (size / 512) + 32768)) -lt "$(cat "/sys/class/block/${data##*/}/size")" ]
}

open_data() {
  repaired=
  if [ -n "$wish_reset" ]; then
    make_data || return 1
  else
    # Mounted even if e2fsck is not content: read-only mail is better than none, and the rescue console is next.
    check_data || tell 'The mail partition is damaged and could not be repaired wholly.'
    grow_system
  fi
  mount_data
}

# resize2fs wants a full check before.
grow_system() {
  is_smaller || return 0
  /usr/sbin/e2fsck -f -p "$data" >>/run/keep/grow.log 2>&1
  /usr/sbin/resize2fs "$data" >>/run/keep/grow.log 2>&1 && grown=true
}

mount_data() {
  mount -t ext4 -o noatime,nodev,nosuid,noexec,errors=remount-ro "$data" /data
}

# Root's own below /data/board. The server replaces its configuration in /data itself; the sticky bit keeps the rest from it.
lay_out_data() {
  mkdir -p /data/board /data/porchlight
  chown root:porchlight /data
  chmod 1770 /data
  chown root:root /data/board
  chmod 755 /data/board
  chown porchlight:porchlight /data/porchlight
  chmod 700 /data/porchlight
  [ -e /data/porchlight.toml ] || install -m 600 -o porchlight -g porchlight /etc/porchlight/porchlight.toml /data/porchlight.toml
}
