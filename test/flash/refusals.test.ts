/** scripts/flash.sh refuses what must not be written to, in a sentence, before anything is written. */
import assert from 'node:assert/strict'
import { rename, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { Computer, type Contents, type Disk } from './computer.ts'
import { imageOctets, writeImage } from './image.ts'

const image = imageOctets(1 << 20)
const stick: Disk = { name: 'sdq', attached: 'usb', octets: 32e9, partitions: { sdq1: [], sdq2: [] } }
const card: Disk = { name: 'mmcblk7', attached: 'sdCard', octets: 32e9, partitions: { mmcblk7p1: [] } }
const inside: Disk = { name: 'sdp', attached: 'sata', octets: 1e12, partitions: { sdp1: [] } }

type Refusal = {
  readonly name: string
  readonly contents: Contents
  /** The words behind the image; the name of the disk, if nothing is said. */
  readonly disk?: string
  readonly typed?: string
  readonly says: string
}

const refusals: readonly Refusal[] = [
  {
    name: 'a name that no disk has',
    contents: { disks: [stick] },
    disk: 'sdz',
    says: 'There is no disk named sdz. Without a name this script lists them.',
  },
  {
    name: 'a path that leads elsewhere',
    contents: { disks: [stick] },
    disk: '/dev/../etc/passwd',
    says: 'There is no disk named ../etc/passwd. Without a name this script lists them.',
  },
  {
    name: 'a partition',
    contents: { disks: [stick] },
    disk: '/dev/sdq1',
    says: 'sdq1 is a part of a disk; the image needs the whole one. Without a name this script lists them.',
  },
  {
    name: 'the disk that the computer runs from, though it is a USB disk',
    contents: { disks: [stick], mounts: [{ of: 'sdq2', at: '/', told: 'number' }] },
    says: 'This computer itself runs from sdq. It stays as it is.',
  },
  {
    name: 'a partition that is mounted, below a name with a blank',
    contents: { disks: [stick], mounts: [{ of: 'sdq1', at: '/media/alice/OLD\\040CARD', told: 'number' }] },
    says: 'sdq is in use: sdq1 is open at /media/alice/OLD CARD. If nobody needs it there, type: sudo umount /dev/sdq1',
  },
  {
    name: 'two partitions that are mounted, both at once',
    contents: {
      disks: [stick],
      mounts: [
        { of: 'sdq1', at: '/media/a', told: 'number' },
        { of: 'sdq2', at: '/media/b', told: 'name' },
      ],
    },
    says: 'sdq is in use: sdq1 is open at /media/a, sdq2 is open at /media/b. If nobody needs it there, type: sudo umount /dev/sdq1 /dev/sdq2',
  },
  {
    name: 'a partition of a card that is mounted',
    contents: { disks: [card], mounts: [{ of: 'mmcblk7p1', at: '/boot', told: 'number' }] },
    says: 'mmcblk7 is in use: mmcblk7p1 is open at /boot. If nobody needs it there, type: sudo umount /dev/mmcblk7p1',
  },
  {
    name: 'a whole disk that is mounted',
    contents: { disks: [stick], mounts: [{ of: 'sdq', at: '/mnt', told: 'name' }] },
    says: 'sdq is in use: sdq is open at /mnt. If nobody needs it there, type: sudo umount /dev/sdq',
  },
  {
    name: 'swap',
    contents: { disks: [stick], swaps: ['sdq2'] },
    says: 'sdq is in use: this computer swaps to sdq2. If it may go without, type: sudo swapoff /dev/sdq2',
  },
  {
    name: 'a part of a volume group',
    contents: { disks: [{ ...stick, partitions: { sdq1: ['dm-0'] } }] },
    says: 'sdq is in use: sdq1 belongs to dm-0 (LVM, RAID or encryption). It stays as it is.',
  },
  {
    name: 'a disk that is built in',
    contents: { disks: [inside] },
    says: 'sdp is built into this computer (Generic SL32G). Only cards and USB disks are written to.',
  },
  {
    name: 'a reader without a card',
    contents: { disks: [{ ...stick, octets: 0, partitions: {} }] },
    says: 'There is no card in sdq.',
  },
  {
    name: 'a card that is locked',
    contents: { disks: [{ ...card, readOnly: true }] },
    says: 'mmcblk7 cannot be written to. Many cards have a small slider: push it away from "lock".',
  },
  {
    name: 'a card that is too small',
    contents: { disks: [{ ...stick, octets: image.length - 512 }] },
    says: 'sdq is too small: it has 1.1MB, the image needs 1.1MB.',
  },
  {
    name: 'another name typed than the one asked for',
    contents: { disks: [stick] },
    typed: 'sdp\n',
    says: 'That is not its name. Nothing was written.',
  },
  { name: 'yes', contents: { disks: [stick] }, typed: 'yes\n', says: 'That is not its name. Nothing was written.' },
  { name: 'nothing typed', contents: { disks: [stick] }, says: 'That is not its name. Nothing was written.' },
]

/** A computer on which whatever would write says so instead. */
async function guarded(contents: Contents): Promise<Computer> {
  const computer = await Computer.open(contents)
  for (const name of ['dd', 'sudo', 'bmaptool']) await computer.tool(name, `echo ${name} was called >&2; exit 1`)
  return computer
}

for (const { name, contents, disk = contents.disks[0]?.name ?? '', typed, says } of refusals)
  test(`it refuses ${name}`, async () => {
    await using computer = await guarded(contents)
    const { exit, complaint } = await computer.flash([await writeImage(computer.desk, image), disk], typed)
    assert.equal(complaint, `${says}\n`)
    assert.equal(exit, 1)
  })

test('it refuses another card that was put in while it asked', async () => {
  await using computer = await guarded({ disks: [stick] })
  await computer.tool('lsblk', `echo 10 >'${computer.fact('sdq', 'diskseq')}'`) // It is called just before.
  const { exit, complaint } = await computer.flash([await writeImage(computer.desk, image), 'sdq'], 'sdq\n')
  assert.equal(complaint, 'Another card is in it now. Nothing was written.\n')
  assert.equal(exit, 1)
})

test('it refuses a card that was taken out while it asked', async () => {
  await using computer = await guarded({ disks: [stick] })
  await computer.tool('lsblk', `echo 0 >'${computer.fact('sdq', 'size')}'`)
  const { exit, complaint } = await computer.flash([await writeImage(computer.desk, image), 'sdq'], 'sdq\n')
  assert.equal(complaint, 'There is no card in sdq.\n')
  assert.equal(exit, 1)
})

test('it refuses an image that is damaged, missing, cut short or none', async () => {
  await using computer = await guarded({ disks: [stick] })
  const at = (name: string) => join(computer.desk, name)
  const refuses = async (path: string, says: string) => {
    const { exit, complaint } = await computer.flash([path, 'sdq'], 'sdq\n')
    assert.equal(complaint.split('\n').at(-2), says)
    assert.equal(exit, 1)
  }
  await refuses(at('none.img'), `There is no file ${at('none.img')}.`)
  await refuses(
    await writeImage(computer.desk, image, 'a.update'),
    'This is an update. It goes to a Porchlight that runs: type update at its console.',
  )
  await refuses(
    await writeImage(computer.desk, image, 'a.img.bmap'),
    `${at('a.img.bmap')} is no image: its name ends in .img, .img.xz or .img.zst.`,
  )
  const damaged = await writeImage(computer.desk, image, 'damaged.img')
  await truncate(damaged, image.length - 512)
  await refuses(damaged, `${damaged} is damaged: its checksum is not the one in ${damaged}.sha256. Fetch it again.`)
  const listed = await writeImage(computer.desk, image, 'listed.img')
  await rename(`${listed}.sha256`, at('SHA256SUMS'))
  await truncate(listed, image.length - 512)
  await refuses(listed, `${listed} is damaged: its checksum is not the one in ${at('SHA256SUMS')}. Fetch it again.`)
  const cut = await writeImage(computer.desk, image.subarray(0, -1), 'cut.img')
  await refuses(cut, `${cut} is no image of a disk, or not all of it.`)
  await writeFile(at('text.img'), Buffer.alloc(1024, 'x'))
  await refuses(at('text.img'), `${at('text.img')} is no image of a disk, or not all of it.`)
  for (const name of ['broken.img.xz', 'broken.img.zst'])
    await refuses(
      await writeImage(computer.desk, image, name),
      `${at(name)} is damaged: it cannot be unpacked. Fetch it again.`,
    )
})
