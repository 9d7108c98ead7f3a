#!/bin/sh
# The hardware watchdog until the server feeds it: it resets a board whose start hangs. Sourced by preinit.

watchdog_seconds=60

# Sets `watchdog` to the device, or to nothing. Our feeder ends with preinit's time; keep-server ends it before that.
arm_watchdog() {
  watchdog=
  # QEMU's raspi3b ends when its watchdog is armed.
  ! grep -qw porchlight.nowatchdog /proc/cmdline || return 0
  [ -c /dev/watchdog0 ] || return 0
  watchdog=/dev/watchdog0
  feed_watchdog 1800
}

# feed_watchdog SECONDS: also sets the time it waits, which a shell cannot. Killed hard, it leaves the dog armed.
feed_watchdog() {
  [ -n "$watchdog" ] || return 0
  # The one before may feed for a while yet, and the device is for one at a time.
  stop_feeding
  timeout -s KILL "$1" watchdog -F -T "$watchdog_seconds" -t 5 "$watchdog" >/dev/null 2>&1 &
  echo $! >/run/keep/feeder
}

stop_feeding() {
  [ -f /run/keep/feeder ] || return 0
  # busybox's timeout becomes what it runs; its own watcher ends by itself.
  feeder=$(cat /run/keep/feeder)
  kill -KILL "$feeder" 2>/dev/null
  tries=0
  while kill -0 "$feeder" 2>/dev/null && [ "$tries" -lt 20 ]; do
    tries=$((tries + 1))
    sleep 0.1
  done
  rm -f /run/keep/feeder
}
