/** The board that the server runs on, where it runs on one of ours: what the boot scripts tell, and what they can be asked for. */
import { EventEmitter } from 'node:events'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { sentence } from '../base/failure.ts'
import type { Log } from '../base/log.ts'
import type { Appliance, Changes, Word } from './appliance.ts'
import { readBounded } from './bounded.ts'
import { type Facts, readFacts } from './facts.ts'
import { haveWritten } from './installer.ts'
import { type Network, readNetwork } from './network.ts'
import type { Slot, Slots, Watching } from './slots.ts'
import { askSteward } from './steward.ts'
import { readTtys } from './ttys.ts'
import { watchFolder } from './watch.ts'

export class Board implements Appliance, Disposable {
  readonly facts: Facts
  readonly changes: Changes = new EventEmitter()
  readonly out: string
  readonly #directory: string
  readonly #log: Log
  readonly #unwatch: () => void
  #network: Network | undefined
  #ttys: readonly string[] = []
  #clockSet = false
  #healthy = false
  #switchesOff = false

  private constructor(directory: string, facts: Facts, log: Log) {
    this.#directory = directory
    this.#log = log
    this.facts = facts
    this.out = `${directory}-out`
    // Consoles, the network's name and others each listen.
    this.changes.setMaxListeners(50)
    this.#unwatch = watchFolder(directory, () => this.#look(), log)
  }

  /** @param directory /run/board; beside it `/run/board-out` */
  static async open(directory: string, log: Log): Promise<Board> {
    const board = new Board(directory, await readFacts(directory, log), log)
    // What cannot be read now is looked for again, and mail is served meanwhile.
    await board
      .#look()
      .catch(error => log.warn({ folder: directory, reason: sentence(error) }, 'what the board says cannot be read'))
    const { model, slot, version, trial } = board.facts
    log.info({ model, slot, version, trial: trial?.left }, 'running on a board')
    return board
  }

  get network(): Network | undefined {
    return this.#network
  }

  get ttys(): readonly string[] {
    return this.#ttys
  }

  get clockSet(): boolean {
    return this.#clockSet
  }

  /** Whether the steward is switching the board off, because it was asked to. */
  get switchesOff(): boolean {
    return this.#switchesOff
  }

  get arch(): string {
    return this.facts.arch
  }

  get version(): string {
    return this.facts.version
  }

  get slot(): Slot {
    return this.facts.slot
  }

  get other(): Slots['other'] {
    return this.facts.other
  }

  get trial(): Slots['trial'] {
    return this.#healthy ? undefined : this.facts.trial
  }

  get fallback(): string | undefined {
    return this.facts.fallback
  }

  async steward(word: Word, ...words: readonly string[]): Promise<void> {
    this.#log.info({ word, words }, 'the board is asked for something')
    await askSteward(this.#directory, [word, ...words])
    this.#healthy ||= word === 'healthy'
    this.#switchesOff ||= word === 'poweroff'
  }

  write(update: AsyncIterable<Buffer>, version: string, watching: Watching): Promise<void> {
    this.#log.info({ word: 'install', words: [version] }, 'the board is asked for something')
    return haveWritten(this.#directory, update, version, watching)
  }

  choose(slot: Slot, version: string): Promise<void> {
    return this.steward('choose', slot, version)
  }

  back(): Promise<void> {
    return this.steward('back')
  }

  reboot(): Promise<void> {
    return this.steward('reboot')
  }

  firstBoot(): Promise<string | undefined> {
    return readBounded(join(this.#directory, 'first-boot.toml'))
  }

  /** Stops looking at what changes. */
  [Symbol.dispose](): void {
    this.#unwatch()
  }

  /** Reads what may have changed, and tells of what has. */
  async #look(): Promise<void> {
    const read = (name: string) => readBounded(join(this.#directory, name))
    const network = readNetwork(await read('network.json'))
    const ttys = readTtys(await read('ttys'))
    const clockSet = (await read('clock'))?.trim() === 'set'
    if (!isDeepStrictEqual(network, this.#network)) {
      this.#network = network
      this.changes.emit('network', network)
    }
    if (!isDeepStrictEqual(ttys, this.#ttys)) {
      this.#ttys = ttys
      this.changes.emit('ttys', ttys)
    }
    if (clockSet !== this.#clockSet) {
      this.#clockSet = clockSet
      this.changes.emit('clock', clockSet)
    }
  }
}
