/** The light of the board says how things are: board/led.ts. */
import assert from 'node:assert/strict'
import { mkdtempDisposable, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { silentLog } from '../../src/base/log.ts'
import { Led } from '../../src/board/led.ts'

const bound = { timeout: 20_000 }
const [shortMs, slowMs] = [20, 60]

async function light() {
  const folder = await mkdtempDisposable(join(tmpdir(), 'porchlight-led-'))
  const file = (name: string) => join(folder.path, name)
  await writeFile(file('trigger'), '[mmc0] none timer')
  await writeFile(file('brightness'), '?')
  const lit = async () => (await readFile(file('brightness'), 'latin1')) === '1'
  return {
    folder: folder.path,
    lit,
    trigger: () => readFile(file('trigger'), 'latin1'),
    /** Waits until it is so. */
    until: async (wanted: boolean) => {
      const begun = performance.now()
      while ((await lit()) !== wanted) await setTimeout(1)
      return performance.now() - begun
    },
    [Symbol.asyncDispose]: () => folder.remove(),
  }
}

describe('the light', () => {
  test('is on while all is well, and dark at the end', bound, async () => {
    await using shown = await light()
    const led = new Led({ folder: shown.folder, attention: () => false, log: silentLog, shortMs, slowMs })
    await shown.until(true)
    assert.match(await shown.trigger(), /^none/)
    for (let i = 0; i < 20; i++) {
      assert.equal(await shown.lit(), true)
      await setTimeout(10)
    }
    await led.close()
    assert.equal(await shown.lit(), false)
  })

  test('blinks when mail moves, and not faster than can be seen', bound, async () => {
    await using shown = await light()
    const led = new Led({ folder: shown.folder, attention: () => false, log: silentLog, shortMs, slowMs: 10_000 })
    await shown.until(true)
    let moves = 0
    const mail = setInterval(() => {
      led.blink()
      moves += 1
    }, 1)
    let blinks = 0
    const begun = performance.now()
    for (; blinks < 5; blinks++) {
      await shown.until(false)
      await shown.until(true)
    }
    const took = performance.now() - begun
    clearInterval(mail)
    assert.ok(took >= 5 * 2 * shortMs - 2 * shortMs, `5 blinks in ${took} ms, while mail moved ${moves} times`)
    await led.close()
  })

  test('blinks slowly while somebody should look', bound, async () => {
    await using shown = await light()
    let attention = true
    const led = new Led({ folder: shown.folder, attention: () => attention, log: silentLog, shortMs, slowMs })
    for (let i = 0; i < 3; i++) {
      await shown.until(false)
      assert.ok((await shown.until(true)) > slowMs / 2)
    }
    attention = false
    await setTimeout(3 * slowMs)
    assert.equal(await shown.lit(), true)
    await led.close()
  })

  test('that cannot be switched is left alone', bound, async () => {
    const led = new Led({ folder: '/nowhere', attention: () => true, log: silentLog, shortMs, slowMs })
    led.blink()
    await led.close()
  })
})
