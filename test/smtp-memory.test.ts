/** A message of 50 MB passes through, in and out again, while the process holds a small part of it at a time. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { readConfig } from '../src/base/config.ts'
import { access } from '../src/flow/access.ts'
import { entrances, receive } from '../src/flow/receipt.ts'
import { Household, password } from './support/household.ts'
import { ScriptedPeer } from './support/scripted-peer.ts'

/** Octets the process may grow by, well below those of the message: LevelDB's write buffers and some blocks on their way. */
const bound = 20 * 1024 * 1024

const chunk = Buffer.from(`${'x'.repeat(76)}\r\n`.repeat(820))
const chunks = 780
/** Chunks, or writes, between two looks at the memory. */
const stride = 50

setFlagsFromString('--expose-gc')
const collectGarbage: () => void = runInNewContext('gc')

/** Remembers by how much the process has grown since `start`. */
class Gauge {
  #before = Number.NaN
  growth = 0

  async start(): Promise<void> {
    this.#before = await held()
  }

  async look(): Promise<void> {
    this.growth = Math.max(this.growth, (await held()) - this.#before)
  }
}

/** @returns octets that the process holds, without garbage and without what is only mapped from files */
async function held(): Promise<number> {
  collectGarbage()
  await setImmediate() // The buffers that LevelDB filled are freed here.
  if (process.platform !== 'linux') return process.memoryUsage().heapUsed + process.memoryUsage().external
  const [, kibibytes] = /^RssAnon:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? []
  assert.ok(kibibytes !== undefined, 'Linux does not say what the process holds')
  return Number(kibibytes) * 1024
}

function lines(...lines: readonly string[]): Buffer {
  return Buffer.from(lines.map(line => `${line}\r\n`).join(''))
}

async function receiveMessage(household: Household): Promise<number> {
  const gauge = new Gauge()
  async function* client() {
    yield lines('EHLO away.example', 'MAIL FROM:<bob@away.example>', 'RCPT TO:<alice@home.example>', 'DATA')
    await gauge.start()
    for (let i = 0; i < chunks; i++) {
      if (i % stride === 0) await gauge.look()
      yield chunk
    }
    yield lines('.', 'QUIT')
  }
  let replies = ''
  const peer = new ScriptedPeer(client(), octets => {
    replies += octets
  })
  await receive(peer, household.receipt, entrances.smtp)
  assert.match(replies, /^250 2\.0\.0 Kept as /m)
  return gauge.growth
}

async function fetchMessage(household: Household): Promise<number> {
  const gauge = new Gauge()
  async function* client() {
    yield lines('USER alice', `PASS ${password}`)
    await gauge.start()
    yield lines('RETR 1', 'QUIT')
  }
  let octets = 0
  let writes = 0
  const peer = new ScriptedPeer(client(), written => {
    octets += written.length
    writes += 1
    return writes % stride === 0 ? gauge.look() : undefined
  })
  await access(peer, household.access, { implicitTls: false })
  assert.ok(octets > chunks * chunk.length)
  return gauge.growth
}

test('a message of 50 MB comes in and goes out in bounded memory', async () => {
  await using household = await Household.make('alice')
  household.config = readConfig('login.plaintext = "always"', '.')
  const received = await receiveMessage(household)
  assert.ok(received < bound, `receiving it took ${received} octets`)
  const fetched = await fetchMessage(household)
  assert.ok(fetched < bound, `fetching it took ${fetched} octets`)
})
