/** The lanes in which mail comes in: the world's, that of an account that has logged in, and a device's. What each may. */
import { type Address, canonicalDomain, formatAddress } from '../message/address.ts'
import type { HeaderFacts } from '../message/mending.ts'
import { type Reply, reply } from '../smtp/reply.ts'
import type { Account } from '../store/roster.ts'
import type { Device } from './device.ts'
import { belongs, type Household, route } from './routing.ts'

export type Lane =
  /** Anybody, for the household or for those whose mail waits here. */
  | { readonly kind: 'world' }
  /** Whoever has logged in as this. */
  | { readonly kind: 'account'; readonly account: Account }
  /** What stands at the address of this device. */
  | { readonly kind: 'device'; readonly device: Device }

/** How the lane is named where what it sends is counted and logged; undefined for the world. */
export function senderOf(lane: Lane): string | undefined {
  if (lane.kind === 'account') return lane.account.name
  return lane.kind === 'device' ? `device ${lane.device.name}` : undefined
}

/**
 * @param reversePath undefined for the null reverse-path
 * @returns why mail from this address is not taken, if so
 */
export function objectionToSender(
  lane: Lane,
  reversePath: Address | undefined,
  household: Household,
): Reply | undefined {
  // Its own address is put in place of whatever a device says.
  if (lane.kind !== 'account' || !reversePath) return undefined
  return belongs(reversePath, lane.account, household) ? undefined : reply.notYourAddress(formatAddress(reversePath))
}

/** @returns why a message with this header is not taken, if so: it must say whose it is, and truly */
export function objectionToHeader(lane: Lane, facts: HeaderFacts, household: Household): Reply | undefined {
  const account = submitter(lane, household)
  if (facts.problem) return reply.badFrom
  // RFC 6409 §6.1 and §8.1. Where a Sender is named it answers for the message, but From is what people see.
  const foreign = [...facts.from, ...facts.sender].find(address => !account || !belongs(address, account, household))
  if (!foreign) return undefined
  return lane.kind === 'device'
    ? reply.notItsAddress(formatAddress(foreign), lane.device.as)
    : reply.notYourAddress(formatAddress(foreign))
}

/**
 * Whether From fields may name an author in one of these domains, to whoever reads them: that is more than the grammar says.
 * @param from an octet a character; what is too long to be looked at may name anybody
 */
export function mayName(from: string | undefined, domains: readonly string[]): boolean {
  const text = from?.replaceAll(/\([^()]*\)/g, ' ').replaceAll(/\s*([@.])\s*/g, '$1')
  // A comment inside a comment: nobody writes so who has nothing to hide.
  if (text === undefined || text.includes('(')) return true
  const [, ...others] = text.split('@')
  const named = others.map(rest => Buffer.from(/^[^\s<>,;:"]*/.exec(rest)?.[0] ?? '', 'latin1').toString())
  return named.some(name => domains.includes(canonicalDomain(name.replace(/\.$/, '')) ?? ''))
}

/** The account in whose name the lane sends. */
function submitter(lane: Lane, household: Household): Account | undefined {
  if (lane.kind === 'account') return lane.account
  if (lane.kind === 'world') return undefined
  const found = route(lane.device.asAddress, household)
  return found.kind === 'local' ? found.accounts[0] : undefined
}
