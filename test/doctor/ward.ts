/** A household for the doctor: a real store, a name server and hosts on loopback addresses of the test's own. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Answer } from 'dns-packet'
import { type Clock, systemClock } from '../../src/base/clock.ts'
import { readConfig } from '../../src/base/config.ts'
import { MtaSts } from '../../src/dns/mta-sts.ts'
import { Resolver } from '../../src/dns/resolver.ts'
import { checks } from '../../src/doctor/checks.ts'
import { examine } from '../../src/doctor/examine.ts'
import type { Finding } from '../../src/doctor/finding.ts'
import type { Patient } from '../../src/doctor/patient.ts'
import { NameServer, type Say, zone } from '../dns/name-server.ts'
import { Household } from '../support/household.ts'

type Options = {
  readonly config?: string
  readonly hostname?: string
  readonly domains?: readonly string[]
  readonly records?: readonly Answer[]
  readonly names?: Say
  /** The port that mail hosts are called at. */
  readonly port?: number
  readonly accounts?: readonly string[]
  readonly clock?: Clock
}

export class Ward implements AsyncDisposable {
  readonly household: Household
  readonly names: NameServer
  /** Stands for `/` of the kernel. */
  readonly root: string
  readonly #resolver: Resolver
  readonly #sts: MtaSts
  readonly #clock: Clock

  private constructor(household: Household, names: NameServer, root: string, clock: Clock) {
    this.household = household
    this.names = names
    this.root = root
    this.#clock = clock
    this.#resolver = new Resolver({ servers: [names.address], clock: systemClock })
    this.#sts = new MtaSts({ names: this.#resolver, clock: systemClock })
  }

  static async make(options: Options = {}): Promise<Ward> {
    const household = await Household.make(...(options.accounts ?? ['alice']))
    const names = await NameServer.start(options.names ?? zone(options.records ?? []))
    const root = await mkdtemp(join(tmpdir(), 'porchlight-root-'))
    const { hostname = 'mail.porch.net', domains = ['porch.net'], port = 25, config = '' } = options
    const own = `hostname = "${hostname}"\ndomains = ${JSON.stringify(domains)}\ndelivery.port = ${port}\n`
    household.config = readConfig(own + config, household.directory)
    return new Ward(household, names, root, options.clock ?? systemClock)
  }

  get patient(): Patient {
    const { config, store, keyring, throttle, directory } = this.household
    const ourselves = { hostname: config.hostname, isHere: () => false }
    return {
      config,
      clock: this.#clock,
      store,
      keyring,
      surroundings: { resolver: this.#resolver, sts: this.#sts, ourselves, config },
      delivery: { suspended: false, blocked: undefined },
      throttle,
      directory,
      root: this.root,
    }
  }

  /** What one check finds. */
  async check(name: string, changes: Partial<Patient> = {}): Promise<readonly Finding[]> {
    const { signal } = new AbortController()
    const chosen = checks.filter(check => check.name === name)
    return examine({ ...this.patient, ...changes }, { signal, found: () => {} }, chosen)
  }

  /** What one check finds, if it is one thing. */
  async lone(name: string, changes: Partial<Patient> = {}): Promise<Finding> {
    const [finding, ...others] = await this.check(name, changes)
    if (!finding || others.length > 0) throw new Error(`${name} has found ${others.length + (finding ? 1 : 0)} things`)
    return finding
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#sts.close()
    this.#resolver.close()
    await this.names[Symbol.asyncDispose]()
    await this.household[Symbol.asyncDispose]()
    await rm(this.root, { recursive: true })
  }
}
