/** A data partition that is damaged or full: repaired or reported, and mail served all the same. */
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { describe, test } from 'node:test'
import type { Disk } from './support/disk.ts'
import { partitions } from './support/disk.ts'
import { furnishedDisk, letters } from './support/furnished.ts'
import { comeIn, deliver, fetchLetters, say } from './support/household.ts'
import { Machine } from './support/machine.ts'

const data = '/porchlight'

/** The largest file of a database with this ending. */
async function largest(disk: Disk, folder: string, ending: string): Promise<string> {
  const names = (await disk.list(folder)).filter(name => name.endsWith(ending))
  const sized = await Promise.all(
    names.map(async name => ({ name, octets: (await disk.dump(`${folder}/${name}`)).length })),
  )
  const [first] = sized.sort((a, b) => b.octets - a.octets)
  if (!first) throw new Error(`There is no ${ending} in ${folder}.`)
  return `${folder}/${first.name}`
}

async function manifestOf(disk: Disk, folder: string): Promise<string> {
  return `${folder}/${(await disk.dump(`${folder}/CURRENT`)).toString().trim()}`
}

type Damage = { readonly name: string; readonly hurt: (disk: Disk) => Promise<void>; readonly lost: number }

const damages: readonly Damage[] = [
  {
    name: 'a flipped octet in the log',
    hurt: async disk => disk.flip(await largest(disk, `${data}/log`, '.log'), 20_000),
    lost: 1,
  },
  {
    name: 'a truncated MANIFEST of the log',
    hurt: async disk => void (await disk.debugfs(`set_inode_field ${await manifestOf(disk, `${data}/log`)} size 20`)),
    lost: 0,
  },
  {
    name: 'a damaged index',
    hurt: async disk => void (await disk.debugfs(`set_inode_field ${await manifestOf(disk, `${data}/index`)} size 7`)),
    lost: 0,
  },
  {
    name: 'a torn file system',
    // The second group's bitmaps and the inode of the folder's size: e2fsck has something to mend.
    hurt: async disk => {
      const { start } = await disk.place(partitions.data)
      await disk.debugfs('set_super_value free_blocks_count 5')
      await disk.debugfs('set_super_value state 2')
      assert.notEqual(start, 0)
    },
    lost: 0,
  },
]

/** Octets that are free on a card that is full: less than the store keeps, more than the file system keeps for root. */
const left = 128 * 1024 * 1024

function* pieces(octets: number): Generator<Buffer> {
  const piece = Buffer.alloc(1024 * 1024, 'x')
  for (let done = 0; done + piece.length <= octets; done += piece.length) yield piece
}

describe('a card with', () => {
  for (const { name, hurt, lost } of damages) {
    test(`${name} starts, serves mail, and takes more`, async () => {
      await using disk = await furnishedDisk()
      await disk.settle()
      await hurt(disk)
      await using machine = await Machine.make({ kind: 'virt', disk })
      await machine.on()
      await machine.listens()
      const found = await fetchLetters(machine, 'alice')
      assert.ok(found.size >= letters - lost, `${found.size} of ${letters} letters are there`)
      assert.match(await deliver(machine, 'alice', 'Subject: after\r\n\r\nstill here'), /^250 /)
      assert.equal((await fetchLetters(machine, 'alice')).size, found.size + 1)
      await comeIn(machine)
      assert.match(await say(machine, 'status'), /store +well/)
    })
  }

  test('no room left refuses mail for now, serves what is there, and goes on once there is room', async () => {
    await using disk = await furnishedDisk()
    const filler = join(disk.folder, 'filler')
    const octets = freeOctets(await disk.debugfs('stats')) - left
    await writeFile(filler, Readable.from(pieces(octets)))
    await disk.debugfs(`write ${filler} filler`)
    await using machine = await Machine.make({ kind: 'virt', disk })
    await machine.on()
    await machine.listens()
    assert.match(await deliver(machine, 'alice', 'Subject: no room\r\n\r\nx'), /^452 /)
    assert.equal((await fetchLetters(machine, 'alice')).size, letters)
    await comeIn(machine)
    assert.match(await say(machine, 'status'), /too little/)
    machine.type('poweroff --yes\r')
    await machine.isOff()
    await disk.settle()
    await disk.debugfs('rm filler')
    await disk.settle()
    await machine.on()
    await machine.listens()
    assert.match(await deliver(machine, 'alice', 'Subject: room\r\n\r\nx'), /^250 /)
  })
})

/** @param stats what debugfs says of the file system */
function freeOctets(stats: string): number {
  const [blocks, size] = ['Free blocks', 'Block size'].map(name =>
    Number(new RegExp(`^${name}: +(\\d+)`, 'm').exec(stats)?.[1]),
  )
  return (blocks ?? 0) * (size ?? 0)
}
