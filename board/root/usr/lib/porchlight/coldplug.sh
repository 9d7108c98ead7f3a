#!/bin/sh
# Loads the drivers of what is there, by what the devices say of themselves. Again and again: USB devices appear late. Sourced.

# The names alone: how often a module is used changes all the time.
loaded() {
  cut -d " " -f 1 /proc/modules
}

# Until nothing new comes: what a driver finds (a bus, a card behind a reader) wants drivers, too. Four rounds at most.
coldplug() {
  rounds_left=4 before=none
  while [ "$rounds_left" -gt 0 ] && [ "$before" != "$(loaded)" ]; do
    before=$(loaded)
    rounds_left=$((rounds_left - 1))
    find /sys/devices -name modalias -type f -exec cat {} + 2>/dev/null | sort -u | xargs -r modprobe -aqb 2>/dev/null
  done
}
