/**
 * A mail host that takes what the server sends on, in the test's own process. It says at which step each visit is, does there
 * what it is told, and remembers what it took: each acceptance counts, the second of the same message too.
 */
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'

/** Where a visit is: a command has come, half of a body (`halfOctets`), or all of it. */
export type Step = 'connect' | 'EHLO' | 'MAIL' | 'RCPT' | 'DATA' | 'BDAT' | 'half' | 'end' | 'RSET' | 'QUIT'

/** A reply, or none: nothing more is said, or the connection is broken off. */
export type Word = 'silence' | 'break' | `${number} ${string}`

/** What a host does out of the ordinary. */
export type Manner = {
  /** @returns what is said at a step; undefined for what every host says there */
  readonly answer?: (step: Step, path: string) => Word | undefined
  /** The answer to a step is with the kernel, on its way to the server. */
  readonly answered?: (step: Step) => void
}

/** A message that was taken: 250 was said to its end. */
export type Arrival = {
  readonly token: string
  /** Forward-paths. */
  readonly recipients: readonly string[]
  /** Of the body, without the header section. */
  readonly digest: string
  /** The sender went on, as it does when it has written down what became of the message. */
  certain: boolean
  /** The sender was killed before it went on: RFC 5321 §4.5.4.2 has the message come again. */
  cut: boolean
}

/** Octets of a message that are half of the large ones. */
export const halfOctets = 100_000

const extensions = { plain: ['8BITMIME'], modern: ['8BITMIME', 'PIPELINING', 'CHUNKING'] } as const
export type Skill = keyof typeof extensions

export class MailHost implements AsyncDisposable {
  readonly arrivals: Arrival[] = []
  readonly skill: Skill
  manner: Manner = {}
  readonly #server: Server
  readonly #visits = new Set<Visit>()

  private constructor(skill: Skill, server: Server) {
    this.skill = skill
    this.#server = server
  }

  static async open(skill: Skill): Promise<MailHost> {
    const server = createServer()
    const host = new MailHost(skill, server)
    server.on('connection', socket => {
      const visit = new Visit(host, socket)
      host.#visits.add(visit)
      socket.on('close', () => host.#visits.delete(visit))
    })
    await once(server.listen(0, '127.0.0.1'), 'listening')
    return host
  }

  get port(): number {
    const address = this.#server.address()
    return typeof address === 'object' && address !== null ? address.port : 0
  }

  /** The server is killed now: what it was told last it may not have written down. */
  cut(): void {
    for (const visit of this.#visits) visit.cut()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const visit of this.#visits) visit.end()
    this.#server.close()
    await once(this.#server, 'close')
  }
}

/** What is being read: commands, a body up to its dot, or the octets of a chunk. */
type Reading =
  | { readonly kind: 'commands' }
  | { readonly kind: 'data' }
  | { readonly kind: 'chunk'; readonly octets: number; readonly last: boolean }

const commands: Reading = { kind: 'commands' }
const endOfData = '\r\n.\r\n'

class Visit {
  readonly #host: MailHost
  readonly #socket: Socket
  #reading = commands
  /** Not read yet, one character an octet. */
  #held = ''
  #message = ''
  #recipients: string[] = []
  #halved = false
  #silent = false
  #cut = false
  #last: Arrival | undefined

  constructor(host: MailHost, socket: Socket) {
    this.#host = host
    this.#socket = socket
    socket.on('error', () => {}) // A server that is killed breaks off.
    socket.on('data', chunk => this.#feed(chunk.toString('latin1')))
    this.#say('connect', '220 mail.away.example')
  }

  cut(): void {
    this.#cut = true
    if (this.#last) this.#last.cut = true
  }

  end(): void {
    this.#socket.destroy()
  }

  /** @returns the reply as it was given: the usual one, or what this host's manner is */
  #say(step: Step, usual: string, path = ''): string {
    if (this.#silent) return ''
    const { manner } = this.#host
    const word = manner.answer?.(step, path) ?? usual
    if (word === 'silence' || word === 'break') {
      this.#silent = true
      if (word === 'break') this.#socket.destroy()
      return ''
    }
    if (word !== '') this.#socket.write(`${word}\r\n`, () => this.#host.manner.answered?.(step))
    return word
  }

  #feed(text: string): void {
    this.#held += text
    while (!this.#silent && this.#read());
  }

  /** @returns false when more has to come first */
  #read(): boolean {
    const reading = this.#reading
    switch (reading.kind) {
      case 'commands': {
        const end = this.#held.indexOf('\r\n')
        if (end < 0) return false
        this.#obey(this.#take(end + 2).trimEnd())
        return true
      }
      case 'data': {
        const end = this.#held.indexOf(endOfData)
        this.#halve(end < 0 ? this.#held.length : end)
        if (end < 0) return false
        this.#message = this.#take(end + endOfData.length).slice(0, -3)
        this.#accept(this.#message.replaceAll('\r\n.', '\r\n'))
        return true
      }
      case 'chunk': {
        this.#halve(this.#message.length + Math.min(this.#held.length, reading.octets))
        if (this.#held.length < reading.octets) return false
        this.#message += this.#take(reading.octets)
        this.#reading = commands
        if (reading.last) this.#accept(this.#message)
        else this.#say('BDAT', '250 2.0.0 Go on')
        return true
      }
      default:
        return reading satisfies never
    }
  }

  #take(octets: number): string {
    const taken = this.#held.slice(0, octets)
    this.#held = this.#held.slice(octets)
    return taken
  }

  /** Says nothing, but that half is here. */
  #halve(octets: number): void {
    if (this.#halved || octets < halfOctets) return
    this.#halved = true
    this.#say('half', '')
  }

  #obey(line: string): void {
    const [, verb = '', path = ''] = /^(\w+)[^<]*<?([^>]*)/.exec(line) ?? []
    if (this.#last) this.#last.certain = true
    switch (verb) {
      case 'EHLO': {
        const lines = ['mail.away.example', ...extensions[this.#host.skill]]
        this.#say('EHLO', lines.map((word, i) => `250${i === lines.length - 1 ? ' ' : '-'}${word}`).join('\r\n'))
        return
      }
      case 'MAIL':
        this.#reset()
        this.#say('MAIL', '250 2.1.0 Yes')
        return
      case 'RCPT':
        if (this.#say('RCPT', '250 2.1.5 Yes', path).startsWith('250')) this.#recipients.push(path)
        return
      case 'DATA':
        if (this.#recipients.length === 0) this.#say('DATA', '554 5.5.1 For nobody')
        else if (this.#say('DATA', '354 Go on').startsWith('354')) this.#reading = { kind: 'data' }
        return
      case 'BDAT': {
        const [, octets = 0, last] = /^BDAT (\d+)( LAST)?$/.exec(line) ?? []
        this.#reading = { kind: 'chunk', octets: Number(octets), last: last !== undefined }
        return
      }
      case 'QUIT':
        if (this.#say('QUIT', '221 2.0.0 Goodbye') !== '') this.#socket.end()
        return
      case 'RSET':
        this.#reset()
        this.#say('RSET', '250 2.0.0 Yes')
        return
      default:
        this.#say('RSET', '500 5.5.1 What?')
    }
  }

  #reset(): void {
    this.#message = ''
    this.#recipients = []
    this.#halved = false
  }

  #accept(message: string): void {
    this.#reading = commands
    const usual = this.#recipients.length > 0 ? '250 2.0.0 Taken' : '554 5.5.1 For nobody'
    const [, token = ''] = /^Message-ID: <(m\d+)@/im.exec(message) ?? []
    if (!this.#say('end', usual, token).startsWith('250')) return
    const recipients = this.#recipients
    this.#last = { token, recipients, digest: bodyDigest(message), certain: false, cut: this.#cut }
    this.#host.arrivals.push(this.#last)
  }
}

/** @param message one character an octet @returns the digest of what follows its header section */
export function bodyDigest(message: string): string {
  const body = message.slice(message.indexOf('\r\n\r\n') + 4)
  return createHash('sha256').update(body, 'latin1').digest('base64')
}
