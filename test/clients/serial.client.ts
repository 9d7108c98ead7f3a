/** Consoles on serial lines, with pseudo-terminals of socat for the cables: src/console/serial.ts. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtemp, readdir, readlink, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { describe, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { type Clock, systemClock } from '../../src/base/clock.ts'
import type { Log } from '../../src/base/log.ts'
import { silentLog } from '../../src/base/log.ts'
import type { Transport } from '../../src/commands/command.ts'
import { SerialLines } from '../../src/console/serial.ts'
import { openLine } from '../../src/console/serial-open.ts'
import { Terminal } from '../support/terminal.ts'
import { Cable } from './cable.ts'

const folder = await mkdtemp(join(tmpdir(), 'porchlight-serial-'))
process.on('exit', () => void rm(folder, { recursive: true }))

const plug = (name: string) => Cable.plug(join(folder, name))

/** A log that keeps its lines. */
function keptLog(): { log: Log; lines: string[] } {
  const lines: string[] = []
  const note = (fields: { why?: string }, sentence: string) => {
    lines.push(fields.why === undefined ? sentence : `${sentence}: ${fields.why}`)
  }
  return { log: Object.assign(Object.create(silentLog), { info: note, warn: note }), lines }
}

/** A clock that is in a hurry, and says how long it was to wait. */
function hastyClock(): Clock & { readonly waits: number[] } {
  const waits: number[] = []
  return {
    ...systemClock,
    waits,
    sleep: async (ms, signal) => {
      waits.push(ms)
      await setTimeout(ms / 100, undefined, { signal }).catch(() => {})
    },
  }
}

/** Says hello, and says back what it hears, a line each. */
async function parrot(transport: Transport, tty: string): Promise<void> {
  await transport.write(Buffer.from(`hello at ${tty}\r\n`))
  for (let chunk = await transport.read(); chunk; chunk = await transport.read()) {
    await transport.write(Buffer.from(`[${chunk.toString('latin1')}]\r\n`))
  }
}

type Given = { serve?: typeof parrot; clock?: Clock; speed?: () => string; stty?: string }

function serveLines(ttys: () => readonly string[], { serve = parrot, clock = hastyClock(), ...given }: Given = {}) {
  const { log, lines } = keptLog()
  const serial = new SerialLines({ ttys, speed: () => '115200', serve, log, clock, ...given })
  serial.start()
  return { serial, lines, [Symbol.asyncDispose]: () => serial.close() }
}

/** @returns descriptors of this process on pseudo-terminals */
async function descriptors(): Promise<number> {
  const links = (await readdir('/proc/self/fd')).map(fd => readlink(`/proc/self/fd/${fd}`).catch(() => ''))
  return (await Promise.all(links)).filter(link => link.startsWith('/dev/pts/')).length
}

describe('a serial line', () => {
  test('is read and written, every octet as it is, and without an echo', async () => {
    await using cable = await plug('plain')
    const heard: Buffer[] = []
    const all = Promise.withResolvers<void>()
    const serve = async (transport: Transport) => {
      await transport.write(Buffer.from('ready\n\r\n'))
      for (let chunk = await transport.read(); chunk; chunk = await transport.read()) {
        heard.push(Buffer.from(chunk))
        if (Buffer.concat(heard).length === 256) all.resolve()
      }
    }
    await using _lines = serveLines(() => [cable.path], { serve })
    assert.equal(await cable.shows('ready\n\r\n'), '')
    const octets = Buffer.from(Array.from({ length: 256 }, (_, i) => i))
    cable.type(octets)
    await all.promise
    assert.deepEqual(Buffer.concat(heard), octets)
  })

  test('that reads slowly holds the writer back, and nothing else', async () => {
    await using cable = await plug('slow')
    const octets = Buffer.alloc(1_000_000, 'x')
    const chunk = 4000
    let written = 0
    const began = Promise.withResolvers<void>()
    const serve = async (transport: Transport) => {
      for (let at = 0; at < octets.length; at += chunk) {
        await transport.write(octets.subarray(at, at + chunk))
        written = at + chunk
        began.resolve()
      }
    }
    const delay = monitorEventLoopDelay({ resolution: 5 })
    delay.enable()
    await using _lines = serveLines(() => [cable.path], { serve })
    await began.promise
    let held = -1
    // Until it does not go on: the kernel, socat and its pipe are full.
    for (; held !== written; await setTimeout(100)) held = written
    assert.ok(held < 400_000, `${held} octets were taken that nobody has read`)
    delay.disable()
    // One late wake-up may be the doing of whatever else this machine does; a line that blocks would last for good.
    const [often, longest] = [delay.percentile(99) / 1e6, delay.max / 1e6]
    assert.ok(often < 50 && longest < 1000, `the event loop was held for ${often} ms, and once for ${longest} ms`)
    let read = 0
    while (read < octets.length) read += (await cable.next()).length
    assert.equal(read, octets.length)
  })

  test('that is hung up and comes back under its name is served again, and leaves nothing open', async () => {
    const before = await descriptors()
    await using lines = serveLines(() => [join(folder, 'back')])
    for (let round = 0; round < 3; round++) {
      await using cable = await plug('back')
      await cable.shows(`hello at ${cable.path}\r\n`)
      cable.type('x')
      await cable.shows('[x]')
      await cable.unplug()
    }
    await lines.serial.close()
    assert.equal(await descriptors(), before)
  })

  test('that is hung up while something is written lets the writer go', async () => {
    await using cable = await plug('cut')
    const over = Promise.withResolvers<boolean>()
    const serve = async (transport: Transport) => {
      await transport.write(Buffer.alloc(1_000_000))
      over.resolve(transport.open)
      assert.equal(await transport.read(), undefined)
      await transport.write(Buffer.from('to nobody'))
    }
    await using _lines = serveLines(() => [cable.path], { serve })
    await cable.next()
    await cable.unplug()
    assert.equal(await over.promise, false)
  })

  test('may be full of noise', async () => {
    await using cable = await plug('noise')
    let heard = 0
    const all = Promise.withResolvers<void>()
    const serve = async (transport: Transport) => {
      await transport.write(Buffer.from('ready'))
      for (let chunk = await transport.read(); chunk; chunk = await transport.read()) {
        heard += chunk.length
        assert.ok(chunk.length <= 65_536)
        if (heard === 200_000) all.resolve()
      }
    }
    await using _lines = serveLines(() => [cable.path], { serve })
    await cable.shows('ready')
    cable.type(Buffer.from(Array.from({ length: 200_000 }, (_, i) => (i * 7919) & 0xff)))
    await all.promise
  })

  test('may come later; it is looked for every two seconds, and that is said once', async () => {
    const clock = hastyClock()
    await using lines = serveLines(() => [join(folder, 'later')], { clock })
    while (clock.waits.length < 5) await setTimeout(10)
    assert.deepEqual(new Set(clock.waits), new Set([2000]))
    await using cable = await plug('later')
    await cable.shows('hello at ')
    const absent = 'this serial line is not there; it is waited for'
    assert.deepEqual(lines.lines, [absent, 'console on a serial line'])
  })

  test('that fails at once, again and again, is tried less and less often, and named once', async () => {
    await using cable = await plug('loose')
    const clock = hastyClock()
    await using lines = serveLines(() => [cable.path], { clock, serve: async () => {} })
    while (clock.waits.length < 7) await setTimeout(10)
    assert.deepEqual(clock.waits.slice(0, 7), [4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000])
    assert.deepEqual(lines.lines, ['console on a serial line', 'serial line closed'])
  })

  test('is beside others, each with its own person', async () => {
    await using left = await plug('left')
    await using right = await plug('right')
    await using _lines = serveLines(() => [left.path, right.path])
    await left.shows(`hello at ${left.path}`)
    await right.shows(`hello at ${right.path}`)
    left.type('l')
    await left.shows('[l]')
    right.type('r')
    assert.equal(await right.shows('[r]'), '\r\n')
  })

  test('comes and goes with the settings', async () => {
    await using one = await plug('one')
    await using two = await plug('two')
    let named = [one.path]
    await using lines = serveLines(() => named)
    await one.shows('hello at ')
    named = [two.path]
    lines.serial.reload()
    await two.shows('hello at ')
    named = [two.path, one.path]
    lines.serial.reload()
    await one.shows('hello at ')
  })

  test('gets a new speed without being closed', async () => {
    await using cable = await plug('speed')
    let speed = '115200'
    await using lines = serveLines(() => [cable.path], { speed: () => speed })
    await cable.shows('hello at ')
    const spoken = async () => {
      const stty = spawn('stty', ['-F', cable.path, 'speed'], { stdio: ['ignore', 'pipe', 'inherit'] })
      return Number(String((await Array.fromAsync(stty.stdout)).join('')))
    }
    assert.equal(await spoken(), 115_200)
    speed = '9600'
    lines.serial.reload()
    while ((await spoken()) !== 9600);
    cable.type('x')
    await cable.shows('[x]')
    assert.deepEqual(lines.lines, ['console on a serial line'])
  })

  test('that is a pseudo-terminal needs no stty', async () => {
    await using cable = await plug('unset')
    await using _lines = serveLines(() => [cable.path], { stty: join(folder, 'no such program') })
    await cable.shows('hello at ')
    cable.type('x')
    await cable.shows('[x]')
  })
})

describe('a line that is closed', () => {
  test('ends reading at once, and gives the octets it took the time to leave', async () => {
    await using cable = await plug('leaving')
    const opening = await openLine(cable.path, '115200', () => false)
    assert.ok(opening.kind === 'open')
    const { line } = opening
    await line.write(Buffer.alloc(20_000))
    const begun = performance.now()
    line.close()
    line.close()
    assert.equal(await line.read(), undefined)
    assert.ok(performance.now() - begun < 200)
    await line.write(Buffer.from('to nobody'))
    await line.closed
    // What the kernel holds of it, 4 KiB: 356 ms at this speed, however much was written.
    const tookMs = performance.now() - begun
    assert.ok(tookMs > 300 && tookMs < 3000, `it took ${tookMs} ms`)
  })

  test('is closed at once when it is hung up', async () => {
    await using cable = await plug('hung')
    const opening = await openLine(cable.path, '9600', () => false)
    assert.ok(opening.kind === 'open')
    const { line } = opening
    await line.write(Buffer.alloc(4000))
    const begun = performance.now()
    await cable.unplug()
    assert.equal(await line.read(), undefined)
    await line.closed
    const tookMs = performance.now() - begun
    assert.ok(tookMs < 2000, `it took ${tookMs} ms`)
  })
})

describe('what cannot be a console is named with a reason', () => {
  const refused = (why: string) => `this serial line cannot be used: ${why}`

  test('a file, a folder and a device that is no line', async () => {
    const file = join(folder, 'file')
    await writeFile(file, '')
    await using lines = serveLines(() => [file, folder, '/dev/null'])
    while (lines.lines.length < 3) await setTimeout(10)
    assert.deepEqual(lines.lines.toSorted(), [
      refused('it is a file or a folder, and no serial line'),
      refused('it is a file or a folder, and no serial line'),
      refused('it is no serial line'),
    ])
  })

  test('a line under two names, and one that is named twice', async () => {
    await using cable = await plug('twice')
    const device = await readlink(cable.path)
    await using lines = serveLines(() => [cable.path, cable.path, device])
    await cable.shows('hello at ')
    while (lines.lines.length < 3) await setTimeout(10)
    assert.ok(lines.lines.includes('this serial line is named twice in console.ttys'))
    assert.ok(lines.lines.includes(refused('it is named twice; the other name has it')), lines.lines.join('\n'))
  })

  test('the terminal that the server was started from', async () => {
    const probe = `const { openLine } = await import('${join(import.meta.dirname, '../../src/console/serial-open.ts')}')
      for (const path of process.argv.slice(1)) console.log(JSON.stringify(await openLine(path, '9600', () => false)))`
    await writeFile(join(folder, 'probe.mjs'), probe)
    const words = `sh -c '${process.execPath} --input-type=module -e "$(cat probe.mjs)" "$(tty)" /dev/tty'`
    await using terminal = new Terminal(words, folder)
    const why = 'it is the terminal that Porchlight itself was started from'
    for (let i = 0; i < 2; i++) await terminal.shows(JSON.stringify({ kind: 'refused', why }))
  })

  test('one that cannot be set, and a device that is not there', async () => {
    // A terminal line to every system call, and none whose settings do not matter.
    const line = '/dev/ptmx'
    const why = 'there is no program stty to set it with'
    const nowhere = join(folder, 'no such program')
    assert.deepEqual(await openLine(line, '9600', () => false, nowhere), { kind: 'refused', why })
    const wrong = await openLine(line, 'fast', () => false)
    assert.match(wrong.kind === 'refused' ? wrong.why : '', /fast/)
    assert.deepEqual(await openLine(join(folder, 'nothing'), '9600', () => false), { kind: 'absent' })
    await using cable = await plug('wrong')
    // A pseudo-terminal is opened all the same.
    const opening = await openLine(cable.path, 'fast', () => false)
    assert.equal(opening.kind, 'open')
    if (opening.kind === 'open') {
      opening.line.close()
      await opening.line.closed
    }
  })
})
