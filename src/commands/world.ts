/** The process that a command line runs in, as its commands see it. */
import type { Readable, Writable } from 'node:stream'
import type { Household, Lines, Transport } from './command.ts'
import type { Places } from './places.ts'

/** Standard input and the terminal's output. Only a terminal has `setRawMode`. */
export type Terminal = {
  readonly input: Readable & { readonly isTTY?: boolean; setRawMode?(raw: boolean): unknown }
  readonly output: Writable
}

/** Standard input and output. Only a terminal has `setRawMode`, and a size. */
export type Own = {
  readonly input: Readable & { readonly isTTY?: boolean; setRawMode?(raw: boolean): unknown }
  readonly output: NodeJS.WritableStream & {
    readonly isTTY?: boolean
    readonly columns?: number
    readonly rows?: number
  }
}

/** The process a command line runs in; `main.ts` makes it. */
export type World = {
  readonly version: string
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Where a new password comes from. */
  readonly terminal: Terminal
  /** What a console is shown on. */
  readonly own: Own
  print(line: string): void
  complain(line: string): void
  /** Runs the server until it is told to stop. */
  serve(places: Places): Promise<Lines>
  /** @throws Failure when something does not work */
  selftest(): Promise<Lines>
  /** Connects to the control socket at this path. Undefined when nobody listens there. */
  dial(path: string): Promise<Transport | undefined>
  /** Opens the store. @throws Failure STORE_LOCKED when another process has it open */
  open(places: Places): Promise<Household & AsyncDisposable>
}
