/** The client's side of SASL, alone and against our own server. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { chooseMechanism, startClient } from '../../src/auth/client.ts'
import type { Mechanism } from '../../src/auth/mechanisms.ts'
import { opaqueString } from '../../src/auth/opaque.ts'
import { hashPassword } from '../../src/auth/password.ts'
import { startSasl } from '../../src/auth/sasl.ts'
import { startScram } from '../../src/auth/scram.ts'
import { budget } from '../../src/base/budget.ts'
import { base64, converse, recordOf, text } from './exchanges.ts'

const alice = { user: 'alice', password: 'open sesame' } as const
const binding = Buffer.alloc(32, 'channel')

type Choice = {
  readonly name: string
  readonly offered: readonly string[]
  readonly secure?: boolean
  readonly binding?: boolean
  readonly choice: Mechanism | undefined
}

const all = ['LOGIN', 'PLAIN', 'CRAM-MD5', 'SCRAM-SHA-1', 'SCRAM-SHA-256', 'SCRAM-SHA-256-PLUS']

const choices: readonly Choice[] = [
  { name: 'the strongest', offered: all, binding: true, choice: 'SCRAM-SHA-256-PLUS' },
  { name: 'nothing that needs a binding where there is none', offered: all, choice: 'SCRAM-SHA-256' },
  { name: 'PLAIN before LOGIN', offered: ['LOGIN', 'PLAIN'], choice: 'PLAIN' },
  { name: 'LOGIN where there is nothing else', offered: ['XOAUTH2', 'LOGIN'], choice: 'LOGIN' },
  { name: 'in any case of the letters', offered: ['plain', 'Scram-Sha-256'], choice: 'SCRAM-SHA-256' },
  { name: 'no bare password without TLS', offered: ['LOGIN', 'PLAIN'], secure: false, choice: undefined },
  { name: 'SCRAM without TLS', offered: all, secure: false, choice: 'SCRAM-SHA-256' },
  { name: 'nothing that is unknown', offered: ['CRAM-MD5', 'SCRAM-SHA-1', 'PLAIN2', ''], choice: undefined },
  { name: 'nothing from nothing', offered: [], choice: undefined },
]

describe('a client chooses', () => {
  for (const { name, offered, secure = true, binding = false, choice } of choices) {
    test(name, () => assert.equal(chooseMechanism(offered, { secure, binding }), choice))
  }
})

describe('PLAIN', () => {
  test('says all at once, and is cancelled when asked for more', async () => {
    const client = startClient('PLAIN', alice)
    assert.equal(client.initial, base64('\0alice\0open sesame'))
    assert.equal(client.verified(), true)
    assert.equal(await client.answer(''), undefined)
  })

  test('is what our server reads', () => {
    const { initial } = startClient('PLAIN', { user: 'zoë', password: 'пароль' })
    assert.deepEqual(startSasl('PLAIN').step(initial), { kind: 'credentials', user: 'zoë', password: 'пароль' })
  })
})

describe('LOGIN', () => {
  test('answers two prompts, whatever they say, and is cancelled at the third', async () => {
    const client = startClient('LOGIN', alice)
    assert.equal(client.initial, undefined)
    assert.equal(await client.answer(base64('User Name\0')), base64('alice'))
    assert.equal(await client.answer('%'), base64('open sesame'))
    assert.equal(await client.answer(base64('Password:')), undefined)
    assert.equal(client.verified(), true)
  })
})

describe('credentials that cannot be sent are refused', () => {
  const long = 'x'.repeat(budget.password + 1)
  for (const mechanism of ['PLAIN', 'LOGIN', 'SCRAM-SHA-256'] as const) {
    for (const bad of ['', 'a\0b', 'a\r\nb', 'a\x7f', 'a\ud800', long]) {
      test(`${mechanism} with ${JSON.stringify(bad.slice(0, 9))}`, () => {
        assert.throws(() => startClient(mechanism, { ...alice, user: bad }), { code: 'REFUSED', message: /user name/ })
        assert.throws(() => startClient(mechanism, { ...alice, password: bad }), {
          code: 'REFUSED',
          message: /password/,
        })
      })
    }
  }

  test('and the password does not stand in the message', () => {
    assert.throws(
      () => startClient('PLAIN', { user: 'alice', password: 'secret\0' }),
      (error: Error) => !error.message.includes('secret'),
    )
  })
})

const serverNonce = 'rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0'
const salt = 'W22ZaJ0SNY7soEsUEjb6gQ=='
const serverFirst = `r=${serverNonce},s=${salt},i=4096`
const signature = '6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4='
const startExample = () => startClient('SCRAM-SHA-256', { user: 'user', password: 'pencil' }, 'rOprNGfwEbeRWgbNEkqO')

test('the example of RFC 7677 §3', async () => {
  const client = startExample()
  assert.equal(client.initial, base64('n,,n=user,r=rOprNGfwEbeRWgbNEkqO'))
  const final = await client.answer(base64(serverFirst))
  assert.equal(text(final ?? ''), `c=biws,r=${serverNonce},p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=`)
  assert.equal(client.verified(), false)
  assert.equal(await client.answer(base64(`v=${signature}`)), '')
  assert.equal(client.verified(), true)
  assert.equal(await client.answer(''), undefined)
})

describe('SCRAM is cancelled when the server', () => {
  const firsts = [
    { name: 'sends nothing', first: '' },
    { name: 'sends another nonce', first: `r=x${serverNonce},s=${salt},i=4096` },
    { name: 'adds nothing to the nonce', first: `r=rOprNGfwEbeRWgbNEkqO,s=${salt},i=4096` },
    { name: 'cuts the nonce', first: `r=rOprNGfwEbeRWgbNEkq,s=${salt},i=4096` },
    { name: 'sends no nonce', first: `s=${salt},i=4096` },
    { name: 'sends no salt', first: `r=${serverNonce},i=4096` },
    { name: 'sends an empty salt', first: `r=${serverNonce},s=,i=4096` },
    { name: 'sends a salt that is not base64', first: `r=${serverNonce},s=W22,i=4096` },
    { name: 'sends no iterations', first: `r=${serverNonce},s=${salt}` },
    { name: 'asks for too few iterations', first: `r=${serverNonce},s=${salt},i=4095` },
    { name: 'asks for too many', first: `r=${serverNonce},s=${salt},i=${budget.scramIterations + 1}` },
    { name: 'asks for more than can be counted', first: `r=${serverNonce},s=${salt},i=9${'0'.repeat(400)}` },
    { name: 'asks for them in another way', first: `r=${serverNonce},s=${salt},i=04096` },
    { name: 'asks for less than none', first: `r=${serverNonce},s=${salt},i=-4096` },
    { name: 'wants an extension understood', first: `m=x,${serverFirst}` },
    { name: 'wants one understood at the end', first: `${serverFirst},m=x` },
    { name: 'sends a control character', first: `${serverFirst},x=\r\n` },
    { name: 'sends more than the bound', first: `${serverFirst},x=${'x'.repeat(budget.scramMessage)}` },
    { name: 'says what is wrong at once', first: 'e=other-error' },
  ]
  for (const { name, first } of firsts) {
    test(name, async () => {
      const client = startExample()
      assert.equal(await client.answer(base64(first)), undefined)
      assert.equal(await client.answer(base64(serverFirst)), undefined, 'and it stays so')
      assert.equal(client.verified(), false)
    })
  }

  const finals = [
    { name: 'gives no proof', final: '' },
    { name: 'gives a wrong proof', final: `v=${signature.replace('6', '7')}` },
    { name: 'gives a proof cut short', final: 'v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95A==' },
    { name: 'gives a proof without padding', final: `v=${signature.slice(0, -1)}` },
    { name: 'says that the proof is wrong', final: 'e=invalid-proof' },
    { name: 'gives a proof and an error', final: `e=other-error,v=${signature}` },
    { name: 'gives a proof and wants more understood', final: `v=${signature},m=x` },
    { name: 'begins anew', final: serverFirst },
  ]
  for (const { name, final } of finals) {
    test(name, async () => {
      const client = startExample()
      assert.notEqual(await client.answer(base64(serverFirst)), undefined)
      assert.equal(await client.answer(base64(final)), undefined)
      assert.equal(await client.answer(base64(`v=${signature}`)), undefined, 'and it stays so')
      assert.equal(client.verified(), false)
    })
  }

  test('sends what is not base64', async () => {
    assert.equal(await startExample().answer(`${base64(serverFirst)}=`), undefined)
    assert.equal(await startExample().answer(base64(serverFirst).slice(1)), undefined)
  })
})

test('as many iterations as allowed are computed, off the event loop', async () => {
  const client = startExample()
  let done = false
  const answer = client.answer(base64(`r=${serverNonce},s=${salt},i=${budget.scramIterations}`)).finally(() => {
    done = true
  })
  await new Promise(resolve => setImmediate(resolve))
  assert.equal(done, false, 'the loop went round meanwhile')
  assert.match(text((await answer) ?? ''), /,p=[A-Za-z0-9+/]{43}=$/)
})

test('attributes that nobody knows are passed over', async () => {
  const client = startExample()
  assert.notEqual(await client.answer(base64(`${serverFirst},x=1`)), undefined)
})

test('any challenge gives an answer or none, and never a rejection', async () => {
  const part = fc.constantFrom('r=', serverNonce, ',', `s=${salt}`, ',i=4096', 'm=', 'e=', `v=${signature}`, '\0')
  const message = fc
    .array(fc.oneof(part, fc.string({ maxLength: 5 })), { maxLength: 8 })
    .map(parts => base64(parts.join('')))
  const line = fc.oneof(message, fc.string(), fc.base64String(), fc.constant(base64(serverFirst)))
  await fc.assert(
    fc.asyncProperty(fc.array(line, { maxLength: 4 }), async lines => {
      const client = startExample()
      for (const challenge of lines) {
        const answer = await client.answer(challenge)
        if (answer) assert.match(text(answer), /^c=biws,r=.*,p=[A-Za-z0-9+/]{43}=$/)
      }
    }),
    { numRuns: 300 },
  )
})

const mechanism = fc.constantFrom<Mechanism>('SCRAM-SHA-256', 'SCRAM-SHA-256-PLUS')
/** Full of what has a meaning in the messages. */
const awkward = fc.oneof(
  fc.constantFrom(',', '=', '=2C', '=3D', 'n=', ',r=', 'ü', '漢', '🐈', '\u00a0', 'e\u0301'),
  fc.string({ unit: 'grapheme' }),
)
const phrase = fc
  .array(awkward, { minLength: 1, maxLength: 8 })
  .map(parts => parts.join(''))
  .filter(words => opaqueString(words) !== undefined && Buffer.byteLength(words) <= 100)
const server = (plus: boolean, bound = binding) => startScram({ plus, binding: bound })

describe('both sides', () => {
  test('agree for any name, any password and either mechanism', async () => {
    await fc.assert(
      fc.asyncProperty(mechanism, phrase, phrase, async (mechanism, user, password) => {
        const plus = mechanism === 'SCRAM-SHA-256-PLUS'
        const client = startClient(mechanism, plus ? { user, password, binding } : { user, password })
        const record = recordOf(opaqueString(password) ?? '')
        const end = await converse(client, server(plus), name => (name === user ? record : undefined))
        assert.deepEqual(end, { kind: 'verified', user })
        assert.equal(client.verified(), true)
      }),
      { numRuns: 200 },
    )
  })

  test('do not when the password is another', async () => {
    await fc.assert(
      fc.asyncProperty(phrase, phrase, async (password, other) => {
        fc.pre(opaqueString(password) !== opaqueString(other))
        const client = startClient('SCRAM-SHA-256', { user: 'alice', password })
        const record = recordOf(opaqueString(other) ?? '')
        assert.deepEqual(await converse(client, server(false), () => record), { kind: 'wrong', user: 'alice' })
        assert.equal(client.verified(), false)
      }),
      { numRuns: 50 },
    )
  })

  test('agree about a record as it is really kept, however a keyboard composes the password', async () => {
    const record = await hashPassword('caf\u00e9 noir')
    for (const password of ['caf\u00e9 noir', 'cafe\u0301\u00a0noir']) {
      const client = startClient('SCRAM-SHA-256-PLUS', { user: 'alice', password, binding })
      assert.deepEqual(await converse(client, server(true), () => record), { kind: 'verified', user: 'alice' })
    }
  })

  const record = recordOf(alice.password)
  const find = () => record

  test('notice somebody between them, who has another channel to each', async () => {
    const client = startClient('SCRAM-SHA-256-PLUS', { ...alice, binding })
    const end = await converse(client, server(true, Buffer.alloc(32, 'another')), find)
    assert.deepEqual(end, { kind: 'refused', reason: 'the channel binding does not match' })
    assert.equal(client.verified(), false)
  })

  test('notice when the stronger mechanism was taken out of the list', async () => {
    const client = startClient('SCRAM-SHA-256', { ...alice, binding })
    assert.equal(client.initial?.startsWith(base64('y,,')), true)
    assert.equal((await converse(client, server(false), find)).kind, 'refused')
  })

  test('agree where the server has no channel binding', async () => {
    const client = startClient('SCRAM-SHA-256', { ...alice, binding })
    const unbound = startScram({ plus: false, binding: undefined })
    assert.equal((await converse(client, unbound, find)).kind, 'verified')
  })

  test('a server that does not know the password is found out', async () => {
    const client = startClient('SCRAM-SHA-256', alice)
    const keys = record.split('$')
    const forged = [...keys.slice(0, -1), Buffer.alloc(32).toString('base64').replace('=', '')].join('$')
    assert.deepEqual(await converse(client, server(false), () => forged), { kind: 'cancelled' })
    assert.equal(client.verified(), false)
  })

  test('two exchanges have two nonces', () => {
    assert.notEqual(startClient('SCRAM-SHA-256', alice).initial, startClient('SCRAM-SHA-256', alice).initial)
  })

  test('channel binding without a channel is a bug', () => {
    assert.throws(() => startClient('SCRAM-SHA-256-PLUS', alice), /without a channel binding/)
  })
})
