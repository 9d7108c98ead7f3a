// Any octets are a record of the log or fail as STORE_DAMAGED, even where their check is right; a record that was read is
// written and read again as the same.
import assert from 'node:assert/strict'
import { crc32 } from 'node:zlib'
import { decodeLogRecord, encodeLogRecord, type LogRecord } from '../../../src/store/record.ts'
import { unlessDamaged } from '../damage.ts'
import type { Target } from '../engine.ts'

const seq = 1000
const key = Buffer.of(0, 0, 0, 0, 0x03, 0xe8)
/** Letter and check. */
const headOctets = 5
const records: readonly LogRecord[] = [
  { kind: 'header', schema: 1, store: Buffer.alloc(10, 7), created: 1_795_299_352_000 },
  { kind: 'block', value: Buffer.from('B\0Subject: x\r\n\r\n') },
  {
    kind: 'message',
    id: Buffer.alloc(10, 9),
    date: 1_795_299_352_000,
    dotted: true,
    eightBit: false,
    smtputf8: true,
    requireTls: true,
    tlsOptional: false,
    ret: 'HDRS',
    envid: 'e',
    octets: 70_000,
    stored: 40_000,
    headerOctets: 300,
    digest: Buffer.alloc(32, 5),
    blocks: [997, 999],
    reversePath: 'bob@away.example',
    trace: 'Received: x\r\n',
    recipients: [{ path: 'alice@home.example', notify: 3, orcpt: 'rfc822;a@b' }],
    deliveries: [{ account: 1, box: 1, uid: 42 }],
    queued: [0],
    messageId: '<a@b>',
  },
  { kind: 'removal', account: 1, box: 1, uids: [1, 2, 300] },
  { kind: 'flags', account: 1, box: 1, add: 1, drop: 4, uids: [1, 2, 300] },
  { kind: 'account', present: true, account: 5, created: 1_795_299_352_000, name: 'zoë', password: '$scrypt$' },
  { kind: 'alias', address: 'sales', targets: ['alice', 'bob@home.example'] },
  { kind: 'setting', name: 'device:scanner', value: '{}' },
  {
    kind: 'attempt',
    message: 990,
    dispatch: 1,
    date: 1_795_299_352_000,
    due: 1_795_299_412_000,
    attempts: 2,
    held: false,
    noticed: true,
    remote: 'mx.away.example',
    results: [{ recipient: 0, outcome: 'deferred', answer: { code: 451, enhanced: '4.3.0', text: 'later' } }],
  },
]

/** Puts the right check over whatever the octets say; without it nearly all of them would fail there. */
function sealed(octets: Buffer): Buffer {
  const value = Buffer.concat([octets, Buffer.alloc(Math.max(0, headOctets - octets.length))])
  value.writeUInt32BE(crc32(value.subarray(headOctets), crc32(value.subarray(0, 1), crc32(key))), 1)
  return value
}

export const logRecord: Target = {
  seeds: records.map(record => encodeLogRecord(seq, record)),
  words: [
    ...['V', 'B', 'M', 'X', 'F', 'A', 'N', 'alice', 'ü', '\0', '\x01', '\x02', '\x7f'],
    ...[Buffer.of(0x80), Buffer.of(0xff), Buffer.alloc(6, 0xff), Buffer.of(0xff, 0xff, 0xff, 0xff, 0x0f)],
    ...[Buffer.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f), Buffer.of(0xe8, 0x07), Buffer.of(0xe9, 0x07)],
  ],
  check(input) {
    return [input, sealed(input)].map(value => {
      const record = unlessDamaged(() => decodeLogRecord(seq, value))
      if (!record) return 'damaged'
      assert.deepEqual(decodeLogRecord(seq, encodeLogRecord(seq, record)), record)
      const lists = Object.values(record).map(value => (Array.isArray(value) ? Math.min(value.length, 3) : ''))
      return `${record.kind} ${lists.join('')}`
    })
  },
}
