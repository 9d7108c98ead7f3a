/** To whom one message goes, gathered recipient by recipient: mailboxes here, hosts elsewhere, and what is forwarded there. */
import { budget } from '../base/budget.ts'
import { formatAddress, parseAddress } from '../message/address.ts'
import { forwarded, forwardedFor, notify, type Recipient } from '../store/message.ts'
import type { Route } from './routing.ts'

/** A route that leads to somebody. */
export type Way = Extract<Route, { kind: 'local' | 'remote' }>

/** Beside a message's octets, who gets it: as `Envelope` and `MessageRecord` hold it. */
type Envelope = {
  readonly recipients: readonly Recipient[]
  readonly accounts: readonly number[]
  readonly queued: readonly number[]
}

export class Recipients implements Envelope {
  readonly #domains: readonly string[]
  readonly #recipients: Recipient[] = []
  readonly #accounts = new Set<number>()
  readonly #queued: number[] = []
  /** Addresses that the message is forwarded to: each gets it once, whoever leads there. */
  readonly #forwards = new Set<string>()

  /** @param domains those of the household */
  constructor(domains: readonly string[]) {
    this.#domains = domains
  }

  /** Those of a message of our own, with the null reverse-path, to one. */
  static of(recipient: Recipient, way: Way, domains: readonly string[]): Recipients {
    const recipients = new Recipients(domains)
    recipients.add(recipient, way, '')
    return recipients
  }

  /** As they are written down: each that was named, and behind it those that it is forwarded to. */
  get recipients(): readonly Recipient[] {
    return this.#recipients
  }

  get accounts(): readonly number[] {
    return [...this.#accounts]
  }

  get queued(): readonly number[] {
    return this.#queued
  }

  /** Whether it leaves the house though nobody outside was named. */
  get forwarded(): boolean {
    return this.#forwards.size > 0
  }

  /** The one that was named, where it is the only one. */
  get only(): string | undefined {
    return this.#recipients.length === 1 + this.#forwards.size ? this.#recipients[0]?.path : undefined
  }

  /** Whether the message would not go to too many. */
  fits(way: Way): boolean {
    const copies = new Set([...this.#accounts, ...accountsOf(way)])
    const queued = this.#queued.length + (way.kind === 'remote' ? 1 : this.#forwardsOf(way).length)
    return copies.size <= budget.deliveries && queued <= budget.deliveries
  }

  /**
   * @param recipient as it was named
   * @param way fits
   * @param reversePath of the message; empty for the null one
   */
  add(recipient: Recipient, way: Way, reversePath: string): void {
    const forwards = this.#forwardsOf(way)
    for (const account of accountsOf(way)) this.#accounts.add(account)
    if (way.kind === 'remote') this.#queued.push(this.#recipients.length)
    this.#recipients.push(recipient)
    // Whoever reads the reports of what leaves in their name hears of it as they have asked.
    const wishes = leavesInOurName(reversePath, this.#domains) ? notify.failure : recipient.notify
    for (const path of forwards) {
      this.#forwards.add(path)
      this.#queued.push(this.#recipients.length)
      const orcpt = recipient.orcpt === '' ? originalOf(recipient.path) : recipient.orcpt
      this.#recipients.push({ path, notify: wishes | forwarded, orcpt })
    }
  }

  #forwardsOf(way: Way): readonly string[] {
    return way.kind === 'local' ? way.forwards.filter(target => !this.#forwards.has(target)) : []
  }
}

function accountsOf(way: Way): readonly number[] {
  return way.kind === 'local' ? way.accounts.map(({ id }) => id) : []
}

/**
 * The reverse-path that a message is sent to a recipient with, and that reports of it go to. What is forwarded has the
 * household for its sender, as a list has its owner (RFC 5321 §3.9.2): the next host asks whether the sender's domain sends
 * from here, and a report of an address that its sender never knew is for those who have set it up.
 * @param message it, and the number of one of its recipients
 * @param domains those of the household
 */
export function reversePathFor(
  { reversePath, recipients }: { readonly reversePath: string; readonly recipients: readonly Recipient[] },
  recipient: number,
  domains: readonly string[],
): string {
  const origin = forwardedFor(recipients, recipient)
  if (origin === undefined || !leavesInOurName(reversePath, domains)) return reversePath
  const named = parseAddress(origin, { utf8: true })?.domain ?? ''
  const domain = domains.includes(named) ? named : domains[0]
  return domain === undefined ? 'postmaster' : formatAddress({ localPart: 'postmaster', domain })
}

/** Whether what is forwarded needs another reverse-path: the null one and the household's own stay. */
function leavesInOurName(reversePath: string, domains: readonly string[]): boolean {
  const domain = parseAddress(reversePath, { utf8: true })?.domain
  return domain !== undefined && !domains.includes(domain)
}

/** RFC 3461 §5.2.7: the next host is told for whom it was. In ASCII it can be said to any. */
function originalOf(path: string): string {
  return /^[!-~]+$/.test(path) ? `rfc822;${path}` : ''
}
