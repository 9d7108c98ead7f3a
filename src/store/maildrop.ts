/** A mailbox as one session sees it: its messages at the moment it was opened, in compact arrays. */
import { budget } from '../base/budget.ts'
import type { Index } from './index.ts'
import type { EntryValue } from './row.ts'

/** Octets of an id in its text form. */
const idWidth = 16

/** The messages of one mailbox, numbered from 0 in the order of their UIDs. Holds 36 octets a message. */
export class Maildrop {
  readonly account: number
  #count = 0
  #octets = 0
  #seqs: Float64Array
  #sizes: Float64Array
  #uids: Uint32Array
  #ids: Buffer

  private constructor(account: number, room: number) {
    this.account = account
    this.#seqs = new Float64Array(room)
    this.#sizes = new Float64Array(room)
    this.#uids = new Uint32Array(room)
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

  #add({ seq, octets, uid, id }: EntryValue): void {
    if (this.#count === this.#seqs.length) this.#double()
    this.#seqs[this.#count] = seq
    this.#sizes[this.#count] = octets
    this.#uids[this.#count] = uid
    this.#ids.write(id, this.#count * idWidth, idWidth, 'latin1')
    this.#count += 1
    this.#octets += octets
  }

  #double(): void {
    const [seqs, sizes, uids, ids] = [this.#seqs, this.#sizes, this.#uids, this.#ids]
    this.#seqs = new Float64Array(seqs.length * 2)
    this.#sizes = new Float64Array(sizes.length * 2)
    this.#uids = new Uint32Array(uids.length * 2)
    this.#ids = Buffer.alloc(ids.length * 2)
    this.#seqs.set(seqs)
    this.#sizes.set(sizes)
    this.#uids.set(uids)
    this.#ids.set(ids)
  }
}
