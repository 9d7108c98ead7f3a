/** The master boot record, octet by octet, and the layout of the image in it. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { imageOctets, layout } from '../../scripts/image/layout.ts'
import { partitionTable } from '../../scripts/image/partition-table.ts'

const hex = (octets: Buffer, from: number, to: number) => octets.toString('hex', from, to)

describe('The partition table', () => {
  test('an entry is status, type, first sector and number of sectors', () => {
    const table = partitionTable([{ type: 0x0c, start: 4 << 20, octets: 40 << 20, active: true }], 0x504f5243)
    assert.equal(table.length, 512)
    assert.equal(hex(table, 440, 446), '43524f500000')
    assert.equal(hex(table, 446, 462), `80feffff0cfeffff${'00200000'}${'00400100'}`)
    assert.equal(hex(table, 462, 510), '00'.repeat(48))
    assert.equal(hex(table, 510, 512), '55aa')
  })

  test('refuses what is not made of sectors, and a fifth partition', () => {
    const whole = { type: 0x83, start: 512, octets: 512 }
    assert.throws(() => partitionTable([{ ...whole, start: 513 }], 0), /whole sectors/)
    assert.throws(() => partitionTable([whole, whole, whole, whole, whole], 0), /four/)
  })

  test('partitions follow each other on multiples of 4 MiB, slots are alike, and the image stays below 450 MB', () => {
    const parts = [layout.select, layout.slotA, layout.slotB, layout.data]
    let end = 4 << 20
    for (const { start, octets } of parts) {
      assert.equal(start, end)
      assert.equal(start % (4 << 20), 0)
      end = start + octets
    }
    assert.equal(end, imageOctets)
    assert.equal(layout.slotA.octets, layout.slotB.octets)
    assert.ok(imageOctets <= 450e6)
  })
})
