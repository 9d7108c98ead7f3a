/** Porchlight: opens every room in order and closes them in reverse. The only file that knows them all. */
import { EventEmitter } from 'node:events'
import { join } from 'node:path'
import { budget } from './base/budget.ts'
import { systemClock } from './base/clock.ts'
import type { Config } from './base/config.ts'
import { sentence } from './base/failure.ts'
import { type Log, openLog, silentLog } from './base/log.ts'
import { version } from './base/version.ts'
import type { Household, Lines, Transport } from './commands/command.ts'
import { Configuration } from './commands/configuration.ts'
import { applyFirstBoot } from './commands/first-boot.ts'
import { servedHousehold, storedHousehold } from './commands/household.ts'
import { controlPath, loadConfig, type Places } from './commands/places.ts'
import { selftest } from './commands/selftest.ts'
import type { World } from './commands/world.ts'
import { type Attend, serveControl } from './console/control.ts'
import { Desk } from './console/desk.ts'
import { Doorkeeper } from './console/doorkeeper.ts'
import { Keeper, type Opened } from './console/keeper.ts'
import { answerCommands, runCommandLine } from './console/run.ts'
import { SerialLines } from './console/serial.ts'
import { type Office, serveLine, serveVisitor } from './console/session.ts'
import { Server } from './flow/server.ts'
import { alerts } from './journal/alerts.ts'
import { Journal } from './journal/journal.ts'
import { Jobs } from './maintenance/jobs.ts'
import type { Connection } from './net/connection.ts'
import { dial } from './net/dial.ts'
import { Listener } from './net/listener.ts'
import { Store } from './store/store.ts'

/** Milliseconds a silent control connection is kept; a command that hashes passwords on a small board takes seconds. */
const controlIdleMs = 60_000

/** Tells those outside the server that settings have changed. */
type Changes = EventEmitter<{ settings: [config: Config] }>

/** Runs the server until SIGTERM or SIGINT; SIGHUP reads configuration and certificate again. */
async function serve(places: Places): Promise<Lines> {
  const { config, file } = await loadConfig(places)
  await using journal = await openJournal(places, config)
  const shown = { ...config.log }
  const log = openLog(shown, journal)
  const started = Promise.withResolvers<Keeper>()
  // From the beginning to the end: a SIGHUP that nobody listens for would end the process.
  process.on('SIGHUP', () => void started.promise.then(keeper => reload(keeper, log)))
  process.on('uncaughtException', error => {
    log.error({ err: error, stack: error.stack }, 'a fault in Porchlight itself; it ends and has to be started again')
    journal.flushNow()
    process.exit(1)
  })
  log.info({ version, data: places.data, config: file ?? 'defaults' }, 'starting')
  const changed: Changes = new EventEmitter()
  changed.on('settings', config => {
    journal.keep = config.log.keep
    shown.format = config.log.format
    log.level = config.log.level
  })
  const opening = () => openServer(places, log, journal, changed)
  const keeper = await Keeper.start(places.data, opening, log, config => changed.emit('settings', config))
  const closeConsoles = await openConsoles(keeper, log, journal, changed)
  started.resolve(keeper)
  const stopping = stopSignal()
  log.info('ready')
  const signal = await stopping
  log.info({ signal }, 'stopping')
  await closeConsoles()
  await keeper.close()
  log.info('stopped')
  return []
}

/** Opens the server and what works beside it. */
async function openServer(places: Places, log: Log, journal: Journal, changed: Changes): Promise<Opened> {
  const { config } = await loadConfig(places)
  const server = await Server.open({ config, directory: places.data, log, clock: systemClock })
  try {
    await applyFirstBoot(server.store, places, log)
    const apply = async (config: Config) => {
      await server.reload(config)
      jobs.reload()
      changed.emit('settings', config)
    }
    // Behind the first boot, which takes its passwords out of the file.
    const configuration = await Configuration.open({ places, config, apply })
    const household = servedHousehold({ server, configuration, journal, jobs: () => jobs })
    const jobs = await Jobs.start({
      ...server.services,
      open: server.openMaildrops,
      identity: () => server.identity,
      patient: () => household.patient,
    })
    return {
      household,
      reload: () => configuration.reload(),
      close: async () => {
        jobs.stop()
        await configuration.close()
        await server.stop()
      },
    }
  } catch (error) {
    await server.stop()
    throw error
  }
}

/**
 * Opens the doors for people: the control socket, and the consoles on serial lines. The store is open already, so no other
 * server can be serving there.
 * @returns closes them: a command under way is finished within a bound, and who has not asked yet is sent away
 */
async function openConsoles(
  keeper: Keeper,
  log: Log,
  journal: Journal,
  changed: Changes,
): Promise<() => Promise<void>> {
  const stopping = new AbortController()
  const desk = new Desk(keeper)
  const office: Office = {
    desk,
    doorkeeper: new Doorkeeper(),
    version,
    alerts: listener => alerts(journal, line => listener(journal.words(line))),
    stopping: stopping.signal,
  }
  const lines = new SerialLines({
    ttys: () => keeper.config.console.ttys,
    speed: () => keeper.config.console.speed,
    serve: (transport, tty) => serveLine(transport, office, tty),
    log,
    clock: systemClock,
  })
  try {
    const closeControl = await openControl(keeper, office)
    lines.start()
    changed.on('settings', () => lines.reload())
    return async () => {
      stopping.abort()
      await Promise.all([closeControl(), lines.close()])
    }
  } catch (error) {
    await keeper.close()
    throw error
  }
}

/** Opens the control socket. @returns closes it */
async function openControl({ data }: Keeper, office: Office): Promise<() => Promise<void>> {
  const open = new Map<Connection, Promise<void>>()
  const answer = answerCommands(office.desk)
  let consoles = 0
  const full = () =>
    consoles < budget.consoles ? undefined : `${consoles} consoles are open already. Leave one first.`
  const serveOne = (connection: Connection) => {
    const attend: Attend = (transport, screen, words) => {
      // A person may think for as long as they like.
      connection.patience = 0
      consoles += 1
      return serveVisitor(transport, screen, words, office).finally(() => (consoles -= 1))
    }
    const patiently: typeof answer = (request, voice) => {
      // Who follows the log says nothing more.
      connection.patience = 0
      return answer(request, voice)
    }
    const services = { answer: patiently, attend, full, stopping: office.stopping }
    const served = serveControl(transport(connection), services).finally(() => open.delete(connection))
    open.set(connection, served)
    return served
  }
  const listener = await Listener.openUnix(controlPath(data), controlIdleMs, budget.controlConnections, serveOne)
  return async () => {
    listener.close()
    for (const connection of open.keys()) connection.interrupt()
    const bound = setTimeout(() => {
      for (const connection of open.keys()) connection.destroy()
    }, budget.drainMs)
    await Promise.all(open.values())
    clearTimeout(bound)
  }
}

async function reload(keeper: Keeper, log: Log): Promise<void> {
  try {
    await keeper.reload()
    log.info('configuration and certificate read again')
  } catch (error) {
    log.error({ reason: sentence(error) }, 'nothing has changed')
  }
}

/** Resolves at the first signal to stop; the second one ends the process as it always would. */
function stopSignal(): Promise<NodeJS.Signals> {
  return new Promise(resolve => {
    const stop = (signal: NodeJS.Signals) => {
      process.off('SIGTERM', stop).off('SIGINT', stop)
      resolve(signal)
    }
    process.on('SIGTERM', stop).on('SIGINT', stop)
  })
}

function openJournal({ data }: Places, { log: { keep } }: Config): Promise<Journal> {
  return Journal.open({ directory: join(data, 'journal'), keep, clock: systemClock })
}

/** Opens the store for one command, while no server has it. */
async function open(places: Places): Promise<Household & AsyncDisposable> {
  const { config } = await loadConfig(places)
  const store = await Store.open(places.data, { clock: systemClock, log: silentLog, reserve: budget.reserve })
  const configuration = await Configuration.open({ places, config, apply: async () => {} })
  return storedHousehold({
    store,
    config,
    directory: places.data,
    configuration,
    journal: await openJournal(places, config),
  })
}

function transport(connection: Connection): Transport {
  return {
    get open() {
      return connection.open
    },
    read: async () => {
      const chunk = await connection.read()
      return typeof chunk === 'string' ? undefined : chunk
    },
    write: octets => connection.write(octets),
    close: () => void connection.close(),
  }
}

/** Standard input of somebody who types. Node itself sets a terminal back at SIGTERM and SIGINT, and not at these. */
function personsInput(): typeof process.stdin {
  const leave = (signal: NodeJS.Signals) => {
    if (process.stdin.isTTY) process.stdin.setRawMode(false)
    process.kill(process.pid, signal)
  }
  process.once('SIGHUP', leave).once('SIGQUIT', leave)
  return process.stdin
}

const world: World = {
  version,
  environment: process.env,
  get terminal() {
    return { input: personsInput(), output: process.stderr }
  },
  get own() {
    return { input: personsInput(), output: process.stdout }
  },
  print: line => void process.stdout.write(`${line}\n`),
  complain: line => void process.stderr.write(`${line}\n`),
  serve,
  selftest: () => selftest(systemClock),
  dial: async path => {
    // Who follows the log may hear nothing for hours.
    const connection = await dial({ path }, 0)
    return connection && transport(connection)
  },
  open,
}

// Mail, keys and the control socket are their owner's only, in whatever directory they lie.
process.umask(0o077)
// A reader that has seen enough (`porchlight help config | head`) is no fault, and a full disk under the log is none of ours.
process.stdout.on('error', () => {})
process.stderr.on('error', () => {})
void runCommandLine(process.argv.slice(2), world).then(exit => {
  process.exitCode = exit
})
