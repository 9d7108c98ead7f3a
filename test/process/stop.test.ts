/** How a server stops: what is under way is finished, who waits is told, and it ends with 0. */
import assert from 'node:assert/strict'
import { mkdtempDisposable } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { Dialogue, deliver, greetSmtp, openMaildrop } from '../support/dialogue.ts'
import { ServerProcess } from '../support/process.ts'

const password = 'correct horse'
const message = 'Subject: x\r\n\r\nfirst half, second half\r\n'
/** Octets that no socket buffer on the way holds, so that the server is still sending them when it is told to stop. */
const large = `${'0123456789'.repeat(7)}\r\n`.repeat(150_000)

async function startWithAlice(folder: string): Promise<ServerProcess> {
  const server = await ServerProcess.start({ data: join(folder, 'data'), config: '' })
  await server.command(['user', 'add', 'alice', '--password-stdin'], `${password}\n`)
  return server
}

async function beginMessage(port: number): Promise<Dialogue> {
  const smtp = await greetSmtp(port)
  await smtp.say('MAIL FROM:<>')
  await smtp.say('RCPT TO:<alice@home.example>')
  return smtp
}

test('SIGTERM: a running body is kept, everyone else is told at once or at the next command', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'porchlight-'))
  {
    await using server = await startWithAlice(folder.path)
    const [smtpPort, pop3Port, pop3sPort] = [server.port('smtp'), server.port('pop3'), server.port('pop3s')]
    assert.match(await deliver(smtpPort, 'alice@home.example', 'Subject: to go\r\n\r\n'), /^250 /)
    using waiting = await greetSmtp(smtpPort)
    using between = await beginMessage(smtpPort)
    using writing = await beginMessage(smtpPort)
    assert.match(await writing.say('DATA'), /^354 /)
    writing.send('Subject: x\r\n\r\nfirst half, ')
    using unknown = await Dialogue.open(pop3Port)
    await unknown.answer()
    using deleting = await openMaildrop(pop3sPort, 'alice', password)
    await deleting.say('DELE 1')
    // Someone who has the control socket open and says nothing must hold up nobody.
    const control = connect(join(server.data, 'control.sock')).resume()
    await new Promise(resolve => control.once('connect', resolve))

    server.signal('SIGTERM')
    await server.logs('stopping')
    assert.equal(await waiting.answer(), '421 4.3.2 This host is stopping; try again later')
    assert.equal(await waiting.answer(), 'closed')
    assert.match(await unknown.answer(), /^-ERR \[SYS\/TEMP\] /)
    assert.equal(await unknown.answer(), 'closed')
    server.signal('SIGHUP') // Harmless now, too.
    assert.match(await between.say('RCPT TO:<alice@home.example>'), /^421 4\.3\.2 /)
    assert.equal(await between.answer(), 'closed')
    using late = await Dialogue.open(smtpPort)
    assert.equal(await late.answer(), 'closed')
    assert.match(await writing.say('second half\r\n.'), /^250 2\.0\.0 /)
    assert.match(await writing.say('NOOP'), /^421 4\.3\.2 /)
    assert.equal(await writing.answer(), 'closed')
    assert.match(await deleting.say('QUIT'), /^\+OK bye, 1 messages deleted/)
    assert.equal(await deleting.answer(), 'closed')
    assert.equal(await server.ended, 0)
    assert.equal(server.log.at(-1)?.msg, 'stopped')
  }
  await using again = await ServerProcess.start({ data: join(folder.path, 'data') })
  using pop3 = await openMaildrop(again.port('pop3s'), 'alice', password)
  assert.match(await pop3.say('STAT'), /^\+OK 1 /)
  await pop3.say('RETR 1')
  assert.ok((await pop3.body()).endsWith(message))
})

test('SIGINT: a message that is being sent is sent to its end', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'porchlight-'))
  await using server = await startWithAlice(folder.path)
  assert.match(await deliver(server.port('smtp'), 'alice@home.example', large), /^250 /)
  using pop3 = await openMaildrop(server.port('pop3s'), 'alice', password)
  assert.match(await pop3.say('RETR 1'), /^\+OK /)
  server.signal('SIGINT')
  await server.logs('stopping')
  assert.ok((await pop3.body()).endsWith(large))
  assert.equal(await server.ended, 0)
})

test('a second signal does not wait', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'porchlight-'))
  await using server = await startWithAlice(folder.path)
  using writing = await beginMessage(server.port('smtp'))
  assert.match(await writing.say('DATA'), /^354 /)
  server.signal('SIGINT')
  await server.logs('stopping')
  assert.equal(await server.stop('SIGINT'), 'SIGINT')
})
