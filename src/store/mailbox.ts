/** A mailbox as one session sees it: its messages at the moment it was opened, in compact arrays. */
import { budget } from '../base/budget.ts'
import { idText } from './id.ts'
import type { Index } from './index.ts'
import { idOctets } from './keys.ts'

/** The messages of one mailbox, numbered from 0 in the order of their UIDs. Holds 28 octets a message. */
export class Maildrop {
  readonly account: number
  #count = 0
  #octets = 0
  #seqs = new Float64Array(16)
  #sizes = new Float64Array(16)
  #uids = new Uint32Array(16)
  #ids = Buffer.alloc(16 * idOctets)

  private constructor(account: number) {
    this.account = account
  }

  /** Reads an account's mailbox; messages that arrive later do not show up in it. */
  static async open(index: Index, account: number): Promise<Maildrop> {
    const maildrop = new Maildrop(account)
    for await (const entries of index.entries(account)) {
      for (const entry of entries) {
        if (maildrop.#count === budget.maildrop) return maildrop
        maildrop.#add(entry.seq, entry.octets, entry.uid, entry.id)
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
    return idText(this.#ids.subarray(index * idOctets, (index + 1) * idOctets))
  }

  uid(index: number): number {
    return this.#uids[index] ?? 0
  }

  /** The message's record in the log. */
  seq(index: number): number {
    return this.#seqs[index] ?? 0
  }

  #add(seq: number, size: number, uid: number, id: Uint8Array): void {
    if (this.#count === this.#seqs.length) this.#double()
    this.#seqs[this.#count] = seq
    this.#sizes[this.#count] = size
    this.#uids[this.#count] = uid
    this.#ids.set(id, this.#count * idOctets)
    this.#count += 1
    this.#octets += size
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
