/** The schema: what is written is read back, sorted keys are sorted numbers, and foreign octets are damage. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import { Failure } from '../../src/base/failure.ts'
import { allFlags } from '../../src/store/flags.ts'
import { idText } from '../../src/store/id.ts'
import * as keys from '../../src/store/keys.ts'
import * as messages from '../../src/store/message.ts'
import * as records from '../../src/store/record.ts'
import * as rows from '../../src/store/row.ts'

const { encodeLogRecord, decodeLogRecord } = records

const u32 = fc.nat(0xffffffff)
const u48 = fc.oneof(
  fc.constantFrom(0, 1, 2 ** 48 - 1),
  fc.maxSafeNat().map(n => n % 2 ** 48),
)
const count = fc.oneof(fc.constantFrom(0, Number.MAX_SAFE_INTEGER), fc.maxSafeNat())
const text = fc.string({ unit: 'binary', maxLength: 300 })
const domainText = fc.constant('xn--bcher-kva.example')
const octets = (length: number) =>
  fc.uint8Array({ minLength: length, maxLength: length }).map(array => Buffer.from(array))
const id = octets(keys.idOctets).map(idText)
const ascending = (most: number) =>
  fc.uniqueArray(fc.nat(most), { maxLength: 50 }).map(list => list.sort((a, b) => a - b))

/** An object with these fields, as the store makes it. */
function shape<Value>(fields: { [Key in keyof Value]: fc.Arbitrary<Value[Key]> }): fc.Arbitrary<Value> {
  return fc.record(fields, { noNullPrototype: true })
}

/** A value of the log with this letter and body, its check made as the schema says: over key, letter and body. */
function sealed(seq: number, letter: string, body: Uint8Array): Buffer {
  const check = Buffer.alloc(4)
  check.writeUInt32BE(crc32(Buffer.concat([keys.encodeLogKey(seq), Buffer.from(letter), body])))
  return Buffer.concat([Buffer.from(letter), check, body])
}

/** Something that is written, under a name, with what reads it. */
type Codec = {
  readonly name: string
  readonly written: fc.Arbitrary<{ value: unknown; octets: Buffer }>
  readonly read: (octets: Buffer) => unknown
}

function codec<Value>(
  name: string,
  values: fc.Arbitrary<Value>,
  write: (value: Value) => Buffer,
  read: (octets: Buffer) => unknown,
): Codec {
  return { name, written: values.map(value => ({ value, octets: write(value) })), read }
}

/** A record of the log is read with its own number at hand: 2^40 here. */
const seq = 2 ** 40
function record(values: fc.Arbitrary<records.LogRecord>, name: string): Codec {
  return codec(
    name,
    values,
    value => encodeLogRecord(seq, value),
    octets => decodeLogRecord(seq, octets),
  )
}

const message = shape({
  kind: fc.constant('message' as const),
  id: octets(keys.idOctets),
  date: u48,
  dotted: fc.boolean(),
  eightBit: fc.boolean(),
  smtputf8: fc.boolean(),
  requireTls: fc.boolean(),
  tlsOptional: fc.boolean(),
  ret: fc.constantFrom('' as const, 'FULL' as const, 'HDRS' as const),
  envid: text,
  octets: count,
  stored: count,
  headerOctets: count,
  digest: octets(32),
  blocks: ascending(seq - 1),
  reversePath: text,
  trace: text,
  recipients: fc.array(shape({ path: text, notify: fc.nat(0xff), orcpt: text }), { maxLength: 5 }),
  deliveries: fc.array(shape({ account: u48, box: u32, uid: u32 }), { maxLength: 5 }),
  queued: ascending(1000),
  messageId: text,
})
const result = shape({
  recipient: count,
  outcome: fc.constantFrom('delivered' as const, 'deferred' as const, 'bounced' as const, 'withdrawn' as const),
  answer: shape({ code: fc.nat(599), enhanced: text, text }),
})
const attempt = shape({
  kind: fc.constant('attempt' as const),
  message: u48,
  dispatch: fc.nat(0xffff),
  date: u48,
  due: u48,
  attempts: count,
  held: fc.boolean(),
  noticed: fc.boolean(),
  remote: text,
  results: fc.array(result, { maxLength: 5 }),
})
const setting = shape({ kind: fc.constant('setting' as const), name: text, value: text })
const header = shape({ kind: fc.constant('header' as const), schema: count, store: octets(10), created: u48 })
const removal = shape({
  kind: fc.constant('removal' as const),
  account: u48,
  box: u32,
  uids: ascending(0xffffffff),
})
const flagsRecord = shape({
  kind: fc.constant('flags' as const),
  account: u48,
  box: u32,
  add: fc.nat(allFlags),
  drop: fc.nat(allFlags),
  uids: ascending(0xffffffff),
})
const account = shape({
  kind: fc.constant('account' as const),
  present: fc.boolean(),
  account: u48,
  created: u48,
  name: text,
  password: text,
})
const alias = shape({
  kind: fc.constant('alias' as const),
  address: text,
  targets: fc.array(text, { maxLength: 10 }),
})
const block = fc.uint8Array().map(array => ({
  kind: 'block' as const,
  value: Buffer.concat([Buffer.alloc(records.blockHead), array]),
}))

const keyCodecs: readonly Codec[] = [
  codec('log key', u48, keys.encodeLogKey, keys.decodeLogKey),
  codec('account key', u48, keys.accountKey, keys.decodeAccountKey),
  codec(
    'mailbox key',
    shape({ account: u48, box: u32 }),
    ({ account, box }) => keys.mailboxKey(account, box),
    keys.decodeMailboxKey,
  ),
  codec(
    'entry key',
    shape({ account: u48, box: u32, uid: u32 }),
    ({ account, box, uid }) => keys.entryKey(account, box, uid),
    keys.decodeEntryKey,
  ),
  codec(
    'link key',
    shape({ seq: u48, account: u48, box: u32, uid: u32 }),
    link => keys.linkKey(link.seq, link),
    keys.decodeLinkKey,
  ),
  codec('dead key', u48, keys.deadKey, keys.decodeDeadKey),
  codec('segment key', u48, keys.segmentKey, keys.decodeSegmentKey),
  codec(
    'dispatch key',
    shape({ seq: u48, dispatch: fc.nat(0xffff) }),
    ({ seq, dispatch }) => keys.dispatchKey(seq, dispatch),
    keys.decodeDispatchKey,
  ),
  codec(
    'waiting key',
    shape({ domain: domainText, due: u48, seq: u48, dispatch: fc.nat(0xffff) }),
    ({ domain, due, seq, dispatch }) => keys.waitingKey(domain, due, seq, dispatch),
    keys.decodeWaitingKey,
  ),
  codec(
    'destination key',
    shape({ due: u48, domain: domainText }),
    ({ due, domain }) => keys.destinationKey(due, domain),
    keys.decodeDestinationKey,
  ),
  codec(
    'attempt key',
    shape({ message: u48, seq: u48 }),
    ({ message, seq }) => keys.attemptKey(message, seq),
    keys.decodeAttemptKey,
  ),
  codec('trace key', u48, keys.traceKey, keys.decodeTraceKey),
]

const valueCodecs: readonly Codec[] = [
  record(header, 'header record'),
  record(message, 'message record'),
  record(removal, 'removal record'),
  record(flagsRecord, 'flags record'),
  record(account, 'account record'),
  record(alias, 'alias record'),
  record(attempt, 'attempt record'),
  record(setting, 'setting record'),
  codec(
    'version',
    shape({ schema: count, applied: u48, settled: u48, store: octets(keys.idOctets) }),
    rows.encodeVersion,
    rows.decodeVersion,
  ),
  codec('account', shape({ created: u48, name: text, password: text }), rows.encodeAccount, rows.decodeAccount),
  codec('alias', fc.array(text, { maxLength: 10 }), rows.encodeAlias, rows.decodeAlias),
  codec('dead message', count, rows.encodeDead, rows.decodeDead),
  codec('segment', count, rows.encodeSegment, rows.decodeSegment),
  codec('mailbox', shape({ next: u32, validity: u32, count, octets: count }), rows.encodeMailbox, rows.decodeMailbox),
]

const entryCodec = codec(
  'mailbox entry',
  shape({
    id,
    uid: u32,
    seq: u48,
    octets: u48,
    date: u48,
    stored: u48,
    copies: fc.nat(0xffff),
    flags: fc.nat(allFlags),
  }),
  rows.encodeEntry,
  value => rows.decodeEntry(String(value)),
)
const blockCodec = record(block, 'block record')
const aliasKeyCodec = codec('alias key', text, keys.aliasKey, keys.decodeAliasKey)

const damaged = (error: unknown) => error instanceof Failure && error.code === 'STORE_DAMAGED'

for (const { name, written, read } of [...keyCodecs, ...valueCodecs, entryCodec, blockCodec, aliasKeyCodec]) {
  test(`${name}: what is written is read back`, () => {
    fc.assert(fc.property(written, ({ value, octets }) => assert.deepEqual(read(octets), value)))
  })
}

for (const { name, written, read } of [...keyCodecs, ...valueCodecs]) {
  test(`${name}: cut short it is damage`, () => {
    const cut = fc.tuple(written, fc.nat()).map(([{ octets }, at]) => octets.subarray(0, at % octets.length))
    fc.assert(fc.property(cut, octets => assert.throws(() => read(octets), damaged)))
  })
}

test('mailbox entry: cut short it is damage; without its flags it is of the time before them, and has none', () => {
  const { written, read } = entryCodec
  fc.assert(
    fc.property(written, fc.nat(), ({ value, octets }, at) => {
      assert.ok(typeof value === 'object')
      assert.deepEqual(read(octets.subarray(0, -1)), { ...value, flags: 0 })
      assert.throws(() => read(octets.subarray(0, at % (octets.length - 1))), damaged)
    }),
  )
})

for (const { name, written } of keyCodecs) {
  test(`${name}: sorted as its numbers are`, () => {
    fc.assert(
      fc.property(written, written, (a, b) => {
        assert.equal(Buffer.compare(a.octets, b.octets), order(numbersOf(a.value), numbersOf(b.value)))
      }),
    )
  })
}

function numbersOf(value: unknown): unknown[] {
  return typeof value === 'object' && value !== null ? Object.values(value) : [value]
}

function order(a: readonly unknown[], b: readonly unknown[]): number {
  const at = a.findIndex((number, i) => number !== b[i])
  return at < 0 ? 0 : Number(a[at]) < Number(b[at]) ? -1 : 1
}

describe('octets that nobody wrote', () => {
  const letters = fc.constantFrom(...'VBMXFANTS?')

  test('are a record or damage, never anything else, even with a good check', () => {
    fc.assert(
      fc.property(u48, letters, fc.uint8Array({ maxLength: 200 }), (seq, letter, body) => {
        const octets = sealed(seq, letter, body)
        try {
          const found = decodeLogRecord(seq, octets)
          // Whatever was taken for a record can be written again, so no later step can trip over its numbers.
          encodeLogRecord(seq, found)
        } catch (error) {
          assert.ok(damaged(error), String(error))
        }
      }),
      { numRuns: 1000 },
    )
  })

  test('are damage where one octet has changed', () => {
    fc.assert(
      fc.property(message, fc.nat(), fc.integer({ min: 1, max: 0xff }), (value, at, change) => {
        const octets = encodeLogRecord(seq, value)
        const place = at % octets.length
        octets[place] = (octets[place] ?? 0) ^ change
        assert.throws(() => decodeLogRecord(seq, octets), damaged)
      }),
    )
  })

  test('are damage under another number than their own', () => {
    const octets = encodeLogRecord(7, { kind: 'alias', address: 'sales', targets: ['alice'] })
    assert.throws(() => decodeLogRecord(8, octets), damaged)
  })

  for (const { name, read } of [...keyCodecs, ...valueCodecs, entryCodec]) {
    test(`are taken for a ${name}, or for damage`, () => {
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 60 }), octets => {
          try {
            read(Buffer.from(octets))
          } catch (error) {
            assert.ok(damaged(error), String(error))
          }
        }),
      )
    })
  }

  test('are damage under a codec of a later release', () => {
    assert.throws(() => decodeLogRecord(5, sealed(5, 'B', Buffer.from('\x09body'))), damaged)
  })
})

test('a later release may add fields at the end', () => {
  fc.assert(
    fc.property(message, value => {
      const body = Buffer.concat([encodeLogRecord(seq, value).subarray(5), Buffer.from('more')])
      assert.deepEqual(decodeLogRecord(seq, sealed(seq, 'M', body)), value)
    }),
  )
})

describe('the worked example', () => {
  const record: messages.MessageRecord = {
    kind: 'message',
    id: Buffer.from('00112233445566778899', 'hex'),
    date: 0x010203040506,
    dotted: true,
    eightBit: false,
    smtputf8: false,
    requireTls: false,
    tlsOptional: true,
    ret: 'HDRS',
    envid: '',
    octets: 70_000,
    stored: 70_012,
    headerOctets: 200,
    digest: Buffer.alloc(32, 0xd1),
    blocks: [7, 9],
    reversePath: 'b@x',
    trace: 'R\r\n',
    recipients: [{ path: 'alice@home.example', notify: messages.notify.failure, orcpt: '' }],
    deliveries: [{ account: 1, box: 1, uid: 42 }],
    queued: [0],
    messageId: '<a@b>',
  }
  const written = [
    '00112233445566778899', // id
    '010203040506', // date
    '49', // dotted, RET=HDRS, TLS-Required: No
    'f0a204', // 70,000 octets
    'fca204', // 70,012 in the log
    'c801', // 200 of header
    'd1'.repeat(32), // digest
    '020102', // two blocks: one before 10, two before that
    '03624078', // b@x
    '03520d0a', // R CRLF
    '00', // no ENVID
    '0112616c69636540686f6d652e6578616d706c650400', // one recipient, NOTIFY=FAILURE
    '01000000000001012a', // one delivery: account 1, box 1, uid 42
    '0100', // the one recipient is sent on
    '053c6140623e', // <a@b>
  ].join('')

  test('is written as the head of the schema says', () => {
    assert.equal(keys.encodeLogKey(10).toString('hex'), '00000000000a')
    assert.deepEqual(encodeLogRecord(10, record), sealed(10, 'M', Buffer.from(written, 'hex')))
  })
  test('and read back from there', () => {
    assert.deepEqual(decodeLogRecord(10, sealed(10, 'M', Buffer.from(written, 'hex'))), record)
  })
  test('a block has a codec before its octets, and is not copied', () => {
    const value = Buffer.concat([Buffer.alloc(records.blockHead), Buffer.from('hi')])
    assert.equal(encodeLogRecord(7, { kind: 'block', value }), value)
    assert.deepEqual(value, sealed(7, 'B', Buffer.from('\0hi')))
  })
  test('a removal counts from one UID to the next', () => {
    const octets = encodeLogRecord(11, { kind: 'removal', account: 1, box: 1, uids: [40, 42, 300] })
    assert.deepEqual(octets, sealed(11, 'X', Buffer.from('00000000000101032802' + '8202', 'hex')))
  })
  test('flags are what is added, what is dropped, and from one UID to the next', () => {
    const octets = encodeLogRecord(11, { kind: 'flags', account: 1, box: 1, add: 1, drop: 12, uids: [40, 42, 300] })
    assert.deepEqual(octets, sealed(11, 'F', Buffer.from('00000000000101' + '010c' + '032802' + '8202', 'hex')))
  })
  test('the index has a letter, the account, the mailbox and the UID', () => {
    assert.equal(keys.entryKey(1, 1, 42).toString('hex'), '78000000000001000000010000002a')
    assert.equal(
      keys.linkKey(10, { account: 1, box: 1, uid: 42 }).toString('hex'),
      '6c00000000000a000000000001000000010000002a',
    )
  })
})

describe('a range', () => {
  const inside = ({ gte, lt }: keys.Range, key: Buffer) => Buffer.compare(key, gte) >= 0 && Buffer.compare(key, lt) < 0
  const accounts = fc.nat(2 ** 48 - 2)

  test('of entries holds those of one account and one mailbox', () => {
    fc.assert(
      fc.property(accounts, accounts, fc.nat(3), fc.nat(3), u32, (account, other, box, otherBox, uid) => {
        const key = keys.entryKey(other, otherBox, uid)
        assert.equal(inside(keys.entryRange(account), key), account === other)
        assert.equal(inside(keys.entryRange(account, box), key), account === other && box === otherBox)
      }),
    )
  })
  test('of accounts, aliases or mailboxes holds no other kind', () => {
    const kinds = [
      [keys.accountRange, keys.accountKey(2 ** 48 - 1)],
      [keys.aliasRange, keys.aliasKey('\u{10ffff}'.repeat(20))],
      [keys.mailboxRange, keys.mailboxKey(2 ** 48 - 1, 0xffffffff)],
    ] as const
    for (const [range] of kinds) {
      assert.deepEqual(
        kinds.filter(([, key]) => inside(range, key)).map(([found]) => found),
        [range],
      )
    }
  })
})
