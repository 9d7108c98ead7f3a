/** Killed at any moment of a change, the configuration is the former one or the new one, whole: commands/replace.ts. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { temporaryDirectory } from './household.ts'

const comment = `# ${'a file of several blocks '.repeat(400)}\n`
const before = `${comment}[mail]\ncatch_all = "bob"\n[limits]\nrecipients = 101\n`
const after = before.replace('bob', 'alice').replace('101', '100')

test('a change that is cut off leaves one whole file', async () => {
  await using folder = await temporaryDirectory()
  const file = join(folder.path, 'porchlight.toml')
  await writeFile(file, before)
  const seen = new Set<string>()
  for (let round = 0; round < 12; round++) {
    const child = spawn(process.execPath, [join(import.meta.dirname, 'power.ts'), file], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await once(child.stdout, 'data')
    // The rounds are cut at different moments of a change, which takes a few milliseconds.
    await setTimeout(5 + round * 1.7)
    child.kill('SIGKILL')
    await once(child, 'exit')
    const text = await readFile(file, 'utf8')
    assert([before, after].includes(text), text.slice(-200))
    assert([before, after].includes(await readFile(`${file}.backup`, 'utf8')), 'the backup')
    for (const name of await readdir(folder.path)) seen.add(name)
  }
  assert.deepEqual(
    [...seen].filter(name => !/^porchlight\.toml(\.backup)?(\.new)?$/.test(name)),
    [],
  )
})
