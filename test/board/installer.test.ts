/** An update goes to the installer through a real FIFO, and what he says of it comes back: board/installer.ts. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { Failure } from '../../src/base/failure.ts'
import { haveWritten } from '../../src/board/installer.ts'
import { RunDirectory } from './rundir.ts'

const chunk = 65_536

/** More than a pipe holds. */
async function* update(chunks = 40): AsyncGenerator<Buffer> {
  for (let i = 0; i < chunks; i++) yield Buffer.alloc(chunk, i)
}

/** @returns how far it was, as it was told */
async function write(run: RunDirectory, octets = update()): Promise<readonly string[]> {
  const told: string[] = []
  const progress = async (stage: string, part: number) => void told.push(`${stage} ${part}`)
  await haveWritten(run.path, octets, '0.2.0', { progress, signal: new AbortController().signal })
  return told
}

describe('the installer', () => {
  test('gets every octet, and says how far he is', async () => {
    await using run = await RunDirectory.make()
    await run.employInstaller(
      'cat update >got; printf "writing 50\\nwriting 100\\nwhat is this\\ncomparing 7\\ncomparing 100\\nhal" >installing; answer ok',
    )
    assert.deepEqual(await write(run), ['writing 0.5', 'writing 1', 'comparing 0.07', 'comparing 1'])
    assert.deepEqual(await run.asked(), ['install 0.2.0'])
    assert.deepEqual(await readFile(join(run.path, 'got')), Buffer.concat(await Array.fromAsync(update())))
  })

  test('may refuse in the middle, and his sentence is what is heard', async () => {
    await using run = await RunDirectory.make()
    await run.employInstaller('head -c 100000 update >got; answer "no It is not signed."')
    await assert.rejects(write(run), { code: 'REFUSED', message: 'It is not signed.' })
  })

  test('need not come: the steward has refused', async () => {
    await using run = await RunDirectory.make()
    await run.employInstaller('answer "no This version is still on trial."')
    await assert.rejects(write(run), { code: 'REFUSED', message: 'This version is still on trial.' })
  })

  test('is not blamed for a file that cannot be read to its end', async () => {
    await using run = await RunDirectory.make()
    await run.employInstaller('cat update >got; answer "no It ends too early."')
    const broken = async function* () {
      yield* update(3)
      throw new Failure('REFUSED', 'The stick was taken out.')
    }
    await assert.rejects(write(run, broken()), { code: 'REFUSED', message: 'The stick was taken out.' })
  })

  test('is left at once when the person has stopped it', async () => {
    await using run = await RunDirectory.make()
    const stop = new AbortController()
    // He reads nothing, so that the pipe is full, and answers nobody.
    await run.employInstaller('exec 4<update; sleep 60 & echo $! >sleeping; echo "writing 1" >installing; wait')
    const progress = async () => stop.abort()
    try {
      const { signal } = stop
      await assert.rejects(haveWritten(run.path, update(), '0.2.0', { progress, signal }), { code: 'GIVEN_UP' })
    } finally {
      process.kill(Number(await readFile(join(run.path, 'sleeping'), 'utf8')))
    }
  })
})
