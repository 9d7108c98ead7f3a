/** Runs a sender as a service would: what it is to do is a list, and what happened gathers in a log. */
import type { Answer } from '../../src/smtp/answer.ts'
import type { Outcome } from '../../src/smtp/outcome.ts'
import { Sender } from '../../src/smtp/sender.ts'
import type { SenderEvent } from '../../src/smtp/sender-event.ts'
import type { Transaction } from '../../src/smtp/transaction.ts'

/** What is done when the sender says that the service may go on: after `greeted` and its like. */
export type Step = (sender: Sender) => void

/** A transaction from bob to alice, changed as wished. */
export function transaction(changed: Partial<Transaction> = {}, ...paths: string[]): Transaction {
  return {
    reversePath: 'bob@home.example',
    recipients: (paths.length > 0 ? paths : ['alice@away.example']).map(path => ({ path, notify: '', orcpt: '' })),
    octets: 4,
    eightBit: false,
    smtputf8: false,
    requireTls: false,
    dotted: false,
    ret: '',
    envid: '',
    ...changed,
  }
}

export type Run = {
  readonly tls?: 'on' | 'off'
  /** The steps, one for each time the service may go on; quit() when there are no more. */
  readonly steps?: readonly Step[]
  /** What body() is given, over and over for each message; undefined breaks off. */
  readonly message?: readonly (Buffer | undefined)[]
}

export class Service {
  readonly sender: Sender
  readonly log: string[] = []
  readonly results: (readonly Outcome[])[] = []
  /** Milliseconds of the last event that wanted patience. */
  patience = 0
  /** Octets of output that stood unwritten at most. */
  most = 0
  readonly #steps: Step[]
  readonly #message: readonly (Buffer | undefined)[]
  #given = 0

  constructor({ tls = 'off', steps = [], message = [Buffer.from('hi\r\n')] }: Run = {}) {
    this.sender = new Sender({ hostname: 'home.example', tls })
    this.#steps = [...steps]
    this.#message = message
  }

  /** Feeds a chunk and runs until more is needed. @returns what the sender says to it */
  async hear(chunk: string | Buffer): Promise<Buffer> {
    // A copy that is spoiled afterwards: the sender must not keep it.
    const octets = Buffer.from(chunk)
    this.sender.feed(octets)
    const said = await this.run()
    octets.fill('!')
    return said
  }

  async run(): Promise<Buffer> {
    const said: Buffer[] = []
    const write = () => {
      const octets = this.sender.takeOutput()
      this.most = Math.max(this.most, octets.length)
      said.push(Buffer.from(octets))
    }
    for (;;) {
      const event = this.sender.next()
      this.#note(event)
      switch (event.type) {
        case 'body':
          this.patience = event.patience
          this.#give()
          write()
          break
        case 'login':
          await event.until
          break
        case 'starttls':
          write()
          this.sender.secured()
          break
        case 'need-input':
          this.patience = event.patience
          write()
          return Buffer.concat(said)
        case 'failed':
        case 'closed':
          write()
          return Buffer.concat(said)
        default: {
          const step = this.#steps.shift() ?? ((sender: Sender) => sender.quit())
          step(this.sender)
        }
      }
    }
  }

  #give(): void {
    while (!this.sender.full) {
      if (this.#given === this.#message.length) {
        this.#given = 0
        this.sender.endBody()
        return
      }
      const octets = this.#message[this.#given]
      this.#given += 1
      if (octets) this.sender.body(octets)
      else this.sender.abort()
      if (!octets) return
    }
  }

  #note(event: SenderEvent): void {
    if (event.type === 'done') this.results.push(event.results)
    const line = brief(event)
    // One who is over says so each time he is asked.
    if (line !== undefined && !(line === this.log.at(-1) && /^(failed|closed)/.test(line))) this.log.push(line)
  }
}

/** What an event says, but for those of which there are more or fewer with the way octets come. */
function brief(event: SenderEvent): string | undefined {
  switch (event.type) {
    case 'need-input':
    case 'body':
      return undefined
    case 'done':
      return ['done', ...event.results.map(outcome), ...(event.dsn ? ['dsn'] : [])].join(' ')
    case 'failed':
      return 'answer' in event ? `failed ${words(event.answer)}` : `failed ${words(event.problem)}`
    case 'tls-refused':
    case 'auth-refused':
      return `${event.type} ${words(event.answer)}`
    default:
      return event.type
  }
}

function outcome({ kind, answer, unsure }: Outcome): string {
  return `${kind}${unsure ? '?' : ''} ${words(answer)}`
}

/** `550/5.1.1`, with a star for what we said ourselves. */
function words({ code, enhanced, ours }: Answer): string {
  return `${code}${enhanced && `/${enhanced}`}${ours ? '*' : ''}`
}
