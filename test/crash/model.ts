/** What was done to the server and how far each operation got: what must be found, what may be, and what must not. */
import { createHash } from 'node:crypto'

/** A value that operations change. Between a command and its answer it may be the one before or the one after. */
export class Doubtful<Value> {
  #possible: readonly [Value, ...Value[]]

  constructor(value: Value) {
    this.#possible = [value]
  }

  /** The newest first. */
  get possible(): readonly Value[] {
    return this.#possible
  }

  /** The value, once there is no doubt. */
  get now(): Value {
    return this.#possible[0]
  }

  get inDoubt(): boolean {
    return this.#possible.length > 1
  }

  /** The command that brings this value is about to leave. */
  attempt(value: Value): void {
    this.#possible = [value, ...this.#possible]
  }

  /** The command was answered: done. */
  acknowledge(): void {
    this.#possible = [this.#possible[0]]
  }

  /** The server shows this value. @returns whether that may be */
  settle(value: Value): boolean {
    const may = this.#possible.includes(value)
    this.#possible = [value]
    return may
  }
}

/** A message. The local part of its reverse-path tells which, so that even an empty one is known again. */
export type Message = {
  readonly token: string
  readonly octets: number
  readonly digest: string
  readonly kept: Doubtful<boolean>
  /** As first seen; every copy has the same. */
  uidl: string | undefined
}

/** Which messages of a mailbox are marked as seen, by their UIDLs: at the end of the session that has fetched them. */
class Marks {
  readonly #surely = new Set<string>()
  readonly #maybe = new Set<string>()

  /** RETR is about to leave. Until the session's QUIT is answered the mark may be there or not. */
  attempt(uidl: string): void {
    this.#maybe.add(uidl)
  }

  /** QUIT was answered in a session that has fetched these. */
  acknowledge(uidls: Iterable<string>): void {
    for (const uidl of uidls) this.#surely.add(uidl)
  }

  /** A message is there, and marked or not: that ends the doubt. @returns what is wrong */
  settle(uidl: string, seen: boolean): string | undefined {
    if (!seen) return this.#surely.has(uidl) ? 'is not marked as seen any more' : undefined
    // What is on the disk now does not go away.
    this.#surely.add(uidl)
    return this.#maybe.has(uidl) ? undefined : 'is marked as seen, and nobody has fetched it'
  }
}

/** An account and its mail. */
export class Mailbox {
  readonly name: string
  /** Empty while there is no such account. */
  readonly password = new Doubtful('')
  /** What lies in it, or may, by token. */
  readonly messages = new Map<string, Message>()
  readonly marks = new Marks()
  /** The first line that `user expire` prints of it. */
  readonly expiry: Doubtful<string>
  /** Those whose deletion is under way: QUIT is sent and not answered. */
  #leaving: readonly Message[] = []

  constructor(name: string) {
    this.name = name
    this.expiry = new Doubtful(expiryWords(name, 0))
  }

  /** QUIT is about to leave, with these marked as deleted. */
  attemptRemoval(messages: readonly Message[]): void {
    this.#leaving = messages
  }

  /** QUIT was answered. */
  acknowledgeRemoval(): void {
    for (const { token } of this.#leaving) this.messages.delete(token)
    this.#leaving = []
  }

  get inDoubt(): boolean {
    return this.password.inDoubt || this.expiry.inDoubt || this.#leaving.length > 0
  }

  /** The account is gone, and its mail with it. */
  clear(): void {
    this.messages.clear()
    this.#leaving = []
  }

  /**
   * Ends every doubt by what the mailbox shows. Messages seen anywhere are known to be kept by now.
   * @returns what is wrong
   */
  settle(seen: ReadonlySet<string>): string[] {
    const faults = []
    const stayed = this.#leaving.filter(({ token }) => seen.has(token))
    if (stayed.length === 0) this.acknowledgeRemoval()
    else if (stayed.length < this.#leaving.length) {
      faults.push(`${this.name}: of ${this.#leaving.length} deletions in one session ${stayed.length} were not done`)
    }
    this.#leaving = []
    for (const [token, { kept }] of this.messages) {
      if (!kept.now) this.messages.delete(token)
      else if (!seen.has(token)) faults.push(`${this.name}: message ${token} is lost`)
    }
    return faults
  }
}

/** @param days after which mail goes; 0 for never @returns what `user expire` prints first */
export function expiryWords(name: string, days: number): string {
  if (days === 0) return `The mail of ${name} stays until somebody deletes it.`
  return `Messages to ${name} are removed when they are older than ${days} days.`
}

/** The reverse-path's domain, and what stands before a body: Return-Path, then Received with its further lines. */
export const sendingDomain = 'away.example'
const traceForm = /^Return-Path: <([^@>]*)@away\.example>\r\nReceived: from [^\r\n]*\r\n(?:\t[^\r\n]*\r\n)+$/

export class Model {
  /** People who stay, and guests who come and go. */
  readonly residents = ['alice', 'bob', 'carol'].map(name => new Mailbox(name))
  /** Who keeps large messages, and throws all of them away at once. */
  readonly hoarder = new Mailbox('dora')
  readonly guests: Mailbox[] = []
  /** What each alias leads to, as `alias list` shows it; empty while there is no such alias. */
  readonly aliases = new Map<string, Doubtful<string>>()
  readonly #messages = new Map<string, Message>()
  readonly #uidls = new Map<string, Message>()

  get mailboxes(): readonly Mailbox[] {
    return [...this.residents, this.hoarder, ...this.guests]
  }

  /** Whether nobody lives here yet. */
  get isNew(): boolean {
    return this.residents.every(({ password }) => password.now === '')
  }

  /** The guest of this name, who may not be there yet. */
  guest(name: string): Mailbox {
    const known = this.guests.find(guest => guest.name === name)
    if (known) return known
    const guest = new Mailbox(name)
    this.guests.push(guest)
    return guest
  }

  /** What this alias leads to. */
  alias(address: string): Doubtful<string> {
    const known = this.aliases.get(address)
    if (known) return known
    const targets = new Doubtful('')
    this.aliases.set(address, targets)
    return targets
  }

  /** Operations that were sent and not answered. */
  get doubts(): number {
    const [messages, aliases] = [[...this.#messages.values()], [...this.aliases.values()]]
    const values = [...messages.map(({ kept }) => kept), ...aliases, ...this.mailboxes]
    return values.filter(({ inDoubt }) => inDoubt).length
  }

  /** Makes a message for some mailboxes. Nothing of it has been sent yet. */
  compose(body: Buffer, mailboxes: Iterable<Mailbox>): Message {
    const token = `m${this.#messages.size}`
    const message = { token, octets: body.length, digest: digest(body), kept: new Doubtful(false), uidl: undefined }
    this.#messages.set(token, message)
    for (const mailbox of mailboxes) mailbox.messages.set(token, message)
    return message
  }

  /** The message that was seen under this UIDL before. */
  known(uidl: string): Message | undefined {
    return this.#uidls.get(uidl)
  }

  /**
   * Judges a message as a mailbox shows it.
   * @param received the octets that RETR gave, or what was wrong with it
   * @returns which message it is, or what is wrong
   */
  recognise(mailbox: Mailbox, uidl: string, received: Buffer | string): Message | string {
    if (typeof received === 'string') return received
    const token = /^Return-Path: <([^@>]*)/.exec(received.toString('latin1', 0, 100))?.[1] ?? ''
    const message = this.#messages.get(token)
    const sign = `${mailbox.name}: message ${token} (UIDL ${uidl})`
    if (!message) return `${sign} was never sent by anybody`
    const wrong = this.#wrong(mailbox, message, uidl, received)
    if (wrong !== undefined) return `${sign} ${wrong}`
    message.uidl = uidl
    this.#uidls.set(uidl, message)
    return message
  }

  /** Ends the doubts about messages: those in doubt that no mailbox shows were not kept. */
  settleMessages(): void {
    for (const { kept } of this.#messages.values()) if (kept.inDoubt) kept.settle(false)
  }

  #wrong(mailbox: Mailbox, message: Message, uidl: string, received: Buffer): string | undefined {
    const { token, octets } = message
    if (!mailbox.messages.has(token)) return 'is there, though it was deleted or is for others'
    if (!message.kept.settle(true)) return 'is there, though its end was never sent'
    if (message.uidl !== undefined && message.uidl !== uidl) return `had the UIDL ${message.uidl} before`
    const other = this.#uidls.get(uidl)
    if (other && other !== message) return `has the UIDL of message ${other.token}`
    const body = received.subarray(Math.max(received.length - octets, 0))
    if (digest(body) !== message.digest) return `is not whole: ${received.length} octets came of ${octets} sent`
    if (!traceForm.test(received.toString('latin1', 0, received.length - octets))) return 'has no proper trace fields'
    return undefined
  }
}

function digest(octets: Buffer): string {
  return createHash('sha256').update(octets).digest('base64')
}
