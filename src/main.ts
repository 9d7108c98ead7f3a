/** Porchlight: opens every room in order and closes them in reverse. The only file that knows them all. */
import { budget } from './base/budget.ts'
import { systemClock } from './base/clock.ts'
import { sentence } from './base/failure.ts'
import { type Log, openLog, silentLog } from './base/log.ts'
import { version } from './base/version.ts'
import type { Household, Lines, Transport, World } from './console/command.ts'
import { serveControl } from './console/control.ts'
import { servedHousehold, storedHousehold } from './console/household.ts'
import { controlPath, loadConfig, type Places } from './console/places.ts'
import { answerCommands, runCommandLine } from './console/run.ts'
import { selftest } from './console/selftest.ts'
import { Server } from './flow/server.ts'
import { startJobs } from './maintenance/jobs.ts'
import type { Connection } from './net/connection.ts'
import { dial } from './net/dial.ts'
import { Listener } from './net/listener.ts'
import { Store } from './store/store.ts'

/** Milliseconds a silent control connection is kept; a command that hashes passwords on a small board takes seconds. */
const controlIdleMs = 60_000

/** Runs the server until SIGTERM or SIGINT; SIGHUP reads configuration and certificate again. */
async function serve(places: Places): Promise<Lines> {
  const { config, file } = await loadConfig(places)
  const log = openLog(config.log)
  const opened = Promise.withResolvers<Server>()
  // From the beginning to the end: a SIGHUP that nobody listens for would end the process.
  process.on('SIGHUP', () => void opened.promise.then(server => reloadServer(server, places, log)))
  process.on('uncaughtException', error => {
    log.error({ err: error, stack: error.stack }, 'a fault in Porchlight itself; it ends and has to be started again')
    process.exit(1)
  })
  log.info({ version, data: places.data, config: file ?? 'defaults' }, 'starting')
  const server = await Server.open({ config, directory: places.data, log, clock: systemClock })
  const closeControl = await openControl(server, places)
  const stopJobs = await startJobs({ store: server.store, log, clock: systemClock })
  opened.resolve(server)
  const stopping = stopSignal()
  log.info('ready')
  const signal = await stopping
  log.info({ signal }, 'stopping')
  stopJobs()
  await closeControl()
  await server.stop()
  log.info('stopped')
  return []
}

/**
 * Opens the door for commands. The store is open already, so no other server can be serving there.
 * @returns closes it: a command under way is finished within a bound, and who has not asked yet is sent away
 */
async function openControl(server: Server, { data }: Places): Promise<() => Promise<void>> {
  const answer = answerCommands(servedHousehold(server))
  const open = new Map<Connection, Promise<void>>()
  const stopping = new AbortController()
  const serveOne = (connection: Connection) => {
    const served = serveControl(transport(connection), answer, stopping.signal).finally(() => open.delete(connection))
    open.set(connection, served)
    return served
  }
  try {
    const listener = await Listener.openUnix(controlPath(data), controlIdleMs, budget.controlConnections, serveOne)
    return async () => {
      listener.close()
      stopping.abort()
      for (const connection of open.keys()) connection.interrupt()
      const bound = setTimeout(() => {
        for (const connection of open.keys()) connection.destroy()
      }, budget.drainMs)
      await Promise.all(open.values())
      clearTimeout(bound)
    }
  } catch (error) {
    await server.stop()
    throw error
  }
}

async function reloadServer(server: Server, places: Places, log: Log): Promise<void> {
  try {
    const { config } = await loadConfig(places)
    await server.reload(config)
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

/** Opens the store for one command, while no server has it. */
async function open(places: Places): Promise<Household & AsyncDisposable> {
  const { config } = await loadConfig(places)
  const store = await Store.open(places.data, { clock: systemClock, log: silentLog, reserve: budget.reserve })
  return storedHousehold(store, config, places.data)
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

const world: World = {
  version,
  environment: process.env,
  terminal: { input: process.stdin, output: process.stderr },
  print: line => void process.stdout.write(`${line}\n`),
  complain: line => void process.stderr.write(`${line}\n`),
  serve,
  selftest: () => selftest(systemClock),
  dial: async path => {
    const connection = await dial({ path }, controlIdleMs)
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
