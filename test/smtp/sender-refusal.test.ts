import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { budget } from '../../src/base/budget.ts'
import type { Transaction } from '../../src/smtp/transaction.ts'
import { Service, transaction } from './sender-run.ts'

/** A service that sends what the table has, to a peer with these extensions, and what it says at first. */
async function attempt(changed: Partial<Transaction>, paths: string[], extensions: string[], tls: 'on' | 'off') {
  const service = new Service({ tls, steps: [sender => sender.send(transaction(changed, ...paths))] })
  await service.hear('220 mx\r\n')
  const said = await service.hear(
    ['250-mx', ...extensions.map(name => `250-${name}`), '250 PIPELINING', ''].join('\r\n'),
  )
  return { service, said: said.toString() }
}

type Row = {
  name: string
  changed?: Partial<Transaction>
  paths?: string[]
  extensions?: string[]
  tls?: 'on'
  /** Undefined: all are named to the peer. */
  done?: string
}

const table: Row[] = [
  { name: 'a message of the SIZE', changed: { octets: 1000 }, extensions: ['SIZE 1000'] },
  { name: 'a larger message', changed: { octets: 1001 }, extensions: ['SIZE 1000'], done: 'bounced 552/5.3.4*' },
  { name: 'any size where there is no limit', changed: { octets: 1e12 }, extensions: ['SIZE 0'] },
  { name: '8-bit text', changed: { eightBit: true }, done: 'bounced 554/5.6.3*' },
  { name: '8-bit text and 8BITMIME', changed: { eightBit: true }, extensions: ['8BITMIME'] },
  { name: 'Unicode', changed: { smtputf8: true }, extensions: ['8BITMIME'], done: 'bounced 553/5.6.7*' },
  { name: 'Unicode and SMTPUTF8', changed: { smtputf8: true, reversePath: 'ü@h.example' }, extensions: ['SMTPUTF8'] },
  {
    name: 'a sender in Unicode that was not announced',
    changed: { reversePath: 'ü@h.example' },
    extensions: ['SMTPUTF8'],
    done: 'bounced 553/5.6.7*',
  },
  { name: 'a message for TLS alone, over TLS', changed: { requireTls: true }, extensions: ['REQUIRETLS'], tls: 'on' },
  { name: 'the same, but not promised', changed: { requireTls: true }, tls: 'on', done: 'bounced 550/5.7.30*' },
  {
    name: 'the same, without TLS',
    changed: { requireTls: true },
    extensions: ['REQUIRETLS'],
    done: 'bounced 550/5.7.30*',
  },
  { name: 'a recipient with a space', paths: ['"a b"@away.example'], done: 'bounced 553/5.1.3*' },
  { name: 'a recipient with a bracket', paths: ['"a>b"@away.example'], done: 'bounced 553/5.1.3*' },
  { name: 'a quoted recipient', paths: ['"a..b\\""@away.example'] },
  { name: 'the postmaster of no domain', paths: ['postmaster'] },
  {
    name: 'a no-break space in an address',
    changed: { smtputf8: true },
    paths: ['a\u00a0b@c.example'],
    extensions: ['SMTPUTF8'],
  },
  { name: 'a sender with a space', changed: { reversePath: '"a b"@c.example' }, done: 'bounced 553/5.1.7*' },
]

describe('before MAIL is said', () => {
  for (const { name, changed = {}, paths = ['a@b.example'], extensions = [], tls = 'off', done } of table) {
    test(`${done === undefined ? 'nothing speaks against' : `it is known: ${done} for`} ${name}`, async () => {
      const { service, said } = await attempt(changed, paths, extensions, tls)
      if (done === undefined) assert.match(said, /^MAIL FROM:<[^ ]*>.*\r\nRCPT TO:<[^ ]*>\r\nDATA\r\n$/)
      else assert.equal(said, 'QUIT\r\n')
      assert.deepEqual(service.log, done === undefined ? ['greeted'] : ['greeted', `done ${done}`])
    })
  }

  test('a recipient that cannot be named does not keep the others from their mail', async () => {
    const { service, said } = await attempt({}, ['ü@b.example', 'a@b.example', '"c d"@b.example'], [], 'off')
    assert.equal(said, 'MAIL FROM:<bob@home.example>\r\nRCPT TO:<a@b.example>\r\nDATA\r\n')
    await service.hear('250 ok\r\n250 ok\r\n354 go\r\n')
    await service.hear('250 2.0.0 ok\r\n')
    assert.equal(service.log[1], 'done bounced 553/5.6.7* delivered 250/2.0.0 bounced 553/5.1.3*')
  })

  test('the answers that we make ourselves are whole sentences', async () => {
    for (const { changed = {}, paths = ['a@b.example'], extensions = [], tls = 'off', done } of table) {
      if (done === undefined) continue
      const { service } = await attempt(changed, paths, extensions, tls)
      assert.match(service.results[0]?.[0]?.answer.text ?? '', /^The [ -~]{20,100}$/)
    }
  })
})

describe('what no command may hold', () => {
  const bad = [
    'a\r\nQUIT',
    'a\nb',
    'a\rb',
    'a\0',
    'a\x7f',
    'a b@c',
    '<a@b>',
    'a@b> SIZE=1',
    '"a" b',
    '"a"b@c',
    'a"b@c',
    'a\u0085',
    '\ud800',
  ]
  const cases: [string, Transaction][] = [
    ...bad.map((path): [string, Transaction] => ['a recipient', transaction({}, path)]),
    ...bad.map((path): [string, Transaction] => ['a sender', transaction({ reversePath: path })]),
    ['no recipient', transaction({}, '')],
    ...['a\r\nb', 'a\0', 'ü'].map((envid): [string, Transaction] => ['an ENVID', transaction({ envid })]),
    ...['a\r\nb', 'rfc822', 'rfc822;', ';a', 'rfc822;a\nb', 'rfc822;ü', 'utf-8;a\0', 'a b;c', 'a=b;c'].map(
      (orcpt): [string, Transaction] => [
        'an ORCPT',
        { ...transaction(), recipients: [{ path: 'a@b', notify: '', orcpt }] },
      ],
    ),
    ...['EVER', 'NEVER,DELAY', 'DELAY,', 'DELAY\r\n', 'success'].map((notify): [string, Transaction] => [
      'a NOTIFY',
      { ...transaction(), recipients: [{ path: 'a@b', notify, orcpt: '' }] },
    ]),
  ]
  for (const [what, wrong] of cases) {
    const { reversePath, envid, recipients } = wrong
    test(`${what} that is none is a mistake: ${JSON.stringify([reversePath, envid, ...recipients])}`, async () => {
      for (const extension of ['DSN', 'HELP']) {
        const service = new Service({ steps: [() => undefined] })
        await service.hear('220 mx\r\n')
        await service.hear(`250-mx\r\n250 ${extension}\r\n`)
        assert.throws(() => service.sender.send(wrong), /^Error: /)
        // Nothing of it was said, and the next transaction is not disturbed.
        service.sender.send(transaction())
        assert.equal((await service.run()).toString(), 'MAIL FROM:<bob@home.example>\r\n')
      }
    })
  }

  test('what is too long once encoded is left out', async () => {
    const orcpt = `utf-8;${'世'.repeat(100)}@b.example`
    const wish = { ...transaction({ envid: '+'.repeat(50) }), recipients: [{ path: 'a@b', notify: 'NEVER', orcpt }] }
    const service = new Service({ steps: [sender => sender.send(wish)] })
    await service.hear('220 mx\r\n')
    const said = await service.hear('250-mx\r\n250-DSN\r\n250 PIPELINING\r\n')
    assert.equal(said.toString(), 'MAIL FROM:<bob@home.example>\r\nRCPT TO:<a@b> NOTIFY=NEVER\r\nDATA\r\n')
    assert.ok(orcpt.length < budget.orcpt)
  })
})
