/**
 * A disk that fails under a running server: full, broken, or failing only to sync. While that lasts, mail and deletions are
 * refused for now and everything can be read; when it is over, the server takes mail again by itself. Whatever it
 * acknowledged, before, meanwhile and after, is there, also after a power cut.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { command, Session } from '../crash/session.ts'
import { Box } from './box.ts'

/** Longer than the server waits between two attempts to open its store again. */
const attemptMs = 7000
/** By then it takes mail again. */
const patienceMs = 10_000

const orders = [
  { order: 'enospc', reason: /^The disk is full\.$/ },
  { order: 'eio', reason: /^The mail store cannot be read or written \(.*Input\/output error.*\)\.$/ },
  { order: 'fsync', reason: /^The mail store cannot be read or written \(.*(EIO|Input\/output error).*\)\.$/ },
] as const

describe('on a disk that fails', { concurrency: true }, () => {
  for (const { order, reason } of orders) {
    test(`by ${order}, mail is refused, mail is read, and nothing acknowledged is harmed`, async () => {
      await using box = await Box.make()
      await Promise.all(Array.from({ length: 8 }, () => deliverSome(box)))
      const listed = await seen(box)
      await box.disk.order(order)
      await Promise.all(Array.from({ length: 8 }, () => sendUntilRefused(box)))

      assert.deepEqual(
        reasons(box),
        reasons(box)
          .filter(text => reason.test(text))
          .slice(0, 1),
      )
      const until = Date.now() + attemptMs
      while (Date.now() < until) {
        assert.match(await box.offer(box.model.residents), /^45[12] 4\.3\.[01] /)
        await readAll(box, listed)
        await setTimeout(500)
      }
      await assert.rejects(command(box.server, ['user', 'add', 'erin'], 'a word'), /"user add erin" was refused: /)

      await box.disk.withdraw()
      await recover(box)
      await box.inspect()
      await deliverSome(box)
      await box.cutPower()
      await deliverSome(box)
      await box.restart()
    })
  }
})

test('a message that is in the log, and did not come into the index, is there when the disk is well again', async () => {
  await using box = await Box.make()
  await deliverSome(box)
  const listed = await seen(box)
  await box.disk.order('index')
  assert.match(await box.offer(box.model.residents), /^250 /)
  await box.disk.order('eio')
  await readAll(box, listed)
  await box.disk.withdraw()
  await recover(box)
  await box.inspect()
})

/** What the log gave as reasons for refusals, each once. */
function reasons({ server }: Box): string[] {
  return [...new Set(server.log.filter(({ msg }) => msg === 'mail cannot be kept').map(({ reason }) => String(reason)))]
}

async function deliverSome(box: Box): Promise<void> {
  for (let left = 5; left > 0; left--) assert.match(await box.offer(box.random.some(box.model.residents)), /^250 /)
}

/** Sends until the disk has failed for this sender. */
async function sendUntilRefused(box: Box): Promise<void> {
  let answer = ''
  do answer = await box.offer(box.random.some(box.model.residents))
  while (answer.startsWith('250 '))
  assert.match(answer, /^45[12] 4\.3\.[01] /)
}

/** @returns the tokens of all messages that were acknowledged and can be read */
async function seen(box: Box): Promise<ReadonlySet<string>> {
  await box.inspect()
  return new Set(box.model.residents.flatMap(({ messages }) => [...messages.keys()]))
}

/**
 * Reads every message; those that may have been kept though they were refused do no harm. A deletion is refused.
 * @param listed messages that must be there; one acknowledged later may have to wait until the index can be written
 */
async function readAll({ server, model }: Box, listed: ReadonlySet<string>): Promise<void> {
  for (const mailbox of model.residents) {
    const session = await Session.pop3(server, mailbox.name, mailbox.password.now, () => {})
    assert.ok(typeof session !== 'string', `${mailbox.name} cannot log in: ${session}`)
    using reader = session
    const found = new Set<string>()
    for (const [number, uidl] of await reader.uidls()) {
      const message = model.recognise(mailbox, uidl, await reader.retrieve(number))
      assert.ok(typeof message !== 'string', `${message}`)
      found.add(message.token)
    }
    for (const token of mailbox.messages.keys()) {
      assert.ok(!listed.has(token) || found.has(token), `${mailbox.name}: message ${token} is lost`)
    }
    await reader.ask('DELE 1', '+OK')
    await reader.ask('QUIT', '-ERR [SYS/TEMP]')
  }
}

/** Sends until the server takes mail again. */
async function recover(box: Box): Promise<void> {
  const until = Date.now() + patienceMs
  while (!(await box.offer(box.model.residents)).startsWith('250 ')) {
    assert.ok(Date.now() < until, 'the server does not take mail again')
    await setTimeout(100)
  }
  await box.server.logs('the mail store takes mail again')
}
