#!/bin/sh
# The data partition: grown to the end of the card, checked, mounted at /data. Sourced by preinit; a cut anywhere repeats.

# The table first, one sector rewritten. The file system is grown at each start that finds it smaller than its partition, and
# while it is mounted: its journal knows each step then, so a cut leaves it whole, and the next start goes on.
data_folder=${DATA_FOLDER:-/data}

grow_data() {
  grown=false
  part=/sys/class/block/${data##*/}
  whole=$(cat "/sys/block/$disk/size")
  # A table of this kind ends at 2 TiB.
  [ "$whole" -le 4294967295 ] || whole=4294967295
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
  fi
  mount_data || return 1
  grow_system
}

grow_system() {
  is_smaller || return 0
  /usr/sbin/resize2fs "$data" >>/run/keep/grow.log 2>&1 && grown=true
  return 0
}

mount_data() {
  mount -t ext4 -o noatime,nodev,nosuid,noexec,errors=remount-ro "$data" "$data_folder"
}

# What a repair could not put back to its place: there was mail once, and now there is none. A new mailbox on top of that would
# look like a loss that nobody told of, and take the room that the lost files are still in.
is_mail_lost() {
  if [ -d "$data_folder/porchlight/log" ] && [ ! -L "$data_folder/porchlight" ]; then return 1; fi
  [ -e "$data_folder/board/had-mail" ] || [ -n "$(ls -A "$data_folder/lost+found" 2>/dev/null)" ]
}

# own_folder NAME OWNER RIGHTS: a folder, and never a link to one: the server may have laid it, and root would be led elsewhere.
own_folder() {
  if [ -L "$data_folder/$1" ] || [ ! -d "$data_folder/$1" ]; then
    rm -f "$data_folder/$1"
    mkdir "$data_folder/$1" || return
  fi
  chown "$2" "$data_folder/$1"
  chmod "$3" "$data_folder/$1"
}

# Root's own below /data/board. The server replaces its configuration in /data itself; the sticky bit keeps the rest from it.
lay_out_data() {
  chown root:porchlight "$data_folder"
  chmod 1770 "$data_folder"
  own_folder board root:root 755
  own_folder porchlight porchlight:porchlight 700
  [ ! -d "$data_folder/porchlight/log" ] || [ -e "$data_folder/board/had-mail" ] || : | replace "$data_folder/board/had-mail"
  # Written as the server, for the same reason.
  [ -e "$data_folder/porchlight.toml" ] || as_server install -m 600 /etc/porchlight/porchlight.toml "$data_folder/porchlight.toml"
}
