#!/bin/sh
# What the server may ask of root, read strictly: the server talks to the whole world and may have been taken over. Sourced.

# read_request LINE: sets `id word` and the operands as `first second third` (`all` for a list), or `id refusal`.
# Without an id there is nobody to answer, and it returns 1.
read_request() {
  id='' word='' all='' first='' second='' third='' refusal=''
  matches "$1" 'a-zA-Z0-9./:,+ -' 512 || return 1
  # shellcheck disable=SC2086 # Words; no character of a pattern is among those allowed.
  set -- $1
  matches "${1-}" 'a-z0-9' 16 || return 1
  id=$1
  word=${2-}
  shift
  [ $# -eq 0 ] || shift
  all=$* first=${1-} second=${2-} third=${3-}
  case $word in
    healthy | reboot | poweroff | factory-reset | back | first-boot | save-clock | log)
      takes "$#" 0 && return ;;
    install)
      takes "$#" 1 && is_version "$first" && return ;;
    choose)
      takes "$#" 2 && is_slot "$first" && is_version "$second" && return ;;
    network)
      [ "$all" = dhcp ] && return
      [ "$first" = fixed ] && takes "$#" 4 && is_network "$second" && is_ipv4 "$third" && is_address_list "$4" && return ;;
    hostname)
      takes "$#" 1 && is_label "$first" && return ;;
    ports)
      [ $# -le 32 ] && all_ports "$@" && return ;;
    *) refusal='There is no such request.' && return ;;
  esac
  refusal="That is not how \"$word\" is asked."
}

takes() {
  [ "$1" -eq "$2" ]
}

all_ports() {
  for port in "$@"; do
    is_port "$port" || return 1
  done
}
