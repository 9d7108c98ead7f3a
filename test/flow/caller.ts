/** A client of a household without a socket: it asks, and is answered. */
import { access } from '../../src/flow/access.ts'
import { type Entrance, entrances, receive } from '../../src/flow/receipt.ts'
import { type Household, password } from '../support/household.ts'
import { MemoryPeer } from '../support/memory-peer.ts'

/** Octets the server reads at a time: as many as come. */
const step = 65_536

export class Caller {
  /** Resolves when the server is done with this client; fails with what the session threw. */
  readonly done: Promise<void>
  /** True when the server is done. */
  ended = false
  readonly #peer: MemoryPeer

  private constructor(peer: MemoryPeer, served: Promise<void>) {
    this.#peer = peer
    this.done = served.finally(() => {
      this.ended = true
      peer.serverEnded()
    })
    this.done.catch(() => {})
  }

  /** Calls by SMTP and hears the greeting. */
  static async smtp(household: Household, entrance: Entrance = entrances.smtp): Promise<Caller> {
    const peer = new MemoryPeer(step)
    const caller = new Caller(peer, receive(peer, household.receipt, entrance))
    await caller.answer()
    return caller
  }

  /** Calls to hand in mail, and logs in with the password that every account has. */
  static async submission(household: Household, user: string): Promise<Caller> {
    const caller = await Caller.smtp(household, entrances.submissions)
    await caller.ask('EHLO laptop')
    await caller.ask(`AUTH PLAIN ${Buffer.from(`\0${user}\0${password}`).toString('base64')}`)
    return caller
  }

  /** Calls by POP3 and hears the greeting. */
  static async pop3(
    household: Household,
    { address = '192.0.2.7', tls = true, services = household.access } = {},
  ): Promise<Caller> {
    const peer = new MemoryPeer(step, address)
    const caller = new Caller(peer, access(peer, services, { implicitTls: tls }))
    await caller.answer()
    return caller
  }

  /** Calls by POP3 and logs in with the password that every account has. @returns the caller and the answer to PASS */
  static async login(household: Household, user: string): Promise<{ caller: Caller; answer: string | undefined }> {
    const caller = await Caller.pop3(household)
    await caller.ask(`USER ${user}`)
    return { caller, answer: await caller.ask(`PASS ${password}`) }
  }

  /** Begins a transaction with one recipient, up to the answer to DATA. */
  static async data(household: Household, recipient: string): Promise<Caller> {
    const caller = await Caller.smtp(household)
    await caller.ask('EHLO laptop')
    await caller.ask('MAIL FROM:<bob@away.example>')
    await caller.ask(`RCPT TO:<${recipient}>`)
    await caller.ask('DATA')
    return caller
  }

  send(octets: string | Buffer): void {
    this.#peer.send(Buffer.from(octets))
  }

  /** Sends a line. @returns the last line of the answer */
  ask(line: string): Promise<string | undefined> {
    this.send(`${line}\r\n`)
    return this.answer()
  }

  /** @returns the last line of an SMTP reply, or the one line of a POP3 response; undefined when the server has closed */
  async answer(): Promise<string | undefined> {
    let line = await this.#peer.line()
    while (line !== undefined && /^\d{3}-/.test(line)) line = await this.#peer.line()
    return line
  }

  /** Reads on to a single dot, or to where the server closes. @returns the lines; the last is undefined if there was no dot */
  async lines(): Promise<(string | undefined)[]> {
    const lines: (string | undefined)[] = []
    for (;;) {
      const line = await this.#peer.line()
      if (line === '.') return lines
      lines.push(line)
      if (line === undefined) return lines
    }
  }

  /** Hangs up. */
  async leave(): Promise<void> {
    this.#peer.end()
    await this.done
  }
}

/** Delivers a message to one account, by BDAT, which needs no stuffing. @returns the reply */
export async function deliver(household: Household, account: string, message: string): Promise<string | undefined> {
  const caller = await Caller.smtp(household)
  await caller.ask('EHLO laptop')
  await caller.ask('MAIL FROM:<bob@away.example>')
  await caller.ask(`RCPT TO:<${account}@home.example>`)
  const answer = await caller.ask(`BDAT ${Buffer.byteLength(message)} LAST\r\n${message.slice(0, -2)}`)
  await caller.leave()
  return answer
}
