/** SIGHUP: what is written in the configuration holds from then on, or nothing changes; and the bounds it sets. */
import assert from 'node:assert/strict'
import { copyFile, mkdtempDisposable } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { Dialogue, greetSmtp } from '../support/dialogue.ts'
import { ServerProcess, writeConfig } from '../support/process.ts'

const taken = 'configuration and certificate read again'
const refused = 'nothing has changed'

async function reload(server: ServerProcess, settings: string, outcome: string): Promise<string> {
  await writeConfig(server.data, settings)
  server.signal('SIGHUP')
  return String((await server.logs(outcome)).reason)
}

/** Whose certificate a new client is shown. */
async function subject(server: ServerProcess): Promise<string> {
  using smtp = await greetSmtp(server.port('smtp'))
  await smtp.say('STARTTLS')
  return await smtp.secure()
}

async function recipient(server: ServerProcess, address: string): Promise<string> {
  using smtp = await greetSmtp(server.port('smtp'))
  await smtp.say('MAIL FROM:<> SIZE=100000')
  return await smtp.say(`RCPT TO:<${address}>`)
}

test('names, domains, limits and the certificate change together, or not at all', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'porchlight-'))
  const data = join(folder.path, 'data')
  const small = 'hostname = "one.example"\nlimits = { message = "64 KiB" }\n'
  await using server = await ServerProcess.start({ data, config: small })
  await server.command(['user', 'add', 'alice', '--generate'])
  await copyFile(join(data, 'cert.pem'), join(folder.path, 'own.pem'))
  await copyFile(join(data, 'key.pem'), join(folder.path, 'own-key.pem'))
  assert.equal(await subject(server), 'one.example')
  assert.match(await recipient(server, 'alice@home.example'), /^503 /, 'the size was refused')
  assert.match(await recipient(server, 'alice@new.example'), /^503 /)
  using before = await greetSmtp(server.port('smtp'))

  const wide = 'hostname = "two.example"\ndomains = ["home.example", "new.example"]\n'
  await reload(server, wide, taken)
  const holds = async (name: string) => {
    assert.equal(await subject(server), name)
    assert.match(await recipient(server, 'alice@home.example'), /^250 /)
    assert.match(await recipient(server, 'alice@new.example'), /^250 /)
  }
  await holds('two.example')
  assert.match(await before.say('NOOP'), /^250 /, 'who was there stays')

  assert.match(await reload(server, 'hostname = 5\n[limist]\n', refused), /limist: [\s\S]*hostname: 5 /)
  await holds('two.example')
  const missing = 'domains = ["other.example"]\ntls = { certificate = "no.pem", key = "no.pem" }\n'
  assert.match(await reload(server, missing, refused), /no\.pem cannot be read/)
  await holds('two.example')

  await reload(server, `${wide}tls = { certificate = "own.pem", key = "own-key.pem" }\n`, taken)
  await holds('one.example')
  assert.equal(await server.stop(), 0)
})

test('connections are bounded, from one address and in all', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'porchlight-'))
  await using server = await ServerProcess.start({ data: join(folder.path, 'data'), config: '' })
  await reload(server, 'limits = { connections = 3, connections_per_address = 2 }\n', taken)
  const [smtp, pop3] = [server.port('smtp'), server.port('pop3')]
  using first = await Dialogue.open(smtp)
  assert.match(await first.answer(), /^220 /)
  /** Who comes after that, from where, and how each is greeted. */
  const arrivals = [
    { port: pop3, from: '127.0.0.1', greeting: /^\+OK / },
    { port: smtp, from: '127.0.0.1', greeting: /^421 4\.7\.0 / },
    { port: pop3, from: '127.0.0.1', greeting: /^-ERR \[SYS\/TEMP\] / },
    { port: smtp, from: '127.0.0.2', greeting: /^220 / },
    { port: smtp, from: '127.0.0.3', greeting: /^220 / },
  ]
  using clients = new DisposableStack()
  for (const { port, from, greeting } of arrivals) {
    const client = clients.use(await Dialogue.open(port, { from }))
    assert.match(await client.answer(), greeting)
  }
  assert.match(await first.answer(), /^421 4\.7\.0 /, 'the last one took a place of the address that had two')
  assert.equal(await first.answer(), 'closed')
})
