/** A server on a board, as a process: what it asks the steward for, what it says of the board, and who hears of a fallback. */
import assert from 'node:assert/strict'
import { mkdtempDisposable } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { openMaildrop } from '../support/dialogue.ts'
import { command, ServerProcess } from '../support/process.ts'
import { RunDirectory } from './rundir.ts'

const password = 'correct horse'
const bound = { timeout: 120_000 }

describe('a server on a board', () => {
  test(
    'declares a version on trial healthy, once all of it works, and knows that the clock is not set',
    bound,
    async () => {
      await using folder = await mkdtempDisposable(join(tmpdir(), 'porchlight-'))
      await using run = await RunDirectory.make({ trial: { left: 2, from: 'b' } })
      await run.employ()
      await run.write('clock', 'unset\n')
      const data = join(folder.path, 'data')
      await using server = await ServerProcess.start({ data, config: '', words: ['--board', run.path] })
      await server.logs('this version works; it is kept')
      assert.equal((await run.asked()).filter(words => words === 'healthy').length, 1)
      const status = await server.command(['status'])
      assert.match(status.out, /^system +version 0\.2\.0 in slot a$/m)
      assert.match(status.out, /^clock +not set yet/m)
      assert.match((await server.command(['time'])).out, /^clock +not set yet/m)
      assert.match((await server.command(['doctor', 'clock'])).out, /The clock is not set yet/)
      await run.write('clock', 'set\n')
      await server.logs('the clock is set')
      assert.doesNotMatch((await server.command(['status'])).out, /not set yet/)
      server.signal('SIGHUP')
      await server.logs('configuration and certificate read again')
      assert.equal(await server.stop(), 0)
    },
  )

  test('that came back after an update tells so in the log, in status, and by a letter', bound, async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'porchlight-'))
    const data = join(folder.path, 'data')
    {
      await using server = await ServerProcess.start({ data, config: '' })
      await server.command(['user', 'add', 'alice', '--password-stdin'], `${password}\n`)
      await server.command(['alias', 'add', 'postmaster', 'alice'])
    }
    const fallback = '0.3.0 did not come up in three starts. Its last words: "STORE_IO" \u001b[31m'
    await using run = await RunDirectory.make({ fallback })
    await run.employ()
    await using server = await ServerProcess.start({ data, words: ['--board', run.path] })
    const alert = await server.logs('a newer version did not work; this one runs again')
    assert.match(String(alert.why), /^0\.3\.0 did not come up in three starts/)
    await server.logs('message posted')
    using maildrop = await openMaildrop(server.port('pop3s'), 'alice', password)
    const letter = await maildrop.say('RETR 1')
    assert.match(letter, /^\+OK/)
    assert.match((await server.command(['status'])).out, /^went back +0\.3\.0 did not come up/m)
    while (!(await run.asked()).includes('healthy')) await setImmediate()
    assert.equal(await server.stop(), 0)

    // The boot scripts say the same for as long as the board is on, however often the server comes back.
    await using again = await ServerProcess.start({ data, words: ['--board', run.path] })
    await again.command(['queue', 'list'])
    assert.equal(await again.stop(), 0)
    assert.ok(!again.log.some(({ msg }) => msg === 'a newer version did not work; this one runs again'))
    assert.equal((await run.asked()).filter(words => words === 'healthy').length, 1)
  })

  test('whose boot scripts say nothing takes mail all the same', bound, async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'porchlight-'))
    const data = join(folder.path, 'data')
    const words = ['--board', join(folder.path, 'nowhere')]
    await using server = await ServerProcess.start({ data, config: '', words })
    assert.match((await server.command(['status'])).out, /^system +version unknown in slot a$/m)
    assert.equal(await server.stop(), 0)
  })
})

test('a server on any other machine says nothing of a board', bound, async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'porchlight-'))
  const data = join(folder.path, 'data')
  await using server = await ServerProcess.start({ data, config: '' })
  const { out } = await server.command(['status'])
  assert.doesNotMatch(out, /^(?:system|clock|went back) /m)
  assert.equal((await command(data, ['status', '--board', '/run/board'])).exit, 2)
})
