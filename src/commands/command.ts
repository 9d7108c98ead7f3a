/** What a row of the command table is, and what a command gets to do its work. */
import type { Config } from '../base/config.ts'
import { Failure } from '../base/failure.ts'
import type { Appliance } from '../board/appliance.ts'
import type { Written } from '../board/written.ts'
import type { Jobs } from '../doctor/job.ts'
import type { Patient } from '../doctor/patient.ts'
import type { Draft, post } from '../flow/posting.ts'
import type { Queue } from '../flow/queue.ts'
import type { Overdue } from '../flow/retention.ts'
import type { Server } from '../flow/server.ts'
import type { Surroundings } from '../flow/target.ts'
import type { Journal } from '../journal/journal.ts'
import type { Identity } from '../net/identity.ts'
import type { Accounts } from '../store/account.ts'
import type { Keyring } from '../store/keyring.ts'
import type { Outbound } from '../store/outbound.ts'
import type { Waiting } from '../store/queue.ts'
import type { Account } from '../store/roster.ts'
import type { Settings } from '../store/settings.ts'
import type { Store } from '../store/store.ts'
import type { Configuration, Seen } from './configuration.ts'
import type { Dialogue } from './dialogue.ts'
import type { World } from './world.ts'

/** Every option of every command. */
export const options = {
  config: { type: 'string', value: 'FILE', help: 'the configuration; else DIR/porchlight.toml' },
  data: { type: 'string', value: 'DIR', help: 'the data; else $PORCHLIGHT_DATA, else /var/lib/porchlight' },
  board: { type: 'string', value: 'DIR', help: 'what the boot scripts tell of the board, on the appliance' },
  'password-stdin': { type: 'boolean', help: 'take the password from the first line of standard input' },
  generate: { type: 'boolean', help: 'make a password and print it, this once' },
  yes: { type: 'boolean', help: 'without being asked again' },
  stay: { type: 'boolean', help: 'leave the restart for later' },
  'delete-mail': { type: 'boolean', help: 'delete the mail of the account with it' },
  silent: { type: 'boolean', help: 'do not tell its sender' },
  address: { type: 'string', value: 'IP', help: 'the IP address at which it stands' },
  as: { type: 'string', value: 'ADDRESS', help: 'the address of this household in whose name it sends' },
  to: {
    type: 'string',
    multiple: true,
    value: 'ADDRESS',
    help: 'where it may send; may be given several times, or as A,B',
  },
  subject: { type: 'string', value: 'TEXT', help: 'the subject of what senders are told' },
  text: { type: 'string', value: 'TEXT', help: 'what senders are told' },
  until: { type: 'string', value: 'DATE', help: 'the last day' },
  level: { type: 'string', value: 'LEVEL', help: 'what is at least so important: debug, info, warn or error' },
  account: { type: 'string', value: 'NAME', help: 'what concerns this account' },
  since: { type: 'string', value: 'SPAN', help: 'what is not older than this, for instance 2h or 30m' },
  lines: { type: 'string', value: 'COUNT', help: 'how many lines at most' },
  follow: { type: 'boolean', help: 'go on with what comes; Ctrl-C ends it' },
  json: { type: 'boolean', help: 'as it is kept, for programs: JSON' },
} as const

/** What says where the store and the configuration are; every command takes these. */
export const places = ['config', 'data'] as const

export type Option = keyof typeof options
type Given<Of extends Option> = (typeof options)[Of] extends { multiple: true }
  ? readonly string[]
  : (typeof options)[Of]['type'] extends 'string'
    ? string
    : boolean
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
  /** Options that it cannot do without; they are not among the others. */
  readonly needs?: readonly Option[]
  readonly group: string
  /** It is for programs: the list of commands leaves it out. */
  readonly unlisted?: true
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
  /** Refuses what will not do whatever the password is, before somebody at a console is asked for it. */
  readonly ready?: (call: Call, household: Household) => void
  /** It changes nothing and takes long: other commands do not wait for its end. */
  readonly aside?: true
  /** It cannot do without a person at a terminal: `context.dialogue` is there. Such a command is `aside`, too. */
  readonly talks?: true
  run(call: Call, context: Context): Promise<Lines>
}

/** A prompt on the running server, for the person at this process's terminal. */
type AtConsole = { readonly runs: 'console' }

/** A command refuses by throwing `Failure`; what it returns is printed. */
export type Command = Row & (Here | Inside | AtConsole)

/** What the commands for the household's own things work on. */
export type Context = {
  readonly household: Household
  /** Whether a server is running on this store. */
  readonly running: boolean
  /** The new password, where a person gave one. */
  readonly password: string | undefined
  /** The person at the console that the command came from; undefined where it came from another program. */
  readonly dialogue: Dialogue | undefined
  /** The settings as that person has last seen them. */
  readonly seen: Seen | undefined
  /** Characters of a line where its output is shown; without a terminal no bound. */
  readonly width: number
  /** What the household lives in; undefined where no server runs. */
  readonly house: House | undefined
  /** Aborts when nobody waits for the command any more. */
  readonly signal: AbortSignal
  /** Prints a line while the command goes on. To be waited for, so that a slow reader holds the command back. */
  print(line: string): Promise<void>
}

/** How a command can speak before its end. */
export type Voice = Pick<Context, 'signal' | 'print'>

/** The running house: what is in it can be closed and opened anew beneath its consoles. */
export type House = {
  /** The data directory. */
  readonly data: string
  /** The configuration, while it is being opened anew the one from before. */
  readonly config: Config
  /** What can be had of it, where its mail store cannot be opened. @throws Failure REFUSED while it is being opened anew */
  readonly household: Household
  /**
   * Closes the server and opens it anew, with the configuration as it is by then.
   * @param between is done while the store is closed
   * @throws Failure what `between` threw, once the server is open again, or why it cannot be opened
   */
  restart(between?: () => Promise<void>): Promise<void>
}

/** A label and a value each. */
export type Status = readonly (readonly [label: string, value: string])[]

/** The name under which the machines of the same network find the box. */
export type LocalName = {
  /** `porchlight.local`; undefined while it is not known to be free. */
  readonly name: string | undefined
  /** Claims another one, without `.local`. */
  rename(label: string): void
}

/** Mailboxes, for somebody who reads them here. */
type Mail = Pick<Store, 'mailbox' | 'entries' | 'mark'> & {
  /** Removes messages. @returns false when a mail program has the mailbox open; then nothing is removed */
  expunge(account: number, uids: readonly number[]): Promise<boolean>
}

/** The open store and what is done with it, as administration sees it. */
export type Household = {
  /** Why the mail store cannot be opened, so that there is neither mail nor settings; undefined where it is open. */
  readonly closed?: Failure
  readonly config: Config
  /** Milliseconds since the epoch. */
  now(): number
  readonly accounts: Accounts
  readonly settings: Settings
  readonly outbound: Outbound
  readonly keyring: Keyring
  /** What it shows of itself by TLS. */
  readonly identity: Identity
  /** The log, read back; undefined where there is none, as in tests. */
  readonly journal: Journal | undefined
  /** The sending of mail, which goes on only where a server runs. */
  readonly delivery: Pick<Queue, 'suspended' | 'suspend' | 'blocked' | 'offline' | 'underWay' | 'forgetRests'>
  /** What the ways of mail are found with. */
  readonly surroundings: Surroundings
  /** The doors and who has come in by them; undefined where no server runs. */
  readonly server: Pick<Server, 'guests' | 'drop'> | undefined
  /** What the reader of mail does with mailboxes. */
  readonly mail: Mail
  /** A message by the number of its record. */
  message(seq: number): ReturnType<Store['message']>
  /** Takes what waits of one message out of the queue. @returns whether its sender hears of it */
  withdraw(waiting: readonly Waiting[], tells: boolean): Promise<boolean>
  /** What the account of this name holds. */
  mailbox(name: string): { readonly messages: number; readonly octets: number }
  /** What of an account's mail would go if it were kept for so many milliseconds only. */
  overdue(account: Account, ageMs: number): Promise<Overdue>
  verify: Store['verify']
  /** Hands in a letter in the name of the household. @throws Failure as `post` of the flow */
  post(draft: Draft): ReturnType<typeof post>
  /** The file of settings; undefined where it is not known. */
  readonly configuration: Configuration | undefined
  /** What the doctor looks at. */
  readonly patient: Patient
  /** How much was written to its storage; undefined where no server runs. */
  readonly written: Pick<Written, 'look'> | undefined
  /** The board it runs on, where that was started from an image of ours. */
  readonly board: Appliance | undefined
  /** Its name on its own network; undefined where none is announced. */
  readonly local: LocalName | undefined
  /** What is done at fixed times; undefined where no server runs. */
  readonly jobs: Jobs | undefined
  /** What `status` shows. */
  status(): Promise<Status>
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
