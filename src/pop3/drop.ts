/** A maildrop as one session sees it: what the store showed at login, less what is marked as deleted. */

/** The messages of one account at login, counted from 0; the order and the numbers hold for the session. */
export type Maildrop = {
  readonly count: number
  readonly octets: number
  /** Octets that RETR sends, stuffing and final dot aside. */
  size(index: number): number
  /** 1 to 70 characters from 0x21 to 0x7E: RFC 1939 §7. */
  uidl(index: number): string
}

const none: Maildrop = { count: 0, octets: 0, size: () => 0, uidl: () => '' }

/** The messages marked as deleted, in order: indices from 0. */
export type Deleted = Iterable<number> & { readonly count: number }

export class Drop implements Deleted {
  readonly #maildrop: Maildrop
  /** One bit a message; empty until the first mark. */
  #marks = new Uint8Array(0)
  #markedOctets = 0
  #marked = 0

  constructor(maildrop: Maildrop = none) {
    this.#maildrop = maildrop
  }

  /** Messages not marked. */
  get remaining(): number {
    return this.#maildrop.count - this.#marked
  }

  /** Octets of the messages not marked. */
  get octets(): number {
    return this.#maildrop.octets - this.#markedOctets
  }

  /** Messages marked. */
  get count(): number {
    return this.#marked
  }

  /** @returns the index of a message as the client numbers it; undefined when there is none or it is marked */
  index(message: number): number | undefined {
    const index = message - 1
    return index >= 0 && index < this.#maildrop.count && !this.#isMarked(index) ? index : undefined
  }

  /** Marks a message that is not marked yet. */
  mark(index: number): void {
    if (this.#marks.length === 0) this.#marks = new Uint8Array(Math.ceil(this.#maildrop.count / 8))
    this.#marks[index >> 3] = (this.#marks[index >> 3] ?? 0) | (1 << (index & 7))
    this.#marked += 1
    this.#markedOctets += this.#maildrop.size(index)
  }

  unmark(): void {
    this.#marks = new Uint8Array(0)
    this.#marked = 0
    this.#markedOctets = 0
  }

  /** The scan listing of one message: RFC 1939 §5. */
  scan(index: number): string {
    return `${index + 1} ${this.#maildrop.size(index)}`
  }

  /** The unique-id listing of one message: RFC 1939 §7. */
  uidl(index: number): string {
    return `${index + 1} ${this.#maildrop.uidl(index)}`
  }

  /** A listing of every message not marked, made line by line as it is sent. */
  *listing(line: 'scan' | 'uidl'): Generator<string> {
    for (let index = 0; index < this.#maildrop.count; index++) if (!this.#isMarked(index)) yield this[line](index)
  }

  /** The indices marked, in order. */
  *[Symbol.iterator](): Generator<number> {
    for (let index = 0; index < this.#marks.length * 8; index++) if (this.#isMarked(index)) yield index
  }

  #isMarked(index: number): boolean {
    return ((this.#marks[index >> 3] ?? 0) & (1 << (index & 7))) !== 0
  }
}
