/** A household for one test: a real store in a temporary directory, accounts, and the services of the flows. */
import { mkdtempSync, rmSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSecureContext } from 'node:tls'
import { hashPassword } from '../../src/auth/password.ts'
import { type Clock, systemClock } from '../../src/base/clock.ts'
import { type Config, readConfig } from '../../src/base/config.ts'
import { silentLog } from '../../src/base/log.ts'
import type { AccessServices } from '../../src/flow/access.ts'
import { Quota } from '../../src/flow/quota.ts'
import type { Services } from '../../src/flow/services.ts'
import { Throttle } from '../../src/flow/throttle.ts'
import { type Certificate, loadCertificate } from '../../src/net/certificate.ts'
import { Keyring } from '../../src/store/keyring.ts'
import type { MessageRecord } from '../../src/store/message.ts'
import { Store, type StoreOptions } from '../../src/store/store.ts'

/** Every account of a test has this password; it is hashed once. */
export const password = 'correct horse'
const hashed = hashPassword(password)

/** Every household signs with the same keys: to make one takes long. */
const keyFolder = mkdtempSync(join(tmpdir(), 'porchlight-keys-'))
process.on('exit', () => rmSync(keyFolder, { recursive: true }))
const keys = new Keyring(keyFolder)

/** Time that passes only when someone sleeps. */
export function testClock(): Clock {
  const start = Date.UTC(2026, 10, 21, 22, 15, 52)
  let elapsed = 0
  return {
    now: () => start + elapsed,
    elapsed: () => elapsed,
    sleep: async ms => {
      elapsed += ms
    },
  }
}

/** A message as it is kept. */
export type Kept = {
  readonly seq: number
  readonly record: MessageRecord
  readonly trace: string
  readonly octets: Buffer
}

export class Household implements AsyncDisposable {
  readonly directory: string
  readonly clock = testClock()
  readonly stopping = new AbortController()
  readonly throttle = new Throttle()
  readonly quota = new Quota()
  readonly open = new Set<number>()
  keyring = keys
  config: Config = readConfig('', '.')
  store: Store
  /** In-memory peers need none; `useCertificate` makes a real one. */
  #certificate: Certificate = createSecureContext()

  private constructor(directory: string, store: Store) {
    this.directory = directory
    this.store = store
  }

  /** @param accounts names to begin with, all with `password` */
  static async make(...accounts: readonly string[]): Promise<Household> {
    const directory = await mkdtemp(join(tmpdir(), 'porchlight-'))
    const household = new Household(directory, await openStore(directory))
    for (const name of accounts) await household.addAccount(name)
    return household
  }

  async addAccount(name: string): Promise<void> {
    await this.store.accounts.add(name, await hashed)
  }

  /** Makes a self-signed certificate in the directory, for tests over real sockets. */
  async useCertificate(): Promise<void> {
    const { hostname } = this.config
    this.#certificate = await loadCertificate({ certificate: '', key: '', directory: this.directory, hostname })
  }

  get receipt(): Services {
    return { ...this.#services, store: this.store }
  }

  get access(): AccessServices {
    return { ...this.#services, store: this.store, open: this.open }
  }

  get #services() {
    return {
      config: () => this.config,
      certificate: () => this.#certificate,
      clock: this.clock,
      log: silentLog,
      throttle: this.throttle,
      quota: this.quota,
      keyring: this.keyring,
      stopping: this.stopping.signal,
    }
  }

  /** Closes the store and opens it again, as a restart does. */
  async restart(): Promise<void> {
    await this.store.close()
    this.store = await openStore(this.directory)
  }

  /** @returns what an account's inbox holds: each message's record and its place in the log, its trace fields, its octets as received */
  async inbox(name: string): Promise<Kept[]> {
    const account = this.store.accounts.find(name)
    if (!account) throw new Error(`no account ${name}`)
    const maildrop = await this.store.maildrop(account.id)
    return this.#read(Array.from({ length: maildrop.count }, (_, i) => maildrop.seq(i)))
  }

  /** @returns the same of the messages that wait to be sent on, oldest first */
  async queued(): Promise<Kept[]> {
    const waiting = await Array.fromAsync(this.store.outbound.all())
    return this.#read([...new Set(waiting.flat().map(({ seq }) => seq))])
  }

  async #read(seqs: readonly number[]): Promise<Kept[]> {
    const messages: Kept[] = []
    for (const seq of seqs) {
      const { record, trace, blocks } = await this.store.message(seq)
      messages.push({ seq, record, trace, octets: Buffer.concat(await Array.fromAsync(blocks())) })
    }
    return messages
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.store.close()
    await rm(this.directory, { recursive: true })
  }
}

/** Opens a store with no reserve, so that a small disk does not fail a test. */
export function openStore(directory: string, options: Partial<StoreOptions> = {}): Promise<Store> {
  return Store.open(directory, { clock: systemClock, log: silentLog, reserve: 0, ...options })
}
