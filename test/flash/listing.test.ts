/** What scripts/flash.sh shows before it asks. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Computer, type Disk } from './computer.ts'
import { imageOctets, writeImage } from './image.ts'

const disks: readonly Disk[] = [
  { name: 'sda', attached: 'sata', octets: 1e12 },
  { name: 'sdq', attached: 'usb', octets: 32e9, model: 'STORAGE \u001b[31mDEVICE', partitions: { sdq1: [] } },
  { name: 'sdr', attached: 'usb', octets: 0 },
  { name: 'sds', attached: 'usbDisk', octets: 256e9, model: 'T7' },
  { name: 'mmcblk7', attached: 'sdCard', octets: 15931539456, partitions: { mmcblk7p1: [] } },
]

test('without a disk it lists cards and USB disks, and says what to type', async () => {
  await using computer = await Computer.open({ disks })
  const image = await writeImage(computer.desk, imageOctets(4096))
  const { exit, out, complaint } = await computer.flash([image])
  assert.equal(complaint, '')
  assert.equal(exit, 0)
  const [checking, ...lines] = out.split('\n')
  assert.equal(checking, 'Checking porchlight.img ...')
  assert.deepEqual(lines.slice(0, 8), [
    '',
    'Cards and disks that it could go to:',
    '',
    '  mmcblk7      16.0GB  SD card   SL32G, 0123456789AB',
    // A disk that would colour the terminal does not.
    '  sdq          32.0GB  USB       Generic STORAGE [31mDEVICE, 0123456789AB',
    '  sds         256.0GB  USB       Generic T7, 0123456789AB',
    '',
    'To write to one of them, type this with its name at the end:',
  ])
  assert.match(out, new RegExp(`flash\\.sh ${image} NAME\\n$`))
})

test('without a card it says that there is none', async () => {
  await using computer = await Computer.open({ disks: disks.slice(0, 1) })
  const { out } = await computer.flash([await writeImage(computer.desk, imageOctets(4096))])
  assert.match(out, /\nNo card and no USB disk is here\. Put one in, and run this again\.\n$/)
})

test('it shows model, serial number, size and partitions before it asks', async () => {
  await using computer = await Computer.open({ disks })
  await computer.tool('lsblk', 'echo vfat HOLIDAYS')
  const { out } = await computer.flash([await writeImage(computer.desk, imageOctets(4096)), '/dev/sdq'])
  assert.equal(
    out,
    `Checking porchlight.img ...

  sdq: Generic STORAGE [31mDEVICE, USB, 32.0GB
  serial number: 0123456789AB
  sdq1: 33.6MB vfat HOLIDAYS

Everything on it will be lost.
To go on, type sdq and press Enter: `,
  )
})

test('without an image it says how it is used', async () => {
  await using computer = await Computer.open({ disks })
  for (const words of [[], ['--help'], ['a', 'b', 'c']]) {
    const { exit, complaint } = await computer.flash(words)
    assert.equal(exit, 2)
    assert.match(complaint, /^Writes a Porchlight image to a memory card/)
  }
})

test('on a Mac it names what to use instead', async () => {
  await using computer = await Computer.open({ disks })
  await computer.tool('uname', 'echo Darwin')
  const { exit, complaint } = await computer.flash(['porchlight.img'])
  assert.equal(exit, 1)
  assert.equal(
    complaint,
    'This script knows Linux only. On a Mac or Windows take Raspberry Pi Imager: "Use custom", then the .img.xz file.\n',
  )
})
