#!/bin/sh
# The kernel's settings and the swap in memory. Sourced by preinit.

tune_kernel() {
  sysctl -q -p /etc/sysctl.conf 2>/dev/null
}

# Half of the memory, compressed: two to three pages fit where one was, and nothing goes to the card.
make_swap() {
  modprobe -q zram || return 0
  [ -e /sys/block/zram0 ] || return 0
  for algorithm in zstd lzo-rle lzo; do
    echo "$algorithm" >/sys/block/zram0/comp_algorithm 2>/dev/null && break
  done
  echo $(($(sed -n 's/^MemTotal: *\([0-9]*\) kB$/\1/p' /proc/meminfo) * 512)) >/sys/block/zram0/disksize
  mkswap /dev/zram0 >/dev/null && swapon /dev/zram0
}
