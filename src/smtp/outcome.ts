/** What becomes of the recipients of a transaction that is being sent. */
import type { Answer } from './answer.ts'

/** What became of one recipient. */
export type Outcome = {
  readonly kind: 'delivered' | 'deferred' | 'bounced'
  /** The peer's, or ours where it has said nothing (`ours`). */
  readonly answer: Answer
  /** The peer may have the message: the connection was lost after the end of it and before the answer. RFC 1047. */
  readonly unsure?: true
}

/** The outcomes of one transaction. The first that a recipient gets is the one it keeps. */
export class Outcomes {
  readonly #found: (Outcome | undefined)[]
  #accepted = 0
  #waiting: number

  /** @param objections for each recipient why it is not even named to the peer, if so */
  constructor(objections: readonly (Answer | undefined)[]) {
    this.#found = objections.map(answer => answer && outcomeOf(answer))
    this.#waiting = this.#found.filter(outcome => outcome === undefined).length
  }

  /** True when every recipient has its outcome. */
  get settled(): boolean {
    return this.#waiting === 0
  }

  /** One for each recipient, in their order. @throws before all have theirs */
  get all(): readonly Outcome[] {
    const all = this.#found.filter(outcome => outcome !== undefined)
    if (all.length < this.#found.length) throw new Error('a transaction ended before all its recipients had an outcome')
    return all
  }

  waits(index: number): boolean {
    return this.#found[index] === undefined
  }

  /** Takes the answer to RCPT. A positive one is no outcome yet. */
  recipient(index: number, answer: Answer): void {
    if (!this.waits(index)) return
    if (answer.code < 400) this.#accepted += 1
    else this.#set(index, this.#tooMany(answer) ? { kind: 'deferred', answer } : outcomeOf(answer))
  }

  /** Takes the answer that all who wait have in common: that to MAIL, DATA or the message. */
  settle(answer: Answer): void {
    this.#fill(outcomeOf(answer))
  }

  /** Defers all who wait, whatever the code says, because the session cannot go on. */
  defer(answer: Answer, unsure = false): void {
    this.#fill(unsure ? { kind: 'deferred', answer, unsure } : { kind: 'deferred', answer })
  }

  #fill(outcome: Outcome): void {
    for (const index of this.#found.keys()) {
      if (this.waits(index)) this.#set(index, outcome)
    }
  }

  #set(index: number, outcome: Outcome): void {
    this.#found[index] = outcome
    this.#waiting -= 1
  }

  /** 552 once meant too many recipients, and is to be read as 452 then (RFC 5321 §4.5.3.1.10); it also says that a mailbox is full. */
  #tooMany({ code, enhanced }: Answer): boolean {
    return code === 552 && (enhanced === '5.5.3' || (enhanced === '' && this.#accepted > 0))
  }
}

function outcomeOf(answer: Answer): Outcome {
  if (answer.code < 400) return { kind: 'delivered', answer }
  return { kind: answer.code < 500 ? 'deferred' : 'bounced', answer }
}
