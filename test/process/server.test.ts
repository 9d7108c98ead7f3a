/** A server and its data directory: who may have it, what it leaves behind, and what it says when it cannot start. */
import assert from 'node:assert/strict'
import { mkdir, mkdtempDisposable, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { deliver, openMaildrop } from '../support/dialogue.ts'
import { command, program, run, runProgram, ServerProcess, writeConfig } from '../support/process.ts'

const folderName = join(tmpdir(), 'porchlight-')

test('one server has the data, and what it writes is its own', async () => {
  await using folder = await mkdtempDisposable(folderName)
  const data = join(folder.path, 'data')
  await using server = await ServerProcess.start({ data, config: '' })
  assert.equal(await modeOf(data), 0o700)
  for (const name of ['key.pem', 'control.sock']) assert.equal(await modeOf(join(data, name)), 0o600, name)
  for (const name of ['log/CURRENT', 'index/CURRENT']) assert.equal(await modeOf(join(data, name)), 0o600, name)

  const [second, running] = await Promise.all([command(data, ['serve']), server.command(['status'])])
  assert.equal(second.exit, 1)
  assert.match(second.complaint, /\nAnother Porchlight is using this data directory\.\n$/)
  assert.match(
    running.out,
    /^Porchlight is running\.\n[\s\S]*\nsmtp +127\.0\.0\.1:\d+\n[\s\S]*\nstore +well\ntoday +0 received, 0 sent on\nqueue +empty\n$/,
  )

  assert.equal(await server.stop(), 0)
  const stopped = await server.command(['status'])
  assert.match(
    stopped.out,
    /^Porchlight is not running\.\n[\s\S]*\nstore +well\ntoday +0 received, 0 sent on\nqueue +empty\n$/,
  )
})

test('in a directory that others may enter, what is written is hidden from them', async () => {
  await using folder = await mkdtempDisposable(folderName)
  await mkdir(join(folder.path, 'data'), { mode: 0o755 })
  const data = join(folder.path, 'data')
  await writeConfig(data)
  assert.equal((await command(data, ['user', 'add', 'alice', '--generate'])).exit, 0)
  for (const name of ['log', 'index']) assert.equal(await modeOf(join(data, name)), 0o700, name)
})

test('after kill -9 the next server finds the mail, and the socket left behind is in nobody’s way', async () => {
  await using folder = await mkdtempDisposable(folderName)
  const data = join(folder.path, 'data')
  {
    await using server = await ServerProcess.start({ data, config: '' })
    await server.command(['user', 'add', 'alice', '--password-stdin'], 'correct horse\n')
    assert.match(await deliver(server.port('smtp'), 'alice@home.example', 'Subject: x\r\n\r\nhi\r\n'), /^250 /)
    assert.equal(await server.kill(), 'SIGKILL')
  }
  assert.ok((await stat(join(data, 'control.sock'))).isSocket())
  const between = await command(data, ['user', 'list'])
  assert.match(between.out, /\nalice +1 /)
  await using server = await ServerProcess.start({ data })
  using pop3 = await openMaildrop(server.port('pop3s'), 'alice', 'correct horse')
  await pop3.say('RETR 1')
  assert.match(await pop3.body(), /\r\nSubject: x\r\n\r\nhi\r\n$/)
  assert.match((await server.command(['status'])).out, /^Porchlight is running\.\n/)
})

test('a start that cannot succeed says why and ends with 1', async () => {
  await using folder = await mkdtempDisposable(folderName)
  const file = join(folder.path, 'file')
  await writeFile(file, '')
  await using taken = createServer()
  const port = await new Promise<number>(resolve => {
    taken.listen({ port: 0, host: '127.0.0.1' }, () => {
      const bound = taken.address()
      resolve(bound !== null && typeof bound === 'object' ? bound.port : 0)
    })
  })
  const rows: readonly { config: string; data: string; complaint: RegExp }[] = [
    {
      config: `listen = { smtp = ["127.0.0.1:${port}"], submission = [], submissions = [], pop3 = [], pop3s = [] }`,
      data: join(folder.path, 'data'),
      complaint: /\n127\.0\.0\.1:\d+ is in use by another program\.\n$/,
    },
    {
      config: 'tls = { certificate = "none.pem", key = "none.pem" }',
      data: join(folder.path, 'bare'),
      complaint: /none\.pem cannot be read\.\n$/,
    },
    { config: '', data: file, complaint: /\nThe data directory \S+file cannot be made/ },
    { config: '', data: join(folder.path, 'x'.repeat(100)), complaint: /control\.sock is too long for a socket/ },
  ]
  const finished = rows.map(async ({ config, data }, i) => {
    const path = join(folder.path, `${i}.toml`)
    await writeFile(
      path,
      config || 'listen = { smtp = ["127.0.0.1:0"], submission = [], submissions = [], pop3 = [], pop3s = [] }',
    )
    return run(['serve', '--data', data, '--config', path])
  })
  for (const [i, { exit, complaint }] of (await Promise.all(finished)).entries()) {
    assert.equal(exit, 1, complaint)
    assert.match(complaint, rows[i]?.complaint ?? /^$/)
    assert.doesNotMatch(complaint, /\n\s+at /)
  }
})

test('a log that cannot be written is no fault', async () => {
  await using folder = await mkdtempDisposable(folderName)
  const data = join(folder.path, 'data')
  // It opens two doors, logs that, and ends in order because the third is not to be had: without a word, but with a 1.
  const doors =
    'listen = { smtp = ["127.0.0.1:0"], submission = [], submissions = [], pop3 = ["127.0.0.1:0"], pop3s = ["192.0.2.1:0"] }'
  await writeFile(`${data}.toml`, doors)
  const serve = [...program, 'serve', '--data', data, '--config', `${data}.toml`]
  assert.equal((await runProgram(['sh', '-c', 'exec "$0" "$@" 2>/dev/full', ...serve])).exit, 1)
})

async function modeOf(path: string): Promise<number> {
  return (await stat(path)).mode & 0o777
}
