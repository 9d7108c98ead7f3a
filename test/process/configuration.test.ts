/** Settings changed from outside the running server, and [setup] at its start: the file, the commands and what holds then. */
import assert from 'node:assert/strict'
import { mkdtempDisposable, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { greetSmtp } from '../support/dialogue.ts'
import { configPath, ServerProcess } from '../support/process.ts'

test('a setting changed by a command holds at once, over a start, and without a server', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'porchlight-'))
  const data = join(folder.path, 'data')
  {
    await using server = await ServerProcess.start({ data, config: '# ours\n' })
    await server.command(['user', 'add', 'alice', '--generate'])
    const { exit, out } = await server.command(['config', 'set', 'domains', 'home.example', 'new.example'])
    assert.deepEqual([exit, out], [0, 'domains is ["home.example", "new.example"] now.\n'])
    using smtp = await greetSmtp(server.port('smtp'))
    await smtp.say('MAIL FROM:<>')
    assert.match(await smtp.say('RCPT TO:<alice@new.example>'), /^250 /)
    const refused = await server.command(['config', 'set', 'domains', '@'])
    assert.equal(refused.exit, 1)
    assert.match(refused.complaint, /is not a domain name/)
    const later = await server.command(['config', 'set', 'listen.smtp', '127.0.0.1:0', '127.0.0.2:0'])
    assert.match(later.out, /porchlight restart/)
    assert.match(
      (await server.command(['config', 'show', 'listen'])).out,
      /Not in effect before a restart: listen\.smtp/,
    )
    assert.equal(await server.stop(), 0)
  }
  assert.match(await readFile(configPath(data), 'utf8'), /# ours\n/)
  await using server = await ServerProcess.start({ data })
  assert.equal(server.log.filter(({ msg, service }) => msg === 'listening' && service === 'smtp').length, 2)
  assert.equal(await server.stop(), 0)
  const { out } = await server.command(['config', 'reset', 'domains'])
  assert.match(out, /^domains is \["home\.example"\] again/)
  assert.doesNotMatch(await readFile(configPath(data), 'utf8'), /domains/)
})

test('[setup] is carried out at the start, and its passwords are gone from the disk', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'porchlight-'))
  const data = join(folder.path, 'data')
  const secret = 'spoken only once'
  const config = `[setup]\naccount = "alice"\npassword = "${secret}"\nconsole_password = "short"\n`
  await using server = await ServerProcess.start({ data, config })
  assert.match((await server.command(['user', 'list'])).out, /^alice /m)
  const text = await readFile(configPath(data), 'utf8')
  assert(!text.includes(secret))
  assert.match(text, /console_password = "short" # Not used: A password has at least 8 characters\./)
  const refusal = server.log.find(({ msg }) => msg === 'a line of [setup] cannot be used')
  assert.deepEqual([refusal?.setting, refusal?.reason], ['console_password', 'A password has at least 8 characters.'])
  assert(!JSON.stringify(server.log).includes(secret))
  assert.equal(await server.stop(), 0)
})

test('what was written into the file by hand holds once the server is started anew, and so for the log', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'porchlight-'))
  const data = join(folder.path, 'data')
  await using server = await ServerProcess.start({ data, config: '' })
  const text = await readFile(configPath(data), 'utf8')
  await writeFile(configPath(data), `${text}\nlog.level = "warn"\n`)
  assert.equal((await server.command(['restart'])).exit, 0)
  const before = server.log.length
  await server.command(['restart'])
  assert.equal(await server.stop(), 0)
  assert.deepEqual(server.log.slice(before), [])
})
