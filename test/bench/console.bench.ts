/**
 * The console of a house that is as full as the budget allows: how long each command takes, and for how long it holds the event
 * loop at most, where nobody else is served meanwhile. And what an open console costs. STORE=DIR keeps the data for the next time.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, writeFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { budget } from '../../src/base/budget.ts'
import { systemClock } from '../../src/base/clock.ts'
import { readConfig } from '../../src/base/config.ts'
import { openLog } from '../../src/base/log.ts'
import type { House } from '../../src/commands/command.ts'
import { Configuration } from '../../src/commands/configuration.ts'
import { servedHousehold } from '../../src/commands/household.ts'
import { serveControl } from '../../src/console/control.ts'
import { Desk } from '../../src/console/desk.ts'
import { Doorkeeper } from '../../src/console/doorkeeper.ts'
import { answerCommands } from '../../src/console/run.ts'
import type { Office } from '../../src/console/session.ts'
import { Server } from '../../src/flow/server.ts'
import { alerts } from '../../src/journal/alerts.ts'
import { Journal } from '../../src/journal/journal.ts'
import { Jobs } from '../../src/maintenance/jobs.ts'
import { bench, scale } from './harness.ts'
import { watched } from './stall.ts'
import { Visitor } from './visitor.ts'

const guests = 200
/** Consoles open at once, for the memory of one. */
const consoles = 8
/** Milliseconds after which a command that reads everything is stopped. */
const longMs = 3000

/** A full house has no name server, so that nothing goes out and the doctor is without the network. */
const settings = `
hostname = "mail.home.example"
domains = ["home.example", "second.example"]
listen = { smtp = ["127.0.0.1:0"], submission = [], submissions = [], pop3 = ["127.0.0.1:0"], pop3s = [] }
dns = { servers = ["127.0.0.1:9"] }
log.level = "info"
`

const home = 'porchlight> '

/** Commands as a program asks for them over the control socket, which takes every line at once. */
const asked: readonly string[] = [
  'status',
  'connections',
  'log',
  'log --lines 1000',
  'log --lines 1000 --json',
  'log --level warn --lines 1000',
  'log zebra',
  'certificate',
  'time',
  'jobs',
  'jobs run statistics',
  'jobs run traces',
  'jobs run retention',
  'jobs run sweep',
  'jobs run certificate',
  'doctor',
  'user list',
  'user quota alice 10GiB',
  'user expire alice 1d && user expire alice never',
  'user remove user1',
  'vacation alice',
  'alias list',
  'alias list alias77',
  'alias add newone alice user1 && alias remove newone',
  'alias add newone usr12345',
  'queue list',
  'queue show ID',
  'queue hold ID && queue release ID',
  'queue route domain1.example',
  'trace ID',
  'trace bob77@domain77.example',
  'trace nobody@away.example',
  'dns',
  'device list',
  'config show',
  'config set mail.catch_all alice && config reset mail.catch_all',
]

/** Those of them that are refused, or end in a complaint. */
const refused: readonly string[] = ['alias add newone usr12345', 'user remove user1', 'doctor']

/** Commands that are stopped, since they read everything there is. */
const stopped: readonly string[] = ['verify', 'jobs run verify']

/** What a person types, and the prompt or the milliseconds that they wait for then. */
type Turn = readonly [keys: string, until: string | number]

const talks: Readonly<Record<string, readonly Turn[]>> = {
  help: [['help\r', home]],
  'log --lines 1000, by pages': [['log --lines 1000\r', home]],
  'user list, by pages': [['user list\r', home]],
  'alias list, by pages': [['alias list\r', home]],
  'queue list, by pages': [['queue list\r', home]],
  'Tab after queue show': [
    ['queue show \t\t', `${home}queue show `],
    ['\x15\r', home],
  ],
  'Tab after alias remove': [
    ['alias remove \t\t\t', `${home}alias remove alias`],
    ['\x15\r', home],
  ],
  'Tab after user remove': [
    ['user remove \t\t', `${home}user remove `],
    ['\x15\r', home],
  ],
  'mail: open and leave': [
    ['mail alice\r', 'alice> '],
    ['quit\r', home],
  ],
  'mail: the list in the middle': [
    ['mail alice\r', 'alice> '],
    ['list 50000\r', 'alice> '],
    ['quit\r', home],
  ],
  'mail: search for what is nowhere': [
    ['mail alice\r', 'alice> '],
    ['search zebra\r', 'alice> '],
    ['quit\r', home],
  ],
  'mail: read one': [
    ['mail alice\r', 'alice> '],
    ['read 50000\r', 'alice> '],
    ['quit\r', home],
  ],
  'mail: mark 1000': [
    ['mail alice\r', 'alice> '],
    ['delete 1-1000\r', 'alice> '],
    ['undelete 1-1000\r', 'alice> '],
    ['quit\r', home],
  ],
  'top, three screens': [
    ['top\r', 5000],
    ['q', home],
  ],
}

/** As much as a console keeps of what was typed, in characters that take two octets each. */
const history = Array.from({ length: budget.consoleHistory }, (_, i): Turn => {
  const line = `alias list ${i}`
  return [`${line.padEnd(budget.consoleLine, '\u0436')}\r`, home]
})

/** People who stay, and what each has before them. */
const sitting: Readonly<Record<string, readonly Turn[]>> = {
  'a console': [],
  'a console with all its history, and the oldest of 100,000 messages in the reader': [
    ...history,
    ['mail alice\r', 'alice> '],
    ['list 1\r', 'alice> '],
  ],
  'a console with all its history that follows the log, and much typed ahead': [
    ...history,
    ['log --follow\r', 500],
    ['x'.repeat(budget.consoleAhead), 500],
  ],
}

await bench('console', 'the console of a full house', async bench => {
  assert.ok(global.gc, 'run it with --expose-gc')
  await using stack = new AsyncDisposableStack()
  const directory = process.env.STORE ?? join(bench.directory, 'data')
  fill(directory)
  const { office, server } = await open(directory, stack)
  const sockets = await crowd(server)
  stack.defer(() => {
    for (const socket of sockets) socket.destroy()
  })
  const measure = (name: string, doing: () => Promise<unknown>) =>
    bench.measure(name, async () => {
      const { ms, stall, work } = await watched(doing)
      return { ms, 'ms held at most': stall, 'ms of work in a turn': work }
    })
  await measure('nothing, for a second', () => sleep(1000))
  const id = await someId(server)
  for (const lines of asked) {
    await measure(lines, async () => {
      for (const line of lines.split(' && ')) await ask(line.replace('ID', id), office)
    })
  }
  for (const line of stopped) await measure(`${line}, for ${longMs / 1000} s`, () => ask(line, office, longMs))
  for (const [name, turns] of Object.entries(talks)) await measure(name, () => talk(turns, office))
  for (const [name, turns] of Object.entries(sitting)) {
    await bench.measure(name, async () => {
      const before = held()
      const visitors = await Promise.all(Array.from({ length: consoles }, () => seat(turns, office)))
      const more = held() - before
      await Promise.all(visitors.map(visitor => visitor.leave()))
      return { 'KB held': more / consoles / 1000 }
    })
  }
})

/** Octets that JavaScript holds, in its heap and in buffers, once what is free is collected. */
function held(): number {
  // What the first one frees, the second one counts as free.
  for (const _ of [1, 2]) global.gc?.()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

/** Fills the data directory, unless it was kept. */
function fill(directory: string): void {
  if (existsSync(directory)) return
  const words = [join(import.meta.dirname, 'full-house.ts'), directory, String(scale)]
  const { status } = spawnSync(process.execPath, words, { stdio: 'inherit' })
  assert.equal(status, 0)
}

/** Opens the house as `main.ts` does, but for its doors to people. */
async function open(
  data: string,
  stack: AsyncDisposableStack,
): Promise<{ readonly office: Office; readonly server: Server }> {
  const file = join(data, 'porchlight.toml')
  writeFileSync(file, settings)
  const config = readConfig(settings, data)
  const journal = stack.use(
    await Journal.open({ directory: join(data, 'journal'), keep: config.log.keep, clock: systemClock }),
  )
  const log = openLog({ ...config.log, level: 'silent' }, journal)
  const places = { data, config: file, configAsked: true }
  const configuration = await Configuration.open({ places, config, apply: config => server.reload(config) })
  const server = await Server.open({ config, directory: data, log, clock: systemClock })
  stack.defer(() => server.stop())
  await server.listen()
  const household = servedHousehold({ server, configuration, journal, jobs: () => jobs })
  const jobs = await Jobs.start({
    ...server.services,
    open: server.openMaildrops,
    identity: () => server.identity,
    patient: () => household.patient,
  })
  stack.defer(() => jobs.stop())
  const restart = () => assert.fail('nothing is started anew here')
  const house: House = { data, config, household, restart }
  const office: Office = {
    desk: new Desk(house),
    doorkeeper: new Doorkeeper(),
    version: '0',
    alerts: listener => alerts(journal, line => listener(journal.words(line))),
    stopping: new AbortController().signal,
  }
  return { office, server }
}

/** Connections that say nothing. */
async function crowd({ listening }: Server): Promise<readonly Socket[]> {
  const port = Number(
    listening
      .find(({ service }) => service === 'smtp')
      ?.name.split(':')
      .at(-1),
  )
  const sockets = Array.from({ length: guests }, (_, i) =>
    connect({ port, host: '127.0.0.1', localAddress: `127.2.0.${1 + (i % 10)}` }),
  )
  await Promise.all(sockets.map(socket => once(socket, 'data')))
  return sockets
}

async function someId({ store: { outbound } }: Server): Promise<string> {
  for await (const [, , one] of outbound.all()) if (one) return one.id
  return assert.fail('nothing waits')
}

/** Has a command done that came over the control socket. @param ms after which its asker leaves */
async function ask(line: string, { desk }: Office, ms?: number): Promise<void> {
  const request = Buffer.from(`${JSON.stringify({ words: line.split(' ') })}\r\n`)
  const gone = Promise.withResolvers<undefined>()
  const leave = ms === undefined ? undefined : setTimeout(gone.resolve, ms, undefined)
  const said = [request]
  let end = ''
  const transport = {
    open: true,
    read: async () => said.pop() ?? gone.promise,
    write: async (octets: Buffer) => {
      end = (end + octets.toString('latin1')).slice(-300)
    },
    close: () => gone.resolve(undefined),
  }
  await serveControl(transport, { answer: answerCommands(desk) })
  clearTimeout(leave)
  const exit = Number(/"exit":(\d)/.exec(end)?.[1])
  if (ms === undefined) assert.equal(exit, refused.includes(line) ? 1 : 0, `${line}: ${end}`)
}

async function talk(turns: readonly Turn[], office: Office): Promise<void> {
  const visitor = await seat(turns, office)
  visitor.type('logout\r')
  await visitor.over
}

/** Somebody at a console, when all their turns are over. */
async function seat(turns: readonly Turn[], office: Office): Promise<Visitor> {
  const visitor = new Visitor(office, [])
  await visitor.until(home)
  for (const [keys, until] of turns) {
    visitor.type(keys)
    await (typeof until === 'number' ? sleep(until) : visitor.until(until))
  }
  return visitor
}
