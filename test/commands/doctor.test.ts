/** The commands doctor, jobs and jobs run, on a real store and server: commands/doctor.ts, commands/jobs.ts. */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { systemClock } from '../../src/base/clock.ts'
import { readConfig } from '../../src/base/config.ts'
import { Failure } from '../../src/base/failure.ts'
import { silentLog } from '../../src/base/log.ts'
import type { Household } from '../../src/commands/command.ts'
import { commands } from '../../src/commands/commands.ts'
import { settingNames } from '../../src/commands/configuration.ts'
import { servedHousehold, storedHousehold } from '../../src/commands/household.ts'
import { parseCall } from '../../src/commands/parse.ts'
import { useClock } from '../../src/commands/shown.ts'
import { completions } from '../../src/console/completion.ts'
import { checks } from '../../src/doctor/checks.ts'
import { rememberRun } from '../../src/doctor/job.ts'
import { Server } from '../../src/flow/server.ts'
import { Jobs } from '../../src/maintenance/jobs.ts'
import { Store } from '../../src/store/store.ts'
import { a, mx, NameServer, zone } from '../dns/name-server.ts'
import { deskOf, type Outcome, run, temporaryDirectory } from './household.ts'
import { ScriptedDialogue } from './script.ts'

const records = [mx('porch.net', 10, 'mx.isp.net'), a('mail.porch.net', '5.6.7.8'), a('mx.isp.net', '9.9.9.9')]

/** Runs a command on a store that no server has open. */
async function alone(...words: string[]): Promise<Outcome> {
  await using names = await NameServer.start(zone(records))
  await using directory = await temporaryDirectory()
  const config = readConfig(settingsFor(names), directory.path)
  const open = async () => {
    const store = await Store.open(directory.path, { clock: systemClock, log: silentLog, reserve: 0 })
    return storedHousehold({ store, config, directory: directory.path })
  }
  return await run([...words, '--data', directory.path], '', { open })
}

function settingsFor(names: NameServer): string {
  return `
    hostname = "mail.porch.net"
    domains = ["porch.net"]
    dns.servers = ["${names.address}"]
    maintenance.time_server = ""
    console.time_zone = "UTC"
    listen = { smtp = [], submission = [], submissions = [], pop3 = [], pop3s = [] }
  `
}

/** A running server with its jobs. */
class Running implements AsyncDisposable {
  readonly household: Household
  readonly #close: () => Promise<void>

  private constructor(household: Household, close: () => Promise<void>) {
    this.household = household
    this.#close = close
  }

  static async start(): Promise<Running> {
    const names = await NameServer.start(zone(records))
    const directory = await temporaryDirectory()
    const config = readConfig(settingsFor(names), directory.path)
    const server = await Server.open({ config, directory: directory.path, log: silentLog, clock: systemClock })
    await server.listen()
    const household = servedHousehold({ server, jobs: () => jobs })
    const jobs = await Jobs.start({
      ...server.services,
      open: server.openMaildrops,
      identity: () => server.identity,
      patient: () => household.patient,
    })
    return new Running(household, async () => {
      jobs.stop()
      await server.stop()
      await names[Symbol.asyncDispose]()
      await directory[Symbol.asyncDispose]()
    })
  }

  /** Runs a command as a person at a console does. */
  async say(line: string, dialogue = new ScriptedDialogue()): Promise<readonly string[]> {
    const told = {
      dialogue,
      signal: dialogue.signal,
      print: (line: string) => dialogue.print(line),
      password: undefined,
      seen: undefined,
    }
    const printed = await deskOf(this.household).carryOut(parseCall(line.split(' '), commands), told)
    return [...dialogue.lines, ...printed]
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close()
  }
}

const isRefused = (words: RegExp) => (error: unknown) =>
  error instanceof Failure && error.code === 'REFUSED' && words.test(error.message)

describe('doctor', () => {
  test('says what it is about, what needs a person first, and what is to be copied whole', async () => {
    const { exit, printed, complained } = await alone('doctor', 'mx', 'spf', 'wear')
    assert.equal(exit, 1, printed.join('\n'))
    assert.match(complained.join(), /^2 things need you, /)
    const text = printed.join('\n')
    for (const line of printed.slice(0, 3)) assert.match(line, /^[123] of 3: (?:mx|spf|wear), \w/)
    assert.match(
      text,
      /^This needs you:\n\n {2}mx: Mail for porch\.net does not come here, but to mx\.isp\.net\.\n {4}Have whoever/m,
    )
    assert.ok(printed.includes('      porch.net. IN MX 10 mail.porch.net.'))
    assert.ok(printed.includes('    (The DNS was asked for the MX records of the domain.)'))
    for (const line of printed) assert.ok(line.length <= 80 || line.startsWith('      '), line)
  })

  test('exits with 0 where nothing needs a person', async () => {
    const { exit, printed } = await alone('doctor', 'smarthost')
    assert.equal(exit, 0)
    assert.deepEqual(printed, [
      'This is well:',
      '',
      '  smarthost: No smarthost is set: mail goes to the hosts of its recipients.',
      '',
      'Nothing needs you, 1 well.',
    ])
  })

  test('knows its checks', async () => {
    const { exit, complained } = await alone('doctor', 'mxx')
    assert.equal(exit, 2)
    assert.match(complained.join(), /There is no check mxx; did you mean mx\?/)
  })

  test('fits a narrow terminal, and can be asked for all', async () => {
    await using running = await Running.start()
    const dialogue = new ScriptedDialogue({ columns: 40 })
    await assert.rejects(running.say('doctor', dialogue), isRefused(/need you/))
    for (const { name } of checks) assert.match(dialogue.text, new RegExp(`^  ${name}: `, 'm'))
    for (const line of dialogue.lines)
      assert.ok(line.length <= 40 || !line.trim().includes(' ') || /^ {6}|^\d+ of/.test(line), line)
    assert.deepEqual(await completions('doctor po', running.household), ['port-in', 'port-out'])
  })
})

describe('the advice of the doctor', () => {
  const texts = globSync('src/doctor/*.ts').map(path => [path, readFileSync(path, 'utf8')] as const)
  const all = texts.flatMap(([path, text]) =>
    Array.from(text.matchAll(/porchlight ([a-z][a-z .@_-]*)/g), match => [path, (match[1] ?? '').trim()] as const),
  )
  assert.ok(all.length > 30)
  for (const [path, words] of all) {
    test(`in ${path}, porchlight ${words}, is a command`, () => {
      assert.ok(commands.some(({ name }) => words === name || words.startsWith(`${name} `)))
      const [, key] = /^config (?:set|reset|show) ([a-z0-9_.]+)/.exec(words) ?? []
      const known = settingNames().flatMap(name => [name, name.split('.')[0]])
      if (key !== undefined && key !== 'mail.') assert.ok(known.includes(key), key)
    })
  }
})

describe('jobs', () => {
  test('are shown with the last run and the next', async () => {
    useClock({ clock: 'iso', time_zone: 'UTC' })
    await using running = await Running.start()
    const { settings } = running.household
    const date = Date.UTC(2026, 10, 22, 4, 30)
    await rememberRun(settings, 'verify', { date, ms: 65_000, result: '3 messages\x1b read.', failed: false })
    await rememberRun(settings, 'certificate', { date, ms: 5, result: 'It cannot be read.', failed: true })
    const lines = await running.say('jobs', new ScriptedDialogue({ columns: 132 }))
    for (const line of await running.say('jobs', new ScriptedDialogue({ columns: 80 }))) assert(line.length < 80, line)
    assert.match(lines[0] ?? '', /^JOB +NEXT +WHAT IT DOES, AND HOW IT WENT$/)
    const after = (job: string) => lines[lines.findIndex(line => line.startsWith(`${job} `)) + 1]?.trim()
    assert.equal(after('verify'), 'Last 2026-11-22 04:30:00, in 1m5s: 3 messages? read.')
    assert.equal(after('certificate'), 'Last 2026-11-22 04:30:00: it has failed. It cannot be read.')
    assert.equal(after('sweep'), 'It did not run yet.')
    assert.match(lines.find(line => line.startsWith('sweep ')) ?? '', /^sweep +\d{4}-\d\d-\d\d 03:30:00 {2}Give /)
  })

  test('are done when they are asked for', async () => {
    await using running = await Running.start()
    assert.deepEqual(await running.say('jobs run verify'), [
      'The job verify is under way. Ctrl-C stops it.',
      '0 messages read (0 B), all as received.',
    ])
    assert.match((await running.say('jobs')).join('\n'), /Last .*: 0 messages read/)
    assert.deepEqual(await completions('jobs run sw', running.household), ['sweep'])
  })

  test('that nobody knows are refused', async () => {
    await using running = await Running.start()
    await assert.rejects(running.say('jobs run verfy'), isRefused(/no job verfy; did you mean verify\?/))
  })

  test('are none where no server runs', async () => {
    const { exit, complained } = await alone('jobs')
    assert.equal(exit, 1)
    assert.match(complained.join(), /Porchlight does not run here/)
  })
})
