/**
 * One host's claim to a name under .local, RFC 6762 §8 to §10, without socket or clock: what is heard and the time go in, what is
 * to be sent comes out. Nobody hands out these names. Who wants one asks three times whether somebody has it, then says that it is
 * his, answers for it, and gives way to whoever had it before, with a number behind the name.
 */
import { budget } from '../base/budget.ts'
import {
  type Address,
  type Heard,
  hostTtl,
  probe,
  type QuestionType,
  type Reader,
  statement,
  wireKey,
} from './mdns-packet.ts'

/** Where a datagram came from. */
export type Origin = {
  readonly address: string
  readonly port: number
  /** Whether it came from the port of multicast DNS: others know plain DNS only, §6.7. */
  readonly peer: boolean
}

/** A datagram, for all or for the one who asked. */
export type Sending = { readonly octets: Buffer; readonly to: 'all' | Origin }

type State =
  /** Without an address there is nothing to claim. */
  | { readonly kind: 'away' }
  | { readonly kind: 'probing'; readonly sent: number; readonly due: number }
  /** `due` while it is still being announced. */
  | { readonly kind: 'ours'; readonly announced: number; readonly due: number | undefined }

/** Milliseconds: §8.1 and §8.3. */
const probeMs = 250
const probes = 3
const announceMs = 1000
const announcements = 2
/** Milliseconds after a lost dispute, after many of them, and within which they count as many: §8.1, §8.2. */
const lostMs = 1000
const disputedMs = 5000
const disputesMs = 10_000
/** Milliseconds between two answers to everybody, §6; a host that probes is told sooner. */
const answerMs = 1000
/** Milliseconds for which everybody still knows: a quarter of the time to live, §5.4. */
const knownMs = (hostTtl * 1000) / 4

export class Claim {
  readonly #random: () => number
  #label: string
  /** Behind the name: 1 is none. */
  #number = 1
  #state: State = { kind: 'away' }
  #addresses: readonly Address[] = []
  /** Addresses that were ours: what comes back late by a reflector is no dispute. */
  readonly #former = new Set<string>()
  /** When there were disputes. */
  #disputes: number[] = []
  #saidAt = Number.NEGATIVE_INFINITY
  /** The second in which single askers were answered, and how many. */
  #second = { at: Number.NEGATIVE_INFINITY, answers: 0 }

  /** @param random from 0 up to 1: hosts that were switched on together must not speak at the same time */
  constructor(label: string, random: () => number = Math.random) {
    this.#label = label
    this.#random = random
  }

  /** `porchlight.local` once it is ours. */
  get name(): string | undefined {
    return this.#state.kind === 'ours' ? this.#name : undefined
  }

  /** When `tick` wants to be called: ms, on the clock that it is given. */
  get due(): number | undefined {
    return this.#state.kind === 'away' ? undefined : this.#state.due
  }

  get #name(): string {
    return `${this.#label}${this.#number === 1 ? '' : `-${this.#number}`}.local`
  }

  /** Takes the addresses as they are now; none while there is no network. */
  use(addresses: readonly Address[], now: number): readonly Sending[] {
    const gone = this.#addresses.filter(({ address }) => !addresses.some(other => other.address === address))
    const same = gone.length === 0 && addresses.length === this.#addresses.length
    this.#addresses = addresses.slice(0, budget.mdnsAddresses)
    for (const { address } of this.#addresses) remember(this.#former, address)
    if (addresses.length === 0) {
      this.#state = { kind: 'away' }
      return []
    }
    if (this.#state.kind === 'away') {
      this.#number = 1
      this.#probe(now, 0)
    }
    if (this.#state.kind !== 'ours' || same) return []
    this.#state = { kind: 'ours', announced: 0, due: now }
    return gone.length === 0 ? [] : [this.#say({ addresses: gone, ttl: 0 })]
  }

  /** Another name is wanted. */
  rename(label: string, now: number): readonly Sending[] {
    if (label === this.#label && this.#number === 1) return []
    const said = this.goodbye()
    this.#label = label
    this.#number = 1
    if (this.#state.kind !== 'away') this.#probe(now, 0)
    return said
  }

  /** Takes the name back, so that nobody goes on believing it: §10.1. */
  goodbye(): readonly Sending[] {
    return this.#state.kind === 'ours' ? [this.#say({ addresses: this.#addresses, ttl: 0 })] : []
  }

  /** Does what is due. */
  tick(now: number): readonly Sending[] {
    const state = this.#state
    if (state.kind === 'away' || state.due === undefined || now < state.due) return []
    if (state.kind === 'probing' && state.sent < probes) {
      this.#state = { kind: 'probing', sent: state.sent + 1, due: now + probeMs }
      return [{ octets: probe(this.#name, this.#addresses), to: 'all' }]
    }
    const announced = state.kind === 'ours' ? state.announced + 1 : 1
    this.#state = { kind: 'ours', announced, due: announced < announcements ? now + announceMs : undefined }
    this.#saidAt = now
    return [this.#say({ addresses: this.#addresses, kinds: this.#kinds })]
  }

  /** Takes what somebody on the network has said. */
  hear(heard: Heard, from: Origin, now: number): readonly Sending[] {
    // Whoever speaks from another port has no name to answer for: §6.
    if (heard.response) {
      if (from.peer) this.#contest(heard, now)
      return []
    }
    if (this.#state.kind === 'probing') this.#tieBreak(heard, now)
    return this.#state.kind === 'ours' ? this.#answer(heard, from, now) : []
  }

  /** Somebody else says that the name is theirs: §8.1, §9. */
  #contest({ answers }: Heard, now: number): void {
    const { kind } = this.#state
    const theirs = answers.some(
      ({ name, type, address, ttl }) =>
        name === this.#name && ttl > 0 && (type === 'other' ? kind === 'probing' : !this.#former.has(address)),
    )
    if (!theirs || kind === 'away') return
    const wait = this.#dispute(now)
    // Who had it may have forgotten, or gone: it is asked for once more before the name is given up.
    if (kind === 'probing') this.#number += 1
    const exhausted = this.#number > budget.mdnsNumbers
    if (exhausted) this.#number = 1
    this.#probe(now, exhausted ? budget.mdnsRetryMs : wait)
  }

  /** Two that ask for the same name at once: the one with the later addresses goes on, §8.2. */
  #tieBreak({ proposed }: Heard, now: number): void {
    const theirs = proposed.filter(({ name }) => name === this.#name)
    const addresses = theirs.flatMap(claimed => (claimed.type === 'other' ? [] : [claimed]))
    if (addresses.length === 0 || compare(ordered(this.#addresses), ordered(addresses)) >= 0) return
    this.#probe(now, Math.max(lostMs, this.#dispute(now)))
  }

  /** @returns ms to wait before the name, or another one, is asked for */
  #dispute(now: number): number {
    this.#disputes = [...this.#disputes.filter(at => now - at < disputesMs), now].slice(-budget.mdnsDisputes)
    return this.#disputes.length < budget.mdnsDisputes ? 0 : disputedMs
  }

  #probe(now: number, wait: number): void {
    this.#state = { kind: 'probing', sent: 0, due: now + wait + this.#random() * probeMs }
  }

  #answer(heard: Heard, from: Origin, now: number): readonly Sending[] {
    const asked = heard.questions.filter(({ name }) => name === this.#name)
    const [first] = asked
    if (!first) return []
    const types: ReadonlySet<QuestionType> = new Set(asked.map(({ type }) => type))
    const isAsked = ({ type }: Address) => types.has('ANY') || types.has(type)
    const known = new Set(heard.answers.flatMap(({ ttl, address }) => (ttl * 2 >= hostTtl ? [address] : [])))
    const addresses = this.#addresses.filter(address => isAsked(address) && !known.has(address.address))
    const lacks = [...types].some(type => type !== 'ANY' && !this.#kinds.includes(type))
    if (addresses.length === 0 && !lacks) return []
    const said = {
      addresses,
      more: this.#addresses.filter(address => !isAsked(address)),
      kinds: this.#kinds,
    }
    const plain = !from.peer
    const alone = asked.every(({ unicast }) => unicast) && now - this.#saidAt < knownMs
    if (plain || alone) {
      if (!this.#mayAnswerOne(now)) return []
      const reader: Reader = plain ? { kind: 'plain', id: heard.id, type: first.type } : { kind: 'one' }
      return [{ octets: statement(this.#name, said, reader), to: from }]
    }
    const pause = heard.proposed.length > 0 ? probeMs : answerMs
    if (now - this.#saidAt < pause) return []
    this.#saidAt = now
    return [this.#say(said)]
  }

  #mayAnswerOne(now: number): boolean {
    if (now - this.#second.at >= 1000) this.#second = { at: now, answers: 0 }
    this.#second.answers += 1
    return this.#second.answers <= budget.mdnsAnswers
  }

  #say(said: Parameters<typeof statement>[1]): Sending {
    return { octets: statement(this.#name, said, { kind: 'all' }), to: 'all' }
  }

  get #kinds(): readonly Address['type'][] {
    return (['A', 'AAAA'] as const).filter(kind => this.#addresses.some(({ type }) => type === kind))
  }
}

function remember(former: Set<string>, address: string): void {
  former.delete(address)
  former.add(address)
  const [oldest] = former
  if (former.size > budget.mdnsFormer && oldest !== undefined) former.delete(oldest)
}

/** In the order of their octets on the wire: A before AAAA, then the address. */
function ordered(addresses: readonly Address[]): readonly string[] {
  return addresses.map(wireKey).sort()
}

function compare(ours: readonly string[], theirs: readonly string[]): number {
  for (const [i, own] of ours.entries()) {
    const other = theirs[i]
    if (other === undefined || own > other) return 1
    if (own < other) return -1
  }
  return ours.length === theirs.length ? 0 : -1
}
