/** What the tests of the store share: deliveries, everything a store shows, and what its databases hold. */
import { cp, mkdtemp, readdir, readFile, rm, truncate } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ClassicLevel } from 'classic-level'
import type { AttemptRecord, Outcome } from '../../src/store/attempt.ts'
import { idText } from '../../src/store/id.ts'
import { decodeLogKey } from '../../src/store/keys.ts'
import type { LogEntry } from '../../src/store/log.ts'
import type { Maildrop } from '../../src/store/maildrop.ts'
import type { Recipient } from '../../src/store/message.ts'
import { attemptOf } from '../../src/store/outbound.ts'
import type { Waiting } from '../../src/store/queue.ts'
import { decodeLogRecord } from '../../src/store/record.ts'
import type { Envelope } from '../../src/store/spool.ts'
import type { Store, StoreOptions } from '../../src/store/store.ts'
import { openStore } from '../support/household.ts'

/** A store in a temporary directory, to be closed and opened again, in order or not. */
export class Postbox implements AsyncDisposable {
  store: Store
  #directory: string
  readonly #root: string
  #copies = 0

  private constructor(root: string, store: Store) {
    this.#root = root
    this.#directory = firstDirectory(root)
    this.store = store
  }

  /** @param names of accounts to begin with */
  static async make(names: readonly string[] = [], options: Partial<StoreOptions> = {}): Promise<Postbox> {
    const root = await mkdtemp(join(tmpdir(), 'porchlight-store-'))
    const postbox = new Postbox(root, await openStore(firstDirectory(root), options))
    for (const name of names) await postbox.store.accounts.add(name, `hash of ${name}`)
    return postbox
  }

  /** Where the store's data is. */
  get directory(): string {
    return this.#directory
  }

  async close(): Promise<void> {
    await this.store.close()
  }

  async open(options: Partial<StoreOptions> = {}): Promise<void> {
    this.store = await openStore(this.#directory, options)
  }

  async restart(): Promise<void> {
    await this.close()
    await this.open()
  }

  /** Copies the data as it is while the store has it open: what a power cut leaves when nothing is under way on the disk. */
  async copy(): Promise<string> {
    this.#copies += 1
    const copy = join(this.#root, `copy ${this.#copies}`)
    await cp(this.#directory, copy, { recursive: true, filter: path => !path.endsWith('/LOCK') })
    return copy
  }

  /**
   * Goes on with a copy of the data as it is, as after a power cut.
   * @param tamper may change the copy before it is opened
   */
  async crash(tamper: (directory: string) => Promise<void> = async () => {}): Promise<void> {
    const copy = await this.copy()
    await this.close()
    await tamper(copy)
    this.#directory = copy
    await this.open()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
    await rm(this.#root, { recursive: true })
  }
}

function firstDirectory(root: string): string {
  return join(root, 'made by the store', 'data')
}

/** Octets of every value, other ones for each seed; they do not compress. */
export function letter(octets: number, seed = 1): Buffer {
  const body = Buffer.allocUnsafe(octets)
  let state = seed * 2_654_435_761
  for (let i = 0; i < octets; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0
    body[i] = state >>> 24
  }
  return body
}

/** @returns the numbers of accounts that are there */
export function numbers(store: Store, ...names: readonly string[]): number[] {
  return names.map(name => {
    const account = store.accounts.find(name)
    if (!account) throw new Error(`no account ${name}`)
    return account.id
  })
}

export function envelope(accounts: readonly number[], date = 1_795_299_352_000): Envelope {
  return {
    reversePath: 'bob@away.example',
    recipients: [{ path: 'alice@home.example', notify: 0, orcpt: '' }],
    accounts,
    trace: 'Received: from away.example\r\n\tby mail.home.example; Sat, 21 Nov 2026 22:15:52 +0000\r\n',
    ret: '',
    envid: '',
    eightBit: true,
    smtputf8: false,
    requireTls: false,
    tlsOptional: false,
    messageId: '<1@away.example>',
    queued: [],
    dotted: false,
    headerOctets: 0,
    date,
  }
}

/** Delivers a message. @returns its UIDL */
export async function deliver(store: Store, names: readonly string[], body: Buffer): Promise<string> {
  await using incoming = store.incoming(body.length)
  await incoming.append(body)
  await incoming.commit(envelope(numbers(store, ...names)))
  return idText(incoming.id)
}

/** A message as a reader sees it. */
type Shown = { uid: number; uidl: string; size: number; trace: string; octets: Buffer }

export async function inbox(store: Store, name: string): Promise<Shown[]> {
  const [account = 0] = numbers(store, name)
  const maildrop = await store.maildrop(account)
  return Promise.all(Array.from({ length: maildrop.count }, (_, i) => show(store, maildrop, i)))
}

async function show(store: Store, maildrop: Maildrop, i: number): Promise<Shown> {
  const { trace, blocks } = await store.message(maildrop.seq(i))
  const octets = Buffer.concat(await Array.fromAsync(blocks()))
  return { uid: maildrop.uid(i), uidl: maildrop.uidl(i), size: maildrop.size(i), trace, octets }
}

/** @returns all that a store shows: accounts, counters, messages and aliases */
export async function contents(store: Store) {
  const accounts = []
  for (const account of store.accounts.list()) {
    const { next, validity, count, octets } = store.mailbox(account.id)
    accounts.push({ ...account, next, validity, count, octets, messages: await inbox(store, account.name) })
  }
  const { settings, outbound } = store
  return {
    accounts,
    aliases: store.accounts.aliases(),
    settings: settings.list(''),
    queue: await waiting(store),
    length: outbound.length,
    flags: Object.fromEntries(
      await Promise.all(accounts.map(async ({ id }) => [id, await flagsOf(store, id)] as const)),
    ),
  }
}

/** @returns the flags of every message of an account, the newest first, as `UID:flags` */
export async function flagsOf(store: Store, account: number): Promise<string[]> {
  const entries = await store.entries(account, 1_000_000)
  return entries.map(({ uid, flags }) => `${uid}:${flags}`)
}

/** Accepts a message that is to be sent on. @returns its id in text form */
export async function submit(
  store: Store,
  to: readonly (string | Recipient)[],
  {
    names = [],
    body = letter(100),
    date = 1_795_299_352_000,
    reversePath = 'alice@home.example',
  }: { names?: readonly string[]; body?: Buffer; date?: number; reversePath?: string } = {},
): Promise<string> {
  await using incoming = store.incoming(body.length)
  await incoming.append(body)
  const recipients = to.map(each => (typeof each === 'string' ? { path: each, notify: 0, orcpt: '' } : each))
  const kept = envelope(numbers(store, ...names), date)
  const queued = [...to.keys()].filter(recipient => !recipients[recipient]?.path.endsWith('@home.example'))
  await incoming.commit({ ...kept, reversePath, recipients, queued })
  return idText(incoming.id)
}

/** Every dispatch that is not done. */
export async function waiting(store: Store): Promise<readonly Waiting[]> {
  return (await Array.fromAsync(store.outbound.all())).flat()
}

/** An attempt at all recipients that are left. */
export function attempt(one: Waiting, outcome: Outcome, changes: Partial<AttemptRecord> = {}): AttemptRecord {
  const answer = { code: outcome === 'delivered' ? 250 : 451, enhanced: '', text: `so ${outcome}` }
  const results = one.pending.map(recipient => ({ recipient, outcome, answer }))
  return { ...attemptOf(one, one.due), attempts: one.attempts + 1, remote: 'mx.away.example', results, ...changes }
}

/** An attempt that has to be made again a minute later. */
export function deferral(one: Waiting): AttemptRecord {
  return attempt(one, 'deferred', { due: one.due + 60_000 })
}

/** Opens one database of a store that is closed. */
export async function openDatabase(directory: string, name: 'log' | 'index') {
  const db = new ClassicLevel<Buffer, Buffer>(join(directory, name), { keyEncoding: 'buffer', valueEncoding: 'buffer' })
  await db.open()
  return db
}

/** @returns everything in one database of a store that is closed */
export async function databaseEntries(directory: string, name: 'log' | 'index'): Promise<[Buffer, Buffer][]> {
  await using db = await openDatabase(directory, name)
  return db.iterator().all()
}

/**
 * What a power cut may leave of the index at worst: all that was written behind its last checkpoint is lost.
 * @param directory of a store that is closed, or of a copy
 */
export async function loseUnsynced(directory: string): Promise<void> {
  const [[, head = Buffer.alloc(0)] = []] = await databaseEntries(directory, 'log')
  const header = decodeLogRecord(0, head)
  if (header.kind !== 'header') throw new Error('The log does not begin with its header.')
  const index = join(directory, 'index')
  for (const name of (await readdir(index)).filter(name => name.endsWith('.log'))) {
    const octets = await readFile(join(index, name))
    await truncate(join(index, name), endOfRecord(octets, octets.lastIndexOf(header.store)))
  }
}

/** @returns where the record ends in a write-ahead file of LevelDB that has something at this place; 0 for a place that is none */
function endOfRecord(octets: Buffer, place: number): number {
  const [stretch, head] = [32 * 1024, 7]
  let end = 0
  while (end <= place) {
    const left = stretch - (end % stretch)
    end += left < head ? left : head + octets.readUInt16LE(end + 4)
  }
  return end
}

/** @returns every record of a closed store's log */
export async function logRecords(directory: string): Promise<LogEntry[]> {
  const entries = await databaseEntries(directory, 'log')
  return entries.map(([key, value]) => {
    const seq = decodeLogKey(key)
    return { seq, record: decodeLogRecord(seq, value) }
  })
}

/** @returns how many records of each kind a closed store's log holds */
export async function recordKinds(directory: string): Promise<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (const { record } of await logRecords(directory)) counts[record.kind] = (counts[record.kind] ?? 0) + 1
  return counts
}
