/** One file out of a file system that is not mounted: update/fat.ts, on what mkfs.vfat and mcopy would make, and on damage. */
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { readFatFile } from '../../src/update/fat.ts'
import { inSlot } from '../../src/update/slot.ts'
import { fatSlot, Maker, slotManifest } from './maker.ts'

describe('a file in a FAT', () => {
  test('is found by its long name, and read along its chain', async () => {
    await using maker = await Maker.open()
    const text = slotManifest('1.2.3')
    const device = await maker.device(fatSlot('manifest.json', text))
    assert.equal((await readFatFile(device, 'manifest.json', 10_000))?.toString(), text)
    assert.equal((await readFatFile(device, 'manifest.json', 700))?.toString(), text.slice(0, 700))
    assert.equal(await readFatFile(device, 'manifest', 10_000), undefined)
  })

  test('makes a slot that says what it is', async () => {
    await using maker = await Maker.open()
    const device = await maker.device(fatSlot('manifest.json', slotManifest('1.2.3', [1, 2])))
    assert.deepEqual(await inSlot(device), {
      name: 'porchlight',
      version: '1.2.3',
      schema: { reads: [1, 2], writes: 1 },
    })
  })

  const nothings: readonly (readonly [name: string, octets: Buffer])[] = [
    ['nothing at all', Buffer.alloc(0)],
    ['zeros', Buffer.alloc(1_000_000)],
    ['ones', Buffer.alloc(1_000_000, 0xff)],
    ['another file', fatSlot('manifest.txt', slotManifest('1.2.3'))],
    ['a file that is no list', fatSlot('manifest.json', 'hello')],
    ['a version that a shell would trip over', fatSlot('manifest.json', slotManifest('1.0.0; reboot'))],
    ['no first page', fatSlot('manifest.json', slotManifest('1.2.3')).fill(0, 0, 4096)],
  ]
  for (const [name, octets] of nothings) {
    test(`is not found in ${name}`, async () => {
      await using maker = await Maker.open()
      const path = join(maker.folder, 'slot')
      await writeFile(path, octets)
      assert.equal(await inSlot(path), undefined)
    })
  }

  test('that goes in circles, or leads outside, ends all the same', async () => {
    await using maker = await Maker.open()
    const path = join(maker.folder, 'slot')
    for (const next of [2, 4, 0xfff0, 1]) {
      const slot = fatSlot('manifest.json', slotManifest('1.2.3'))
      slot.writeUInt16LE(next, 512 + 4)
      await writeFile(path, slot)
      assert.equal((await inSlot(path))?.version, next === 4 ? '1.2.3' : undefined)
    }
  })
})
