/** The mailboxes in memory: what each holds, and the UIDs it gives out. */
import type { MailboxValue } from './row.ts'

/** What one holds in which there never was anything. */
export const noMailbox = { next: 1, validity: 1, count: 0, octets: 0 } as const satisfies MailboxValue

export class Mailbox implements MailboxValue {
  readonly account: number
  readonly box: number
  readonly validity: number
  #next: number
  #count: number
  #octets: number
  /** The next UID to give out; `next` counts only what is applied. */
  #given: number

  constructor(account: number, box: number, { next, validity, count, octets }: MailboxValue) {
    this.account = account
    this.box = box
    this.validity = validity
    this.#next = next
    this.#count = count
    this.#octets = octets
    this.#given = next
  }

  get next(): number {
    return this.#next
  }

  get count(): number {
    return this.#count
  }

  get octets(): number {
    return this.#octets
  }

  /** Takes the next UID. One whose message is never committed stays unused: RFC 9051 §2.3.1.1 allows gaps. */
  takeUid(): number {
    return this.#given++
  }

  /** A message is in it now. */
  add(uid: number, octets: number): void {
    this.useUp(uid)
    this.#count += 1
    this.#octets += octets
  }

  /** A message is in it no more. */
  remove(octets: number): void {
    this.#count -= 1
    this.#octets -= octets
  }

  /** No UID up to this one is given out again. */
  useUp(uid: number): void {
    this.#next = Math.max(this.#next, uid + 1)
    this.#given = Math.max(this.#given, this.#next)
  }

  /** Forgets what it holds, to have it counted anew; its UIDs stay used up. */
  clear(): void {
    this.#count = this.#octets = 0
  }
}

export class Mailboxes implements Iterable<Mailbox> {
  readonly #mailboxes = new Map<string, Mailbox>()

  find(account: number, box: number): Mailbox | undefined {
    return this.#mailboxes.get(nameOf(account, box))
  }

  add(mailbox: Mailbox): void {
    this.#mailboxes.set(nameOf(mailbox.account, mailbox.box), mailbox)
  }

  drop(account: number, box: number): void {
    this.#mailboxes.delete(nameOf(account, box))
  }

  [Symbol.iterator](): Iterator<Mailbox> {
    return this.#mailboxes.values()
  }
}

function nameOf(account: number, box: number): string {
  return `${account}/${box}`
}
