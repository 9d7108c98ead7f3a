/** The applets of Debian's static busybox that get a name of their own: not those that log in, serve, or write over disks. */

export const applets: readonly string[] = `
[ adjtimex arp arping ascii ash awk base64 basename blkdiscard blockdev bunzip2 bzcat bzip2 cal cat chgrp chmod
chown chroot clear cmp cp cpio crc32 cut date dd depmod df diff dirname dmesg dnsdomainname du dumpleases echo egrep
env expand expr factor fallocate false fatattr fdisk fgrep find findfs fold free freeramdisk fsfreeze fstrim
getfattr getopt grep groups gunzip gzip halt head hexdump hostid hostname hwclock id ifconfig ifdown ifup insmod
install ionice ip ipcalc kill killall klogd last less link ln logger logread losetup ls lsmod lzcat lzma lzop md5sum
mdev mkdir mkfifo mknod mkswap mktemp modinfo modprobe more mount mt mv nc netstat nl nologin nproc nsenter nslookup
nuke od partprobe paste pidof ping ping6 pivot_root poweroff printf ps pwd readlink realpath reboot renice reset rm
rmdir rmmod route run-parts sed seq setpriv setsid sh sha1sum sha256sum sha3sum sha512sum shred shuf sleep sort
start-stop-daemon stat strings stty swapoff swapon switch_root sync sysctl syslogd tac tail tar taskset tc tee test
time timeout top touch tr traceroute traceroute6 true truncate ts tty udhcpc udhcpc6 uevent umount uname uncompress
unexpand uniq unlink unlzma unshare unxz unzip uptime usleep watch watchdog wc wget which whoami xargs xxd xz xzcat
yes zcat
`
  .trim()
  .split(/\s+/)
