/** A mail server under measurement: how it is started, found and stopped. */
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { family } from '../proc.ts'

/** The accounts of every product, one for each work, all with `password` and in the domain `domain`. */
export const accounts = ['single', 'ten', 'large', 'crowd'] as const
export type Account = (typeof accounts)[number]
export const password = 'household-password'
export const domain = 'home.example'

export type Product = {
  readonly name: string
  /** Starts it with empty mailboxes in a directory of its own. */
  start(directory: string): Promise<Running>
}

export type Running = AsyncDisposable & {
  readonly smtp: number
  readonly pop3: number
  /** All its processes. */
  processes(): number[]
  /** Resolves when an account's mailbox has so many messages; each look costs the product little or nothing. */
  holds(account: Account, messages: number): Promise<void>
}

/** Milliseconds that a product gets to start, to stop, or to deliver what it has accepted. */
const patienceMs = 180_000
const pauseMs = 5

const children = new Set<ChildProcess>()

/** A process that was launched; `log` is the file with its output. */
export type Launched = ChildProcess & { readonly pid: number; readonly log: string }

export function launch(
  file: string,
  words: readonly string[],
  { log, env = process.env }: { log: string; env?: NodeJS.ProcessEnv },
): Launched {
  const output = openSync(log, 'a')
  const child = spawn(file, words, { stdio: ['ignore', output, output], env })
  closeSync(output)
  const { pid } = child
  if (pid === undefined) throw new Error(`${file} cannot be started`)
  children.add(child)
  child.on('error', () => {}) // It shows as a process that has ended.
  child.on('exit', () => children.delete(child))
  return Object.assign(child, { pid, log })
}

/** Ends processes in order, and at once those of their family that stay. */
export async function stop(...processes: readonly Launched[]): Promise<void> {
  const all = family(processes.map(({ pid }) => pid))
  for (const child of processes) child.kill('SIGTERM')
  await until(() => processes.every(gone)).catch(() => {})
  killAll(all)
}

/** Ends everything that was launched, at once; for the case that we are stopped ourselves. */
export function stopEverything(): void {
  killAll(family(Array.from(children, ({ pid = 0 }) => pid).filter(pid => pid > 0)))
}

function killAll(pids: readonly number[]): void {
  for (const pid of pids) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // It has ended by itself.
    }
  }
}

function gone({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null
}

/** Asks until the answer is yes. @throws when patience ends */
export async function until(answer: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + patienceMs
  while (!(await answer())) {
    if (performance.now() > deadline) throw new Error('waited in vain')
    await sleep(pauseMs)
  }
}

/** Resolves when someone listens on a port. @throws when the process has ended */
export function listening(port: number, child: Launched): Promise<void> {
  return until(() => {
    if (gone(child)) throw new Error(`${child.spawnfile} has ended:\n${readFileSync(child.log, 'utf8')}`)
    return new Promise(resolve => {
      const socket = connect(port, '127.0.0.1')
      socket.on('connect', () => resolve(true)).on('error', () => resolve(false))
      socket.on('connect', () => socket.destroy())
    })
  })
}

/** @returns a port of the loopback that was free a moment ago */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().on('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => (address !== null && typeof address === 'object' ? resolve(address.port) : reject()))
    })
  })
}
