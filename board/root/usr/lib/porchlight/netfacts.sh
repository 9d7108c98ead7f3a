#!/bin/sh
# What there is of a network, for the server: /run/board/network.json, written when it has changed. Sourced by `network`.

# Lines of words as a JSON list.
list() {
  sed -n 's/^\(..*\)$/"\1"/p' | tr '\n' ',' | sed 's/,$//'
}

addresses() {
  # An address that is still being looked up elsewhere (RFC 4862 §5.4) is not ours yet.
  ip addr show dev "$1" | grep -v -e tentative -e deprecated -e dadfailed | sed -n 's/^ *inet6\{0,1\} \([0-9a-f.:/]*\) .*/\1/p'
}

gateway() {
  ip route show default dev "$1" | sed -n 's/^default via \([0-9.]*\).*/\1/p' | head -n 1
}

tell_network() {
  told=$(
    printf '{"interface":"%s","how":"%s",' "$interface" "${interface:+$how}"
    printf '"addresses":[%s],' "$([ -z "$interface" ] || addresses "$interface" | list)"
    printf '"gateway":"%s",' "$([ -z "$interface" ] || gateway "$interface")"
    printf '"dns":[%s],"link":%s}' "$(sed -n 's/^nameserver //p' /run/resolv.conf | list)" "$link"
  )
  [ "$told" = "$(first_line /run/board/network.json)" ] || printf '%s\n' "$told" | publish /run/board/network.json
}
