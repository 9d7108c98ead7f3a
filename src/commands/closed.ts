/**
 * The household while its mail store cannot be opened: consoles go on with what needs no store, as the log, the status, a
 * repair and a restart. Whatever asks for the rest is told what is wrong and what to do about it.
 */
import { systemClock } from '../base/clock.ts'
import type { Config } from '../base/config.ts'
import { Failure, type FailureCode } from '../base/failure.ts'
import { version } from '../base/version.ts'
import type { Journal } from '../journal/journal.ts'
import { advice } from '../store/failure.ts'
import type { Household } from './command.ts'

type Parts = Pick<Household, 'board' | 'local'> & {
  readonly config: Config
  readonly journal: Journal | undefined
  /** Why it cannot be opened. */
  readonly why: Failure
}

/**
 * What keeps a store from being opened and leaves a console its use. Everything else is mended outside of it, a port in use by
 * the program that has it, a configuration with an editor: whoever has started this process has to hear of it, by its end.
 */
const lasting: ReadonlySet<FailureCode> = new Set<FailureCode>([
  'STORE_FULL',
  'STORE_IO',
  'STORE_DAMAGED',
  'STORE_NEWER',
])

/** Whether consoles should be held open over it. */
export function isLasting(error: unknown): error is Failure {
  return error instanceof Failure && lasting.has(error.code)
}

export function closedHousehold({ config, journal, board, local, why }: Parts): Household {
  const mend = mending(why, board !== undefined)
  const shut = (): never => {
    throw new Failure('REFUSED', `The mail store is closed, so this cannot be done now. ${whatIsWrong(why)} ${mend}`)
  }
  return {
    closed: why,
    config,
    journal,
    board,
    local,
    configuration: undefined,
    server: undefined,
    written: undefined,
    jobs: undefined,
    now: systemClock.now,
    status: async () => [
      ['version', version],
      ['mail', 'none is taken or shown: the mail store is closed'],
      ['store', whatIsWrong(why)],
      ['what helps', mend],
    ],
    get accounts() {
      return shut()
    },
    get settings() {
      return shut()
    },
    get outbound() {
      return shut()
    },
    get keyring() {
      return shut()
    },
    get identity() {
      return shut()
    },
    get delivery() {
      return shut()
    },
    get surroundings() {
      return shut()
    },
    get mail() {
      return shut()
    },
    get patient() {
      return shut()
    },
    message: shut,
    withdraw: shut,
    mailbox: shut,
    overdue: shut,
    verify: shut,
    post: shut,
  }
}

/** What a console greets with, a paragraph each. */
export function closedWords({ closed, board }: Household): readonly string[] {
  if (!closed) return []
  return [
    `No mail is taken or shown now: the mail store cannot be opened. ${whatIsWrong(closed)}`,
    `${mending(closed, board !== undefined)} Until then there are: status, log, repair, restart.`,
  ]
}

/** The sentence without its advice for a shell, which comes in other words here. */
function whatIsWrong({ message }: Failure): string {
  return message.replace(advice, '').trim()
}

function mending({ code }: Failure, onBoard: boolean): string {
  const again = 'It is tried again by itself every minute.'
  if (code === 'STORE_DAMAGED') return `To have it put in order: porchlight repair`
  if (code === 'STORE_NEWER') return onBoard ? `To go back to the newer version: porchlight update back` : again
  return onBoard ? `To have the card checked: porchlight reboot. ${again}` : again
}
