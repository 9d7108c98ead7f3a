/** Peers that send an octet now and then: never silent, and yet not waited for without end. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { budget } from '../../src/base/budget.ts'
import { access } from '../../src/flow/access.ts'
import { entrances, receive } from '../../src/flow/receipt.ts'
import { deliver } from '../store/letters.ts'
import { Household, password } from '../support/household.ts'
import { ScriptedPeer } from '../support/scripted-peer.ts'

const minute = 60_000

/** What a peer sends, and how many milliseconds after what came before. */
type Sent = readonly [ms: number, text: string]

/** Milliseconds that a peer takes to accept what it is sent, if that says something in particular. */
type Slow = (text: string) => number

type Serve = (peer: ScriptedPeer, household: Household) => Promise<void>

/** @returns the replies of the server, with what they say cut off */
async function replies(
  household: Household,
  sent: readonly Sent[],
  serve: Serve,
  slow: Slow = () => 0,
): Promise<string[]> {
  const { clock, stopping } = household
  async function* script() {
    for (const [ms, text] of sent) {
      await clock.sleep(ms, stopping.signal)
      yield Buffer.from(text)
    }
  }
  let written = ''
  const peer = new ScriptedPeer(script(), octets => {
    written += octets.toString()
    void clock.sleep(slow(octets.toString()), stopping.signal)
  })
  await serve(peer, household)
  return Array.from(written.matchAll(/^(\d{3} \d\.\d\.\d|\d{3}(?= )|\+OK|-ERR)/gm), ([reply]) => reply)
}

/** Sends a text octet by octet. */
function trickle(text: string, ms: number): Sent[] {
  return Array.from(text, octet => [ms, octet])
}

const smtp: Serve = (peer, household) => receive(peer, household.receipt, entrances.smtp)
const pop3: Serve = (peer, household) => access(peer, household.access, { implicitTls: false })

describe('SMTP', () => {
  const envelope: Sent = [0, 'HELO laptop\r\nMAIL FROM:<bob@away.example>\r\nRCPT TO:<alice@home.example>\r\nDATA\r\n']
  const accepted = ['220', '250', '250 2.1.0', '250 2.1.5', '354'] as const

  test('a command may take as long as silence may, and no longer', async () => {
    await using household = await Household.make()
    assert.deepEqual(await replies(household, trickle('NOOP\r\nNOOP\r\n', minute * 0.8), smtp), [
      '220',
      '250 2.0.0',
      '250 2.0.0',
    ])
    assert.deepEqual(await replies(household, trickle('NOOP\r\nNOOP\r\n', minute), smtp), ['220', '421 4.4.2'])
  })

  test('a body that trickles is waited for, and then no more; nothing of it is kept', async () => {
    await using household = await Household.make('alice')
    const body = trickle('Subject: slow\r\n\r\n', minute)
    assert.deepEqual(await replies(household, [envelope, ...body, [0, '.\r\n']], smtp), [...accepted, '421 4.4.2'])
    assert.equal((await household.inbox('alice')).length, 0)
  })

  test('a body that comes as over a modem is waited for as long as it takes', async () => {
    await using household = await Household.make('alice')
    const line = `${'x'.repeat(598)}\r\n`
    const body = Array.from({ length: 3 * 3600 }, (): Sent => [(line.length / budget.bodyRate) * 999, line])
    const answers = await replies(household, [envelope, ...body, [minute, '.\r\n'], [0, 'QUIT\r\n']], smtp)
    assert.deepEqual(answers, [...accepted, '250 2.0.0', '221 2.0.0'])
    assert.equal((await household.inbox('alice')).length, 1)
  })
})

describe('POP3', () => {
  test('a command may take as long as silence may, and no longer', async () => {
    await using household = await Household.make('alice')
    household.config = { ...household.config, login: { ...household.config.login, plaintext: 'always' } }
    const login: Sent = [0, `USER alice\r\nPASS ${password}\r\n`]
    const greeted = ['+OK', '+OK', '+OK']
    assert.deepEqual(await replies(household, [login, ...trickle('NOOP\r\nSTAT\r\n', minute)], pop3), [
      ...greeted,
      '+OK',
      '+OK',
    ])
    assert.deepEqual(await replies(household, [login, ...trickle('NOOP\r\nSTAT\r\n', 2 * minute)], pop3), greeted)
  })

  test('a message may take hours to be fetched, and the next command is still read', async () => {
    await using household = await Household.make('alice')
    household.config = { ...household.config, login: { ...household.config.login, plaintext: 'always' } }
    await deliver(household.store, ['alice'], Buffer.alloc(300_000, `${'x'.repeat(58)}\r\n`))
    const sent: Sent[] = [
      [0, `USER alice\r\nPASS ${password}\r\n`],
      [0, 'RETR 1\r\n'],
      [0, 'QUIT\r\n'],
    ]
    const answers = await replies(household, sent, pop3, text => (text.length > 10_000 ? 120 * minute : 0))
    assert.deepEqual(answers, ['+OK', '+OK', '+OK', '+OK', '+OK'])
  })
})
