/** curl: SMTP with STARTTLS, POP3 with STLS and over TLS, and the commands that -X can say. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { House, message, password, received } from './house.ts'

test('curl sends, lists, fetches and deletes', async () => {
  await using house = await House.open()
  const { server, certificate, messageFile, folder } = house
  const curl = (...words: readonly string[]) => {
    return house.run('curl', '--silent', '--show-error', '--max-time', '60', '--cacert', certificate, ...words)
  }
  const from = ['--mail-from', 'bob@home.example', '--upload-file', messageFile]
  const smtp = `smtp://127.0.0.1:${server.port('smtp')}/laptop`
  const [pop3, pop3s] = [`pop3://127.0.0.1:${server.port('pop3')}`, `pop3s://127.0.0.1:${server.port('pop3s')}`]
  const user = ['--user', `alice:${password}`]

  await curl(smtp, '--ssl-reqd', ...from, '--mail-rcpt', 'alice@home.example', '--mail-rcpt', 'bob@home.example')
  await curl(smtp, ...from, '--mail-rcpt', 'alice@home.example')
  const refused = ['--ssl-reqd', ...from, '--mail-rcpt', 'nobody@home.example']
  const { exit, complaint } = await house.attempt('curl', '--cacert', certificate, smtp, ...refused)
  assert.equal(exit, 55, complaint)

  const listing = await curl(`${pop3s}/`, ...user)
  assert.match(listing, /^1 \d+\r\n2 \d+\r\n$/)
  const uidl = await curl(`${pop3s}/`, '-X', 'UIDL', ...user)
  assert.match(uidl, /^1 ([!-~]{1,70})\r\n2 (?!\1\r)[!-~]{1,70}\r\n$/)
  const ways = [
    [`${pop3s}/1`, ...user],
    [`${pop3}/2`, '--ssl-reqd', ...user],
    [`${pop3s}/1`, '--user', `bob@home.example:${password}`, '--login-options', 'AUTH=PLAIN'],
    [`${pop3s}/1`, '--user', `bob:${password}`, '--login-options', 'AUTH=LOGIN'],
    [`${pop3s}/2`, '--sasl-ir', ...user],
  ]
  for (const [i, words] of ways.entries()) {
    const file = join(folder, `${i}.eml`)
    await curl(...words, '--output', file)
    assert.equal(await received(file), message.toString())
  }
  const [header = ''] = message.toString().split('\r\n\r\n')
  const top = await curl(`${pop3s}/`, '-X', 'TOP 1 3', ...user)
  assert.ok(top.endsWith(`${header}\r\n\r\n.\r\n..\r\n. a dot and a space\r\n`), top)

  await curl(`${pop3s}/1`, '-X', 'DELE', '--head', ...user)
  assert.equal(await curl(`${pop3s}/`, '-X', 'UIDL', ...user), uidl.replace(/^.*\r\n2 /, '1 '))
  const clear = await house.attempt('curl', '--silent', `${pop3}/`, ...user)
  assert.equal(clear.exit, 67, 'a password without TLS is refused')
})
