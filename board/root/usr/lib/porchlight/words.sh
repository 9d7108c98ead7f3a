#!/bin/sh
# What a word that comes from elsewhere may look like. Sourced by whoever gets such words; each function only says yes or no.
# `case` patterns know no repetition, so: no character that is not allowed, then the length.

# matches WORD CHARACTERS LONGEST: only these characters (a bracket expression without its brackets), and not empty.
matches() {
  # The octets of a pattern in another locale would be letters of that language.
  case $1 in '' | *[!$2]*) return 1 ;; esac
  [ "${#1}" -le "$3" ]
}

is_slot() {
  case $1 in a | b) ;; *) return 1 ;; esac
}

# Semantic versions: 0.2.0, 1.0.0-rc.1
is_version() {
  case $1 in [!0-9]* | -*) return 1 ;; esac
  matches "$1" 'a-zA-Z0-9.+-' 64
}

# is_number WORD LARGEST: decimal, no leading zero, from 0.
is_number() {
  case $1 in 0?*) return 1 ;; esac
  matches "$1" '0-9' 10 && [ "$1" -le "$2" ]
}

# 25 or 5353/udp
is_port() {
  is_number "${1%/udp}" 65535 && [ "${1%/udp}" -ge 1 ]
}

is_ipv4() {
  case $1 in *.) return 1 ;; esac
  # Four numbers and nothing after them: a fifth would be in `rest`.
  old_ifs=$IFS
  IFS=.
  # shellcheck disable=SC2086 # It is to be split; a glob cannot be in it.
  matches "$1" '0-9.' 15 && set -- $1 ''
  IFS=$old_ifs
  [ $# -eq 5 ] || return 1
  for part in "$1" "$2" "$3" "$4"; do
    is_number "$part" 255 || return 1
  done
}

# Loose: the kernel reads it again. It only has to be harmless as a word.
is_ipv6() {
  case $1 in *:*:*) matches "$1" '0-9a-fA-F:.' 45 ;; *) return 1 ;; esac
}

is_address() {
  is_ipv4 "$1" || is_ipv6 "$1"
}

# 192.168.1.5/24
is_network() {
  case $1 in */*) is_ipv4 "${1%%/*}" && is_number "${1#*/}" 32 && [ "${1#*/}" -ge 1 ] ;; *) return 1 ;; esac
}

# 192.168.1.1,9.9.9.9: four at most.
is_address_list() {
  case ,$1, in *,,* | *,*,*,*,*,*,*) return 1 ;; esac
  list=$1,
  while [ -n "$list" ]; do
    is_address "${list%%,*}" || return 1
    list=${list#*,}
  done
}

# One label of a host name (RFC 1123 §2.1), in small letters.
is_label() {
  case $1 in -* | *-) return 1 ;; esac
  matches "$1" 'a-z0-9-' 63
}
