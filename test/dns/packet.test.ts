/** What comes back from a name server may be any octets. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Answer, encode } from 'dns-packet'
import fc from 'fast-check'
import { type Question, readAnswer } from '../../src/dns/packet.ts'
import { typeCode } from '../../src/dns/sections.ts'
import { cname, mx, soa } from './name-server.ts'

const question: Question = { id: 0x1234, name: 'x.example', type: 'MX', edns: true }

const given = { type: 'response', id: question.id, flags: 0x180 } as const

function answerWith(answers: Answer[], authorities: Answer[] = []): Buffer {
  return encode({ ...given, questions: [{ name: question.name, type: question.type }], answers, authorities })
}

const signature: Answer = {
  type: 'RRSIG',
  name: 'x.example',
  ttl: 300,
  data: {
    typeCovered: 'MX',
    algorithm: 13,
    labels: 2,
    originalTTL: 300,
    expiration: 1,
    inception: 1,
    keyTag: 1,
    signersName: 'example',
    signature: Buffer.alloc(64),
  },
}
const whole = answerWith(
  [cname('x.example', 'y.example'), mx('y.example', 5, 'm.example'), signature],
  [soa('example', 9)],
)
/** Offset of the first record, and of the length of its content. */
const firstRecord = 12 + 'x.example'.length + 2 + 4
const firstLength = firstRecord + 'x.example'.length + 2 + 8

function altered(change: (octets: Buffer) => void, octets = whole): Buffer {
  const copy = Buffer.from(octets)
  change(copy)
  return copy
}

describe('an answer', () => {
  test('is read whole, without the records that nobody asked for', () => {
    const reading = readAnswer(whole, question)
    assert.ok(reading.kind === 'answer')
    assert.deepEqual(
      reading.message.records.map(({ owner, data }) => [owner, data]),
      [
        ['x.example', { type: 'CNAME', target: 'y.example' }],
        ['y.example', { type: 'MX', preference: 5, exchange: 'm.example' }],
      ],
    )
    assert.equal(reading.message.denialTtl, 9)
  })

  test('is not altered by being read', () => {
    const octets = Buffer.from(whole)
    readAnswer(octets, question)
    assert.deepEqual(octets, whole)
  })

  test('is not read from a part of it', () => {
    for (let length = 0; length < whole.length; length += 1) {
      const { kind } = readAnswer(whole.subarray(0, length), question)
      assert.equal(kind, length < 12 ? 'stray' : 'failed')
    }
  })

  const bad: readonly (readonly [name: string, octets: Buffer])[] = [
    ['whose record is said to be longer than it is', altered(octets => octets.writeUInt16BE(12, firstLength))],
    ['whose record is said to be shorter than it is', altered(octets => octets.writeUInt16BE(10, firstLength))],
    ['with a record of no octets', altered(octets => octets.writeUInt16BE(0, firstLength))],
    ['whose name points at itself', altered(octets => octets.writeUInt16BE(0xc000 + firstRecord, firstRecord))],
    ['whose name points ahead', altered(octets => octets.writeUInt16BE(0xc0ff, firstRecord))],
    ['with a label of a kind that is no more', altered(octets => octets.writeUInt8(0x41, firstRecord))],
    ['that claims more records than it has', altered(octets => octets.writeUInt16BE(4, 6))],
    ['that claims 65,535 records', altered(octets => octets.writeUInt16BE(0xffff, 10))],
  ]
  for (const [name, octets] of bad)
    test(`${name} is not read`, () => assert.equal(readAnswer(octets, question).kind, 'failed'))

  const short: readonly (readonly [type: Question['type'], content: readonly number[]])[] = [
    ['A', [192, 0, 2]],
    ['AAAA', Array(15).fill(0)],
    ['MX', [0, 5]],
    ['TXT', []],
    ['TLSA', [3, 1, 1]],
  ]
  for (const [type, content] of short) {
    test(`is not read where a record of type ${type} has too few octets`, () => {
      const name = [1, 120, 7, ...Buffer.from('example'), 0]
      const kind = [0, typeCode[type], 0, 1]
      const header = [0x12, 0x34, 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0]
      const record = [0xc0, 12, ...kind, 0, 0, 0, 60, 0, content.length, ...content]
      const octets = Buffer.from([...header, ...name, ...kind, ...record])
      assert.equal(readAnswer(octets, { ...question, type }).kind, 'failed')
    })
  }

  test('is read beside a record that no decoder understands', () => {
    // A DNSKEY record with a protocol that there is not: RFC 4034 §2.1.2.
    const record = Buffer.from([0, 0, 48, 0, 1, 0, 0, 0, 60, 0, 6, 1, 1, 99, 13, 1, 1])
    const octets = altered(copy => copy.writeUInt16BE(1, 10), Buffer.concat([whole, record]))
    assert.equal(readAnswer(octets, question).kind, 'answer')
  })

  test('is not read where its last record is cut off, whichever it is', () => {
    for (const record of [signature, mx('x.example', 5, 'm.example')]) {
      const octets = answerWith([record])
      assert.equal(readAnswer(octets, question).kind, 'answer')
      assert.equal(readAnswer(octets.subarray(0, -1), question).kind, 'failed')
    }
  })

  test('is not read where a record is longer than the name in it', () => {
    const octets = altered(
      copy => copy.writeUInt16BE(copy.readUInt16BE(firstLength) + 1, firstLength),
      Buffer.concat([answerWith([cname('x.example', 'y.example')]), Buffer.alloc(1)]),
    )
    assert.equal(readAnswer(octets, question).kind, 'failed')
  })

  test('with an extended RCODE is none', () => {
    const opt = Buffer.from([0, 0, 41, 4, 0xd0, 1, 0, 0, 0, 0, 0])
    const octets = altered(copy => copy.writeUInt16BE(1, 10), Buffer.concat([whole, opt]))
    assert.equal(readAnswer(octets, question).kind, 'no-edns')
    assert.equal(readAnswer(octets, { ...question, edns: false }).kind, 'failed')
  })
})

describe('octets', () => {
  // Any octets give a reading, never a throw; and what is read has the type asked for.
  const holds = (octets: Buffer) => {
    const reading = readAnswer(octets, question)
    if (reading.kind !== 'answer') return
    for (const { data } of reading.message.records) assert.ok(data.type === 'MX' || data.type === 'CNAME')
  }

  test('at random are borne', () => {
    const start = whole.subarray(0, firstRecord)
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), noise => {
        holds(Buffer.from(noise))
        holds(Buffer.concat([start, noise]))
      }),
      { numRuns: 2000 },
    )
  })

  test('of an answer with a few of them changed are borne', () => {
    const changes = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 })
    fc.assert(
      fc.property(changes, list => {
        holds(
          altered(octets => {
            for (const [at, octet] of list) octets.writeUInt8(octet, at)
          }),
        )
      }),
      { numRuns: 5000 },
    )
  })
})
