/** Clients that never finish what they began: a server that stops cuts them off at its bound. */
import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { test } from 'node:test'
import { budget } from '../../src/base/budget.ts'
import { greetSmtp, openMaildrop } from '../support/dialogue.ts'
import { command, ServerProcess } from '../support/process.ts'
import { House, password } from './house.ts'

test('a body that never ends and a handshake that never begins do not hold the server for longer than its bound', async () => {
  await using house = await House.open()
  const { server } = house
  using smtp = await greetSmtp(server.port('smtp'))
  await smtp.say('MAIL FROM:<>')
  await smtp.say('RCPT TO:<alice@home.example>')
  assert.match(await smtp.say('DATA'), /^354 /)
  smtp.send('Subject: never\r\n')
  const handshake = connect({ port: server.port('pop3s'), host: '127.0.0.1' }).resume()
  await new Promise(resolve => handshake.once('connect', resolve))

  const begun = performance.now()
  assert.equal(await server.stop(), 0)
  const tookMs = performance.now() - begun
  assert.ok(tookMs >= budget.drainMs - 100, `they had ${tookMs} ms to finish`)
  assert.ok(tookMs < budget.drainMs + 10_000, `it took ${tookMs} ms`)
  assert.equal(await smtp.answer(), 'closed')

  assert.match((await command(server.data, ['status'])).out, /\nmessages +0 /)
  await using again = await ServerProcess.start({ data: server.data })
  using pop3 = await openMaildrop(again.port('pop3s'), 'alice', password)
  assert.equal(await pop3.say('STAT'), '+OK 0 0')
})
