/** Requests to the steward go through a real FIFO, one line each, and come back as done or as a refusal: board/steward.ts. */
import assert from 'node:assert/strict'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { Failure } from '../../src/base/failure.ts'
import { askSteward } from '../../src/board/steward.ts'
import { RunDirectory } from './rundir.ts'

const hurried = { openMs: 100, answerMs: 300 }

async function refusal(asked: Promise<void>): Promise<string> {
  const error: unknown = await asked.then(
    () => undefined,
    (error: unknown) => error,
  )
  assert.ok(error instanceof Failure, `${error}`)
  assert.equal(error.code, 'REFUSED')
  return error.message
}

describe('the steward', () => {
  test('gets the words, and what is done is done', async () => {
    await using run = await RunDirectory.make()
    await run.employ()
    await askSteward(run.path, ['network', 'fixed', '192.168.1.5/24', '192.168.1.1', '9.9.9.9,192.168.1.1'])
    assert.deepEqual(await run.asked(), ['network fixed 192.168.1.5/24 192.168.1.1 9.9.9.9,192.168.1.1'])
  })

  test('is asked by many at once, and each gets an answer of its own', async () => {
    await using run = await RunDirectory.make()
    await run.employ()
    await Promise.all(Array.from({ length: 40 }, (_, i) => askSteward(run.path, ['hostname', `box${i}`])))
    assert.equal(new Set(await run.asked()).size, 40)
  })

  test('is waited for while it is being started', async () => {
    await using run = await RunDirectory.make()
    const asked = askSteward(run.path, ['healthy'])
    await run.employ()
    await asked
    assert.deepEqual(await run.asked(), ['healthy'])
  })

  for (const [answer, words] of [
    ['no There is no other slot.', 'There is no other slot.'],
    ['yes', 'The board gave an answer that makes no sense.'],
    ['no', 'The board gave an answer that makes no sense.'],
    ['', 'The board gave an answer that makes no sense.'],
    ['no A\r\nno B', 'A'],
  ] as const) {
    test(`that says ${JSON.stringify(answer)} has refused: ${words}`, async () => {
      await using run = await RunDirectory.make()
      await run.employ(answer)
      assert.equal(await refusal(askSteward(run.path, ['back'])), words)
    })
  }

  test('that says without end is not listened to', async () => {
    await using run = await RunDirectory.make()
    await run.employ(`no ${'x'.repeat(200_000)}`)
    assert.match(await refusal(askSteward(run.path, ['back'])), /has more than \d+ octets/)
  })

  test('that is not there is no reason to wait for ever', async () => {
    await using run = await RunDirectory.make()
    const said = await refusal(askSteward(run.path, ['reboot'], hurried))
    assert.equal(said, 'The board could not be asked: nobody there listens.')
  })

  test('that has no FIFO is none, and no file is made or written in its place', async () => {
    await using run = await RunDirectory.make()
    await rm(join(run.path, 'steward'))
    assert.equal(await refusal(askSteward(run.path, ['reboot'], hurried)), 'The board could not be asked: ENOENT.')
    await writeFile(join(run.path, 'steward'), '')
    assert.match(await refusal(askSteward(run.path, ['reboot'], hurried)), /is no way to ask the board/)
  })

  test('that takes a request and never answers is given up', async () => {
    await using run = await RunDirectory.make()
    await run.employ()
    // Its answers cannot be laid anywhere.
    await rm(join(run.path, 'answers'), { recursive: true })
    assert.equal(await refusal(askSteward(run.path, ['back'], hurried)), 'The board has not answered in time.')
  })

  for (const words of [
    ['log', 'two words'],
    ['log', 'a\nb reboot'],
    ['log', ''],
    ['log', 'é'],
    ['log', 'x'.repeat(250), 'y'.repeat(250)],
  ]) {
    test(`is not asked for ${JSON.stringify(words).slice(0, 40)}`, async () => {
      await using run = await RunDirectory.make()
      await run.employ()
      assert.match(await refusal(askSteward(run.path, words)), /characters that do not belong there|too long/)
      await askSteward(run.path, ['log'])
      assert.deepEqual(await run.asked(), ['log'])
    })
  }
})
