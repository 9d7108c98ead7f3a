/** How a command talks with the person at a console: lines, questions, single keys, whole screens. */
import { Failure } from '../base/failure.ts'
import type { Key } from '../terminal/keys.ts'

export type { Key } from '../terminal/keys.ts'

/** How a question is asked. */
export type Asking = {
  /** What is typed is not shown: a password. It is kept out of the history, too. */
  readonly hidden?: boolean
  /** Stands there to be changed, as if it had been typed. */
  readonly initial?: string
  /** What Tab may put there: whole words that the last word of the line may become. */
  complete?(line: string): readonly string[] | Promise<readonly string[]>
  /** What `?` shows for the line so far; without it `?` is a character like any other. */
  help?(line: string): readonly string[]
  /** Whether the line is kept for the arrow up. */
  readonly remembered?: boolean
}

/**
 * A terminal with a person at it. Whatever waits for the person throws `Failure` GIVEN_UP when they press Ctrl-C, or Ctrl-D on
 * an empty line, or when the line is gone; `signal` aborts then, too, so that what is under way can stop.
 */
export type Dialogue = {
  /** Of the terminal, in characters. */
  readonly columns: number
  readonly rows: number
  /** Whether it shows more than ASCII. */
  readonly unicode: boolean
  /** Whether it understands the escapes of a VT100; a printer on paper does not. */
  readonly escapes: boolean
  readonly signal: AbortSignal
  /**
   * Prints one line, wrapped to the width, after --More-- when a screen is full. Resolves when the terminal has taken it.
   * Controls in it are made harmless; tabs and line ends are not for this.
   */
  print(line: string): Promise<void>
  /** Asks for one line. @returns what was typed, without its end */
  ask(question: string, asking?: Asking): Promise<string>
  /** Waits for one key. @param ms at most; without it as long as it takes @returns undefined when the time is over */
  key(ms?: number): Promise<Key | undefined>
  /** Shows a screen in place of the one before; without escapes its lines are printed. Lines that are too long are cut. */
  draw(lines: readonly string[]): Promise<void>
  /**
   * A command within the command begins, as in the mail reader: its pages are counted from here, and Ctrl-C ends only it.
   * `signal` is another one after that.
   */
  beginCommand?(): void
  /**
   * A command says how far it is, and nobody has to press anything for it to go on: its pages are counted from here, and so is
   * the time after which nobody is there any more.
   */
  working?(): void
}

/** How the person left what they were asked. */
export type How = 'interrupt' | 'end' | 'idle' | 'gone'

/** What is thrown into whatever waits for a person who will not answer. */
export class GivenUp extends Failure {
  readonly how: How

  constructor(how: How) {
    super('GIVEN_UP', 'Given up.')
    this.how = how
  }
}
