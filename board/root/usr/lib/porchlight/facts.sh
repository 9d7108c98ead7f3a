#!/bin/sh
# What is known of the board, for the server: /run/board/facts.json. Sourced by preinit.

string() {
  if [ -n "$1" ]; then printf '"%s"' "$(printf '%s' "$1" | json_words)"; else printf null; fi
}

number() {
  if is_number "$1" 9999999999; then printf '%s' "$1"; else printf 0; fi
}

# The version in the other slot, or nothing: what is half written there is no version.
other_version() {
  mkdir -p /run/other
  mount -t vfat -o ro,nodev,nosuid,noexec "$1" /run/other 2>/dev/null || return 0
  field version /run/other/manifest.json
  umount /run/other
}

# The trial of another slot than ours is none (GRUB gave up, or nothing was chosen yet).
trial_fact() {
  if [ -n "$left" ] && [ "$to" = "$slot" ]; then
    printf '{"left":%s,"from":"%s"}' "$left" "$from"
    touch /run/trial
  else
    printf null
  fi
}

fallback_words() {
  [ -n "$given_up" ] || return 0
  printf '%s did not come up in %s starts.' "$given_up" "$trial_starts"
  [ ! -s /data/board/last-words ] || printf ' Its last words: %s' "$(cat /data/board/last-words)"
}

write_facts() {
  other=$(partition "$disk" "$(slot_number "$(other_slot "$slot")")")
  # A new version is written there by the installer, and read by the server, which may ask the watchdog to wait.
  chown installer:porchlight "$other" && chmod 640 "$other"
  [ -z "$watchdog" ] || { chgrp porchlight "$watchdog" && chmod 660 "$watchdog"; }
  model=$(cat /proc/device-tree/model /sys/class/dmi/id/product_name 2>/dev/null | tr -d '\0' | head -n 1)
  {
    printf '{"model":%s,' "$(string "${model:-unknown}")"
    printf '"arch":%s,"slot":"%s",' "$(string "$(field arch /slot/manifest.json)")" "$slot"
    printf '"version":%s,' "$(string "$(field version /slot/manifest.json)")"
    printf '"built":%s,' "$(number "$(field built /slot/manifest.json)")"
    printf '"other":{"device":"%s","version":%s,' "$other" "$(string "$(other_version "$other")")"
    printf '"octets":%s},' "$(($(cat "/sys/class/block/${other##*/}/size") * 512))"
    printf '"data":"%s","disk":"%s",' "$data" "$disk"
    printf '"watchdog":%s,"led":%s,' "$(string "$watchdog")" "$(string "$light")"
    printf '"trial":%s,"fallback":%s,' "$(trial_fact)" "$(string "$(fallback_words)")"
    printf '"grown":%s,"repaired":%s}\n' "$grown" "$(string "$repaired")"
  } | publish /run/board/facts.json
}
