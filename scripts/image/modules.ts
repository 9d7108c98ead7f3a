/** The kernel modules in the image, and why. What they depend on comes along by itself; all are loaded by modalias. */
import type { Arch } from './build.ts'

type Row = {
  /** Names; one that ends in `/` is a folder below kernel/, taken whole. */
  readonly modules: string
  readonly why: string
  /** `start`: needed to find the slot, so in the initramfs too. */
  readonly where: 'start' | 'root'
  readonly only?: Arch
}

const rows: readonly Row[] = [
  { where: 'start', modules: 'loop squashfs', why: 'the root is a file in the slot' },
  {
    where: 'start',
    modules: 'vfat nls_ascii nls_cp437 nls_iso8859_1 nls_utf8',
    why: 'slots, and what the household writes',
  },
  { where: 'start', modules: 'crc32c_generic', why: 'ext4 asks for it by an alias only' },
  { where: 'start', modules: 'sd_mod usb_storage uas xhci_pci', why: 'a disk at the USB' },
  { where: 'start', modules: 'virtio_blk virtio_scsi', why: 'virtual machines' },
  { where: 'start', only: 'arm64', modules: 'bcm2835 sdhci_iproc', why: "a Raspberry Pi's card" },
  {
    where: 'start',
    only: 'arm64',
    modules: 'gpio_raspberrypi_exp gpio_regulator fixed reset_raspberrypi',
    why: "power for a Raspberry Pi's card and USB",
  },
  { where: 'start', only: 'arm64', modules: 'dwc2 pcie_brcmstb phy_generic usbhid', why: "a Raspberry Pi's USB" },
  { where: 'start', only: 'arm64', modules: 'virtio_mmio', why: 'virtual machines' },
  { where: 'start', only: 'amd64', modules: 'nvme ahci ata_piix', why: "a mini PC's disk" },
  { where: 'start', only: 'amd64', modules: 'mmc_block sdhci_pci sdhci_acpi', why: 'eMMC and card slots' },
  { where: 'start', only: 'amd64', modules: 'ehci_pci ohci_pci uhci_hcd', why: 'older USB' },
  { where: 'start', only: 'amd64', modules: 'usbhid hid_generic i8042 atkbd', why: 'a keyboard, for the console' },
  { where: 'start', only: 'amd64', modules: 'crc32c_intel', why: 'ext4, ten times faster' },

  { where: 'root', modules: 'ext4', why: 'the data partition' },
  { where: 'root', modules: 'exfat', why: 'USB sticks, for what is saved or brought' },
  { where: 'root', modules: 'virtio_net virtio_rng', why: 'virtual machines' },
  { where: 'root', modules: 'i6300esb', why: "virtual machines' watchdog" },
  { where: 'root', modules: 'zram lzo lzo_rle zstd', why: 'swap in memory' },
  {
    where: 'root',
    modules: 'r8152 ax88179_178a asix cdc_ether cdc_ncm smsc75xx smsc95xx lan78xx',
    why: 'Ethernet at the USB',
  },
  { where: 'root', modules: 'realtek smsc microchip ax88796b broadcom', why: 'the other half of an Ethernet chip' },
  {
    where: 'root',
    modules: 'nf_tables nft_ct nft_limit nft_reject nft_reject_inet nft_log nf_conntrack',
    why: 'lets in what the server listens to',
  },
  { where: 'root', modules: 'cdc_acm ftdi_sio pl2303 cp210x ch341', why: 'serial adapters at the USB: a console' },
  { where: 'root', only: 'arm64', modules: 'genet mdio_bcm_unimac', why: 'Ethernet of a Pi 4' },
  { where: 'root', only: 'arm64', modules: 'bcm2835_wdt', why: "a Raspberry Pi's watchdog" },
  { where: 'root', only: 'arm64', modules: 'bcm2835_rng iproc_rng200', why: "a Raspberry Pi's random numbers" },
  {
    where: 'root',
    only: 'arm64',
    modules: 'leds_gpio ledtrig_default_on ledtrig_heartbeat ledtrig_timer',
    why: 'the LED',
  },
  {
    where: 'root',
    only: 'arm64',
    modules: 'raspberrypi_cpufreq bcm2835_thermal bcm2711_thermal',
    why: 'speed, heat and a weak supply',
  },
  { where: 'root', only: 'arm64', modules: 'g_serial', why: 'a console on the USB cable (Zero 2 W)' },
  { where: 'root', only: 'amd64', modules: 'r8169 e1000e e1000 igb igc tg3 alx atl1c', why: "a mini PC's Ethernet" },
  { where: 'root', only: 'amd64', modules: 'iTCO_wdt sp5100_tco wdat_wdt', why: "a mini PC's watchdog" },
  { where: 'root', only: 'amd64', modules: 'coretemp k10temp acpi_cpufreq thermal', why: 'speed and heat' },
]

/** The names for an architecture, and for the initramfs only if `where` says so. */
export function moduleNames(arch: Arch, where?: 'start'): readonly string[] {
  return rows
    .filter(row => (row.only ?? arch) === arch && (where ?? row.where) === row.where)
    .flatMap(({ modules }) => modules.split(' '))
}
