#!/bin/sh
# Which slot starts next, and a version on trial. On a Raspberry Pi the firmware reads `autoboot.txt` and the initramfs counts
# in `trial`; on a PC both are variables of GRUB, which counts itself. Sourced; $select_folder holds the first partition.

environment=EFI/BOOT/grubenv
trial_starts=3

other_slot() {
  case $1 in a) echo b ;; *) echo a ;; esac
}

slot_number() {
  case $1 in a) echo 2 ;; *) echo 3 ;; esac
}

# --- GRUB's block of variables: 1024 octets, a head line, NAME=VALUE lines, filled up with '#'.

# Its folder tells: a block that was lost is written anew.
has_grub() {
  [ -f "$select_folder/$environment" ] || [ -d "$select_folder/EFI" ]
}

grub_get() {
  sed -n "s/^$1=//p" "$select_folder/$environment" 2>/dev/null | head -n 1
}

# grub_put NAME=VALUE...: an empty value is how GRUB has it, too.
grub_put() {
  {
    printf '# GRUB Environment Block\n'
    for name in slot trial from version fallback; do
      value=$(grub_get "$name")
      for pair in "$@"; do
        [ "${pair%%=*}" != "$name" ] || value=${pair#*=}
      done
      printf '%s=%s\n' "$name" "$value"
    done
    head -c 1024 /dev/zero | tr '\0' '#'
  } | head -c 1024 | replace "$select_folder/$environment"
}

# --- The same words for both.

# Sets `left from to version`; all empty when nothing is on trial.
read_trial() {
  left='' from='' to='' version=''
  if has_grub; then
    left=$(grub_get trial) from=$(grub_get from) version=$(grub_get version)
    [ -z "$from" ] || to=$(other_slot "$from")
  elif [ -f "$select_folder/trial" ]; then
    read -r left from to version <"$select_folder/trial" || :
  fi
  # A torn or foreign file is no trial.
  if ! { is_number "$left" "$trial_starts" && is_slot "$from" && is_slot "$to" && is_version "$version"; }; then
    left='' from='' to='' version=''
  fi
}

# The version that was given up, or nothing.
read_fallback() {
  if has_grub; then grub_get fallback; else first_line "$select_folder/fallback"; fi
}

# Prints the slot that was chosen, or nothing.
read_choice() {
  if has_grub; then
    grub_get slot
  else
    case $(sed -n 's/^boot_partition=\([0-9]*\).*/\1/p' "$select_folder/autoboot.txt") in 2) echo a ;; 3) echo b ;; esac
  fi
}

write_choice() {
  printf '[all]\nboot_partition=%s\n' "$(slot_number "$1")" | replace "$select_folder/autoboot.txt"
}

# choose_on_trial TO VERSION: three starts for the other slot. The trial is written first: without it a choice is for good,
# and a trial whose slot was never chosen is swept away by the next start.
choose_on_trial() {
  from=$(other_slot "$1")
  if has_grub; then
    grub_put "slot=$1" "trial=$trial_starts" "from=$from" "version=$2" fallback=
  else
    rm -f "$select_folder/fallback"
    printf '%s %s %s %s\n' "$trial_starts" "$from" "$1" "$2" | replace "$select_folder/trial" && write_choice "$1"
  fi
}

# choose_for_good SLOT
choose_for_good() {
  if has_grub; then
    grub_put "slot=$1" trial= from= version= fallback=
  else
    write_choice "$1" && rm -f "$select_folder/trial" "$select_folder/fallback" && sync
  fi
}

# The version on trial is well: what runs is what stays. What was told of a failure has been heard.
end_trial() {
  if has_grub; then
    grub_put trial= from= version= fallback=
  else
    rm -f "$select_folder/trial" "$select_folder/fallback" && sync
  fi
}

# give_up: the slot on trial did not come up. The choice first: a cut after it is told by the old version's own start.
# Fails where the choice could not be written: another start would only be the same again.
give_up() {
  if has_grub; then
    grub_put "slot=$from" trial= from= version= "fallback=$version"
  else
    printf '0 %s %s %s\n' "$from" "$to" "$version" | replace "$select_folder/trial"
    write_choice "$from" || return
    printf '%s\n' "$version" | replace "$select_folder/fallback"
    rm -f "$select_folder/trial"
    sync
  fi
}

# Whether the initramfs has something to count.
counts_here() {
  ! has_grub && [ -f "$select_folder/trial" ]
}

# count_start SLOT: what the initramfs of each start does before anything else; `verdict` becomes `go` or `gave-up`.
count_start() {
  verdict=go
  read_trial
  if [ -z "$left" ]; then
    [ ! -f "$select_folder/trial" ] || rm -f "$select_folder/trial"
  elif [ "$1" != "$to" ]; then
    # Never flipped: no harm. Given up and cut before that was told: told now.
    [ "$left" -gt 0 ] || printf '%s\n' "$version" | replace "$select_folder/fallback"
    rm -f "$select_folder/trial"
    sync
  elif [ "$left" -eq 0 ]; then
    verdict=gave-up
    give_up
  else
    left=$((left - 1))
    printf '%s %s %s %s\n' "$left" "$from" "$to" "$version" | replace "$select_folder/trial"
  fi
}
