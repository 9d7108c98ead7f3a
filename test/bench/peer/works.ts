/** The works that both products do: sending by Postfix's smtp-source, reading by a client of ours, standing idle. */
import { execFile, execFileSync } from 'node:child_process'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { Run } from '../figures.ts'
import { scale } from '../harness.ts'
import { KB, MB, randomMail } from '../mail.ts'
import { cpuMs, memory, octetsWritten } from '../proc.ts'
import { type Account, domain, password, type Running } from './product.ts'

const run = promisify(execFile)

/** What one work gave, under its name. */
export type Done = Record<string, Run>

type Sending = {
  readonly account: Account
  readonly sessions: number
  readonly messages: number
  readonly octets: number
}

/** Messages of one kind of sending; a session gets at least one. */
const sendings = {
  single: { account: 'single', sessions: 1, messages: scaled(1000, 1), octets: 10 * KB },
  ten: { account: 'ten', sessions: 10, messages: scaled(3000, 10), octets: 10 * KB },
  large: { account: 'large', sessions: 4, messages: scaled(12, 4), octets: 25 * MB },
  crowd: { account: 'crowd', sessions: 200, messages: scaled(2000, 200), octets: 10 * KB },
} as const satisfies Record<Account, Sending>

/** Connections that stand idle while their memory is measured. */
const idleConnections = 400
/** Milliseconds after which a server that has nothing to do is taken to be at rest. */
export const restMs = 1500
/** Milliseconds between two looks at the memory. */
const lookMs = 50

function scaled(messages: number, least: number): number {
  return Math.max(Math.ceil(messages * scale), least)
}

function title({ sessions, octets }: Sending): string {
  const size = octets >= MB ? `${octets / MB} MB` : `${octets / KB} KB`
  return `${sessions} ${sessions === 1 ? 'session' : 'sessions'} of ${size}`
}

/** Mailboxes filled by sending are read over and over; no more messages of them than a short time takes. */
const retrievals = {
  'RETR of 10 KB, one by one': { account: 'ten', most: 2000, passes: 3, pipelined: 1, unit: 'messages/s' },
  'RETR of 10 KB, 50 pipelined': { account: 'ten', most: 2000, passes: 3, pipelined: 50, unit: 'messages/s' },
  'RETR of 25 MB': { account: 'large', most: 8, passes: 2, pipelined: 1, unit: 'MB/s' },
} as const satisfies Record<string, Retrieval>

type Retrieval = {
  readonly account: Account
  readonly most: number
  readonly passes: number
  readonly pipelined: number
  readonly unit: 'messages/s' | 'MB/s'
}

/**
 * The works whose time counts. A server that is always on has its processes forked and its code compiled, so some mail
 * comes before.
 * @param folder where the messages to send lie, on the disk that the server writes to
 */
export async function speedWorks(server: Running, folder: string): Promise<Done> {
  const warmUp = { ...sendings.crowd, sessions: 10, messages: scaled(500, 10) }
  await source(server, warmUp, folder)
  await server.holds(warmUp.account, warmUp.messages)
  const done: Done = {}
  for (const kind of ['single', 'ten', 'large'] as const) {
    Object.assign(done, await send(server, sendings[kind], folder))
  }
  for (const [name, retrieval] of Object.entries(retrievals)) done[name] = await retrieve(server, retrieval)
  return done
}

/** The works whose memory counts, on a server that was just started; looking at it takes time, so speed is measured apart. */
export async function memoryWorks(server: Running, folder: string): Promise<Done> {
  await sleep(restMs)
  const done: Done = { 'idle: memory': memoryMB(server) }
  const peak = async (name: string, work: () => Promise<unknown>) => {
    done[`${name}: memory at most`] = await highest(server, work)
  }
  for (const kind of ['ten', 'large', 'crowd'] as const) {
    const sending = sendings[kind]
    await peak(title(sending), async () => {
      await source(server, sending, folder)
      await server.holds(sending.account, sending.messages)
    })
  }
  await peak('RETR of 25 MB', () => retrieve(server, retrievals['RETR of 25 MB']))
  return done
}

/**
 * Memory of connections that greet and then stay silent, on a server that was just started. As many were there before:
 * what the first of all cost (code read from the disk, and compiled) is not the price of each.
 */
export async function idleWorks(server: Running): Promise<Done> {
  const count = scaled(idleConnections / 2, 50)
  const sockets: Socket[] = []
  const open = async () => {
    sockets.push(...(await Promise.all(Array.from({ length: count }, () => greet(server.smtp)))))
    await sleep(restMs)
    return memoryMB(server)['MB PSS']
  }
  const before = await open()
  const more = (await open()) - before
  for (const socket of sockets) socket.destroy()
  return { [`each of ${2 * count} idle SMTP connections`]: { 'KB PSS': (more * 1000) / count } }
}

async function send(server: Running, sending: Sending, folder: string): Promise<Done> {
  const { account, sessions, messages, octets } = sending
  const device = blockDevice(folder)
  sync()
  const before = { cpu: cpu(server), written: written(server), device: deviceOctets(device) }
  const begun = performance.now()
  await source(server, sending, folder)
  const accepted = (performance.now() - begun) / 1000
  await server.holds(account, messages)
  const readable = (performance.now() - begun) / 1000
  const cpuEach = (cpu(server) - before.cpu) / messages
  const writtenEach = (written(server) - before.written) / (messages * octets)
  sync()
  const deviceEach = (deviceOctets(device) - before.device) / (messages * octets)

  const [unit, amount] = octets >= MB ? ['MB/s', (messages * octets) / MB] : ['messages/s', messages]
  const name = title(sending)
  return {
    [`${name}: accepted`]: { [unit]: amount / accepted },
    ...(sessions > 1 && { [`${name}: readable`]: { [unit]: amount / readable } }),
    [`${name}: processor`]: { 'ms each': cpuEach },
    [`${name}: written`]: { 'octets each': writtenEach },
    ...(device !== undefined && { [`${name}: reached the device`]: { 'octets each': deviceEach } }),
  }
}

/** Runs smtp-source; it fails when any message is refused. */
async function source(
  { smtp }: Running,
  { account, sessions, messages, octets }: Sending,
  folder: string,
): Promise<void> {
  const words = ['-d', '-s', sessions, '-m', messages, '-f', 'bob@away.example', '-t', `${account}@${domain}`]
  await run('smtp-source', [...words, '-F', bodyFile(folder, octets), `127.0.0.1:${smtp}`].map(String))
}

/** A message as smtp-source wants it, with LF line ends. */
function bodyFile(folder: string, octets: number): string {
  const path = join(folder, `${octets}.eml`)
  if (!existsSync(path)) writeFileSync(path, randomMail(octets).toString('latin1').replaceAll('\r\n', '\n'))
  return path
}

async function retrieve({ pop3 }: Running, { account, most, passes, pipelined, unit }: Retrieval): Promise<Run> {
  const messages = Math.min(sendings[account].messages, most)
  const program = join(import.meta.dirname, 'retrieve.ts')
  const words = [program, pop3, account, password, messages, passes, pipelined].map(String)
  const { stdout } = await run(process.execPath, words)
  const { octets, seconds }: { octets: number; seconds: number } = JSON.parse(stdout)
  const least = messages * passes * sendings[account].octets
  if (octets < least) throw new Error(`only ${octets} octets came, of ${least}`)
  return { [unit]: (unit === 'MB/s' ? octets / MB : messages * passes) / seconds }
}

/** @returns the most memory that was seen while the work was done */
async function highest(server: Running, work: () => Promise<unknown>): Promise<Memory> {
  let most = memoryMB(server)
  const look = () => {
    const now = memoryMB(server)
    most = {
      'MB PSS': Math.max(most['MB PSS'], now['MB PSS']),
      'MB anonymous': Math.max(most['MB anonymous'], now['MB anonymous']),
    }
  }
  const looking = setInterval(look, lookMs)
  try {
    await work()
  } finally {
    clearInterval(looking)
  }
  look()
  return most
}

type Memory = { readonly 'MB PSS': number; readonly 'MB anonymous': number }

/** The memory of all processes of a product. */
export function memoryMB(server: Running): Memory {
  const all = server.processes().map(memory)
  const sum = (part: 'pss' | 'anonymous') => all.reduce((octets, one) => octets + one[part], 0) / 1e6
  return { 'MB PSS': sum('pss'), 'MB anonymous': sum('anonymous') }
}

function cpu(server: Running): number {
  return server.processes().reduce((sum, pid) => sum + cpuMs(pid), 0)
}

function written(server: Running): number {
  return server.processes().reduce((sum, pid) => sum + octetsWritten(pid), 0)
}

/** Connects, greets, and stays. */
async function greet(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  const answer = async (last: RegExp) => {
    for (let text = ''; !last.test(text); ) {
      const chunk: Buffer | null = socket.read()
      if (chunk !== null) text += chunk.toString('latin1')
      else if (socket.destroyed) throw new Error('a connection was refused')
      else await Promise.race(['readable', 'close'].map(event => new Promise(resolve => socket.once(event, resolve))))
    }
  }
  await answer(/^220 .*\r\n$/m)
  socket.write('EHLO away.example\r\n')
  await answer(/^250 .*\r\n$/m)
  return socket
}

/** Everything written by anyone goes to the device now, so that it is counted where it belongs. */
function sync(): void {
  execFileSync('sync')
}

/** The statistics file of the block device under a folder, if it has one of its own. */
function blockDevice(folder: string): string | undefined {
  const { dev } = statSync(folder)
  const [major, minor] = [(dev >> 8) & 0xfff, (dev & 0xff) | ((dev >> 12) & 0xfff00)]
  const path = `/sys/dev/block/${major}:${minor}/stat`
  return statSync(path, { throwIfNoEntry: false }) && path
}

/** Octets that have reached the device since it was there, by whomever they were written. */
function deviceOctets(device: string | undefined): number {
  if (device === undefined) return Number.NaN
  return Number(readFileSync(device, 'utf8').trim().split(/\s+/)[6]) * 512
}
