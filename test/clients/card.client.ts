/** The first start of a box whose first partition says how it is to be: the server listens there, and lets the household in. */
import assert from 'node:assert/strict'
import { mkdtempDisposable, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { RunDirectory } from '../board/rundir.ts'
import { openMaildrop } from '../support/dialogue.ts'
import { configPath, ServerProcess } from '../support/process.ts'

const secret = 'a good password'

test('settings of the first partition hold when the server is ready, and no password is left there', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'porchlight-'))
  await using run = await RunDirectory.make()
  await run.employ()
  await run.write(
    'first-boot.toml',
    `hostname = "mail.a.example"\r\nlisten.submission = ["127.0.0.1:0"]\r\n[setup]\r\naccount = "alice"\r\npassword = "${secret}"\r\n[mail]\r\nlanguage = "klingon"\r\n`,
  )
  const data = join(folder.path, 'data')
  await using server = await ServerProcess.start({ data, config: '', words: ['--board', run.path] })
  const doors = server.log.filter(({ msg, service }) => msg === 'listening' && service === 'submission')
  assert.equal(doors.length, 1)
  const refusal = server.log.find(
    ({ msg }) => msg === 'a line of porchlight.toml on the first partition cannot be used',
  )
  assert.deepEqual(
    [refusal?.setting, refusal?.reason],
    ['mail.language', '"klingon" is not one of "en"; write for instance language = "en"'],
  )
  const pop3s = server.log.findLast(({ msg, service }) => msg === 'listening' && service === 'pop3s')
  using _maildrop = await openMaildrop(Number(String(pop3s?.address).split(':').at(-1)), 'alice', secret)
  assert.match(await readFile(configPath(data), 'utf8'), /hostname = "mail\.a\.example"/)
  const card = await readFile(join(`${run.path}-out`, 'first-boot.toml'), 'utf8')
  assert.ok(!card.includes(secret))
  assert.match(
    card,
    /^# hostname = .*\r\n# listen\.submission = .*\r\n\[setup\]\r\n# account = "alice"\r\n# password = ""\r\n/m,
  )
  assert.ok((await run.asked()).includes('first-boot'))
  assert.equal(await server.stop(), 0)
  for (const name of [configPath(data), `${configPath(data)}.backup`]) {
    assert.ok(!(await readFile(name, 'utf8')).includes(secret))
  }
})
