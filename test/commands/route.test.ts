/** The command queue route: commands/route.ts, with a name server of its own. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { a, aaaa, code, mx, NameServer, type Say, tlsa, zone } from '../dns/name-server.ts'
import { openHousehold, run, temporaryDirectory } from './household.ts'

const records = [
  mx('away.example', 20, 'second.away.example'),
  mx('away.example', 10, 'first.away.example'),
  a('first.away.example', '192.0.2.1'),
  aaaa('first.away.example', '2001:db8::1'),
  a('second.away.example', '192.0.2.2'),
  a('plain.example', '192.0.2.3'),
  mx('null.example', 0, '.'),
  mx('round.example', 10, 'mail.home.example'),
  mx('backup.example', 10, 'first.away.example'),
  mx('backup.example', 20, 'mail.home.example'),
  a('mail.home.example', '192.0.2.9'),
  mx('half.example', 10, 'gone.away.example'),
  a('smtp.isp.example', '192.0.2.5'),
]

const isp = 'relay.host = "smtp.isp.example"\n'

async function ask(domain: string, settings: string, say: Say = zone(records), set: Record<string, string> = {}) {
  await using server = await NameServer.start(say)
  await using directory = await temporaryDirectory()
  await using household = await openHousehold(
    directory.path,
    `hostname = "mail.home.example"\ndns.servers = ["${server.address}"]\n${settings}`,
  )
  for (const [name, value] of Object.entries(set)) await household.settings.set(name, value)
  const open = async () => Object.assign({}, household, { [Symbol.asyncDispose]: async () => {} })
  const { printed, complained } = await run(['queue', 'route', domain, '--data', directory.path], '', { open })
  return [...printed, ...complained]
}

const hosts = (domain: string) => `Mail for ${domain} goes to its own hosts, as its DNS names them.`
const isps = (why: string) => `Mail for away.example goes through the smarthost, smtp.isp.example:587${why}`
const proved = '    smtp.isp.example  192.0.2.5  TLS always, with a certificate that proves its name'
const away = [
  hosts('away.example'),
  '  10  first.away.example   2001:db8::1, 192.0.2.1  TLS where it is offered',
  '  20  second.away.example  192.0.2.2               TLS where it is offered',
]

const rows: readonly (readonly [domain: string, settings: string, said: readonly string[]])[] = [
  ['away.example', '', away],
  ['Bob@Away.Example', '', away],
  ['away.example', isp, away],
  ['plain.example', '', [hosts('plain.example'), '    plain.example  192.0.2.3  TLS where it is offered']],
  [
    'null.example',
    '',
    [hosts('null.example'), '  It comes back at once: 556 5.1.10 The domain null.example takes no mail'],
  ],
  ['gone.example', '', [hosts('gone.example'), '  It comes back at once: 550 5.1.2 There is no domain gone.example']],
  [
    'half.example',
    '',
    [
      hosts('half.example'),
      '  It waits for now: 451 4.4.4 The mail hosts of half.example are named wrongly in the DNS',
    ],
  ],
  [
    'round.example',
    '',
    [
      hosts('round.example'),
      '  It comes back at once: 554 5.4.6 The DNS says that mail for round.example comes here, where it is not at home',
    ],
  ],
  [
    'backup.example',
    '',
    [hosts('backup.example'), '  10  first.away.example  2001:db8::1, 192.0.2.1  TLS where it is offered'],
  ],
  ['home.example', '', ['home.example is at home here: mail for it is put into mailboxes.']],
  [
    '[192.0.2.7]',
    '',
    ['Mail for [192.0.2.7] goes to that address.', '    192.0.2.7  192.0.2.7  TLS where it is offered'],
  ],
  ['away.example', `${isp}relay.mode = "smarthost"`, [isps(', as relay.mode says.'), proved]],
  ['away.example', `${isp}relay.domains = ["away.example"]`, [isps(', as relay.domains says.'), proved]],
  [
    'away.example',
    `${isp}relay.mode = "smarthost"\nrelay.user = "ann"\nrelay.password_file = "p"\nrelay.tls = "none"`,
    [
      isps(', as relay.mode says.'),
      '    smtp.isp.example  192.0.2.5  no TLS, as relay.tls says',
      '  It logs in as ann.',
    ],
  ],
  [
    'away.example',
    'relay.routes = ["away.example=192.0.2.8:2525"]',
    [
      'Mail for away.example goes to 192.0.2.8:2525, as relay.routes says.',
      '    192.0.2.8  192.0.2.8  TLS where it is offered',
    ],
  ],
  ['a b', '', ['"a b" is no domain.']],
  ['', '', ['"" is no domain.']],
  ['bob@', '', ['"bob@" is no domain.']],
  ['\x1b[2J', '', ['"?[2J" is no domain.']],
]

describe('queue route', () => {
  for (const [domain, settings, said] of rows) {
    test(`${JSON.stringify(domain)} with ${JSON.stringify(settings)}`, async () => {
      assert.deepEqual(await ask(domain, settings), said)
    })
  }

  test('says what signed DNS asks for', async () => {
    const digest = Buffer.alloc(32, 7)
    const signed = [...records, tlsa('_25._tcp.first.away.example', 3, 1, 1, digest)]
    const odd = tlsa('_25._tcp.second.away.example', 0, 0, 1, digest)
    assert.deepEqual(await ask('away.example', '', zone([...signed, odd], { secure: true })), [
      hosts('away.example'),
      '  10  first.away.example   2001:db8::1, 192.0.2.1  TLS always, with the certificate that its signed DNS names (DANE)',
      '  20  second.away.example  192.0.2.2               TLS always: it has TLSA records, and none that can be used (DANE)',
    ])
  })

  test('says why mail waits when names cannot be looked up', async () => {
    const said = await ask('away.example', '', () => [{ code: code.serverFailure }])
    assert.equal(said[0], hosts('away.example'))
    assert.match(said[1] ?? '', /^ {2}It waits for now\. The name away\.example could not be looked up: /)
    assert.equal(said.length, 2)
  })

  test('says since when and why port 25 is taken to be closed', async () => {
    const since = Math.floor(Date.now() / 1000) * 1000
    const blocked = { 'delivery:blocked': `${since} the hosts of a, b, c do not answer` }
    const when = new Date(since).toISOString().slice(0, 19).replace('T', ' ')
    assert.deepEqual(await ask('away.example', isp, zone(records), blocked), [
      isps(': it cannot go directly.'),
      `  Since ${when} UTC the hosts of a, b, c do not answer`,
      proved,
    ])
  })

  test('says when nothing goes out at all', async () => {
    const said = await ask('away.example', '', zone(records), { 'delivery:suspended': 'yes' })
    assert.deepEqual(said, [...away, 'Delivery is suspended. To go on: porchlight queue resume'])
  })
})
