/** Consoles that make trouble: noise, pastes, echoes, terminals that take nothing. The others are served, and a prompt comes back. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { budget } from '../../src/base/budget.ts'
import { controlPath } from '../../src/commands/places.ts'
import { Cable } from '../clients/cable.ts'
import { Random } from '../crash/random.ts'
import { Teletype } from '../support/teletype.ts'
import { Siege } from './siege.ts'

const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 32))
const prompt = 'porchlight> '
const MiB = 1024 * 1024
/** KiB a console: what an open one may hold, and as much again and again for V8. */
const each = 4096
/** KiB of a house with one console: its code, which is compiled when it is first run, and what V8 leaves of a mebibyte of keys. */
const first = 16 * 1024
/** Milliseconds between two looks for a prompt: a line that talked nonsense is left alone for seconds. */
const lookMs = 300
const timeout = 120_000

/** A server with a serial line, and the name of that line. */
async function besieged(t: TestContext): Promise<{ readonly siege: Siege; readonly link: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'porchlight-line-'))
  const link = join(folder, 'tty')
  const siege = await Siege.begin(`console.ttys = ["${link}"]`)
  t.after(async () => {
    await siege[Symbol.asyncDispose]()
    await rm(folder, { recursive: true })
  })
  return { siege, link }
}

/** Types Ctrl-C and Enter until there is a prompt, at which a command is done and the mail is there. */
async function isWell(line: Teletype): Promise<void> {
  for (const before = line.shown.length; !line.shown.slice(before).endsWith(prompt); await sleep(lookMs)) {
    line.type('\x03\r')
  }
  line.type('version\rmail alice\r')
  await line.shows(/Porchlight \d.*hello.*alice> /s)
  line.type('quit\rlogout\r')
  await line.shows('Good-bye.')
}

/** Random octets; every ten-thousandth is Ctrl-C. */
function noise(octets: number): Buffer {
  const random = new Random(seed)
  return Buffer.from(Array.from({ length: octets }, (_, i) => (i % 10_000 === 9999 ? 0x03 : random.below(256))))
}

describe(`a serial line, seed ${seed},`, { timeout }, () => {
  for (const [name, octets] of [
    ['with nothing but noise', noise(2 * MiB)],
    ['at the wrong speed', Buffer.from(noise(MiB).map(octet => octet | 0x80))],
    ['that gets a paste of a mebibyte without an end', Buffer.alloc(MiB, 'paste ')],
    ['where somebody leans on the arrow up', Buffer.alloc(256 * 1024, '\x1b[A')],
    ['where somebody leans on Tab', Buffer.alloc(64 * 1024, '\t')],
    ['full of escape sequences that do not end', Buffer.alloc(MiB, '\x1b[1;2;3')],
    ['full of answers that nobody asked for', Buffer.alloc(MiB, '\x1b[24;80R')],
  ] as const) {
    test(name, async t => {
      const { siege, link } = await besieged(t)
      await using line = await Teletype.open(link, 'paper')
      await line.shows('Press Enter.')
      line.type('\r')
      await line.shows(prompt)
      line.type(octets)
      for (let i = 0; i < 5; i++) await siege.serves()
      await isWell(line)
      await siege.holds(1, first)
      await siege.lift()
    })
  }

  test('whose far end echoes everything, for ten seconds', async t => {
    const { siege, link } = await besieged(t)
    const echo = spawn('socat', [`pty,raw,echo=0,link=${link}`, 'exec:cat'])
    for (const end = performance.now() + 10_000; performance.now() < end; ) await siege.serves()
    await endOf(echo)
    await rm(link, { force: true })
    await using line = await Teletype.open(link, 'paper')
    await isWell(line)
    await siege.holds(1, first)
    await siege.lift()
  })

  test('whose far end takes nothing while much is printed', async t => {
    const { siege, link } = await besieged(t)
    {
      await using cable = await Cable.plug(link)
      cable.type('\rlog --lines 1000\r')
      // Blanks turn the pages.
      cable.type('help\r    '.repeat(2000))
      for (let i = 0; i < 10; i++) await siege.serves()
    }
    await using line = await Teletype.open(link, 'paper')
    await isWell(line)
    await siege.holds(1, first)
    await siege.lift()
  })
})

async function endOf(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
}

const terminal = { columns: 80, rows: 24, escapes: false, unicode: true, paged: false }

/** Somebody at the control socket, who reads nothing unless they are asked to. */
function visitor(siege: Siege, request: string): Socket {
  const socket = connect(controlPath(siege.server.data))
  socket.on('error', () => {})
  socket.pause()
  socket.write(request)
  return socket
}

const asking = (words: readonly string[] = []) => `${JSON.stringify({ words, terminal })}\r\n`

/** Reads until this was shown. */
async function shows(socket: Socket, wanted: string): Promise<void> {
  let text = ''
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    text += String(chunk)
    if (text.includes(wanted)) return
  }
  assert.fail(`it ended without "${wanted}": ${text}`)
}

/** The control socket does what it is for. */
async function takesCommands(siege: Siege): Promise<void> {
  const { exit, out, complaint } = await siege.server.command(['status'])
  assert.equal(exit, 0, complaint)
  assert.match(out, /Porchlight is running/)
}

describe('at the control socket', { timeout }, () => {
  test('all places for consoles are taken by terminals that take nothing; a further one hears so', async () => {
    await using siege = await Siege.begin()
    const sockets = Array.from({ length: budget.consoles }, (_, i) => {
      const socket = visitor(siege, asking(i % 2 === 0 ? [] : ['log', '--follow']))
      socket.write(i % 2 === 0 ? 'help\r'.repeat(100_000) : '')
      return socket
    })
    for (let i = 0; i < 10; i++) await siege.serves()
    await takesCommands(siege)
    const ninth = visitor(siege, asking())
    await shows(ninth, `${budget.consoles} consoles are open already`)
    await siege.holds(budget.consoles, each)
    for (const socket of [ninth, ...sockets]) socket.destroy()
    await siege.lift()
    const next = visitor(siege, asking())
    await shows(next, prompt)
    next.destroy()
  })

  test('all places are taken by requests that are only half; once they have gone, commands are taken again', async () => {
    await using siege = await Siege.begin()
    const half = asking().slice(0, 20)
    const sockets = Array.from({ length: 2 * budget.controlConnections }, () => visitor(siege, half))
    for (let i = 0; i < 5; i++) await siege.serves()
    for (const socket of sockets) socket.destroy()
    await siege.lift()
    await takesCommands(siege)
    await siege.holds(budget.controlConnections, each)
  })

  test('consoles come, type noise and go without a word, again and again', async () => {
    await using siege = await Siege.begin()
    const octets = noise(64 * 1024)
    for (let round = 0; round < 50; round++) {
      const sockets = Array.from({ length: budget.consoles }, () => visitor(siege, asking()))
      await Promise.all(sockets.map(socket => new Promise(resolve => socket.write(octets, resolve))))
      for (const socket of sockets) socket.destroy()
      if (round % 10 === 0) await siege.serves()
    }
    await siege.lift()
    await takesCommands(siege)
    await siege.holds(budget.consoles, each)
  })
})
