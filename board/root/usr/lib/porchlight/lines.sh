#!/bin/sh
# The serial lines and the status light: found, and opened to the server. Sourced.

# Writes /run/board/ttys: what the kernel talks on, every port with hardware behind it, a USB cable, a screen with keyboard.
find_lines() {
  mkdir -p /run/board
  if [ -n "$(ls /sys/class/udc 2>/dev/null)" ]; then modprobe -q g_serial; fi
  {
    tr ' ' '\n' </sys/class/tty/console/active | grep -v '^tty[0-9]*$'
    for port in /sys/class/tty/ttyS* /sys/class/tty/ttyAMA*; do
      # Type 0 is a driver's reserve without hardware: opening it gives an error.
      [ ! -e "$port/type" ] || [ "$(cat "$port/type")" = 0 ] || echo "${port##*/}"
    done
    [ ! -c /dev/ttyGS0 ] || echo ttyGS0
    [ ! -e /sys/class/graphics/fb0 ] || echo tty1
  } | sort -u | while IFS= read -r tty; do
    [ ! -c "/dev/$tty" ] || echo "/dev/$tty"
  done >/run/keep/ttys
  # Who watches the file is woken only by a change.
  cmp -s /run/keep/ttys /run/board/ttys || publish /run/board/ttys </run/keep/ttys
}

open_lines() {
  while IFS= read -r tty; do
    chgrp porchlight "$tty" && chmod 660 "$tty"
  done </run/board/ttys
}

# Sets `light` to the LED that shows the board's state, or to nothing. The server blinks it itself.
open_light() {
  light=
  for name in ACT led0 PWR; do
    [ -e "/sys/class/leds/$name/brightness" ] || continue
    light=$name
    echo none >"/sys/class/leds/$name/trigger"
    for file in trigger brightness; do
      chgrp porchlight "/sys/class/leds/$name/$file" && chmod 664 "/sys/class/leds/$name/$file"
    done
    return 0
  done
}
