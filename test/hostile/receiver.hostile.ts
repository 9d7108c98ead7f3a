/** A queue of 10,000 whose hosts come back: nobody is stormed, everything arrives, and memory stays where it was. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { budget } from '../../src/base/budget.ts'
import { AwayHost } from '../flow/away.ts'
import { domain, minute, Sending } from '../flow/sending.ts'

const messages = 10_000
const domains = 5
const MiB = 1024 * 1024
/** What 10,000 messages that wait may take; the garbage of both sides of the dialogue is in it. */
const mostMiB = 250

test('10,000 messages wait, and go out when the network is back', { timeout: 300_000 }, async t => {
  await using host = await AwayHost.start()
  let records = Array.from({ length: domains }, (_, i) => domain(`domain${i}.example`, '127.0.0.3')).flat()
  await using sending = await Sending.make({
    port: host.port,
    names: ({ name, type }) => [{ answers: records.filter(record => record.name === name && record.type === type) }],
  })
  for (let i = 0; i < messages; i += 100) {
    const some = Array.from({ length: 100 }, (_, j) => sending.submit([`user${i + j}@domain${j % domains}.example`]))
    await Promise.all(some)
  }
  const before = process.memoryUsage().rss
  let begun = performance.now()
  await sending.settle(120_000)
  t.diagnostic(`${messages} deferred in ${((performance.now() - begun) / 1000).toFixed(1)} s`)
  assert.equal(sending.logged('no session').length, domains, 'one knock at each door')
  assert.equal(sending.store.outbound.length, messages)

  records = Array.from({ length: domains }, (_, i) => domain(`domain${i}.example`)).flat()
  sending.log.length = 0
  begun = performance.now()
  // Cached answers of the DNS are as old as that, too.
  for (let i = 0; i < 3; i++) {
    sending.clock.pass(5 * minute)
    await sending.settle(120_000)
  }
  const took = (performance.now() - begun) / 1000
  const grown = (process.memoryUsage().rss - before) / MiB
  t.diagnostic(
    `${messages} delivered in ${took.toFixed(1)} s, ${(messages / took).toFixed(0)} a second; ${grown.toFixed(0)} MiB`,
  )
  assert.deepEqual([host.mails.length, sending.store.outbound.length], [messages, 0])
  assert.equal(new Set(host.mails.map(({ to }) => to[0])).size, messages)
  assert.ok(host.mostAtOnce <= domains, `${host.mostAtOnce} connections at once`)
  assert.ok(host.came <= domains + messages / budget.sessionMessages, `${host.came} connections in all`)
  assert.ok(grown < mostMiB, `grown by ${grown.toFixed(0)} MiB`)
  await host.left()
})
