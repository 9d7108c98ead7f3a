/** What a row of the command table is, and what a command gets to do its work. */
import type { Config } from '../base/config.ts'
import { Failure } from '../base/failure.ts'
import type { Accounts } from '../store/account.ts'
import type { Store } from '../store/store.ts'
import type { Places } from './places.ts'
import type { Terminal } from './prompt.ts'

/** Every option of every command. */
export const options = {
  config: { type: 'string', value: 'FILE', help: 'the configuration; else DIR/porchlight.toml' },
  data: { type: 'string', value: 'DIR', help: 'the data; else $PORCHLIGHT_DATA, else /var/lib/porchlight' },
  'password-stdin': { type: 'boolean', help: 'take the password from the first line of standard input' },
  generate: { type: 'boolean', help: 'make a password and print it, this once' },
  'delete-mail': { type: 'boolean', help: 'delete the mail of the account with it' },
} as const

export type Option = keyof typeof options
type Given<Of extends Option> = (typeof options)[Of]['type'] extends 'string' ? string : boolean
type Options = { readonly [Of in Option]?: Given<Of> | undefined }

/** One command line, understood and within the rules of its command. */
export type Call = {
  readonly command: Command
  readonly operands: readonly string[]
  readonly options: Options
}

/** What a command has to say, one a line. */
export type Lines = readonly string[]

type Row = {
  /** Its words: `user add`. */
  readonly name: string
  /** As the usage line shows them: `ADDRESS TARGET…`, `[COMMAND…]`. How many there may be follows from it. */
  readonly operands: string
  readonly options: readonly Option[]
  readonly group: string
  readonly summary: string
  readonly details: Lines
  readonly examples: Lines
}

/** A command of this process. */
type Here = { readonly runs: 'here'; run(call: Call, world: World): Promise<Lines> }
/** A command that reads or changes what the store holds: the running server does it, or this process when none runs. */
export type Inside = {
  readonly runs: 'inside'
  readonly password: boolean
  /** It changes nothing and takes long: other commands do not wait for its end. */
  readonly aside?: true
  run(call: Call, context: Context): Promise<Lines>
}

/** A command refuses by throwing `Failure`; what it returns is printed. */
export type Command = Row & (Here | Inside)

/** What the commands for the household's own things work on. */
export type Context = {
  readonly household: Household
  /** Whether a server is running on this store. */
  readonly running: boolean
  /** The new password, where a person gave one. */
  readonly password: string | undefined
  /** Aborts when nobody waits for the command any more. */
  readonly signal: AbortSignal
  /** Prints a line while the command goes on. To be waited for, so that a slow reader holds the command back. */
  print(line: string): Promise<void>
}

/** How a command can speak before its end. */
export type Voice = Pick<Context, 'signal' | 'print'>

/** The open store, as administration sees it. */
export type Household = {
  readonly config: Config
  readonly accounts: Accounts
  /** What the account of this name holds. */
  mailbox(name: string): { readonly messages: number; readonly octets: number }
  verify: Store['verify']
  /** What `status` shows: a label and a value each. */
  status(): Promise<readonly (readonly [label: string, value: string])[]>
}

/** The process a command line runs in; `main.ts` makes it. */
export type World = {
  readonly version: string
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Where a new password comes from. */
  readonly terminal: Terminal
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

/** A connection as the control protocol needs it. */
export type Transport = {
  /** False once the other side has gone, at the latest after something was written to it. */
  readonly open: boolean
  /** The next octets, valid until the next call; undefined when the other side has ended. */
  read(): Promise<Buffer | undefined>
  write(octets: Buffer): Promise<void>
  close(): void
}

/** How a command line ended. */
export type Answer = { readonly exit: ExitCode; readonly printed: Lines; readonly complaint: string | undefined }

/** 0 done, 1 failed or refused, 2 wrong usage. */
export type ExitCode = 0 | 1 | 2

export function exitCode(failure: Failure): ExitCode {
  return failure.code === 'USAGE' ? 2 : 1
}

/** Ends a command that is understood and cannot be done as asked. */
export function refuse(why: string): never {
  throw new Failure('REFUSED', why)
}
