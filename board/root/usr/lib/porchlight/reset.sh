#!/bin/sh
# Wishes that a file carries: a factory reset, and a lost password of the console. Sourced by preinit.
# In both the wish is taken away after it is done, so that a cut does it again and never half.

read_wishes_here() {
  for ending in '' .txt; do
    [ ! -e "$select_folder/factory-reset$ending" ] || wish_reset=yes
    [ ! -e "$select_folder/reset-console-password$ending" ] || wish_password=yes
  done
  [ ! -f "$select_folder/porchlight.toml" ] || head -c 65537 "$select_folder/porchlight.toml" >/run/boot/first-boot.toml
  read_trial
  given_up=$(read_fallback)
}

# Everything that is read from the first partition, in one look.
read_wishes() {
  wish_reset='' wish_password='' left='' given_up=''
  with_select ro read_wishes_here || tell 'The first partition of the card cannot be read.'
  [ -z "$left" ] || echo "$left $from $to $version" >/run/boot/trial
}

# What a new file system can do, as scripts/image/data.ts has it.
features=has_journal,ext_attr,resize_inode,dir_index,filetype,sparse_super,large_file
features=$features,huge_file,flex_bg,extent,64bit,dir_nlink,extra_isize,metadata_csum

# The file stays on the first partition until the new file system is whole. Without Debian's own wishes: what they add
# (orphan_file) makes some versions of e2fsck call a mere power cut a repair.
make_data() {
  tell 'Everything is being erased...'
  MKE2FS_CONFIG=/dev/null /usr/sbin/mke2fs -q -F -t ext4 -L data -m 1 -b 4096 -I 256 -i 16384 -J size=16 -O "$features" "$data" \
    >/run/keep/mke2fs.log 2>&1 || return 1
  sync
  # Somebody may have made a folder of that name. What stays there would erase everything at each start.
  with_select rw rm -rf "$select_folder/factory-reset" "$select_folder/factory-reset.txt"
}

carry_wishes() {
  if [ -n "$wish_password" ]; then
    as_server touch /data/porchlight/reset-console-password
    sync
    with_select rw rm -rf "$select_folder/reset-console-password" "$select_folder/reset-console-password.txt"
  fi
  # A template whose every line is a comment says nothing.
  if [ -s /run/boot/first-boot.toml ] && tr -d '\0\r' </run/boot/first-boot.toml | grep -qv '^[[:space:]]*\(#.*\)\{0,1\}$'; then
    install -m 640 -g porchlight /run/boot/first-boot.toml /run/board/first-boot.toml
  fi
  rm -f /run/boot/first-boot.toml
}
