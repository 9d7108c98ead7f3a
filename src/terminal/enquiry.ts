/**
 * Finds out whether a terminal understands escapes, and how large it is: it is asked where its cursor is (DSR and CPR, ECMA-48
 * §8.3.35). Nothing else with an escape is said to it before it has answered.
 */
import { budget } from '../base/budget.ts'

const enquiry = '\x1b[6n'
/** What a terminal that does not know it may print of it. */
const printed = enquiry.length

/** Wipes what has been printed, where printing over it does. */
export const wipe = `\r${' '.repeat(printed)}\r`

/** Keeps the cursor, sends it as far as it goes, asks where that is, and takes it back (DECSC, CUP, DECRC). */
const measurement = '\x1b7\x1b[999;999H\x1b[6n\x1b8'

export type Size = { readonly columns: number; readonly rows: number }

/** What a terminal is taken to be until it says otherwise: a VT100. */
const usual: Size = { columns: 80, rows: 24 }

export class Enquiry {
  #state: 'unasked' | 'asked' | 'measured' | 'known'
  #understands: boolean
  #size: Size

  /** @param escapes undefined where it is not known */
  constructor(known: { readonly [Side in keyof Size]: number | undefined }, escapes: boolean | undefined) {
    const { columns = usual.columns, rows = usual.rows } = known
    this.#state = escapes === undefined ? 'unasked' : 'known'
    this.#understands = escapes ?? false
    this.#size = within({ columns, rows })
  }

  get escapes(): boolean {
    return this.#understands
  }

  get size(): Size {
    return this.#size
  }

  /** Whether an answer of a terminal that has said nothing yet may come. */
  get open(): boolean {
    return this.#state === 'asked'
  }

  /** Takes over what is known from elsewhere. */
  resize(size: Size): void {
    this.#size = within(size)
  }

  /** @returns what has to be written: the enquiry once, and the measurement of a terminal that has answered it */
  ask(): string {
    if (this.#understands) return this.#measure()
    if (this.#state !== 'unasked') return ''
    this.#state = 'asked'
    return enquiry
  }

  /** The terminal has answered. @returns what has to be written, and whether the size is known now */
  answer(size: Size | undefined): { readonly write: string; readonly sized: boolean } {
    if (this.#state === 'asked') {
      this.#understands = true
      return { write: this.#measure(), sized: false }
    }
    if (this.#state !== 'measured' || !size) return { write: '', sized: false }
    this.#state = 'known'
    // One that cannot be sent to its end says where the cursor was.
    const sized = size.columns >= budget.leastColumns && size.rows >= budget.leastRows
    if (sized) this.#size = within(size)
    return { write: '', sized }
  }

  #measure(): string {
    this.#state = 'measured'
    return measurement
  }
}

function within({ columns, rows }: Size): Size {
  return {
    columns: Math.min(Math.max(columns, budget.leastColumns), budget.mostColumns),
    rows: Math.min(Math.max(rows, budget.leastRows), budget.mostRows),
  }
}
