/** What the doctor learns by calling: port-out, port-in, address, smarthost, clock. */
import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import type { Answer } from 'dns-packet'
import { systemClock } from '../../src/base/clock.ts'
import type { State } from '../../src/doctor/finding.ts'
import { Issued } from '../dns/authority.ts'
import { a, mx } from '../dns/name-server.ts'
import { AwayHost, at, type Manner } from '../flow/away.ts'
import { attempt, deliver, letter, submit, waiting } from '../store/letters.ts'
import { Ward } from './ward.ts'

const us = '5.6.7.8'
/** One large mail host is there; the others have no mail hosts. */
const large: readonly Answer[] = [mx('gmail.com', 5, 'mx.far.net'), a('mx.far.net', '127.0.0.1')]
const here = a('mail.porch.net', us)

async function freePort(): Promise<number> {
  await using host = await AwayHost.start()
  return host.port
}

describe('port 25 on the way out', () => {
  const manners: readonly (readonly [name: string, manner: Manner, state: State, says: RegExp])[] = [
    ['is open when a large host takes the call', () => undefined, 'well', /other mail hosts take the call/],
    [
      'is open when one turns this address away',
      at({ greeting: '554 5.7.1 no dial-up\x1b here' }),
      'warning',
      /turn this address away: 554 no dial-up\? here/,
    ],
    ['is closed when somebody else takes the call', at({ greeting: 'hello there' }), 'trouble', /is closed/],
    ['is closed when the call is cut off', at({ greeting: 'reset' }), 'trouble', /is closed/],
  ]
  for (const [name, manner, state, says] of manners) {
    test(name, async () => {
      await using host = await AwayHost.start({ manner })
      await using ward = await Ward.make({ port: host.port, records: large })
      const finding = await ward.lone('port-out')
      assert.equal(finding.state, state, finding.says)
      assert.match(finding.says, says)
      assert.match(finding.knownBy, /^mx\.far\.net was called at port 25/)
      assert.deepEqual(host.mails, [])
      await host.left()
    })
  }

  test('is closed where nobody listens', async () => {
    await using ward = await Ward.make({ port: await freePort(), records: large })
    const { state, fix } = await ward.lone('port-out')
    assert.equal(state, 'trouble')
    assert.match(fix ?? '', /smarthost/)
  })

  test('is not told where no host is found', async () => {
    await using ward = await Ward.make({})
    assert.equal((await ward.lone('port-out')).state, 'unknown')
  })

  test('is not needed where all goes through the smarthost', async () => {
    await using ward = await Ward.make({ config: 'relay.mode = "smarthost"\nrelay.host = "smtp.isp.net"' })
    assert.equal((await ward.lone('port-out')).state, 'well')
    assert.deepEqual(ward.names.log, [])
  })

  test('was open when a message went out lately, and nobody is called', async () => {
    await using ward = await Ward.make({ records: large })
    const { store } = ward.household
    await submit(store, ['bob@away.net'], { date: Date.now() })
    const [one] = await waiting(store)
    assert.ok(one)
    await store.outbound.settle([attempt(one, 'delivered', { date: Date.now() - 5 * 60_000 })])
    const { state, knownBy } = await ward.lone('port-out')
    assert.deepEqual([state, knownBy], ['well', 'mx.away.example took a message 5 minutes ago.'])
    assert.deepEqual(ward.names.log, [])
  })

  test('was closed when the queue has found it so', async () => {
    await using ward = await Ward.make({ records: large, config: 'relay.host = "smtp.isp.net"' })
    const blocked = { since: Date.now() - 3_600_000, why: 'the hosts of a.net do not answer' }
    const { state, says } = await ward.lone('port-out', { delivery: { suspended: false, blocked } })
    assert.equal(state, 'warning')
    assert.match(says, /the hosts of a\.net do not answer/)
  })
})

describe('the address that others see', () => {
  const sees = (address: string) => at({ EHLO: `250-mx.far.net at your service, [${address}]\r\n250 SIZE 0` })
  test('is that of the line when the DNS has it', async () => {
    await using host = await AwayHost.start({ manner: sees(us) })
    await using ward = await Ward.make({ port: host.port, records: [...large, here] })
    const { state, says } = await ward.lone('address')
    assert.deepEqual([state, says], ['well', `mail.porch.net leads to ${us}, the public address of your line.`])
  })
  test('is told when the DNS has another one', async () => {
    await using host = await AwayHost.start({ manner: sees('5.6.7.9') })
    await using ward = await Ward.make({ port: host.port, records: [...large, here] })
    const { state, says, fix } = await ward.lone('address')
    assert.deepEqual([state, says], ['trouble', `mail.porch.net leads to ${us}, but this box is at 5.6.7.9.`])
    assert.match(fix ?? '', /^ {2}mail\.porch\.net\. IN A 5\.6\.7\.9$/m)
  })
  test('is looked at for its name, too', async () => {
    await using host = await AwayHost.start({ manner: sees('5.6.7.9') })
    await using ward = await Ward.make({ port: host.port, records: [...large, here] })
    assert.deepEqual(
      (await ward.check('reverse')).map(({ about }) => about),
      ['5.6.7.9', us],
    )
  })
  test('is no private one, whatever they say', async () => {
    await using host = await AwayHost.start({ manner: sees('192.168.1.1') })
    await using ward = await Ward.make({ port: host.port, records: [...large, here] })
    assert.equal((await ward.lone('address')).state, 'unknown')
  })
})

describe('port 25 on the way in', () => {
  const listening = 'listen.smtp = [":25"]\n'

  test('is closed where only this box can connect', async () => {
    await using ward = await Ward.make({ records: [here] })
    const { state, fix } = await ward.lone('port-in')
    assert.equal(state, 'trouble')
    assert.match(fix ?? '', /porchlight config set listen\.smtp '\*:25'/)
  })

  test('cannot be told where nothing has come', async () => {
    await using ward = await Ward.make({ config: listening })
    const { state, fix } = await ward.lone('port-in')
    assert.equal(state, 'unknown')
    assert.match(fix ?? '', /from an account elsewhere/)
  })

  const brought: readonly (readonly [trace: string, state: State])[] = [
    ['from away.net ([5.9.9.9])\r\n\tby mail.porch.net (Porchlight) with ESMTPS (x y)', 'well'],
    ['from away.net ([IPv6:2a00:1::9])\r\n\tby mail.porch.net (Porchlight) with SMTP', 'well'],
    // Somebody of the household, away from home.
    ['from laptop ([5.9.9.9])\r\n\tby mail.porch.net (Porchlight) with ESMTPSA (x y)', 'unknown'],
    ['from printer ([192.168.1.9])\r\n\tby mail.porch.net (Porchlight) with ESMTP', 'unknown'],
    ['by mail.porch.net (Porchlight) with ESMTPSA', 'unknown'],
  ]
  for (const [trace, state] of brought) {
    test(`is ${state} with a message "${trace.replaceAll(/\s+/g, ' ')}"`, async () => {
      await using ward = await Ward.make({ config: listening })
      const { store } = ward.household
      const [alice] = store.accounts.list()
      await using incoming = store.incoming(0)
      await incoming.append(Buffer.from('\r\n'))
      await incoming.commit({
        reversePath: 'bob@away.net',
        recipients: [{ path: 'alice@porch.net', notify: 0, orcpt: '' }],
        accounts: alice ? [alice.id] : [],
        queued: [],
        trace: `Received: ${trace}\r\n\tid x; Sat, 21 Nov 2026 22:15:52 +0000\r\n`,
        ret: '',
        envid: '',
        eightBit: false,
        smtputf8: false,
        requireTls: false,
        tlsOptional: false,
        messageId: '',
        dotted: false,
        headerOctets: 0,
        date: Date.now() - 2 * 3_600_000,
      })
      const finding = await ward.lone('port-in')
      assert.equal(finding.state, state)
      if (state === 'well') assert.match(finding.knownBy, /came 2 hours ago, from (?:5\.9\.9\.9|2a00:1::9)\./)
    })
  }

  test('is not told by mail of last month', async () => {
    await using ward = await Ward.make({ config: listening })
    await deliver(ward.household.store, ['alice'], letter(10))
    assert.equal((await ward.lone('port-in')).state, 'unknown')
  })
})

describe('the smarthost', () => {
  const rows: readonly (readonly [name: string, manner: Manner, password: string, state: State, says: RegExp])[] = [
    ['lets us log in', () => undefined, 'secret', 'well', /lets us log in/],
    [
      'refuses the password',
      at({ AUTH: '535 5.7.8 wrong' }),
      'secret',
      'trouble',
      /refuses the login: 535 5\.7\.8 wrong/,
    ],
    ['has no password', () => undefined, '', 'trouble', /There is no password in/],
    ['does not greet us', at({ greeting: '554 go away' }), 'secret', 'trouble', /go away/],
  ]
  for (const [name, manner, password, state, says] of rows) {
    test(name, async () => {
      const certificate = await Issued.make('smtp.isp.net', true)
      await using host = await AwayHost.start({ certificate, manner, extensions: ['AUTH PLAIN'] })
      const config = `relay.mode = "smarthost"\nrelay.host = "smtp.isp.net"\nrelay.port = ${host.port}\nrelay.user = "alice"\nrelay.password_file = "password"\nrelay.ca = "ca.pem"\n`
      await using ward = await Ward.make({ config, records: [a('smtp.isp.net', '127.0.0.1')] })
      await writeFile(join(ward.household.directory, 'password'), `${password}\n`, { mode: 0o600 })
      await writeFile(join(ward.household.directory, 'ca.pem'), certificate.pem)
      const finding = await ward.lone('smarthost')
      assert.equal(finding.state, state, finding.says)
      assert.match(finding.says, says)
      assert.deepEqual(host.mails, [])
      assert.ok(!JSON.stringify(finding).includes('secret'))
      await host.left()
    })
  }

  test('is not there', async () => {
    await using ward = await Ward.make({ config: `relay.host = "127.0.0.1"\nrelay.port = ${await freePort()}\n` })
    const { state, says } = await ward.lone('smarthost')
    assert.deepEqual(
      [state, says],
      ['trouble', 'The smarthost 127.0.0.1 cannot be used: 127.0.0.1 takes no connections.'],
    )
  })

  test('is not set', async () => {
    await using ward = await Ward.make({})
    assert.equal((await ward.lone('smarthost')).state, 'well')
  })
})

describe('the clock', () => {
  const minute = 60_000
  const offsets: readonly (readonly [offset: number, state: State, says: string])[] = [
    [0, 'well', 'The clock is right.'],
    [2.5 * minute, 'warning', 'The clock is 2 minutes behind.'],
    [-3.5 * 24 * 60 * minute, 'trouble', 'The clock is 3 days ahead.'],
  ]
  for (const [offset, state, says] of offsets) {
    test(`is ${state} where the time server is ${offset} ms ahead`, async () => {
      const server = createSocket('udp4').bind(0, '127.0.0.1')
      await once(server, 'listening')
      server.on('message', (octets, { port, address }) => {
        const answer = Buffer.alloc(48)
        answer.set([0x24, 1])
        octets.copy(answer, 24, 40, 48)
        for (const place of [32, 40]) writeTime(answer, place, Date.now() + offset)
        server.send(answer, port, address)
      })
      try {
        await using ward = await Ward.make({ config: 'maintenance.time_server = "127.0.0.1"' })
        const finding = await ward.lone('clock', { timePort: server.address().port })
        // A slow machine may take a moment between the question and the answer.
        assert.deepEqual([finding.state, finding.says], [state, says])
      } finally {
        server.close()
      }
    })
  }

  test('is behind when it shows a time before this was written', async () => {
    await using ward = await Ward.make({ clock: { ...systemClock, now: () => 0 } })
    const { state, says } = await ward.lone('clock')
    assert.equal(state, 'trouble')
    assert.match(says, /^The clock is at least 20\d\d\d days behind\.$/)
  })

  test('is behind when the newest message is younger', async () => {
    const newest = Date.UTC(2027, 0, 2)
    await using ward = await Ward.make({ clock: { ...systemClock, now: () => newest - 2 * 60 * minute } })
    await submit(ward.household.store, ['bob@away.net'], { date: newest })
    const { state, says } = await ward.lone('clock')
    assert.deepEqual([state, says], ['trouble', 'The clock is at least 2 hours behind.'])
  })

  test('is not compared where no time server is set', async () => {
    await using ward = await Ward.make({ config: 'maintenance.time_server = ""' })
    assert.equal((await ward.lone('clock')).state, 'unknown')
  })
})

/** Seconds since 1900 and their fraction: RFC 5905 §6. */
function writeTime(packet: Buffer, place: number, ms: number): void {
  packet.writeUInt32BE(Math.floor(ms / 1000) + 2_208_988_800, place)
  packet.writeUInt32BE(Math.floor(((ms % 1000) / 1000) * 2 ** 32), place + 4)
}
