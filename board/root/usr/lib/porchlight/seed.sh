#!/bin/sh
# The random seed. Sourced by preinit, and by the one who stops the system.

# Mixed in, not credited (that needs a system call no tool here makes): the kernel gathers its own before it calls itself
# ready, and the seed makes two boards with the same card differ all the same. Renewed at once: no seed is used twice.
renew_seed() {
  [ ! -s /data/board/seed ] || cat /data/board/seed >/dev/urandom
  head -c 512 /dev/urandom | (umask 077 && replace /data/board/seed)
}
