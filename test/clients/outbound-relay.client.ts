/** Mail leaves through a smarthost: another Porchlight, to which ours has to log in, and Postfix, which knows its network. */
import assert from 'node:assert/strict'
import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { letter, password } from './house.ts'
import { Postfix } from './postfix.ts'
import { parted, Town } from './town.ts'

const message = letter('alice@a.example', 'alice@b.example').toString()

test('mail goes through the smarthost, once it lets us in', async () => {
  await using town = await Town.open()
  const [file, passwordFile] = [join(town.folder, 'letter.eml'), join(town.folder, 'password')]
  await writeFile(file, message)
  await writeFile(passwordFile, `${password}\n`)
  await chmod(passwordFile, 0o644)
  const b = await town.home('b')
  // Who relays for the household has its addresses, and signs with the keys that it has for them.
  const s = await town.home('s', `delivery.port = ${b.server.port('smtp')}\nsubmission.dkim = "off"\n`, 'a.example')
  const a = await town.home(
    'a',
    `
relay.mode = "smarthost"
relay.host = "mail.s.example"
relay.port = ${s.server.port('submission')}
relay.ca = "${s.certificate}"
relay.user = "alice"
relay.password_file = "${passwordFile}"
delivery.retry = ["1s"]
`,
  )
  await a.submit(file, ['alice@b.example'])
  const { said } = await a.server.logs('deferred')
  assert.match(String(said), /^451 4\.7\.8 Others may read /)
  await chmod(passwordFile, 0o600)
  const { host } = await a.server.logs('delivered')
  assert.equal(host, 'mail.s.example')
  await s.server.logs('delivered')

  const [fetched = ''] = await b.mail()
  const { trace, letter } = parted(fetched)
  assert.equal(letter, message)
  assert.match(trace, /\nReceived: from mail\.s\.example (?:.*\r\n\t)+by mail\.b\.example \(Porchlight\) with ESMTPS /)
  assert.match(trace, /\nReceived: by mail\.s\.example \(Porchlight\) with ESMTPSA /)
  assert.match(trace, /\nReceived: by mail\.a\.example \(Porchlight\) with ESMTPSA /)
})

test('mail goes through Postfix, which asks for no login', async () => {
  await using town = await Town.open()
  const file = join(town.folder, 'letter.eml')
  await writeFile(file, message)
  const b = await town.home('b')
  const next = `[127.0.0.2]:${b.server.port('smtp')}`
  const postfix = await Postfix.start(town, { domain: 's.example', next })
  const relay = { mode: 'smarthost', host: '127.0.0.1', port: postfix.port, ca: postfix.certificate }
  const settings = Object.entries(relay).map(([key, value]) => `relay.${key} = ${JSON.stringify(value)}\n`)
  const a = await town.home('a', settings.join(''))
  await a.submit(file, ['alice@b.example'])
  await a.server.logs('delivered')
  await b.says(['message accepted'], 1)
  const { trace, letter } = parted((await b.mail())[0] ?? '')
  assert.equal(letter, message)
  assert.match(trace, /\tby mail\.s\.example \(Postfix\) with ESMTPS id /)
})
