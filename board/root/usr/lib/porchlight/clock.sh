#!/bin/sh
# The clock of a board that may have none of its own: never earlier than the build or what was saved last. Sourced.

# Sets the clock and writes /run/board/clock: set when the hardware has a clock that agrees, else unset until
# a time server answers.
start_clock() {
  floor=$(field built /slot/manifest.json)
  saved=$(first_line /data/board/clock)
  is_number "$floor" 9999999999 || floor=0
  is_number "$saved" 9999999999 && [ "$saved" -gt "$floor" ] && floor=$saved
  echo unset >/run/board/clock
  if [ "$(date +%s)" -lt "$floor" ]; then
    date -u -s "@$floor" >/dev/null
  elif [ "$(first_line /sys/class/rtc/rtc0/hctosys)" = 1 ]; then
    echo set >/run/board/clock
  fi
}

save_clock() {
  date +%s | replace /data/board/clock
}
