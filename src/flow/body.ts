/** The octets of a message on their way into the store: as they come from the world, or mended and signed from the household. */
import { isAscii } from 'node:buffer'
import { BodyHash } from '../message/canonical.ts'
import { signHeader } from '../message/dkim.ts'
import { HeaderScanner } from '../message/header.ts'
import type { HeaderFacts, Mending } from '../message/mending.ts'
import { SubmittedHeader } from '../message/submission.ts'
import type { Keyring } from '../store/keyring.ts'
import type { Incoming } from '../store/spool.ts'

/** What is known of a body once it has all come. */
export type BodyFacts = {
  readonly headerOctets: number
  /** Received fields: RFC 5321 §6.3. */
  readonly received: number
  /** Those of this host among them. */
  readonly passed: number
  /** As `HeaderScanner.from`; '' where a login says who has written it. */
  readonly from: string | undefined
  readonly messageId: string
  readonly tlsOptional: boolean
  /** Octets above 127 are in its header, or anywhere. */
  readonly eightBitHeader: boolean
  readonly eightBit: boolean
}

/** A message from the world: nothing of it is changed. */
export class ReceivedBody {
  readonly #incoming: Incoming
  readonly #header: HeaderScanner
  #ascii = true

  /** @param hostname of this host */
  constructor(incoming: Incoming, hostname: string) {
    this.#incoming = incoming
    this.#header = new HeaderScanner(hostname)
  }

  /** @param octets borrowed until this returns, or until what it returns resolves @throws Failure of the store */
  append(octets: Buffer): Promise<void> | undefined {
    this.#header.feed(octets)
    this.#ascii &&= isAscii(octets)
    return this.#incoming.append(octets)
  }

  get facts(): BodyFacts {
    const { octets: headerOctets, received, passed, from, messageId, tlsNotRequired: tlsOptional } = this.#header
    const seen = { headerOctets, received, passed, from, messageId, tlsOptional }
    return { ...seen, eightBitHeader: false, eightBit: !this.#ascii }
  }
}

/** A message of the household: its header is mended, its body hashed as it passes. */
export class SubmittedBody {
  readonly #incoming: Incoming
  readonly #received: HeaderScanner
  readonly #submitted: SubmittedHeader
  readonly #hash = new BodyHash()
  #header: Buffer | undefined
  #ascii = true

  constructor(incoming: Incoming, mending: Mending) {
    this.#incoming = incoming
    this.#received = new HeaderScanner(mending.hostname)
    this.#submitted = new SubmittedHeader(mending)
  }

  /** As `ReceivedBody.append`. */
  async append(octets: Buffer): Promise<void> {
    this.#received.feed(octets)
    this.#ascii &&= isAscii(octets)
    await this.#take(this.#submitted.feed(octets))
  }

  /** The message has come to its end. @throws Failure of the store */
  async finish(): Promise<void> {
    await this.#take(this.#submitted.finish())
  }

  async #take({ header, rest }: { header: Buffer | undefined; rest: Buffer }): Promise<void> {
    if (header) {
      this.#header = header
      await this.#incoming.append(header)
    }
    if (rest.length === 0) return
    this.#hash.update(rest)
    await this.#incoming.append(rest)
  }

  get tooBig(): boolean {
    return this.#submitted.tooBig
  }

  /** What the header says; undefined while it has not come to its end. */
  get header(): HeaderFacts | undefined {
    return this.#submitted.facts
  }

  get facts(): BodyFacts {
    return {
      headerOctets: this.#header?.length ?? 0,
      received: this.#received.received,
      passed: this.#received.passed,
      from: '',
      messageId: this.header?.messageId ?? '',
      tlsOptional: this.header?.tlsNotRequired ?? false,
      eightBitHeader: this.header?.eightBit ?? false,
      eightBit: !this.#ascii,
    }
  }

  /**
   * Signs the message for the domain of its author: RFC 6376, with both of the domain's keys.
   * @param date ms since the epoch
   * @returns the fields to put before it
   * @throws Failure KEY
   */
  async signatures(domain: string, keyring: Keyring, date: number): Promise<string> {
    if (!this.#header) return ''
    const { rsa, ed25519 } = await keyring.keys(domain)
    const signing = { header: this.#header, bodyHash: this.#hash.digest(), domain, date }
    return [ed25519, rsa]
      .map(({ selector, algorithm, privateKey }) => signHeader({ ...signing, selector, algorithm, key: privateKey }))
      .join('')
  }
}
