/** The server's side of SCRAM. */
import assert from 'node:assert/strict'
import { createHash, createHmac, pbkdf2Sync } from 'node:crypto'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { type ScramOptions, type ScramStep, startScram } from '../../src/auth/scram.ts'
import { budget } from '../../src/base/budget.ts'
import { base64, lookUp, recordOf, text } from './exchanges.ts'

const binding = Buffer.from(Array.from({ length: 32 }, (_, i) => 255 - i))
const record = recordOf('open sesame')
const accounts: Readonly<Record<string, string>> = {
  alice: record,
  'a,b=c': record,
  zoë: record,
  early: record.split(' ')[0] ?? '',
  damaged: record.slice(0, -1),
}
const find = (user: string) => accounts[user]

const plain: ScramOptions = { plus: false, binding: undefined, nonce: 'Server' }
const unbound: ScramOptions = { plus: false, binding, nonce: 'Server' }
const plus: ScramOptions = { plus: true, binding, nonce: 'Server' }

const malformed: ScramStep = { kind: 'refused', reason: 'malformed response' }
const mandatory: ScramStep = { kind: 'refused', reason: 'unknown mandatory extension' }
const refused = (reason: string): ScramStep => ({ kind: 'refused', reason })
const serverFirst = `r=clientServer,s=${base64(Buffer.alloc(16, 'salt'))},i=4096`
const asks: ScramStep = { kind: 'challenge', challenge: base64(serverFirst) }

/** A client written from RFC 5802 §3 in the plainest way. */
function finalMessage(first: string, withoutProof: string, password = 'open sesame'): string {
  const salted = pbkdf2Sync(password, Buffer.alloc(16, 'salt'), 4096, 32, 'sha256')
  const mac = (key: Buffer, data: string) => createHmac('sha256', key).update(data).digest()
  const key = mac(salted, 'Client Key')
  const bare = first.slice(first.indexOf('n=', first.indexOf(',')))
  const signature = mac(createHash('sha256').update(key).digest(), `${bare},${serverFirst},${withoutProof}`)
  return `${withoutProof},p=${base64(key.map((octet, i) => octet ^ (signature[i] ?? 0)))}`
}

test('the example of RFC 7677 §3', () => {
  const salt = Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64')
  const server = startScram({ plus: false, binding: undefined, nonce: '%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0' })
  const lookup = server.step(base64('n,,n=user,r=rOprNGfwEbeRWgbNEkqO'))
  assert.equal(lookup.kind === 'lookup' && lookup.user, 'user')
  assert.deepEqual(
    lookUp(lookup, () => recordOf('pencil', salt)),
    {
      kind: 'challenge',
      challenge: base64('r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096'),
    },
  )
  const final =
    'c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ='
  assert.deepEqual(server.step(base64(final)), {
    kind: 'challenge',
    challenge: base64('v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4='),
  })
  assert.deepEqual(server.step(''), { kind: 'verified', user: 'user' })
})

type First = { readonly name: string; readonly options: ScramOptions; readonly first: string; readonly step: ScramStep }

const long = (octets: number) => 'x'.repeat(octets - 'n,,n=alice,r='.length)
const mismatch = refused('the mechanism and the channel binding do not match')

const firsts: readonly First[] = [
  { name: 'without channel binding', options: plain, first: 'n,,n=alice,r=client', step: asks },
  { name: 'without, where it is offered', options: unbound, first: 'n,,n=alice,r=client', step: asks },
  { name: 'that sees none offered, and none is', options: plain, first: 'y,,n=alice,r=client', step: asks },
  { name: 'with channel binding', options: plus, first: 'p=tls-exporter,,n=alice,r=client', step: asks },
  { name: 'to act as oneself', options: plain, first: 'n,a=alice,n=alice,r=client', step: asks },
  { name: 'with a comma and an equals sign in the name', options: plain, first: 'n,,n=a=2Cb=3Dc,r=client', step: asks },
  { name: 'for such a one as itself', options: plain, first: 'n,a=a=2Cb=3Dc,n=a=2Cb=3Dc,r=client', step: asks },
  { name: 'with a name in UTF-8', options: plain, first: 'n,,n=zoë,r=client', step: asks },
  {
    name: 'with an extension that may be passed over',
    options: plain,
    first: 'n,,n=alice,r=client,x=1,y=2',
    step: asks,
  },
  {
    name: 'that misses the channel binding which is offered',
    options: unbound,
    first: 'y,,n=alice,r=client',
    step: refused('channel binding is offered here, and the client did not see it'),
  },
  { name: 'of PLUS without channel binding', options: plus, first: 'n,,n=alice,r=client', step: mismatch },
  { name: 'of PLUS that sees none offered', options: plus, first: 'y,,n=alice,r=client', step: mismatch },
  { name: 'with it, but not PLUS', options: unbound, first: 'p=tls-exporter,,n=alice,r=client', step: mismatch },
  {
    name: 'of PLUS where there is no binding',
    options: { ...plain, plus: true },
    first: 'p=tls-exporter,,n=alice,r=client',
    step: refused('no channel binding on this connection'),
  },
  ...['tls-server-end-point', 'tls-unique', 'TLS-EXPORTER', 'tls-exporter2'].map(
    (type): First => ({
      name: `bound to ${type}`,
      options: plus,
      first: `p=${type},,n=alice,r=client`,
      step: refused('unknown channel binding'),
    }),
  ),
  ...['bob', 'Alice', 'alice=2C'].map(
    (other): First => ({
      name: `to act as ${other}`,
      options: plain,
      first: `n,a=${other},n=alice,r=client`,
      step: refused('no acting for another user'),
    }),
  ),
  { name: 'with a mandatory extension', options: plain, first: 'n,,m=x,n=alice,r=client', step: mandatory },
  { name: 'with one at the end', options: plain, first: 'n,,n=alice,r=client,m=x', step: mandatory },
  ...[
    { name: 'nothing', first: '' },
    { name: 'another flag', first: 'x,,n=alice,r=client' },
    { name: 'a flag in upper case', first: 'N,,n=alice,r=client' },
    { name: 'a binding without a name', first: 'p=,,n=alice,r=client' },
    { name: 'no header', first: 'n=alice,r=client' },
    { name: 'half a header', first: 'n,n=alice,r=client' },
    { name: 'an empty identity to act as', first: 'n,a=,n=alice,r=client' },
    { name: 'an equals sign that stands for nothing', first: 'n,,n=al=ice,r=client' },
    { name: 'an equals sign at the end', first: 'n,,n=alice=,r=client' },
    { name: 'a comma in lower case', first: 'n,,n=al=2cice,r=client' },
    { name: 'such a one to act as', first: 'n,a==,n=alice,r=client' },
    { name: 'an empty name', first: 'n,,n=,r=client' },
    { name: 'an empty nonce', first: 'n,,n=alice,r=' },
    { name: 'no nonce', first: 'n,,n=alice' },
    { name: 'a space in the nonce', first: 'n,,n=alice,r=cli ent' },
    { name: 'a letter beyond ASCII in the nonce', first: 'n,,n=alice,r=cliënt' },
    { name: 'the nonce first', first: 'n,,r=client,n=alice' },
    { name: 'a NUL', first: 'n,,n=al\0ice,r=client' },
    { name: 'a line break at the end', first: 'n,,n=alice,r=client\n' },
    { name: 'a control character of Latin-1', first: 'n,,n=al\u0085ice,r=client' },
    { name: 'an extension without a value', first: 'n,,n=alice,r=client,x=' },
    { name: 'a comma too many', first: 'n,,n=alice,r=client,' },
    { name: 'more than the bound', first: `n,,n=alice,r=${long(budget.scramMessage + 1)}` },
  ].map(({ name, first }): First => ({ name: `with ${name}`, options: plain, first, step: malformed })),
]

describe("a client's first message", () => {
  for (const { name, options, first, step } of firsts) {
    test(`${name} is ${step.kind === 'refused' ? 'refused' : 'taken'}`, () => {
      assert.deepEqual(lookUp(startScram(options).step(base64(first)), find), step)
    })
  }

  test('names its account without the signs of the wire', () => {
    const step = startScram(plain).step(base64('n,,n=a=2Cb=3D3D,r=client'))
    assert.equal(step.kind === 'lookup' && step.user, 'a,b=3D')
  })

  test('may be of the greatest length', () => {
    const step = startScram(plain).step(base64(`n,,n=alice,r=${long(budget.scramMessage)}`))
    assert.equal(lookUp(step, find).kind, 'challenge')
  })

  test('that is not strictly base64 is refused', () => {
    const coded = base64('n,,n=alice,r=client!')
    assert.match(coded, /[^=]=$/)
    for (const bad of [
      coded.slice(0, -1),
      ` ${coded}`,
      coded.replace(/.=$/, '?='),
      base64(Buffer.from('n,,n=\xff,r=c', 'latin1')),
    ])
      assert.deepEqual(startScram(plain).step(bad), malformed, bad)
  })

  test('may come after an empty challenge', () => {
    const server = startScram(plain)
    assert.deepEqual(server.step(undefined), { kind: 'challenge', challenge: '' })
    assert.deepEqual(lookUp(server.step(base64('n,,n=alice,r=client')), find), asks)
  })
})

type Final = {
  readonly name: string
  readonly options?: ScramOptions
  readonly first?: string
  readonly final: string
  readonly step: ScramStep
}

const first = 'n,,n=alice,r=client'
const without = 'c=biws,r=clientServer'
const good = finalMessage(first, without)
const bound = (header: string, data: Uint8Array) => base64(Buffer.concat([Buffer.from(header), data]))
const boundFirst = 'p=tls-exporter,,n=alice,r=client'
const boundWithout = `c=${bound('p=tls-exporter,,', binding)},r=clientServer`
const wrong: ScramStep = { kind: 'wrong', user: 'alice' }
const wrongBinding = refused('the channel binding does not match')
const wrongNonce = refused('the nonce does not match')

/** Each with the proof that fits it, so that nothing but what the name says can be why it is refused. */
const finals: readonly Final[] = [
  { name: 'for another password', final: finalMessage(first, without, 'open sesamE'), step: wrong },
  { name: 'with the proof of another exchange', final: finalMessage('n,,n=alice,r=clienT', without), step: wrong },
  { name: 'with a header that was not sent', final: finalMessage(first, 'c=eSws,r=clientServer'), step: wrongBinding },
  {
    name: 'with a binding where there is none',
    final: finalMessage(first, `c=${bound('n,,', binding)},r=clientServer`),
    step: wrongBinding,
  },
  {
    name: 'with the header of somebody else',
    first: 'n,a=alice,n=alice,r=client',
    final: finalMessage(first, without),
    step: wrongBinding,
  },
  {
    name: 'without its binding',
    options: plus,
    first: boundFirst,
    final: finalMessage(boundFirst, `c=${base64('p=tls-exporter,,')},r=clientServer`),
    step: wrongBinding,
  },
  {
    name: 'bound to another channel',
    options: plus,
    first: boundFirst,
    final: finalMessage(boundFirst, `c=${bound('p=tls-exporter,,', Buffer.alloc(32))},r=clientServer`),
    step: wrongBinding,
  },
  { name: "with the client's nonce alone", final: finalMessage(first, 'c=biws,r=client'), step: wrongNonce },
  { name: 'with another nonce', final: finalMessage(first, 'c=biws,r=clientserver'), step: wrongNonce },
  { name: 'with more nonce', final: finalMessage(first, 'c=biws,r=clientServer1'), step: wrongNonce },
  { name: 'with a mandatory extension', final: finalMessage(first, `${without},m=x`), step: mandatory },
  { name: 'with nothing', final: '', step: malformed },
  { name: 'without a proof', final: without, step: malformed },
  { name: 'with an empty proof', final: `${without},p=`, step: malformed },
  { name: 'with a proof of 31 octets', final: `${without},p=${base64(Buffer.alloc(31))}`, step: malformed },
  { name: 'with a proof of 33 octets', final: `${without},p=${base64(Buffer.alloc(33))}`, step: malformed },
  { name: 'with a proof without padding', final: good.slice(0, -1), step: malformed },
  { name: 'with something behind the proof', final: `${good},x=1`, step: malformed },
  { name: 'with the binding behind the nonce', final: good.replace(/^(c=biws),(r=\w+)/, '$2,$1'), step: malformed },
]

describe("a client's final message", () => {
  for (const { name, options = plain, first: sent = first, final, step } of finals) {
    test(`${name} is refused, and the exchange is over`, () => {
      const server = startScram(options)
      assert.deepEqual(lookUp(server.step(base64(sent)), find), asks)
      assert.deepEqual(server.step(base64(final)), step)
      for (const more of [base64(good), '']) assert.deepEqual(server.step(more), malformed)
    })
  }

  const ways = [
    { name: 'without channel binding', options: plain, sent: first, final: good },
    { name: 'with channel binding', options: plus, sent: boundFirst, final: finalMessage(boundFirst, boundWithout) },
    {
      name: 'with an extension that may be passed over',
      options: plain,
      sent: first,
      final: finalMessage(first, `${without},x=1,y=2`),
    },
  ]
  for (const { name, options, sent, final } of ways) {
    test(`${name} is answered with the proof of the server, and an empty response ends it`, () => {
      const server = startScram(options)
      lookUp(server.step(base64(sent)), find)
      const step = server.step(base64(final))
      assert.match(step.kind === 'challenge' ? text(step.challenge) : '', /^v=[A-Za-z0-9+/]{43}=$/)
      assert.deepEqual(server.step(''), { kind: 'verified', user: 'alice' })
      assert.deepEqual(server.step(''), malformed)
    })
  }

  test('is followed by an empty response and by no other', () => {
    for (const last of ['=', base64('v=1'), undefined]) {
      const server = startScram(plain)
      lookUp(server.step(base64(first)), find)
      assert.equal(server.step(base64(good)).kind, 'challenge')
      assert.deepEqual(server.step(last), malformed)
    }
  })

  test('with any one octet changed is never good', () => {
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.integer({ min: 1, max: 127 }), (at, change) => {
        const octets = Buffer.from(good)
        octets[at] = (octets[at] ?? 0) ^ change
        const server = startScram(plain)
        lookUp(server.step(base64(first)), find)
        assert.ok(['wrong', 'refused'].includes(server.step(base64(octets)).kind))
      }),
    )
  })

  test('before the lookup is answered leads nowhere', () => {
    const server = startScram(plain)
    server.step(base64(first))
    assert.deepEqual(server.step(base64(good)), malformed)
  })
})

describe('a name that nobody has', () => {
  const challengeFor = (user: string, options: ScramOptions = plain) => {
    const step = lookUp(startScram(options).step(base64(`n,,n=${user},r=client`)), find)
    return step.kind === 'challenge' ? text(step.challenge) : step.kind
  }

  test('gets a salt that looks like any other and stays the same', () => {
    const form = /^r=clientServer,s=[A-Za-z0-9+/]{22}==,i=\d+$/
    assert.match(challengeFor('alice'), form)
    assert.match(challengeFor('nobody'), form)
    assert.equal(challengeFor('nobody'), challengeFor('nobody'))
    assert.equal(challengeFor('Nobody'), challengeFor('nobody'), 'as accounts, which have no case')
    assert.notEqual(challengeFor('nobody'), challengeFor('nobody2'))
  })

  for (const user of ['nobody', 'early', 'damaged']) {
    test(`or whose record holds no verifier fails at the end, as a wrong password does: ${user}`, () => {
      const server = startScram(plain)
      assert.equal(lookUp(server.step(base64(`n,,n=${user},r=client`)), find).kind, 'challenge')
      assert.deepEqual(server.step(base64(good)), { kind: 'wrong', user })
    })
  }
})

test('each exchange has a nonce of its own', () => {
  const nonces = Array.from({ length: 100 }, () => {
    const step = lookUp(startScram({ plus: false, binding: undefined }).step(base64(first)), find)
    return /^r=client([!-+\--~]{24}),/.exec(step.kind === 'challenge' ? text(step.challenge) : '')?.[1]
  })
  assert.equal(new Set(nonces).size, 100)
  assert.ok(!nonces.includes(undefined))
})

test('any text is a step and never a throw, and is never verified', () => {
  const part = fc.constantFrom(
    ...['n,,', 'y,,', 'p=tls-exporter,,', 'n=alice', ',', 'r=client', 'Server', 'c=biws', 'p=', 'm=x', '=2C'],
  )
  const message = fc
    .array(fc.oneof(part, fc.string({ maxLength: 5 })), { maxLength: 8 })
    .map(parts => base64(parts.join('')))
  const line = fc.oneof(message, fc.string(), fc.base64String(), fc.constantFrom(base64(first), base64(boundFirst), ''))
  fc.assert(
    fc.property(
      fc.constantFrom(plain, unbound, plus),
      fc.array(fc.option(line, { nil: undefined }), { maxLength: 4 }),
      (options, lines) => {
        const server = startScram(options)
        for (const response of lines) {
          const step = lookUp(server.step(response), find)
          assert.ok(['challenge', 'refused', 'wrong'].includes(step.kind))
        }
      },
    ),
    { numRuns: 1000 },
  )
})
