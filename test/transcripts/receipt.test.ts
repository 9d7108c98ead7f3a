/** What no transcript can show of an SMTP session: how its answers are cut into writes, and what ends it from outside. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { budget } from '../../src/base/budget.ts'
import { entrances, receive } from '../../src/flow/receipt.ts'
import type { Read } from '../../src/net/connection.ts'
import { type Reply, reply } from '../../src/smtp/reply.ts'
import { Household } from '../support/household.ts'
import { ScriptedPeer } from '../support/scripted-peer.ts'

/** @returns what the server wrote, write by write */
async function session(household: Household, reads: readonly Read[], refusal?: Reply): Promise<string[]> {
  const writes: string[] = []
  async function* script() {
    yield* reads
  }
  const peer = new ScriptedPeer(script(), octets => writes.push(octets.toString()))
  await receive(peer, household.receipt, entrances.smtp, refusal)
  return writes
}

/** @returns the codes of the replies in a write */
function codes(write: string | undefined): string {
  return (write?.match(/^\d{3}(?= )/gm) ?? []).join(' ')
}

function octets(...lines: readonly string[]): Buffer {
  return Buffer.from(lines.map(line => `${line}\r\n`).join(''))
}

const envelope = ['MAIL FROM:<bob@away.example>', 'RCPT TO:<alice@home.example>', 'DATA'] as const

test('the answers to a pipelined group leave in one write', async () => {
  await using household = await Household.make('alice')
  const reads = [
    octets('EHLO laptop'),
    octets(...envelope),
    octets('one', '.', ...envelope, 'two', '.', 'NOOP', 'QUIT'),
  ]
  const writes = await session(household, reads)
  assert.deepEqual(writes.map(codes), ['220', '250', '250 250 354', '250 250 250 354 250 250 221'])
  assert.equal((await household.inbox('alice')).length, 2)
})

test('a silent client is told so', async () => {
  await using household = await Household.make('alice')
  const [, , last = ''] = await session(household, [octets('EHLO laptop'), 'idle', octets('NOOP')])
  assert.match(last, /^421 4\.4\.2 .*\r\n$/)
})

test('a client that falls silent inside a message is told so, and nothing is kept', async () => {
  await using household = await Household.make('alice')
  const writes = await session(household, [octets('EHLO laptop', ...envelope, 'half a message'), 'idle', octets('.')])
  assert.deepEqual(writes.map(codes), ['220', '250 250 250 354', '421'])
  assert.equal((await household.inbox('alice')).length, 0)
})

test('a client that is turned away hears why instead of a greeting, and nothing it sends is read', async () => {
  await using household = await Household.make('alice')
  const reads = [octets('EHLO laptop', ...envelope, 'hi', '.')]
  const writes = await session(household, reads, reply.tooManyConnections)
  assert.match(writes.join(''), /^421 4\.7\.0 .*\r\n$/)
  assert.equal((await household.inbox('alice')).length, 0)
})

test('a failed handshake after STARTTLS ends the session', async () => {
  await using household = await Household.make('alice')
  const writes = await session(household, [octets('EHLO laptop', 'STARTTLS'), octets('EHLO laptop', ...envelope)])
  assert.deepEqual(writes.map(codes), ['220', '250 220'])
})

test('a session that has had all its transactions is told to connect again', async () => {
  await using household = await Household.make()
  const transactions = octets('MAIL FROM:<>', 'RSET').toString().repeat(budget.smtpTransactions)
  const writes = await session(household, [
    octets('EHLO laptop'),
    Buffer.from(transactions),
    octets('MAIL FROM:<>', 'NOOP'),
  ])
  const answers = codes(writes.slice(2).join('')).split(' ')
  assert.equal(answers.length, 2 * budget.smtpTransactions + 1)
  assert.deepEqual(new Set(answers.slice(0, -1)), new Set(['250']))
  assert.match(writes.at(-1) ?? '', /^421 4\.7\.0 .*\r\n$/)
})
