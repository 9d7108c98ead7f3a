/** The reader of mail at a console: a prompt for one account's mailbox, until the person leaves it. */
import { budget } from '../base/budget.ts'
import { Failure } from '../base/failure.ts'
import type { Correspondent } from '../message/correspondents.ts'
import { type FlagChange, flags } from '../store/flags.ts'
import type { Account } from '../store/roster.ts'
import { type Household, refuse } from './command.ts'
import type { Dialogue } from './dialogue.ts'
import { GivenUp } from './dialogue.ts'
import { type Numbered, ReaderBox } from './reader-box.ts'
import { completions, explain, findCommand, list } from './reader-commands.ts'
import { counted } from './shown.ts'

/** One account's mailbox, open before a person. */
export class Reading {
  readonly account: Account
  readonly dialogue: Dialogue
  readonly household: () => Household
  readonly box: ReaderBox
  /** The message that was read last. */
  current: number | undefined
  /** The number below the last one listed. */
  below = 0
  /** Addresses of those who wrote the messages seen last, the latest last. */
  readonly #addresses = new Set<string>()
  /** UIDs of what this person has marked as deleted, or has seen so marked: it is removed when they leave. */
  readonly #deleted = new Set<number>()

  /** @param household asked each time: the server may be started anew meanwhile */
  constructor(account: Account, dialogue: Dialogue, household: () => Household) {
    this.account = account
    this.dialogue = dialogue
    this.household = household
    this.box = new ReaderBox(account.id, () => household().mail)
    this.below = this.box.newest
  }

  get addresses(): readonly string[] {
    return [...this.#addresses].reverse()
  }

  /** Whoever has written is offered as somebody to write to. */
  remember(from: Correspondent | undefined): void {
    if (!from?.address.includes('@') || from.address.length > budget.path) return
    this.#addresses.delete(from.address)
    this.#addresses.add(from.address)
    const [oldest = ''] = this.#addresses
    if (this.#addresses.size > budget.readerAddresses) this.#addresses.delete(oldest)
  }

  /** The person sees in the list how a message is marked. */
  noticed({ entry }: Numbered): void {
    if ((entry.flags & flags.deleted) === 0 || this.#deleted.size >= budget.readerDeleted) return
    this.#deleted.add(entry.uid)
  }

  /** Asks whether so many more may be marked as deleted. @throws Failure REFUSED when they may not */
  mayDelete(more: number): void {
    const most = budget.readerDeleted
    if (this.#deleted.size + more <= most) return
    refuse(
      `Only ${most} messages are removed at once. To remove what is marked so far, leave with quit; then come again.`,
    )
  }

  marked({ entry }: Numbered, { add = 0, drop = 0 }: FlagChange): void {
    if ((add & flags.deleted) !== 0) this.#deleted.add(entry.uid)
    if ((drop & flags.deleted) !== 0) this.#deleted.delete(entry.uid)
  }

  /** Removes what is marked as deleted. @returns what is to be said of it */
  async leave(): Promise<readonly string[]> {
    const count = this.#deleted.size
    if (count === 0) return []
    const gone = await this.household().mail.expunge(this.account.id, [...this.#deleted])
    const messages = counted(count, 'deleted message')
    if (gone) return [`${messages} removed.`]
    return [
      `A mail program has this mailbox open, so ${messages} could not be removed.`,
      `The mark D stays. To remove them later: mail ${this.account.name}, and leave with quit.`,
    ]
  }
}

/** Talks until the person leaves. @throws Failure GIVEN_UP when they are gone: then what is marked stays */
export async function readMail(reading: Reading): Promise<readonly string[]> {
  const { dialogue, account, box } = reading
  await dialogue.print(
    `${counted(box.newest, 'message')} for ${account.name}. Type help to see what can be done, quit to leave.`,
  )
  if (box.newest > 0) await attempt(() => list(box.newest, reading), reading)
  for (;;) {
    dialogue.beginCommand?.()
    await attempt(() => sayWhatCame(reading), reading)
    const line = await nextLine(reading)
    if (line === undefined || isQuit(line)) return reading.leave()
    if (line.trim() === '') continue
    dialogue.beginCommand?.()
    await attempt(async () => {
      const { command, operands } = findCommand(line)
      await command.run(operands, reading)
    }, reading)
  }
}

async function sayWhatCame({ box, dialogue }: Reading): Promise<void> {
  const fresh = await box.arrive()
  if (fresh > 0) await dialogue.print(`${counted(fresh, 'new message')}. To see: list`)
}

function isQuit(line: string): boolean {
  try {
    return line.trim() !== '' && findCommand(line).command.name === 'quit'
  } catch {
    return false
  }
}

/** @returns undefined when the person leaves by Ctrl-D */
async function nextLine({ dialogue, account }: Reading): Promise<string | undefined> {
  try {
    return await dialogue.ask(`${account.name}> `, {
      complete: completions,
      help: line => explain(line, dialogue),
      remembered: true,
    })
  } catch (error) {
    if (!(error instanceof GivenUp) || error.how === 'idle' || error.how === 'gone') throw error
    return error.how === 'end' ? undefined : ''
  }
}

/** Does something, and says why it could not be done. Ctrl-C ends it, and nothing else. */
async function attempt(act: () => Promise<void>, { dialogue }: Reading): Promise<void> {
  const complaint = await complaintOf(act)
  if (complaint === undefined) return
  dialogue.beginCommand?.()
  for (const line of complaint.split('\n')) await dialogue.print(line)
}

async function complaintOf(act: () => Promise<void>): Promise<string | undefined> {
  try {
    await act()
    return undefined
  } catch (error) {
    if (error instanceof Failure) return error.code === 'GIVEN_UP' ? stoppedWords(error) : error.message
    // What a signal throws that has aborted.
    if (error instanceof Error && error.name === 'AbortError') return 'Stopped.'
    throw error
  }
}

function stoppedWords({ message }: Failure): string {
  return message.startsWith('Stopped') ? message : 'Stopped.'
}
