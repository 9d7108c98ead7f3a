/** A mailbox as one session sees it: its messages at the moment it was opened, in compact arrays. */
import { budget } from '../base/budget.ts'
import { allFlags, flags } from './flags.ts'
import type { Index } from './index.ts'
import type { EntryValue } from './row.ts'

/** Octets of an id in its text form. */
const idWidth = 16
/** The bit that no flag has: fetched in this session, and not seen before. */
const fetched = allFlags + 1

/** The messages of one mailbox, numbered from 0 in the order of their UIDs. Holds 37 octets a message. */
export class Maildrop {
  readonly account: number
  #count = 0
  #octets = 0
  #seqs: Float64Array
  #sizes: Float64Array
  #uids: Uint32Array
  /** Flags of flags.ts, and `fetched`. */
  #flags: Uint8Array
  #ids: Buffer
  #fetched = 0

  private constructor(account: number, room: number) {
    this.account = account
    this.#seqs = new Float64Array(room)
    this.#sizes = new Float64Array(room)
    this.#uids = new Uint32Array(room)
    this.#flags = new Uint8Array(room)
    this.#ids = Buffer.alloc(room * idWidth)
  }

  /** Reads an account's mailbox; messages that arrive later do not show up in it. */
  static async open(index: Index, account: number): Promise<Maildrop> {
    // One more than there are, so that it can double.
    const maildrop = new Maildrop(account, Math.min(index.mailbox(account).count, budget.maildrop) + 1)
    for await (const entries of index.entries(account)) {
      for (const entry of entries) {
        if (maildrop.#count === budget.maildrop) return maildrop
        maildrop.#add(entry)
      }
    }
    return maildrop
  }

  get count(): number {
    return this.#count
  }

  /** All messages together, as they are sent. */
  get octets(): number {
    return this.#octets
  }

  /** Octets of a message as it is sent, stuffing aside. */
  size(index: number): number {
    return this.#sizes[index] ?? 0
  }

  uidl(index: number): string {
    return this.#ids.toString('latin1', index * idWidth, (index + 1) * idWidth)
  }

  uid(index: number): number {
    return this.#uids[index] ?? 0
  }

  /** The message's record in the log. */
  seq(index: number): number {
    return this.#seqs[index] ?? 0
  }

  /** Notes that a message was fetched whole. */
  noteFetched(index: number): void {
    const known = this.#flags[index] ?? 0
    if ((known & (flags.seen | fetched)) !== 0) return
    this.#flags[index] = known | fetched
    this.#fetched += 1
  }

  /** Forgets that a message was fetched: it is gone. */
  forget(index: number): void {
    const known = this.#flags[index] ?? 0
    if ((known & fetched) === 0) return
    this.#flags[index] = known & ~fetched
    this.#fetched -= 1
  }

  /** @returns the UIDs of what was fetched and not seen before, in ascending order; from then on it counts as seen */
  takeFetched(): readonly number[] {
    const uids: number[] = []
    for (let index = 0; this.#fetched > uids.length && index < this.#count; index++) {
      const known = this.#flags[index] ?? 0
      if ((known & fetched) === 0) continue
      this.#flags[index] = (known & ~fetched) | flags.seen
      uids.push(this.uid(index))
    }
    this.#fetched = 0
    return uids
  }

  #add({ seq, octets, uid, id, flags }: EntryValue): void {
    if (this.#count === this.#seqs.length) this.#double()
    this.#seqs[this.#count] = seq
    this.#sizes[this.#count] = octets
    this.#uids[this.#count] = uid
    this.#flags[this.#count] = flags
    this.#ids.write(id, this.#count * idWidth, idWidth, 'latin1')
    this.#count += 1
    this.#octets += octets
  }

  #double(): void {
    const [seqs, sizes, uids, flags, ids] = [this.#seqs, this.#sizes, this.#uids, this.#flags, this.#ids]
    this.#seqs = new Float64Array(seqs.length * 2)
    this.#sizes = new Float64Array(sizes.length * 2)
    this.#uids = new Uint32Array(uids.length * 2)
    this.#flags = new Uint8Array(flags.length * 2)
    this.#ids = Buffer.alloc(ids.length * 2)
    this.#seqs.set(seqs)
    this.#sizes.set(sizes)
    this.#uids.set(uids)
    this.#flags.set(flags)
    this.#ids.set(ids)
  }
}
