/** A server whose mail store cannot be opened: consoles are there, the ports are not, and it comes back. */
import assert from 'node:assert/strict'
import { mkdtempDisposable, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { encodeLogKey } from '../../src/store/keys.ts'
import { decodeLogRecord, encodeLogRecord } from '../../src/store/record.ts'
import { schema } from '../../src/store/schema.ts'
import { openDatabase } from '../store/letters.ts'
import { command, configPath, run, ServerProcess } from '../support/process.ts'
import { Stocked } from '../support/stocked.ts'

const closed = 'consoles are open, and nothing else'

/** Makes a closed store that of a release with another schema. */
async function setSchema(data: string, number: number): Promise<void> {
  await using log = await openDatabase(data, 'log')
  const header = decodeLogRecord(0, (await log.get(encodeLogKey(0))) ?? Buffer.alloc(0))
  assert.ok(header.kind === 'header')
  await log.put(encodeLogKey(0), encodeLogRecord(0, { ...header, schema: number }))
}

test('a store of a newer release: what can be done is done, the rest says why, and restart opens it when it is well', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'porchlight-'))
  const stocked = await Stocked.make(folder.path, 2)
  const { data } = stocked
  await setSchema(data, schema.writes + 1)
  await using server = await ServerProcess.start({ data, until: closed })
  assert.ok(!server.log.some(({ msg }) => msg === 'listening'))
  const why = 'This mail store was written by a newer Porchlight.'

  const status = await server.command(['status'])
  assert.equal(status.exit, 0)
  assert.match(status.out, /^Porchlight is not running\.\n/)
  assert.ok(status.out.includes(why), status.out)
  const log = await server.command(['log', '--level', 'error'])
  assert.match(log.out, /No mail is taken or shown, since the mail store cannot be opened: This mail store was written/)
  for (const words of ['doctor', 'user list', 'queue list', 'verify']) {
    const { exit, complaint } = await server.command(words.split(' '))
    assert.equal(exit, 1, words)
    assert.match(complaint, /^The mail store is closed, so this cannot be done now\. /, words)
  }
  const refused = await server.command(['restart'])
  assert.equal(refused.exit, 1)
  assert.ok(refused.complaint.startsWith(`Porchlight could not be started anew. ${why}`), refused.complaint)

  await setSchema(data, schema.writes)
  assert.equal((await server.command(['restart'])).exit, 0)
  assert.deepEqual(
    (await stocked.answers(server)).map(answer => answer.slice(0, 3)),
    ['+OK', '+OK'],
  )
  assert.equal(await server.stop(), 0)
})

test('it stops when it is told to', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'porchlight-'))
  const { data } = await Stocked.make(folder.path, 1)
  await setSchema(data, schema.writes + 1)
  await using server = await ServerProcess.start({ data, until: closed })
  assert.equal(await server.stop(), 0)
  // A command that opens the store itself says the same.
  assert.match((await command(data, ['user', 'list'])).complaint, /newer Porchlight/)
})

test('a port in use ends the process, and it says which', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'porchlight-'))
  const data = join(folder.path, 'data')
  await using other = createServer()
  const port = await new Promise<number>(resolve => {
    other.listen(0, '127.0.0.1', () => {
      const address = other.address()
      resolve(address !== null && typeof address === 'object' ? address.port : 0)
    })
  })
  await writeFile(
    configPath(data),
    `[listen]\nsmtp = ["127.0.0.1:${port}"]\nsubmission = []\nsubmissions = []\npop3 = []\npop3s = []\n`,
  )
  const { exit, complaint } = await run(['serve', '--data', data, '--config', configPath(data)])
  assert.equal(exit, 1)
  assert.ok(complaint.includes(`127.0.0.1:${port} is in use by another program.`), complaint)
})
