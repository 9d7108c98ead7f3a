/** Which Debian packages go into the image, what is taken out of each, and why. */
import type { Arch } from './build.ts'

export type Wanted = {
  readonly name: string
  /** Only for this architecture. */
  readonly only?: Arch
  /** Patterns of the files that go into the root; none for what other parts of the build read. */
  readonly take: readonly string[]
  readonly why: string
}

const lib = 'usr/lib/*-linux-gnu'

/** In the order of the lock file. The kernel's name has its version inside: see `kernelOf`. */
const wanted: readonly Wanted[] = [
  { name: 'base-files', take: [], why: 'the licences that the others name' },
  { name: 'busybox-static', take: ['usr/bin/busybox'], why: 'init, shell, network set-up' },
  {
    name: 'libc6',
    take: [`${lib}/{ld-linux*,libc,libm,libdl,libpthread,librt,libresolv}.so*`, 'usr/lib{,64}/ld-linux*'],
    why: 'the server and the programs below are linked to it',
  },
  { name: 'libstdc++6', take: [`${lib}/libstdc++.so*`], why: 'the server' },
  { name: 'libgcc-s1', take: [`${lib}/libgcc_s.so*`], why: 'the server' },
  { name: 'gcc-14-base', take: [], why: 'the licence of the two above' },
  {
    name: 'e2fsprogs',
    take: ['usr/sbin/{mke2fs,e2fsck,resize2fs,tune2fs,dumpe2fs}', 'etc/mke2fs.conf'],
    why: 'makes, checks, mends and grows the data partition',
  },
  { name: 'libext2fs2t64', take: [`${lib}/lib{ext2fs,e2p}.so*`], why: 'e2fsprogs' },
  { name: 'libcom-err2', take: [`${lib}/libcom_err.so*`], why: 'e2fsprogs' },
  { name: 'libblkid1', take: [`${lib}/libblkid.so*`], why: 'e2fsprogs, sfdisk' },
  { name: 'libuuid1', take: [`${lib}/libuuid.so*`], why: 'e2fsprogs, sfdisk' },
  { name: 'fdisk', take: ['usr/sbin/sfdisk'], why: 'grows the last partition to the end of the card' },
  { name: 'libfdisk1', take: [`${lib}/libfdisk.so*`], why: 'sfdisk' },
  { name: 'libsmartcols1', take: [`${lib}/libsmartcols.so*`], why: 'sfdisk' },
  { name: 'libreadline8t64', take: [`${lib}/libreadline.so*`], why: 'sfdisk' },
  { name: 'libtinfo6', take: [`${lib}/libtinfo.so*`], why: 'sfdisk, nft' },
  {
    name: 'util-linux',
    take: ['usr/bin/{setpriv,partx}', 'usr/sbin/{blkid,blockdev}'],
    why: 'runs the server without rights; tells the kernel of a grown partition',
  },
  { name: 'libcap-ng0', take: [`${lib}/libcap-ng.so*`], why: 'setpriv' },
  { name: 'dosfstools', take: ['usr/sbin/fsck.fat'], why: 'checks the partition that the household writes to' },
  { name: 'nftables', take: ['usr/sbin/nft'], why: 'lets in what the server listens to, and nothing else' },
  { name: 'libnftables1', take: [`${lib}/libnftables.so*`], why: 'nft' },
  { name: 'libnftnl11', take: [`${lib}/libnftnl.so*`], why: 'nft' },
  { name: 'libmnl0', take: [`${lib}/libmnl.so*`], why: 'nft' },
  { name: 'libxtables12', take: [`${lib}/libxtables.so*`], why: 'nft' },
  { name: 'libjansson4', take: [`${lib}/libjansson.so*`], why: 'nft' },
  { name: 'libgmp10', take: [`${lib}/libgmp.so*`], why: 'nft' },
  { name: 'libedit2', take: [`${lib}/libedit.so*`], why: 'nft' },
  { name: 'libbsd0', take: [`${lib}/libbsd.so*`], why: 'nft' },
  { name: 'libmd0', take: [`${lib}/libmd.so*`], why: 'nft' },
  { name: 'rdate', take: ['usr/sbin/rdate'], why: "asks for the time; Debian's busybox has no ntpd" },
  { name: 'firmware-realtek', take: ['usr/lib/firmware/rtl_nic/*'], why: 'Ethernet of mini PCs and of USB adapters' },
  { name: 'raspi-firmware', only: 'arm64', take: [], why: 'starts a Raspberry Pi' },
  { name: 'shim-signed', only: 'amd64', take: [], why: 'starts a PC, with Secure Boot too' },
  { name: 'grub-efi-amd64-signed', only: 'amd64', take: [], why: 'chooses the slot on a PC' },
]

/** The package whose one dependency is the newest kernel of the release. */
export const kernelMeta = { arm64: 'linux-image-arm64', amd64: 'linux-image-amd64' } as const satisfies Record<
  Arch,
  string
>

/** The version in a kernel package's name, which is the name of its folder of modules. */
export function kernelOf(packageName: string): string | undefined {
  return /^linux-image-(\d.+)$/.exec(packageName)?.[1]
}

/** The rows of an architecture. */
export function wantedFor(arch: Arch): readonly Wanted[] {
  return wanted.filter(({ only }) => only === undefined || only === arch)
}
