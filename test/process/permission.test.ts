/**
 * The server under Node's permission model, as it runs on the board: it reads and writes in its own folders, loads the addon of
 * its store, and nothing that a household does needs more.
 */
import assert from 'node:assert/strict'
import { mkdtempDisposable, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { deliver, openMaildrop } from '../support/dialogue.ts'
import { ServerProcess } from '../support/process.ts'

const password = 'correct horse'
const tree = join(import.meta.dirname, '../..')

/** What the board grants; and here the source. With the star: a folder that is not there yet would be taken for a file. */
function flagsFor(folder: string): readonly string[] {
  const read = [tree, folder, '/etc', '/proc', '/sys', '/dev']
  const write = [folder, '/dev', '/sys/class/leds']
  return [
    '--permission',
    '--allow-addons',
    '--allow-child-process',
    ...read.map(path => `--allow-fs-read=${path}/*`),
    ...write.map(path => `--allow-fs-write=${path}/*`),
    '--disable-warning=PERM0001',
    '--disable-warning=PERM0002',
  ]
}

/** A change of settings, one that needs the folder of the configuration, and what reads and writes all of the store. */
const errands = [
  'config set log.level debug',
  'certificate renew',
  'status',
  'time',
  'verify',
  'jobs run sweep',
  'doctor disk wear memory certificate store',
  'restart',
]

test('a server that may use its own folders only does all that it has to', { timeout: 120_000 }, async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'porchlight-own-'))
  await using elsewhere = await mkdtempDisposable(join(tmpdir(), 'porchlight-else-'))
  const data = join(folder.path, 'data')
  const environment = { TMPDIR: folder.path }
  await using server = await ServerProcess.start({ data, config: '', flags: flagsFor(folder.path), environment })
  await server.command(['user', 'add', 'alice', '--password-stdin'], `${password}\n`)
  assert.match(await deliver(server.port('smtp'), 'alice@home.example', 'Subject: in\r\n\r\n'), /^250 /)
  {
    using maildrop = await openMaildrop(server.port('pop3s'), 'alice', password)
    assert.match(await maildrop.say('DELE 1'), /^\+OK/)
    assert.match(await maildrop.say('QUIT'), /^\+OK/)
  }
  for (const errand of errands) {
    const { exit, out, complaint } = await server.command(errand.split(' '))
    assert.equal(exit, 0, `${errand}: ${out}${complaint}`)
    assert.doesNotMatch(out + complaint, /restricted|Permission Model/, errand)
  }
  const secret = join(elsewhere.path, 'secret.pem')
  await writeFile(secret, 'not for this server')
  const { exit, complaint } = await server.command(['config', 'set', `tls.certificate=${secret}`, `tls.key=${secret}`])
  assert.equal(exit, 1)
  assert.match(complaint, /secret\.pem cannot be read/)
  assert.equal(await server.stop(), 0)
  assert.deepEqual(
    server.log.filter(({ level }) => Number(level) >= 50).map(({ msg }) => msg),
    [],
  )
})
