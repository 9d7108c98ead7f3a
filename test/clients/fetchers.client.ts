/** mpop and fetchmail: mail left on the server is fetched once, and mail fetched away is gone. */
import assert from 'node:assert/strict'
import { appendFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { deliver } from '../support/dialogue.ts'
import { House, message, password, withoutTrace } from './house.ts'

const count = async (house: House, name: string) => {
  const { out } = await house.server.command(['user', 'list'])
  return Number(new RegExp(`^${name} +(\\d+) `, 'm').exec(out)?.[1])
}

async function send(house: House, times: number): Promise<void> {
  const stuffed = message.toString().replaceAll(/^\./gm, '..')
  for (let i = 0; i < times; i++) {
    const answer = await deliver(house.server.port('smtp'), 'alice@home.example', stuffed)
    assert.match(answer, /^250 /)
  }
}

test('mpop', async () => {
  await using house = await House.open()
  const { folder, server, certificate } = house
  const [maildir, mbox, rc] = [join(folder, 'maildir'), join(folder, 'mbox'), join(folder, 'mpoprc')]
  for (const part of ['cur', 'new', 'tmp']) await mkdir(join(maildir, part), { recursive: true })
  await writeFile(
    rc,
    `defaults
host localhost
user alice
password "${password}"
tls on
tls_trust_file ${certificate}
received_header off
uidls_file ${join(folder, 'uidls-%U')}
account keeps
port ${server.port('pop3s')}
tls_starttls off
auth scram-sha-256
keep on
delivery maildir ${maildir}
account takes
port ${server.port('pop3')}
tls_starttls on
auth user
keep off
delivery mbox ${mbox}
`,
    { mode: 0o600 },
  )
  const fetch = (account: string) => house.run('mpop', '--file', rc, '--quiet', account)
  const kept = async () => {
    const names = await readdir(join(maildir, 'new'))
    return Promise.all(names.map(name => readFile(join(maildir, 'new', name), 'utf8')))
  }
  await send(house, 2)
  await fetch('keeps')
  for (const text of await kept()) assert.equal(withoutTrace(text), message.toString())
  assert.equal((await kept()).length, 2)

  // What mpop knows by its UIDL it leaves alone.
  await send(house, 1)
  await fetch('keeps')
  assert.equal((await kept()).length, 3)
  await fetch('keeps')
  assert.equal((await kept()).length, 3)
  assert.equal(await count(house, 'alice'), 3)

  await rm(join(folder, 'uidls-alice'))
  await fetch('takes')
  assert.equal(await count(house, 'alice'), 0)
  assert.equal((await readFile(mbox, 'utf8')).match(/^From /gm)?.length, 3)
})

test('fetchmail', async () => {
  await using house = await House.open()
  const { folder, server, certificate } = house
  const [mbox, rc] = [join(folder, 'mbox'), join(folder, 'fetchmailrc')]
  const end = '-- end of a message --\n'
  await writeFile(join(folder, 'end'), end)
  const write = (port: number, options: string) => {
    const user = `user "alice" password "${password}" sslcertck sslcertfile "${certificate}" sslcommonname "localhost"`
    const mda = `mda "cat - ${join(folder, 'end')} >> ${mbox}"`
    return writeFile(rc, `poll localhost protocol POP3 uidl port ${port}:\n${user} no rewrite ${options} ${mda}\n`, {
      mode: 0o600,
    })
  }
  /** @returns fetchmail's exit code: 0 something was fetched, 1 there was nothing */
  const fetch = async () => {
    const { exit, out, complaint } = await house.attempt('fetchmail', '--fetchmailrc', rc, '--invisible')
    assert.ok(exit === 0 || exit === 1, `${exit}\n${out}\n${complaint}`)
    return exit
  }
  const texts = async () => (await readFile(mbox, 'utf8')).split(end).slice(0, -1)
  await appendFile(mbox, '')

  await send(house, 2)
  await write(server.port('pop3s'), 'ssl keep')
  assert.equal(await fetch(), 0)
  assert.equal((await texts()).length, 2)
  assert.equal(await fetch(), 1, 'nothing new')
  assert.equal(await count(house, 'alice'), 2)

  await write(server.port('pop3'), 'sslproto "TLS1.2+" fetchall no keep')
  assert.equal(await fetch(), 0)
  assert.equal(await count(house, 'alice'), 0)
  const all = await texts()
  assert.equal(all.length, 4)
  for (const text of all) assert.equal(withoutTrace(text), message.toString())
})
