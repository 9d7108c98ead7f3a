/** Porchlight: opens every room in order and closes them in reverse. The only file that knows them all. */
import { EventEmitter } from 'node:events'
import { join } from 'node:path'
import { budget } from './base/budget.ts'
import { systemClock } from './base/clock.ts'
import type { Config } from './base/config.ts'
import { sentence } from './base/failure.ts'
import { type Log, openLog, silentLog } from './base/log.ts'
import { version } from './base/version.ts'
import type { Appliance } from './board/appliance.ts'
import { Board } from './board/board.ts'
import { clockOf } from './board/clock.ts'
import { Watchdog } from './board/watchdog.ts'
import { applyCard } from './commands/card.ts'
import { closedHousehold } from './commands/closed.ts'
import type { Household, Lines, LocalName } from './commands/command.ts'
import { Configuration } from './commands/configuration.ts'
import { applyFirstBoot } from './commands/first-boot.ts'
import { servedHousehold, storedHousehold } from './commands/household.ts'
import { announceBox } from './commands/local.ts'
import { loadConfig, type Places } from './commands/places.ts'
import { openPorts } from './commands/ports.ts'
import { selftest } from './commands/selftest.ts'
import type { World } from './commands/world.ts'
import { countWrites } from './commands/written.ts'
import { openConsoles, transport } from './console/consoles.ts'
import { Keeper, type Opened } from './console/keeper.ts'
import { runCommandLine } from './console/run.ts'
import { tendBoard } from './console/tending.ts'
import { Server } from './flow/server.ts'
import { Journal } from './journal/journal.ts'
import { Jobs } from './maintenance/jobs.ts'
import { dial } from './net/dial.ts'
import { Store } from './store/store.ts'
import { clearDownloads } from './update/download.ts'

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
  using board = places.board === undefined ? undefined : await Board.open(places.board, log)
  using watchdog = board && Watchdog.of(board, log, systemClock)
  await using local = board && announceBox(board, log)
  const opening = () => openServer(places, log, journal, changed, board, local)
  const keeper = await Keeper.start({
    data: places.data,
    config,
    open: opening,
    closed: (config, why) => closedHousehold({ config, journal, board, local, why }),
    reopened: config => changed.emit('settings', config),
    log,
  })
  await clearDownloads(places.data)
  const closeConsoles = await openConsoles({ keeper, log, journal, changed, board })
  started.resolve(keeper)
  watchdog?.ready()
  const stopping = stopSignal()
  if (keeper.household.closed) log.warn('consoles are open, and nothing else')
  else log.info('ready')
  const leaveBoard = board && tend(board, keeper, log, journal)
  const signal = await stopping
  log.info({ signal }, 'stopping')
  await leaveBoard?.()
  await closeConsoles()
  await keeper.close()
  log.info('stopped')
  return []
}

/** Opens the server and what works beside it, with what the first partition says of settings, and then the doors. */
async function openServer(...parts: Parameters<typeof openAsConfigured>): Promise<Opened> {
  const opened = await openAsConfigured(...parts)
  const [, log] = parts
  try {
    if (!(await applyCard(opened.household, log))) {
      await opened.listen()
      return opened
    }
  } catch (error) {
    await opened.close()
    throw error
  }
  // It is to listen elsewhere.
  await opened.close()
  return openServer(...parts)
}

/** Opens the server as the configuration is now, and what works beside it; nobody is let in yet. */
async function openAsConfigured(
  places: Places,
  log: Log,
  journal: Journal,
  changed: Changes,
  board: Appliance | undefined,
  local: LocalName | undefined,
) {
  const { config } = await loadConfig(places)
  const onTrial = board?.trial !== undefined
  const server = await Server.open({ config, directory: places.data, log, clock: clockOf(board), onTrial })
  try {
    await applyFirstBoot(server.store, places, log)
    let jobs: Jobs | undefined
    const apply = async (config: Config) => {
      await server.reload(config)
      jobs?.reload()
      changed.emit('settings', config)
    }
    // Behind the first boot, which takes its passwords out of the file.
    const configuration = await Configuration.open({ places, config, apply })
    const written = countWrites(server, places.data)
    const household = servedHousehold({
      server,
      configuration,
      journal,
      board,
      local,
      written,
      jobs: () => atWork(jobs),
    })
    return {
      household,
      listen: async () => {
        await server.listen()
        if (board) void openPorts(board, server.listening, log)
        // Behind the doors: a small board takes a second to load what it needs.
        jobs = await Jobs.start({
          ...server.services,
          open: server.openMaildrops,
          identity: () => server.identity,
          patient: () => household.patient,
        })
      },
      reload: () => configuration.reload(),
      close: async () => {
        jobs?.stop()
        await configuration.close()
        await written.close()
        await server.stop()
      },
    }
  } catch (error) {
    await server.stop()
    throw error
  }
}

/** Nobody asks before the doors are open. */
function atWork(jobs: Jobs | undefined): Jobs {
  if (!jobs) throw new Error('The jobs have not been started yet.')
  return jobs
}

/** The world itself is not handed on: to look at its terminal is to take it. */
function tend(board: Board, house: Keeper, log: Log, journal: Journal): () => Promise<void> {
  const { selftest, dial } = world
  return tendBoard({ board, house, selftest, dial, journal, log, clock: systemClock })
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
