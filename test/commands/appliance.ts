/** A board for tests: what it says of its network is set by hand, and what the steward is asked for is written down. */
import { EventEmitter } from 'node:events'
import { Failure } from '../../src/base/failure.ts'
import type { Appliance, Changes } from '../../src/board/appliance.ts'
import type { Network } from '../../src/board/network.ts'

/** A box at home, as it is in most of them. */
export const athome: Network = {
  interface: 'eth0',
  how: 'dhcp',
  addresses: ['192.168.1.5/24', 'fe80::1/64'],
  gateway: '192.168.1.1',
  dns: ['192.168.1.1'],
  link: true,
}

type Script = {
  readonly network?: Network | undefined
  readonly clockSet?: boolean
  /** What becomes of the network when the steward is asked for this; a text is its refusal. */
  readonly obey?: (line: string) => Network | string | undefined
}

export class ScriptedBoard implements Appliance {
  /** What the steward was asked for, a line each. */
  readonly asked: string[] = []
  readonly changes: Changes = new EventEmitter()
  readonly clockSet: boolean
  readonly facts = {
    model: 'Raspberry Pi 3 Model B',
    arch: 'arm64',
    slot: 'a' as const,
    version: '0.1.0',
    built: 0,
    other: undefined,
    data: undefined,
    disk: undefined,
    watchdog: undefined,
    led: undefined,
    trial: undefined,
    fallback: undefined,
    grown: true,
    repaired: undefined,
  }
  readonly arch = 'arm64'
  readonly version = '0.1.0'
  readonly slot = 'a'
  readonly other = undefined
  readonly trial = undefined
  readonly fallback = undefined
  readonly ttys = []
  readonly out = ''
  #network: Network | undefined
  readonly #obey: NonNullable<Script['obey']>

  constructor({ network, clockSet = true, obey = () => undefined }: Script = {}) {
    this.#network = network
    this.clockSet = clockSet
    this.#obey = obey
  }

  get network(): Network | undefined {
    return this.#network
  }

  /** The network scripts have something else to say. */
  become(network: Network | undefined): void {
    this.#network = network
    this.changes.emit('network', network)
  }

  async steward(...words: readonly string[]): Promise<void> {
    const line = words.join(' ')
    this.asked.push(line)
    const outcome = this.#obey(line)
    if (typeof outcome === 'string') throw new Failure('REFUSED', outcome)
    // As on a board: its answer comes first, and the network becomes so a moment later.
    if (outcome) setImmediate(() => this.become(outcome))
  }

  firstBoot = async () => undefined
  write = () => this.steward('install')
  choose = (slot: string, version: string) => this.steward('choose', slot, version)
  back = () => this.steward('back')
  reboot = () => this.steward('reboot')
}
