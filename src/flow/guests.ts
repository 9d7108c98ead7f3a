/** The connections that are being served, each with a number by which a person can name it. */
import type { Connection, Stake } from '../net/connection.ts'
import type { Service } from './server.ts'

/** A connection as a person sees it. */
export type GuestView = {
  /** Counted from the start of the server. */
  readonly number: number
  readonly service: Service
  /** The IP address it comes from. */
  readonly address: string
  /** Milliseconds since it came. */
  readonly age: number
  readonly stake: Stake
  /** Who has logged in on it; empty where nobody has. */
  readonly account: string
}

/** What is kept of one; `came` as `Clock.elapsed` counts. */
type Guest = {
  readonly number: number
  readonly service: Service
  readonly came: number
  readonly lastWord: string
  readonly served: Promise<void>
}

export class Guests {
  readonly #guests = new Map<Connection, Guest>()
  #last = 0

  get size(): number {
    return this.#guests.size
  }

  enter(connection: Connection, guest: Omit<Guest, 'number'>): void {
    this.#last += 1
    this.#guests.set(connection, { ...guest, number: this.#last })
  }

  leave(connection: Connection): void {
    this.#guests.delete(connection)
  }

  /** What is said to one that makes room for another. */
  lastWord(connection: Connection): string {
    return this.#guests.get(connection)?.lastWord ?? ''
  }

  /** Those that are there now, the longest first. @param now as `Clock.elapsed` counts */
  list(now: number): readonly GuestView[] {
    return Array.from(this.#guests, ([{ address, stake, account }, { number, service, came }]) => {
      return { number, service, address, age: now - came, stake, account }
    })
  }

  /**
   * Closes the connection of this number at once, whatever it is in the middle of.
   * @returns false when there is none
   */
  drop(number: number): boolean {
    for (const [connection, guest] of this.#guests) {
      if (guest.number !== number) continue
      connection.destroy()
      return true
    }
    return false
  }

  /** Closes all at once. */
  dropAll(): void {
    for (const connection of this.#guests.keys()) connection.destroy()
  }

  /** Resolves when nobody is there any more. */
  async gone(): Promise<void> {
    while (this.#guests.size > 0) await Promise.all(Array.from(this.#guests.values(), ({ served }) => served))
  }
}
