#!/bin/sh
# What the steward does for each word: do_WORD returns 0, or sets `refusal` to a sentence and returns 1. Sourced.

refuse() {
  refusal=$1
  return 1
}

do_log() {
  :
}

do_healthy() {
  if [ -e /run/trial ] || [ -n "$(with_select ro read_fallback)" ]; then
    with_select rw end_trial || refuse 'The first partition of the card cannot be written to.' || return
    rm -f /run/trial
  fi
}

# Carried out after the answer: see `steward`.
do_reboot() {
  afterwards=reboot
}

do_poweroff() {
  afterwards=poweroff
}

do_factory_reset() {
  with_select rw touch "$select_folder/factory-reset" || refuse 'The first partition of the card cannot be written to.' || return
  afterwards=reboot
}

# slot_holds SLOT [VERSION]: read from the medium, not from memory, and compared with what its manifest says.
slot_holds() {
  device=$(partition "$disk" "$(slot_number "$1")")
  blockdev --flushbufs "$device"
  mkdir -p /run/other
  mount -t vfat -o ro,nodev,nosuid,noexec "$device" /run/other 2>/dev/null || return 1
  manifest=/run/other/manifest.json
  found=$(field version "$manifest")
  [ -n "$found" ] && [ "$found" = "${2:-$found}" ] &&
    [ "$(field arch "$manifest")" = "$(field arch /slot/manifest.json)" ] &&
    [ "$(sha256sum </run/other/root.sqs | cut -d ' ' -f 1)" = "$(field root.sqs "$manifest")" ]
  result=$?
  umount /run/other
  return "$result"
}

# become_installer COMMAND...: who may write the other slot, and nothing else.
become_installer() {
  exec /usr/bin/setpriv --reuid=installer --regid=installer --clear-groups --no-new-privs \
    --inh-caps=-all --ambient-caps=-all --bounding-set=-all "$@"
}

# The server does not write the slot itself: whatever a server that was taken over laid there would be root with the next start.
# It writes the update into the FIFO `update`; the installer takes nothing but what the maker has signed. The answer comes at
# its end, which may be minutes away, and the steward goes on meanwhile.
do_install() {
  [ ! -e /run/trial ] || refuse 'This version is still on trial.' || return
  end_installer
  answered=later
  install_update &
}

# One whose server has ended, or gave up waiting for it.
end_installer() {
  installer=$(first_line /run/keep/installer)
  [ "$(stat -c %U "/proc/${installer:-none}" 2>/dev/null)" != installer ] || kill -KILL "$installer"
}

install_update() {
  exec 3>&-
  device=$(partition "$disk" "$(slot_number "$(other_slot "$slot")")")
  # Opening the FIFO waits for the server: not for ever.
  # shellcheck disable=SC2016 # Its own shell reads these.
  become_installer timeout 1800 env -i sh -c 'exec /usr/bin/porchlight write-slot "$@" <"$0"' \
    /run/board/update "$device" "$first" >/run/board/installing 2>/run/keep/installer-words &
  echo "$!" >/run/keep/installer
  if wait "$!"; then
    answer ok
  else
    words=$(tail -n 1 /run/keep/installer-words | tr -cd '\040-\176' | cut -c 1-400)
    answer "no ${words:-The other slot could not be written.}"
  fi
}

do_choose() {
  [ ! -e /run/trial ] || refuse 'This version is still on trial.' || return
  if [ "$first" = "$slot" ]; then
    # What runs is to stay: the other slot is about to be written.
    with_select rw choose_for_good "$slot" || refuse 'The choice could not be written.'
    return
  fi
  slot_holds "$first" "$second" || refuse "The other slot does not hold version $second whole." || return
  with_select rw choose_on_trial "$first" "$second" || refuse 'The choice could not be written.'
}

do_back() {
  other=$(other_slot "$slot")
  slot_holds "$other" || refuse 'There is no whole version in the other slot.' || return
  with_select rw choose_for_good "$other" || refuse 'The choice could not be written.' || return
  rm -f /run/trial
}

do_network() {
  printf '%s\n' "$all" | replace /data/board/network || refuse 'The card cannot be written to.'
}

do_hostname() {
  printf '%s\n' "$first" | replace /data/board/hostname || refuse 'The card cannot be written to.' || return
  hostname "$first"
}

do_ports() {
  # Every start asks for the same again: that is not worth a write.
  [ "$all" = "$(first_line /data/board/ports)" ] || printf '%s\n' "$all" | replace /data/board/ports
  firewall || refuse 'The firewall could not be set.'
}

do_first_boot() {
  as_server timeout 5 head -c 65536 /run/board-out/first-boot.toml >/run/keep/first-boot.toml && [ -s /run/keep/first-boot.toml ] ||
    refuse 'There is no file to write back.' || return
  with_select rw write_first_boot || refuse 'The first partition of the card cannot be written to.' || return
  rm -f /run/board/first-boot.toml /run/keep/first-boot.toml
}

# The old text holds passwords, and its blocks would be free with the words still in them. What was applied is not needed any
# more: a cut in between leaves a file that says nothing.
write_first_boot() {
  if [ -f "$select_folder/porchlight.toml" ]; then
    octets=$(wc -c <"$select_folder/porchlight.toml")
    head -c "$octets" /dev/zero | tr '\0' '#' | dd of="$select_folder/porchlight.toml" conv=notrunc,fsync 2>/dev/null
  fi
  replace "$select_folder/porchlight.toml" </run/keep/first-boot.toml
}

do_save_clock() {
  save_clock || refuse 'The card cannot be written to.'
}
