/** The board as the rest of the house knows it. */
import type { EventEmitter } from 'node:events'
import type { Facts } from './facts.ts'
import type { Network } from './network.ts'
import type { Slots } from './slots.ts'

/** What the steward does for the server. It alone is root, and checks every word itself. */
export type Word =
  | 'healthy'
  | 'reboot'
  | 'poweroff'
  | 'factory-reset'
  | 'choose'
  | 'back'
  | 'network'
  | 'hostname'
  | 'ports'
  | 'first-boot'
  | 'save-clock'
  | 'log'

/** What is told while the server runs. */
export type Changes = EventEmitter<{
  network: [network: Network | undefined]
  ttys: [ttys: readonly string[]]
  clock: [set: boolean]
}>

export type Appliance = Slots & {
  readonly facts: Facts
  /** Undefined until the network scripts have said something. */
  readonly network: Network | undefined
  /** Whether somebody has told the clock the time since the start: a small board has no battery for it. */
  readonly clockSet: boolean
  /** The serial lines that exist. */
  readonly ttys: readonly string[]
  readonly changes: Changes
  /** Where the server lays what it hands to the steward. */
  readonly out: string
  /** What the first partition says of settings; undefined where it says nothing. @throws errors of the system */
  firstBoot(): Promise<string | undefined>
  /**
   * Asks the steward. Resolves when it is done.
   * @throws Failure REFUSED the steward's sentence, or that no steward answers
   */
  steward(word: Word, ...words: readonly string[]): Promise<void>
}
