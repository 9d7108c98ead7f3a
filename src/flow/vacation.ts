/** Answers for those who are away, one message after the other: RFC 3834. It hangs on to receipt and never holds it up. */
import { budget } from '../base/budget.ts'
import { Failure, sentence } from '../base/failure.ts'
import { formatAddress, parseAddress } from '../message/address.ts'
import { isMachine, type Question, readQuestion } from '../message/answerable.ts'
import { composeLetter } from '../message/letter.ts'
import { idText } from '../store/id.ts'
import type { Account } from '../store/roster.ts'
import { type Absence, absenceOf, isAway, Told } from './absence.ts'
import { beginning } from './beginning.ts'
import { type PostServices, post } from './posting.ts'
import { belongs, type Household } from './routing.ts'

/** A message that came in, and for whom of those who are away. */
type Arrived = { readonly seq: number; readonly accounts: readonly number[] }

export class Vacation {
  readonly #services: PostServices
  readonly #waiting: Arrived[] = []
  #running: Promise<void> | undefined
  #stopped = false

  constructor(services: PostServices) {
    this.#services = services
  }

  /**
   * Has a message answered, if it may be.
   * @param seq the number of its record
   * @param accounts in whose mailboxes it is
   */
  note(seq: number, accounts: readonly number[]): void {
    const { store, clock, log } = this.#services
    const away = accounts.filter(id => isAway(absenceOf({ id }, store.settings), clock.now()))
    if (away.length === 0 || this.#stopped) return
    if (this.#waiting.length >= budget.vacationQueue) {
      log.warn({ seq }, 'too much mail for those who are away; a sender is not told')
      return
    }
    this.#waiting.push({ seq, accounts: away })
    this.#running ??= this.#run()
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    while (this.#running) await this.#running
  }

  /** Finishes the answer under way; the others are not made. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#waiting.length = 0
    await this.idle()
  }

  async #run(): Promise<void> {
    for (let next = this.#waiting.shift(); next; next = this.#waiting.shift()) {
      try {
        await this.#answer(next)
      } catch (error) {
        if (!(error instanceof Failure)) throw error
        this.#services.log.info({ seq: next.seq, reason: sentence(error) }, 'a sender is not told of an absence')
      }
    }
    this.#running = undefined
  }

  async #answer({ seq, accounts }: Arrived): Promise<void> {
    const { store } = this.#services
    const message = await store.message(seq)
    const { reversePath, headerOctets } = message.record
    // Behind what is not read it may say that it is a list's.
    if (reversePath === '' || isMachine(reversePath) || headerOctets > budget.vacationHeader) return
    const pieces = await Array.fromAsync(beginning(message, headerOctets))
    const question = readQuestion(Buffer.concat(pieces))
    if (question.objection) return
    for (const id of accounts) {
      const account = store.accounts.list().find(one => one.id === id)
      if (account) await this.#tell(account, reversePath, question, idText(message.record.id))
    }
  }

  async #tell(account: Account, sender: string, question: Question, id: string): Promise<void> {
    const { store, config, clock, log } = this.#services
    const absence = absenceOf(account, store.settings)
    const told = new Told(account, store.settings, clock.now())
    if (this.#stopped || !isAway(absence, clock.now()) || told.has(sender)) return
    const household = { ...config(), accounts: store.accounts }
    const address = addressed(account, sender, question, household)
    if (address === undefined) return
    if (told.full || store.outbound.length >= budget.vacationBacklog) {
      log.warn({ account: account.name }, 'too many are told of an absence; a sender is not')
      return
    }
    const content = composeLetter(letter(absence, address, sender, question, clock.now()))
    const records = [told.with(sender)]
    const answer = await post({ reversePath: '', recipients: [sender], content, records }, this.#services)
    log.info({ id, account: account.name, answer: answer.id }, 'a sender is told of an absence')
  }
}

/**
 * RFC 3834 §2: whoever is not named has the message as a member of a list or by a blind copy, and nobody asks for them. The
 * catch-all's mail was for others.
 * @returns the address of the account that it answers from; undefined when it does not
 */
function addressed(account: Account, sender: string, { named }: Question, household: Household): string | undefined {
  const inPerson = { ...household, mail: { ...household.mail, catch_all: '' } }
  const from = parseAddress(sender, { utf8: true })
  if (!from || belongs(from, account, inPerson)) return undefined
  const own = named.find(address => belongs(address, account, inPerson))
  return own && formatAddress({ localPart: account.name, domain: own.domain })
}

function letter(absence: Absence, address: string, sender: string, question: Question, date: number) {
  const { messageId, references } = question
  const subject = absence.subject || question.subject.slice(0, budget.vacationSubject) || 'your message'
  return {
    from: { address },
    to: [{ address: sender }],
    subject: `Auto: ${subject}`,
    text: absence.text,
    date,
    ...(messageId === '' ? {} : { inReplyTo: messageId, references: [...references, messageId] }),
    extra: [['Auto-Submitted', 'auto-replied']] as const,
  }
}
