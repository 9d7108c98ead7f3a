/** Numbers and strings packed into octets, and what comes of octets that nobody packed. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { OctetReader, OctetWriter } from '../../src/wire/octets.ts'

const kinds = ['u8', 'u32', 'u48', 'varint', 'text'] as const

const value = fc.oneof(
  fc.record({ kind: fc.constant('u8' as const), value: fc.nat(0xff) }),
  fc.record({ kind: fc.constant('u32' as const), value: fc.nat(0xffffffff) }),
  fc.record({ kind: fc.constant('u48' as const), value: fc.maxSafeNat().map(n => n % 2 ** 48) }),
  fc.record({ kind: fc.constant('varint' as const), value: fc.maxSafeNat() }),
  fc.record({ kind: fc.constant('text' as const), value: fc.string({ unit: 'binary' }) }),
)

describe('OctetWriter and OctetReader', () => {
  test('give back any sequence of values, however long', () => {
    fc.assert(
      fc.property(fc.array(value, { maxLength: 100 }), values => {
        const out = new OctetWriter()
        for (const { kind, value } of values) {
          if (kind === 'text') out.text(value)
          else out[kind](value)
        }
        const from = new OctetReader(out.finish())
        for (const { kind, value } of values) assert.equal(from[kind](), value)
        assert.throws(() => from.u8(), RangeError)
      }),
    )
  })

  const varints: readonly (readonly [number, string])[] = [
    [0, '00'],
    [1, '01'],
    [0x7f, '7f'],
    [0x80, '8001'],
    [300, 'ac02'],
    [2 ** 32, '8080808010'],
    [2 ** 48 - 1, 'ffffffffffff3f'],
    [Number.MAX_SAFE_INTEGER, 'ffffffffffffff0f'],
  ]
  for (const [number, hex] of varints) {
    test(`the varint ${number} is ${hex}`, () => {
      assert.equal(new OctetWriter().varint(number).finish().toString('hex'), hex)
      assert.equal(new OctetReader(Buffer.from(hex, 'hex')).varint(), number)
    })
  }

  test('integers are sorted as their octets are', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.maxSafeNat(), (a, b) => {
        const [x, y] = [a % 2 ** 48, b % 2 ** 48]
        const order = Buffer.compare(new OctetWriter().u48(x).finish(), new OctetWriter().u48(y).finish())
        assert.equal(order, Math.sign(x - y))
      }),
    )
  })

  test('a list comes back item by item', () => {
    const out = new OctetWriter().varint(3).text('a').text('').text('ü')
    assert.deepEqual(
      new OctetReader(out.finish()).list(item => item.text()),
      ['a', '', 'ü'],
    )
  })

  test('raw octets are a view, and an offset skips what was read elsewhere', () => {
    const octets = Buffer.from([1, 2, 3, 4])
    const view = new OctetReader(octets, 1).raw(2)
    octets[1] = 9
    assert.deepEqual([...view], [9, 3])
  })
})

describe('OctetReader refuses', () => {
  const senseless: readonly (readonly [name: string, hex: string, read: (from: OctetReader) => unknown])[] = [
    ['an octet of nothing', '', from => from.u8()],
    ['three octets as u32', '010203', from => from.u32()],
    ['five octets as u48', '0102030405', from => from.u48()],
    ['a varint that does not end', '808080', from => from.varint()],
    ['a varint above what a number holds', 'ffffffffffffff10', from => from.varint()],
    ['a varint of endless zeros', `${'80'.repeat(200)}00`, from => from.varint()],
    ['a varint above what makes sense', '8102', from => from.varint(256)],
    ['a text longer than what is there', '0561', from => from.text()],
    ['a text of impossible length', 'ffffffffffffff0f61', from => from.text()],
    ['a list with a false count', 'ffffffffffffff0f6161', from => from.list(item => item.u8())],
  ]
  for (const [name, hex, read] of senseless) {
    test(name, () => {
      assert.throws(() => read(new OctetReader(Buffer.from(hex, 'hex'))), RangeError)
    })
  }

  test('whatever makes no sense with a RangeError, never otherwise', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 40 }),
        fc.array(fc.constantFrom(...kinds), { maxLength: 20 }),
        (octets, reads) => {
          const from = new OctetReader(Buffer.from(octets))
          try {
            for (const kind of reads) from[kind]()
          } catch (error) {
            assert.ok(error instanceof RangeError)
          }
        },
      ),
    )
  })
})
