/** What was written to the storage today, by a kernel of the test's own: board/written.ts. */
import assert from 'node:assert/strict'
import { mkdir, mkdtempDisposable, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { Written } from '../../src/board/written.ts'

const boots = ['2f0a6f3e-7f0e-4a1d-9f4a-0c4e5a3f1b2c', '8d1c4a52-33aa-4b53-8a0e-6d9a1f7e2c3d'] as const
const hour = 3_600_000

/** A kernel that counts sectors, settings that stay, and a day. */
async function kernel() {
  const folder = await mkdtempDisposable(join(tmpdir(), 'porchlight-written-'))
  const { dev } = await stat(folder.path)
  // As stat(1) has it, to compare with.
  const [major, minor] = [Math.floor(dev / 256) % 4096, (dev % 256) + Math.floor(dev / 0x10_0000) * 256]
  const device = join(folder.path, 'sys/dev/block', `${major}:${minor}`)
  const random = join(folder.path, 'proc/sys/kernel/random')
  await Promise.all([device, random].map(path => mkdir(path, { recursive: true })))
  const settings = new Map<string, string>()
  let now = 0
  return {
    settings,
    day: '7',
    writes: 0,
    count: (sectors: number, boot: string = boots[0]) =>
      Promise.all([
        writeFile(join(device, 'stat'), `   100  0  2000  30  50  2  ${sectors}  40  0  10  70\n`),
        writeFile(join(random, 'boot_id'), `${boot}\n`),
      ]),
    pass: (ms: number) => (now += ms),
    start() {
      return new Written({
        settings: () => ({
          get: name => settings.get(name),
          set: async (name, value) => {
            this.writes += 1
            settings.set(name, value)
          },
        }),
        today: () => this.day,
        elapsed: () => now,
        folder: folder.path,
        root: folder.path,
      })
    },
    [Symbol.asyncDispose]: () => folder.remove(),
  }
}

describe('what was written today', () => {
  test('is what was written since it is counted', async () => {
    await using box = await kernel()
    await box.count(1_000_000)
    const written = box.start()
    assert.equal(await written.look(), 0)
    await box.count(1_000_100)
    assert.equal(await written.look(), 100 * 512)
    await box.count(1_000_300)
    assert.equal(await written.look(), 300 * 512)
  })

  test('begins anew with the day', async () => {
    await using box = await kernel()
    await box.count(10)
    const written = box.start()
    await written.look()
    await box.count(30)
    box.day = '8'
    assert.equal(await written.look(), 20 * 512)
  })

  test('goes on over a restart of the server, and over a start of the board', async () => {
    await using box = await kernel()
    await box.count(10)
    const first = box.start()
    await first.look()
    await box.count(110)
    await first.look()
    await first.note()
    await box.count(120)
    const second = box.start()
    assert.equal(await second.look(), 110 * 512)
    await second.note()
    await box.count(7, boots[1])
    assert.equal(await box.start().look(), 117 * 512)
    box.day = '9'
    assert.equal(await box.start().look(), 7 * 512)
  })

  test('is noted seldom: that is written to the card, too', async () => {
    await using box = await kernel()
    await box.count(10)
    const written = box.start()
    for (let minutes = 0; minutes < 24 * 60; minutes += 5) {
      await written.keep()
      box.pass(5 * 60_000)
    }
    assert.ok(box.writes <= 4, `${box.writes} notes in a day`)
    box.pass(6 * hour)
    await written.keep()
    assert.ok(box.writes >= 3)
  })

  for (const text of ['', 'x', '7 1 y 3', `7 -1 ${boots[0]} 3`, `7 1 ${boots[0]} 3 4`]) {
    test(`is counted from now on where the note is ${JSON.stringify(text)}`, async () => {
      await using box = await kernel()
      await box.count(10)
      box.settings.set('written.today', text)
      assert.equal(await box.start().look(), 0)
    })
  }

  test('is not known where nobody counts', async () => {
    await using box = await kernel()
    assert.equal(await box.start().look(), undefined)
  })

  test('is known, or not, of this machine', async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'porchlight-written-'))
    const settings = { get: () => undefined, set: async () => {} }
    const written = new Written({ settings: () => settings, today: () => '1', elapsed: () => 0, folder: folder.path })
    assert.ok([0, undefined].includes(await written.look()))
  })
})
