/**
 * A household's mail, sped up: senders at a steady rate, and a reader for each account, who reads what is new and deletes
 * so much that the mail left stays the same. Three in ten deletions are at any age, the rest the oldest first.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { KB, MB, randomMail } from '../bench/mail.ts'
import { Random } from '../crash/random.ts'
import { Peer } from './peer.ts'
import { password, type Server } from './server.ts'

/** Octets of mail that the readers leave. */
const windowOctets = 110 * MB
/** Messages a second once there is so much: 7 MB/s. A household gets one in some minutes. */
const rate = 350
const senders = 4
/** After a pause of the server's the senders make up for this much. */
const arrearsMs = 1000
/** Milliseconds from one visit of a reader to the next. */
const visitMs = 2000
/** Messages sent in one SMTP session, and commands sent to POP3 at a time. */
const sessionMessages = 500
const pipelined = 20
const randomPercent = 30

const smallOctets = 10 * KB
const largeOctets = 2 * MB
/** One message in so many is large. */
const largeOneIn = 200
/** Messages of each size, all different: nothing between them compresses. */
const different = { small: 64, large: 2 }

type Account = { readonly name: string; live: number; seen: number }

export class Traffic {
  readonly accounts: readonly Account[]
  /** Octets and messages that the server has accepted. */
  received = 0
  messages = 0
  /** Milliseconds from the end of each message to its 250, since the last look. */
  acceptMs: number[] = []
  readonly #server: Server
  readonly #random = new Random(1)
  readonly #small = Array.from({ length: different.small }, () => randomMail(smallOctets))
  readonly #large = Array.from({ length: different.large }, () => randomMail(largeOctets))
  #full = false
  #over = false

  constructor(server: Server, names: readonly string[]) {
    this.#server = server
    this.accounts = names.map(name => ({ name, live: 0, seen: 0 }))
  }

  /** Octets of mail that are in the mailboxes, as they were received. */
  get live(): number {
    return this.accounts.reduce((sum, { live }) => sum + live, 0)
  }

  /** There is as much mail as there is to be. */
  get full(): boolean {
    return this.#full
  }

  /** Runs until `end` is called. @throws what was not answered as it should be */
  async run(): Promise<void> {
    const everyone = [
      ...Array.from({ length: senders }, () => this.#repeat(() => this.#send())),
      ...this.accounts.map(account => this.#repeat(() => this.#visit(account))),
    ]
    try {
      await Promise.all(everyone)
    } finally {
      this.end()
      await Promise.allSettled(everyone)
    }
  }

  end(): void {
    this.#over = true
  }

  async #repeat(act: () => Promise<void>): Promise<void> {
    while (!this.#over) await act()
  }

  async #send(): Promise<void> {
    using smtp = await Peer.open(this.#server.smtp)
    await smtp.expect('220')
    await smtp.ask('EHLO client.example', '250')
    let due = performance.now()
    for (let left = sessionMessages; left > 0 && !this.#over; left--) {
      const account = this.#random.pick(this.accounts)
      const mail = this.#random.pick(this.#random.below(largeOneIn) === 0 ? this.#large : this.#small)
      await this.#deliver(smtp, account, mail)
      if (!this.#full) continue
      due = Math.max(due + (senders * 1000) / rate, performance.now() - arrearsMs)
      await sleep(Math.max(0, due - performance.now()))
    }
    await smtp.ask('QUIT', '221')
  }

  async #deliver(smtp: Peer, account: Account, mail: Buffer): Promise<void> {
    smtp.send(`MAIL FROM:<bob@away.example>\r\nRCPT TO:<${account.name}@home.example>\r\nDATA\r\n`)
    for (const expected of ['250', '250', '354']) await smtp.expect(expected, 'MAIL, RCPT, DATA')
    smtp.send(mail)
    const sent = performance.now()
    await smtp.ask('.', '250')
    this.acceptMs.push(performance.now() - sent)
    this.messages += 1
    this.received += mail.length
    account.live += mail.length
    this.#full ||= this.live >= windowOctets
  }

  /** Logs in, reads what is new, deletes what is too much. */
  async #visit(account: Account): Promise<void> {
    const begun = performance.now()
    using pop3 = await Peer.open(this.#server.pop3)
    await pop3.expect('+OK')
    await pop3.ask(`USER ${account.name}`, '+OK')
    await pop3.ask(`PASS ${password}`, '+OK')
    const excess = account.live - windowOctets / this.accounts.length
    const [, count = '0'] = (await pop3.ask('STAT', '+OK')).split(' ')
    if (count !== '0') await this.#tend(pop3, account, excess)
    await pop3.ask('QUIT', '+OK')
    await sleep(Math.max(0, begun + visitMs - performance.now()))
  }

  async #tend(pop3: Peer, account: Account, excess: number): Promise<void> {
    await pop3.ask('LIST', '+OK')
    const sizes = (await pop3.text())
      .split('\r\n')
      .slice(0, -1)
      .map(line => Number(line.split(' ')[1]))
    const fresh = sizes
      .keys()
      .drop(account.seen)
      .map(index => index + 1)
    await askAll(pop3, 'RETR', fresh.toArray(), () => pop3.text())
    const removed = this.#choose(sizes, excess)
    await askAll(pop3, 'DELE', removed.numbers)
    account.seen = sizes.length - removed.numbers.length
    account.live -= removed.octets
  }

  /** @returns numbers of messages that together have so many octets or a little more */
  #choose(sizes: readonly number[], excess: number): { numbers: number[]; octets: number } {
    const left = Array.from(sizes.keys())
    const numbers: number[] = []
    let octets = 0
    while (octets < excess && left.length > 0) {
      const at = this.#random.percent(randomPercent) ? this.#random.below(left.length) : 0
      for (const index of left.splice(at, 1)) {
        // LIST counts the trace fields, too.
        octets += (sizes[index] ?? 0) < largeOctets ? smallOctets : largeOctets
        numbers.push(index + 1)
      }
    }
    return { numbers, octets }
  }
}

/** Gives POP3 the same command for many messages, some at a time. @param rest reads what follows the answer */
async function askAll(pop3: Peer, verb: string, numbers: readonly number[], rest?: () => Promise<unknown>) {
  for (let start = 0; start < numbers.length; start += pipelined) {
    const part = numbers.slice(start, start + pipelined)
    pop3.send(part.map(number => `${verb} ${number}\r\n`).join(''))
    for (const number of part) {
      await pop3.expect('+OK', `${verb} ${number}`)
      await rest?.()
    }
  }
}
