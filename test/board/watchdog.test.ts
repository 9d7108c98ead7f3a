/** The watchdog is fed from the event loop, and by nothing else: board/watchdog.ts. */
import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, constants, openSync, readSync } from 'node:fs'
import { mkdtempDisposable, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { silentLog } from '../../src/base/log.ts'
import { Watchdog } from '../../src/board/watchdog.ts'
import { testClock } from '../support/household.ts'

const everyMs = 20
const source = join(import.meta.dirname, '../../src')

/** A process that feeds a device, and says so; with SIGUSR2 its loop hangs. */
const feeder = `
import { systemClock } from '${source}/base/clock.ts'
import { silentLog } from '${source}/base/log.ts'
import { Watchdog } from '${source}/board/watchdog.ts'
new Watchdog({ device: process.argv[1], log: silentLog, clock: systemClock, switchesOff: () => false, everyMs: ${everyMs} })
process.on('SIGUSR2', () => { for (;;); })
console.log('fed')`

/** Stands for the device: a FIFO that is read without waiting. */
class Device implements Disposable {
  readonly #descriptor: number

  constructor(path: string) {
    execFileSync('mkfifo', [path])
    this.#descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  }

  /** What was written since the last look. */
  get eaten(): string {
    const buffer = Buffer.alloc(4096)
    try {
      return buffer.toString('latin1', 0, readSync(this.#descriptor, buffer))
    } catch {
      return '' // Nobody has written, and somebody may.
    }
  }

  /** Waits until something was written. */
  async meal(): Promise<string> {
    for (let eaten = this.eaten; ; eaten = this.eaten) {
      if (eaten !== '') return eaten
      await setTimeout(1)
    }
  }

  [Symbol.dispose](): void {
    closeSync(this.#descriptor)
  }
}

const bound = { timeout: 30_000 }

describe('the watchdog', () => {
  for (const [how, signal] of [
    ['is stopped', 'SIGSTOP'],
    ['has a loop that hangs', 'SIGUSR2'],
  ] as const) {
    test(`is fed by a process again and again, and not by one that ${how}`, bound, async () => {
      await using folder = await mkdtempDisposable(join(tmpdir(), 'porchlight-'))
      const path = join(folder.path, 'watchdog')
      using device = new Device(path)
      const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', feeder, path], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      try {
        await once(child.stdout, 'data')
        for (let meals = 0; meals < 5; meals++) assert.match(await device.meal(), /^\0+$/)
        child.kill(signal)
        // A signal takes a moment to arrive.
        await setTimeout(10 * everyMs)
        void device.eaten
        await setTimeout(20 * everyMs)
        assert.equal(device.eaten, '')
      } finally {
        child.kill('SIGKILL')
        await once(child, 'exit')
      }
    })
  }

  for (const off of [true, false]) {
    test(
      `is ${off ? 'disarmed where the board is switched off' : 'left armed where it goes down otherwise'}`,
      bound,
      async () => {
        await using folder = await mkdtempDisposable(join(tmpdir(), 'porchlight-'))
        const path = join(folder.path, 'watchdog')
        using device = new Device(path)
        {
          using _watchdog = new Watchdog({
            device: path,
            log: silentLog,
            clock: testClock(),
            switchesOff: () => off,
            everyMs,
          })
          await device.meal()
        }
        assert.equal(device.eaten.endsWith('V'), off)
      },
    )
  }

  test('is not fed for ever by a server that does not come to be ready', bound, async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'porchlight-'))
    const path = join(folder.path, 'watchdog')
    using device = new Device(path)
    const clock = testClock()
    const options = { device: path, log: silentLog, clock, switchesOff: () => false, everyMs, startMs: 1000 }
    using late = new Watchdog(options)
    await device.meal()
    await clock.sleep(1001, new AbortController().signal)
    void device.eaten
    await setTimeout(10 * everyMs)
    assert.equal(device.eaten, '')
    late.ready()
    assert.notEqual(await device.meal(), '')
  })

  test('that is not there is not made, and one that comes later is fed', bound, async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'porchlight-'))
    const path = join(folder.path, 'watchdog')
    using _watchdog = new Watchdog({
      device: path,
      log: silentLog,
      clock: testClock(),
      switchesOff: () => true,
      everyMs,
    })
    await setTimeout(3 * everyMs)
    await assert.rejects(readFile(path), { code: 'ENOENT' })
    await writeFile(path, '')
    for (;;) {
      if ((await readFile(path)).length > 0) break
      await setTimeout(1)
    }
  })
})
