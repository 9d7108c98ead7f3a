/** Kernel modules: what they say of themselves, and the order in which modprobe gets them. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { aliasTable, dependencyTable, type Module, moduleName, order, readModule } from '../../scripts/image/kmod.ts'

/** An ELF file with the sections given, as far as `readModule` looks: header, bodies, table, names at the end. */
function elf(sections: Readonly<Record<string, string>>): Buffer {
  const names = ['', ...Object.keys(sections), '.shstrtab']
  const nameTable = `${names.join('\0')}\0`
  const bodies = ['', ...Object.values(sections), nameTable].map(text => Buffer.from(text))
  const header = Buffer.alloc(64)
  header.write('\x7fELF\x02\x01\x01', 'latin1')
  let offset = 64
  const rows = bodies.map((body, i) => {
    const row = Buffer.alloc(64)
    row.writeUInt32LE(
      names.slice(0, i).reduce((sum, name) => sum + name.length + 1, 0),
      0,
    )
    row.writeBigUInt64LE(BigInt(offset), 0x18)
    row.writeBigUInt64LE(BigInt(body.length), 0x20)
    offset += body.length
    return row
  })
  header.writeBigUInt64LE(BigInt(offset), 0x28)
  header.writeUInt16LE(64, 0x3a)
  header.writeUInt16LE(rows.length, 0x3c)
  header.writeUInt16LE(rows.length - 1, 0x3e)
  return Buffer.concat([header, ...bodies, ...rows])
}

function setOf(rows: readonly { name: string; depends?: string[]; before?: string[]; aliases?: string[] }[]) {
  const modules = rows.map(({ name, depends = [], before = [], aliases = [] }): [string, Module] => [
    name,
    { name, path: `kernel/${name}.ko`, depends, before, aliases },
  ])
  return new Map(modules)
}

const ext4 = setOf([
  { name: 'ext4', depends: ['jbd2', 'mbcache'], before: ['crypto-crc32c'] },
  { name: 'jbd2', depends: ['crc16'] },
  { name: 'mbcache' },
  { name: 'crc16' },
  { name: 'crc32c_generic', aliases: ['crypto-crc32c', 'crc32c'] },
])

describe('Kernel modules', () => {
  test('a name has underscores where a file may not', () => {
    assert.equal(moduleName('kernel/drivers/usb/storage/usb-storage.ko.xz'), 'usb_storage')
  })

  test('.modinfo is read', () => {
    const words = [
      'alias=fs-ext4',
      'depends=jbd2,mbcache',
      'alias=ext3',
      'softdep=pre: crypto-crc32c post: late',
      'license=GPL',
    ]
    const file = elf({ '.text': 'code', '.modinfo': words.map(word => `${word}\0`).join('') })
    assert.deepEqual(readModule('kernel/fs/ext4/ext4.ko', file), {
      name: 'ext4',
      path: 'kernel/fs/ext4/ext4.ko',
      depends: ['jbd2', 'mbcache'],
      before: ['crypto-crc32c'],
      aliases: ['fs-ext4', 'ext3'],
    })
  })

  test('what is no module is refused', () => {
    assert.throws(() => readModule('x.ko', Buffer.from('#!/bin/sh\n'.repeat(20))), /not a 64-bit ELF/)
    assert.throws(() => readModule('x.ko', elf({ '.text': 'code' })), /no section \.modinfo/)
  })

  test('modules.dep has users before what they use, soft dependencies by their alias too', () => {
    const line = dependencyTable(ext4).split('\n')[2]
    assert.equal(line, 'kernel/ext4.ko: kernel/crc32c_generic.ko kernel/mbcache.ko kernel/jbd2.ko kernel/crc16.ko')
    assert.match(aliasTable(ext4), /^alias crypto-crc32c crc32c_generic$/m)
  })

  // Whatever depends on whatever, in circles too: each module once, itself last, and without circles its needs before it.
  test('the order holds for any set', () => {
    const names = ['a', 'b', 'c', 'd', 'e']
    const needs = fc.uniqueArray(fc.constantFrom(...names), { maxLength: 3 })
    fc.assert(
      fc.property(fc.array(needs, { minLength: 5, maxLength: 5 }), fc.boolean(), (all, circles) => {
        const rows = names.map((name, i) => ({
          name,
          depends: (all[i] ?? []).filter(need => circles || need < name),
        }))
        const set = setOf(rows)
        for (const module of set.values()) {
          const found = order(module, set)
          assert.equal(found.at(-1), module)
          assert.equal(new Set(found).size, found.length)
          if (circles) continue
          for (const [i, one] of found.entries())
            for (const need of one.depends) assert.ok(found.slice(0, i).some(({ name }) => name === need))
        }
      }),
    )
  })
})
