/** The two slots of the card, each with a whole system: which one runs, what lies in the other, and how another is chosen. */

/** The name of a slot. */
export type Slot = 'a' | 'b'

/** What updates need of the board. */
export type Slots = {
  readonly arch: string
  /** What runs. */
  readonly version: string
  readonly slot: Slot
  /** The slot that does not run; undefined where the card has none. */
  readonly other: OtherSlot | undefined
  /** While what runs has not yet shown that it works. */
  readonly trial: Trial | undefined
  /** Why the version before this one was left again, as a sentence; undefined when it was not. */
  readonly fallback: string | undefined
  /**
   * Has the slot that does not run written from an update and compared, by whoever may: the server cannot write there.
   * @param update its octets, each chunk its own
   * @param version that it has to be of
   * @throws Failure REFUSED in words, GIVEN_UP when it was stopped
   */
  write(update: AsyncIterable<Buffer>, version: string, watching: Watching): Promise<void>
  /** Has the other slot started from the next start on, on trial. @throws Failure REFUSED the steward's sentence */
  choose(slot: Slot, version: string): Promise<void>
  /** Has the other slot started from the next start on, for good. @throws Failure REFUSED the steward's sentence */
  back(): Promise<void>
  /** Starts the board anew. @throws Failure REFUSED the steward's sentence */
  reboot(): Promise<void>
}

export type OtherSlot = {
  /** The partition, which the server may read. */
  readonly device: string
  /** Undefined while nothing that could be started lies in it. */
  readonly version: string | undefined
  readonly octets: number
}

/** Who waits for the writing of a slot. */
export type Watching = {
  /** @param part between 0 and 1 */
  progress(stage: 'writing' | 'comparing', part: number): Promise<void>
  readonly signal: AbortSignal
}

/** A version on trial. */
type Trial = {
  /** Starts that it has left. */
  readonly left: number
  /** The slot that is started when it has none left. */
  readonly from: Slot
}
