// Any octets under any key of the index are a value or a key, or fail as STORE_DAMAGED; what was read is written and read
// again as the same.
import assert from 'node:assert/strict'
import * as keys from '../../../src/store/keys.ts'
import * as rows from '../../../src/store/row.ts'
import { unlessDamaged } from '../damage.ts'
import type { Target } from '../engine.ts'

/** Reads octets and writes them again. */
type Trip = (octets: Buffer) => { readonly value: unknown; readonly again: Buffer }

function trip<Value>(decode: (octets: Buffer) => Value, encode: (value: Value) => Buffer): Trip {
  return octets => {
    const value = decode(octets)
    return { value, again: encode(value) }
  }
}

const trips: Readonly<Record<string, Trip>> = {
  version: trip(rows.decodeVersion, rows.encodeVersion),
  account: trip(rows.decodeAccount, rows.encodeAccount),
  alias: trip(rows.decodeAlias, rows.encodeAlias),
  mailbox: trip(rows.decodeMailbox, rows.encodeMailbox),
  entry: trip(octets => rows.decodeEntry(String(octets)), rows.encodeEntry),
  dead: trip(rows.decodeDead, rows.encodeDead),
  segment: trip(rows.decodeSegment, rows.encodeSegment),
  logKey: trip(keys.decodeLogKey, keys.encodeLogKey),
  accountKey: trip(keys.decodeAccountKey, keys.accountKey),
  aliasKey: trip(keys.decodeAliasKey, keys.aliasKey),
  mailboxKey: trip(keys.decodeMailboxKey, ({ account, box }) => keys.mailboxKey(account, box)),
  entryKey: trip(keys.decodeEntryKey, ({ account, box, uid }) => keys.entryKey(account, box, uid)),
  deadKey: trip(keys.decodeDeadKey, keys.deadKey),
  segmentKey: trip(keys.decodeSegmentKey, keys.segmentKey),
  linkKey: trip(keys.decodeLinkKey, ({ seq, ...delivery }) => keys.linkKey(seq, delivery)),
}

export const indexValue: Target = {
  seeds: [
    rows.encodeVersion({ schema: 1, applied: 70, settled: 60, store: Buffer.alloc(10, 9) }),
    rows.encodeAccount({ created: 1_795_299_352_000, name: 'alice', password: '$scrypt$' }),
    rows.encodeAlias(['alice', 'zoë@home.example']),
    rows.encodeMailbox({ next: 43, validity: 1, count: 7, octets: 70_000 }),
    rows.encodeEntry({
      uid: 42,
      seq: 1000,
      octets: 70_000,
      date: 1_795_299_352_000,
      id: '275yq7am7r3gwgfj',
      stored: 300,
      copies: 2,
      flags: 5,
    }),
    keys.mailboxKey(5, 1),
    keys.entryKey(5, 1, 42),
    keys.linkKey(1000, { account: 5, box: 1, uid: 42 }),
    keys.aliasKey('sales'),
  ],
  words: [
    'v',
    'a',
    'n',
    'u',
    'x',
    'l',
    '\0',
    '\x01',
    'ü',
    Buffer.of(0x80),
    Buffer.of(0xff),
    Buffer.alloc(8, 0xff),
    Buffer.alloc(6),
  ],
  most: 500,
  check(input) {
    const read = Object.entries(trips).filter(([, roundTrip]) => {
      const first = unlessDamaged(() => roundTrip(input))
      if (first) assert.deepEqual(roundTrip(first.again).value, first.value)
      return first !== undefined
    })
    return [read.map(([name]) => name).join()]
  },
}
