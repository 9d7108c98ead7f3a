/** swaks, the tester's SMTP client: with and without TLS, pipelining, ESMTP and plain SMTP, and what is refused. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openMaildrop } from '../support/dialogue.ts'
import { House, message, password, withoutTrace } from './house.ts'

/** How it sends, and the protocol word (RFC 3848) that the Received field then has. */
const ways = [
  { words: ['--protocol', 'ESMTP'], protocol: 'ESMTP' },
  { words: ['--protocol', 'SMTP'], protocol: 'SMTP' },
  { words: ['--tls'], protocol: 'ESMTPS' },
  { words: ['--pipeline'], protocol: 'ESMTP' },
  { words: ['--tls', '--pipeline'], protocol: 'ESMTPS' },
]

/** What is refused, and the exit code by which swaks names the step. */
const refusals = [
  { words: ['--to', 'nobody@home.example'], exit: 24 },
  { words: ['--to', 'someone@away.example'], exit: 24 },
  { words: ['--auth', '--auth-user', 'alice', '--auth-password', password], exit: 28 },
]

test('swaks sends in every way, and each message is kept as it was sent', async () => {
  await using house = await House.open()
  const { server, messageFile } = house
  const swaks = (...words: readonly string[]) => {
    const port = String(server.port('smtp'))
    const envelope = ['--ehlo', 'laptop', '--from', 'bob@home.example', '--to', 'alice@home.example']
    const data = ['--data', `@${messageFile}`, '--suppress-data']
    return house.attempt('swaks', '--server', '127.0.0.1', '--port', port, ...envelope, ...data, ...words)
  }
  for (const { words } of ways) {
    const { exit, out, complaint } = await swaks(...words)
    assert.equal(exit, 0, `${words.join(' ')}\n${out}\n${complaint}`)
  }
  for (const { words, exit: expected } of refusals) {
    const { exit, out } = await swaks(...words)
    assert.equal(exit, expected, `${words.join(' ')}\n${out}`)
  }

  using pop3 = await openMaildrop(server.port('pop3s'), 'alice', password)
  assert.match(await pop3.say('STAT'), new RegExp(`^\\+OK ${ways.length} `))
  for (const [i, { words, protocol }] of ways.entries()) {
    await pop3.say(`RETR ${i + 1}`)
    const fetched = Buffer.from(await pop3.body(), 'latin1').toString()
    // swaks ends the data with a line end of its own.
    assert.equal(withoutTrace(fetched), `${message}\r\n`, words.join(' '))
    assert.match(fetched, new RegExp(`\\) with ${protocol}\\s`))
  }
})
