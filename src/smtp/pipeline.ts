/** Commands on their way to the peer: which may go before the answers to others have come, RFC 2920 §3.1. */
import { budget } from '../base/budget.ts'
import { Outgoing } from './outgoing.ts'

/** What an answer is awaited to: a command, or one of the things that are none. `void` is the body that goes to nobody. */
export type Asked = Verb | 'greeting' | 'chunk' | 'end' | 'void'
type Verb = 'EHLO' | 'HELO' | 'STARTTLS' | 'AUTH' | 'MAIL' | 'RCPT' | 'DATA' | 'RSET' | 'QUIT'

/** An answer's question; for RCPT with the place of its recipient. */
export type Question = { readonly asked: Asked; readonly index: number }

/** A command that waits for its turn. Its line is made when it goes. */
type Command = Question & { readonly line: () => string }

/** Milliseconds for the answer: RFC 5321 §4.5.3.2. */
const patienceMs: Readonly<Record<Asked, number>> = {
  greeting: budget.greetingMs,
  EHLO: budget.commandMs,
  HELO: budget.commandMs,
  STARTTLS: budget.commandMs,
  AUTH: budget.commandMs,
  MAIL: budget.commandMs,
  RCPT: budget.commandMs,
  RSET: budget.commandMs,
  DATA: budget.dataMs,
  chunk: budget.blockMs,
  end: budget.messageEndMs,
  void: budget.messageEndMs,
  QUIT: budget.quitMs,
}

/** What may follow others unanswered and be followed itself, and what may only follow. The rest stands alone. */
const inGroup: ReadonlySet<Asked> = new Set<Asked>(['MAIL', 'RCPT', 'RSET'])
const groupEnd: ReadonlySet<Asked> = new Set<Asked>(['DATA', 'QUIT'])

export class Pipeline {
  readonly output = new Outgoing()
  /** Whether the peer offers PIPELINING. */
  pipelining = false
  /** Bounded by the recipients of a transaction, as are the questions. */
  #commands: Command[] = []
  #questions: Question[] = []

  /** True while commands wait or answers are awaited. */
  get busy(): boolean {
    return this.#commands.length > 0 || this.#questions.length > 0
  }

  /** Milliseconds that the peer may take now; without a question, those it may take between commands. */
  get patience(): number {
    return patienceMs[this.#questions[0]?.asked ?? 'RSET']
  }

  /** True while no further chunk may go before an answer has come. */
  get chunksFull(): boolean {
    return this.#questions.length >= (this.pipelining ? budget.chunksUnanswered : 1)
  }

  /** True when the end of a message was written whole and its answer has not come. */
  get messageEnded(): boolean {
    return this.output.empty && this.#questions.some(({ asked }) => asked === 'end')
  }

  /** Adds a command behind those that wait; write() says it when its turn has come. */
  add(asked: Verb, line: () => string = () => asked, index = 0): void {
    this.#commands.push({ asked, line, index })
  }

  /** Writes the commands that may go now. */
  write(): void {
    while (!this.output.full) {
      const [command] = this.#commands
      if (!command || !this.#mayFollow(command.asked)) return
      this.#commands.shift()
      this.say(command.asked, command.line(), command.index)
    }
  }

  /** Writes a line now. @throws if it holds a control character */
  say(asked: Asked, line: string, index = 0): void {
    this.output.line(line)
    this.await(asked, index)
  }

  /** Notes that an answer will come to what was put in the output. */
  await(asked: Asked, index = 0): void {
    this.#questions.push({ asked, index })
  }

  /** An answer has come. @returns what it answers, or undefined if nothing was asked */
  answered(): Question | undefined {
    return this.#questions.shift()
  }

  /** Forgets the commands that wait. */
  withdraw(): void {
    this.#commands = []
  }

  /** Forgets everything, the output too. */
  drop(): void {
    this.output.drop()
    this.#commands = []
    this.#questions = []
  }

  #mayFollow(next: Asked): boolean {
    const before = this.#questions.at(-1)?.asked
    if (before === undefined) return true
    return this.pipelining && inGroup.has(before) && (inGroup.has(next) || groupEnd.has(next))
  }
}
