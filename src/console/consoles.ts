/** The doors for people: the control socket, and the consoles on serial lines. */
import type { EventEmitter } from 'node:events'
import { budget } from '../base/budget.ts'
import { systemClock } from '../base/clock.ts'
import type { Config } from '../base/config.ts'
import { Failure, sentence } from '../base/failure.ts'
import type { Log } from '../base/log.ts'
import { version } from '../base/version.ts'
import type { Appliance } from '../board/appliance.ts'
import type { Transport } from '../commands/command.ts'
import { controlPath } from '../commands/places.ts'
import { alerts } from '../journal/alerts.ts'
import type { Journal } from '../journal/journal.ts'
import type { Connection } from '../net/connection.ts'
import { Listener } from '../net/listener.ts'
import { type Attend, serveControl } from './control.ts'
import { Desk } from './desk.ts'
import { Doorkeeper } from './doorkeeper.ts'
import type { Keeper } from './keeper.ts'
import { answerCommands } from './run.ts'
import { SerialLines } from './serial.ts'
import { type Office, serveLine, serveVisitor } from './session.ts'

type Doors = {
  readonly keeper: Keeper
  readonly log: Log
  readonly journal: Journal
  /** Tells of changed settings. */
  readonly changed: EventEmitter<{ settings: [config: Config] }>
  readonly board: Appliance | undefined
}

/** Milliseconds a silent control connection is kept; a command that hashes passwords on a small board takes seconds. */
const controlIdleMs = 60_000

/**
 * Opens them. The store is open already, or nobody can open it, so no other server can be serving there.
 * @returns closes them: a command under way is finished within a bound, and who has not asked yet is sent away
 * @throws Failure why there would be no way in: the store's where that cannot be opened, else the control socket's
 */
export async function openConsoles({ keeper, log, journal, changed, board }: Doors): Promise<() => Promise<void>> {
  const stopping = new AbortController()
  const desk = new Desk(keeper)
  const office: Office = {
    desk,
    doorkeeper: new Doorkeeper(),
    version,
    alerts: listener => alerts(journal, line => listener(journal.words(line))),
    stopping: stopping.signal,
  }
  const ttys = () => [...new Set([...keeper.config.console.ttys, ...(board?.ttys ?? [])])]
  const lines = new SerialLines({
    ttys,
    speed: () => keeper.config.console.speed,
    serve: (transport, tty) => serveLine(transport, office, tty),
    log,
    clock: systemClock,
  })
  let control: Promise<() => Promise<void>> | undefined
  const openSocket = async () => {
    control ??= openControl(keeper, office)
    try {
      await control
    } catch (error) {
      control = undefined
      throw error
    }
  }
  const tryOpeningSocket = async () => {
    try {
      await openSocket()
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      log.error({ reason: sentence(error) }, 'commands over the control socket are not possible now')
    }
  }
  try {
    const { closed } = keeper.household
    // The disk that keeps the store from being opened takes no socket, either. It is opened with the store.
    if (closed && ttys().length > 0) await tryOpeningSocket()
    else await openSocket().catch(error => Promise.reject(closed ?? error))
    lines.start()
    const reload = () => lines.reload()
    const changes = () => {
      reload()
      if (!stopping.signal.aborted) void tryOpeningSocket()
    }
    changed.on('settings', changes)
    board?.changes.on('ttys', reload)
    return async () => {
      changed.off('settings', changes)
      board?.changes.off('ttys', reload)
      stopping.abort()
      const closeControl = await control?.catch(() => {})
      await Promise.all([closeControl?.(), lines.close()])
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

/** A connection as the control protocol needs it. */
export function transport(connection: Connection): Transport {
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
