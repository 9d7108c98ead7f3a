/** A backup of a card, written to another one that is larger: the same box, and all of the new card is its own. */
import assert from 'node:assert/strict'
import { stat } from 'node:fs/promises'
import { test } from 'node:test'
import { Disk, partitions } from './support/disk.ts'
import { furnishedDisk, letters } from './support/furnished.ts'
import { comeIn, deliver, fetchLetters } from './support/household.ts'
import { Machine } from './support/machine.ts'

const MiB = 1024 * 1024

test('a card that was copied to one of twice its size goes on there, and grows to its end', async () => {
  await using card = await furnishedDisk()
  const { size } = await stat(card.path)
  await reachesTheEnd(card, size)
  await using copy = await Disk.copy(card.path, 2 * size)
  await using machine = await Machine.make({ kind: 'virt', disk: copy })
  await machine.on()
  await machine.listens()
  assert.equal((await fetchLetters(machine, 'alice')).size, letters)
  assert.match(await deliver(machine, 'bob', 'Subject: on the new card\r\n\r\nx'), /^250 /)
  await comeIn(machine)
  machine.type('poweroff --yes\r')
  await machine.isOff()
  await reachesTheEnd(copy, 2 * size)
})

/** Both the partition and the file system in it, but for less than a MiB to which partitions are rounded. */
async function reachesTheEnd(disk: Disk, octets: number): Promise<void> {
  const { start, octets: long } = await disk.place(partitions.data)
  assert.ok(octets - (start + long) < MiB, `the partition ends ${octets - (start + long)} octets before the card`)
  // ext4's superblock, 1024 octets in: blocks in all at 4, a block's size as a power of two at 24.
  const superblock = await disk.octets(start + 1024, 1024)
  const size = superblock.readUInt32LE(4) * (1024 << superblock.readUInt32LE(24))
  assert.ok(long - size < MiB, `the file system has ${size} octets of ${long}`)
}
