/** One transaction on its way to the peer: RFC 5321 §3.3, with the groups of RFC 2920 and the chunks of RFC 3030. */
import type { Answer } from './answer.ts'
import { ChunkedBody, DataBody } from './body.ts'
import type { Extensions } from './extensions.ts'
import { Outcomes } from './outcome.ts'
import type { Pipeline, Question } from './pipeline.ts'
import { mailLine, rcptLine, type Transaction } from './transaction.ts'

type TransferQuestion = Extract<Question['asked'], 'MAIL' | 'RCPT' | 'DATA' | 'chunk' | 'end' | 'void'>

/** What an answer means for the transaction; `out-of-step` is one that fits no question. */
type Progress = 'goes-on' | 'over' | 'out-of-step'

/** The body that goes to nobody: RFC 2920 §3.1. */
const emptyBody = '.'

export class Transfer {
  readonly outcomes: Outcomes
  readonly #transaction: Transaction
  readonly #extensions: Extensions
  readonly #pipeline: Pipeline
  /** The envelope is said, the service gives the message, answers to it are awaited. */
  #stage: 'envelope' | 'body' | 'ending' = 'envelope'
  #body: DataBody | ChunkedBody | undefined
  /** MAIL was accepted, so that the peer has a transaction open. */
  #opened = false
  /** A chunk was refused. */
  #broken = false

  /** @param objections for each recipient why it is not named to the peer, if so */
  constructor(
    transaction: Transaction,
    objections: readonly (Answer | undefined)[],
    extensions: Extensions,
    pipeline: Pipeline,
  ) {
    this.outcomes = new Outcomes(objections)
    this.#transaction = transaction
    this.#extensions = extensions
    this.#pipeline = pipeline
  }

  start(): void {
    const extensions = this.#extensions
    this.#pipeline.add('MAIL', () => mailLine(this.#transaction, extensions))
    for (const [index, recipient] of this.#transaction.recipients.entries()) {
      if (this.outcomes.waits(index)) this.#pipeline.add('RCPT', () => rcptLine(recipient, extensions), index)
    }
    if (!extensions.has('CHUNKING')) this.#pipeline.add('DATA')
  }

  /** True from the peer's consent to the end of the message. */
  get open(): boolean {
    return this.#stage === 'body'
  }

  /** True when a whole chunk waits. */
  get full(): boolean {
    return this.#chunks?.waiting === true
  }

  /** True when more of the message is of no use before an answer has come. */
  get mustWait(): boolean {
    return this.full && this.#pipeline.chunksFull
  }

  give(octets: Buffer): void {
    if (this.#body instanceof ChunkedBody) this.#body.give(octets)
    else if (this.#body) this.#pipeline.output.block(this.#body.encode(octets))
  }

  end(): void {
    this.#stage = 'ending'
    if (this.#body instanceof ChunkedBody) this.#body.end()
    else if (this.#body) {
      this.#pipeline.output.block(this.#body.end)
      this.#pipeline.await('end')
    }
  }

  /** Writes the chunks that may go now. */
  write(): void {
    const { output } = this.#pipeline
    while (!output.full && !this.#pipeline.chunksFull) {
      const chunk = this.#chunks?.take()
      if (!chunk) return
      this.#pipeline.say(chunk.last ? 'end' : 'chunk', `BDAT ${chunk.octets}${chunk.last ? ' LAST' : ''}`)
      for (const piece of chunk.pieces) output.block(piece)
    }
  }

  take({ asked, index }: { asked: TransferQuestion; index: number }, answer: Answer): Progress {
    const refused = answer.code >= 400
    switch (asked) {
      case 'MAIL':
        if (refused) this.outcomes.settle(answer)
        else this.#opened = true
        return this.#goOn()
      case 'RCPT':
        this.outcomes.recipient(index, answer)
        return this.#goOn()
      case 'DATA':
        return this.#takeData(answer)
      case 'chunk':
      case 'end':
        if (refused || asked === 'end') this.#settle(answer)
        if (asked === 'chunk' && refused) this.#broken = true
        if (!this.outcomes.settled || this.#pipeline.busy) return 'goes-on'
        return this.#broken ? this.#leave() : 'over'
      case 'void':
        return 'over'
      default:
        return asked satisfies never
    }
  }

  get #chunks(): ChunkedBody | undefined {
    return this.#body instanceof ChunkedBody ? this.#body : undefined
  }

  /** Where no recipient is left, what was not said yet need not be said. */
  #goOn(): Progress {
    if (this.outcomes.settled) this.#pipeline.withdraw()
    if (this.#pipeline.busy) return 'goes-on'
    return this.outcomes.settled ? this.#leave() : this.#begin(new ChunkedBody())
  }

  #takeData(answer: Answer): Progress {
    if (answer.code < 300) return 'out-of-step'
    if (answer.code >= 400) {
      this.outcomes.settle(answer)
      return this.#leave()
    }
    if (!this.outcomes.settled) return this.#begin(new DataBody(this.#transaction.dotted))
    this.#pipeline.say('void', emptyBody)
    return 'goes-on'
  }

  #begin(body: DataBody | ChunkedBody): Progress {
    this.#stage = 'body'
    this.#body = body
    return 'goes-on'
  }

  #settle(answer: Answer): void {
    this.outcomes.settle(answer)
    this.#stage = 'ending'
    this.#body = undefined
  }

  /** Ends a transaction that the peer may still have open. */
  #leave(): Progress {
    if (this.#opened) this.#pipeline.add('RSET')
    return 'over'
  }
}
