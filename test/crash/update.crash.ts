/**
 * Kills an installation again and again, wherever it is, and looks at what the next start would begin with: always what ran
 * before, or else the new version, whole. By hand, with any number of rounds and the seed of a run before:
 * `node test/crash/update.crash.ts 500 7`.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { inSlot } from '../../src/update/slot.ts'
import { fatSlot, Maker, slotManifest } from '../update/maker.ts'
import { Random } from './random.ts'
import { chooseRounds } from './rounds.ts'

const { rounds, seed } = chooseRounds(20)
/** Signs of progress that one installation gives, and some more, so that a few come to their end. */
const signs = 190

test(`nothing half written is ever chosen, in ${rounds} kills (seed ${seed})`, async context => {
  const random = new Random(seed)
  await using maker = await Maker.open()
  const device = await maker.device()
  const choice = join(maker.folder, 'choice')
  await writeFile(choice, 'a')
  const ended = { old: 0, half: 0, new: 0 }
  for (let round = 1; round <= rounds; round++) {
    const version = `0.2.${round}`
    const update = await maker.update({ version, filler: round })
    const before = (await inSlot(device))?.version
    await installUntil(random.below(signs), [update, device, choice, maker.keyPath])
    const now = (await inSlot(device))?.version
    // A slot that can be started at all is one or the other, to the last octet.
    if (now === version)
      assert.deepEqual(await readFile(device), fatSlot('manifest.json', slotManifest(version), round))
    else assert.ok(now === undefined || now === before, `round ${round}: the slot says ${now}`)
    const chosen = await readFile(choice, 'utf8')
    if (chosen === 'b') assert.ok(now !== undefined, `round ${round}: half of ${version} is chosen`)
    ended[now === version ? 'new' : now === undefined ? 'half' : 'old'] += 1
  }
  context.diagnostic(
    `the slot was untouched ${ended.old} times, half written ${ended.half} times, whole ${ended.new} times`,
  )
  const last = await maker.update({ version: '0.3.0' })
  await installUntil(Number.POSITIVE_INFINITY, [last, device, choice, maker.keyPath])
  assert.equal((await inSlot(device))?.version, '0.3.0')
  assert.equal(await readFile(choice, 'utf8'), 'b')
})

/** Kills it at its so many-th sign of progress. */
async function installUntil(sign: number, words: readonly string[]): Promise<void> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'installer.ts'), ...words], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(child, 'exit')
  let seen = 0
  for await (const _ of createInterface(child.stdout)) {
    seen += 1
    if (seen > sign) child.kill('SIGKILL')
  }
  await ended
}
