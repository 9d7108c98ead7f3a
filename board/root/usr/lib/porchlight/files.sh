#!/bin/sh
# Files that survive a cut, and words for people. Sourced.

# Standard input becomes the file: written beside it, synced, renamed. A cut leaves the old file or the new one.
replace() {
  dd of="$1.new" bs=4096 conv=fsync 2>/dev/null && mv -f "$1.new" "$1" && sync
}

# The same where nothing survives anyway: in memory.
publish() {
  cat >"$1.new" && chmod 644 "$1.new" && mv -f "$1.new" "$1"
}

# as_server COMMAND...: where the server's own folders are written to or read: a link laid there must not lead root anywhere.
as_server() {
  /usr/bin/setpriv --reuid=porchlight --regid=porchlight --clear-groups "$@"
}

# The first line of a file, or nothing.
first_line() {
  line=
  [ ! -r "$1" ] || IFS= read -r line <"$1" || :
  printf '%s' "$line"
}

# A sentence for whoever looks at a screen or a serial line; /run/board/ttys is there once preinit knows the lines.
tell() {
  ttys=/dev/console
  [ ! -s /run/board/ttys ] || ttys=$(cat /run/board/ttys)
  for tty in $ttys; do
    # In the background, for a line whose other end holds it back must not hold up the start.
    [ ! -c "$tty" ] || (timeout 2 sh -c "printf '%s\r\n' \"\$1\" >$tty" tell "$*" 2>/dev/null &)
  done
}

# A version out of a manifest.json: field NAME FILE. Quotes are optional, so that it reads numbers, too.
field() {
  [ ! -f "$2" ] || tr -d '\n' <"$2" | sed -n 's/.*"'"$1"'": *"\{0,1\}\([a-zA-Z0-9.+-]*\).*/\1/p'
}

# Printable ASCII as the inside of a JSON string; at most 600 octets of it.
json_words() {
  tr '\n\t' '  ' | tr -cd '\040-\176' | head -c 600 | sed 's/[\\"]/\\&/g'
}
