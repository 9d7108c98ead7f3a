/** A mail host elsewhere: real sockets on a loopback address, a dialogue that a test bends as it likes, and what it saw. */
import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { createSecureContext, type SecureContext, TLSSocket } from 'node:tls'
import type { Issued } from '../dns/authority.ts'

/** Where in a session a peer is asked something; `body` comes with the first octets of a message, `end` after the last. */
export type Stage =
  | 'greeting'
  | 'EHLO'
  | 'HELO'
  | 'STARTTLS'
  | 'AUTH'
  | 'MAIL'
  | 'RCPT'
  | 'DATA'
  | 'body'
  | 'end'
  | 'QUIT'

/** A reply without its CRLF, octets as they are, or something else that a host can do. */
export type Say =
  | string
  | Buffer
  | 'silence' // nothing is said, now or later
  | 'drip' //   an octet now and then, and never a whole reply
  | 'drop' //   the connection is closed
  | 'reset' //  the connection is torn down
  | 'deaf' //   nothing is read any more
  | { readonly last: string } // said, and then the connection is closed

/** What is said at a stage; undefined for what a good host says. */
export type Manner = (stage: Stage, line: string, host: AwayHost) => Say | undefined

export type Mail = {
  readonly from: string
  readonly to: readonly string[]
  readonly body: string
  readonly tls: boolean
}

type Options = {
  readonly address?: string
  /** 0 for any that is free. */
  readonly port?: number
  /** With it the host has STARTTLS. */
  readonly certificate?: Pick<Issued, 'pem' | 'keyPem'> & { readonly chain?: string }
  readonly extensions?: readonly string[]
  readonly manner?: Manner
  /** Everything is said octet by octet. */
  readonly stammers?: boolean
}

const good: Readonly<Record<Stage, string>> = {
  greeting: '220 mail.away.example ESMTP',
  EHLO: '250 ok',
  HELO: '250 ok',
  STARTTLS: '220 go on',
  AUTH: '235 welcome',
  MAIL: '250 2.1.0 ok',
  RCPT: '250 2.1.5 ok',
  DATA: '354 go on',
  body: '',
  end: '250 2.0.0 taken',
  QUIT: '221 bye',
}

export class AwayHost implements AsyncDisposable {
  manner: Manner
  extensions: readonly string[]
  /** Said in clear together with the consent to TLS. */
  injection = ''
  /** Is told of all octets that come. */
  heard: (octets: number) => void = () => {}
  /** Messages that were accepted. */
  readonly mails: Mail[] = []
  /** Commands, of all connections. */
  readonly lines: string[] = []
  /** Connections that came, are open, and were open at once. */
  came = 0
  mostAtOnce = 0
  readonly #open = new Set<Socket>()
  readonly stammers: boolean
  readonly #server: Server
  readonly #tls: { readonly key: string; readonly cert: string } | undefined

  private constructor(server: Server, options: Options, tls: { key: string; cert: string } | undefined) {
    this.#server = server
    this.#tls = tls
    this.stammers = options.stammers ?? false
    this.manner = options.manner ?? (() => undefined)
    this.extensions = options.extensions ?? ['PIPELINING', '8BITMIME', 'SIZE 0', 'DSN']
    server.on('connection', socket => this.#take(socket))
  }

  static async start(options: Options = {}): Promise<AwayHost> {
    const server = createServer().listen(options.port ?? 0, options.address ?? '127.0.0.1')
    await once(server, 'listening')
    const { certificate } = options
    const tls = certificate && {
      cert: `${certificate.pem}\n${certificate.chain ?? ''}`,
      key: await certificate.keyPem(),
    }
    return new AwayHost(server, options, tls)
  }

  get port(): number {
    const address = this.#server.address()
    return typeof address === 'object' ? (address?.port ?? 0) : 0
  }

  /** Everybody has left: no connection was forgotten. */
  async left(): Promise<void> {
    const late = AbortSignal.timeout(5000)
    for (const socket of this.#open) await once(socket, 'close', { signal: late })
  }

  /** Nobody gets in any more; who is in stays. */
  close(): void {
    this.#server.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#open) socket.destroy()
    if (!this.#server.listening) return
    this.#server.close()
    await once(this.#server, 'close')
  }

  #take(socket: Socket): void {
    this.came += 1
    this.#open.add(socket)
    this.mostAtOnce = Math.max(this.mostAtOnce, this.#open.size)
    socket.on('error', () => {}).on('close', () => this.#open.delete(socket))
    new Visit(this, socket, this.#tls).begin()
  }
}

/** One connection. */
class Visit {
  readonly #host: AwayHost
  #socket: Socket
  readonly #context: { readonly key: string; readonly cert: string } | undefined
  #held = ''
  #from: string | undefined
  #to: string[] = []
  /** Undefined outside of one; '' before its first octets. */
  #body: string | undefined
  #tls = false
  #over = false
  /** What is being said octet by octet. */
  #said = Promise.resolve()

  constructor(host: AwayHost, socket: Socket, context: { key: string; cert: string } | undefined) {
    this.#host = host
    this.#socket = socket
    this.#context = context
  }

  begin(): void {
    this.#listen()
    this.#answer('greeting', '')
  }

  #listen(): void {
    this.#socket.setNoDelay(true).on('data', (chunk: Buffer) => {
      this.#host.heard(chunk.length)
      this.#hear(chunk.toString('latin1'))
    })
  }

  #secure(): void {
    const plain = this.#socket
    plain.removeAllListeners('data')
    this.#tls = true
    this.#socket = new TLSSocket(plain, { isServer: true, secureContext: this.#securely() })
    this.#socket.on('error', () => plain.destroy())
    this.#listen()
  }

  /** At this level OpenSSL shows chains that nobody should trust. */
  #securely(): SecureContext {
    return createSecureContext({ ...this.#context, ciphers: 'DEFAULT@SECLEVEL=0' })
  }

  #hear(text: string): void {
    this.#held += text
    for (;;) {
      if (this.#over) return
      if (this.#body !== undefined ? !this.#hearBody() : !this.#hearLine()) return
    }
  }

  /** @returns false when more has to come */
  #hearLine(): boolean {
    const end = this.#held.indexOf('\r\n')
    if (end < 0) return false
    const line = this.#held.slice(0, end)
    this.#held = this.#held.slice(end + 2)
    this.#host.lines.push(line)
    const verb = line.split(' ', 1)[0]?.toUpperCase() ?? ''
    if (verb === 'RSET') this.#write('250 ok\r\n')
    else this.#command(isStage(verb) ? verb : 'QUIT', line)
    return true
  }

  #command(stage: Stage, line: string): void {
    const missing = (stage === 'RCPT' && this.#from === undefined) || (stage === 'DATA' && this.#to.length === 0)
    if (missing) {
      this.#write('503 5.5.1 out of order\r\n')
      return
    }
    const said = this.#answer(stage, line)
    const accepted = /^[23]/.test(String(said))
    if (stage === 'STARTTLS' && accepted && said === good.STARTTLS) this.#secure()
    if (stage === 'MAIL') [this.#from, this.#to] = [accepted ? pathOf(line) : undefined, []]
    if (stage === 'RCPT' && accepted) this.#to.push(pathOf(line))
    if (stage === 'DATA' && String(said).startsWith('354')) this.#body = ''
    if (stage === 'QUIT' && said !== 'silence') this.#socket.end()
  }

  #hearBody(): boolean {
    if (this.#held === '') return false
    if (this.#body === '') this.#answer('body', '')
    this.#body = 'begun'
    const end = this.#held.startsWith('.\r\n') ? 0 : this.#held.indexOf('\r\n.\r\n')
    if (end < 0 || this.#over) return false
    const body = this.#held.slice(0, end === 0 ? 0 : end + 2)
    this.#held = this.#held.slice(end === 0 ? 3 : end + 5)
    this.#body = undefined
    const said = this.#answer('end', body)
    const mail = { from: this.#from ?? '', to: this.#to, body: body.replace(/^\./gm, ''), tls: this.#tls }
    if (/^2/.test(String(said))) this.#host.mails.push(mail)
    return true
  }

  /** @returns what was said */
  #answer(stage: Stage, line: string): Say {
    const said = this.#host.manner(stage, line, this.#host) ?? this.#goodAnswer(stage)
    if (said === 'silence') {
      this.#over = true
      return said
    }
    if (said === 'drip') this.#drip()
    else if (said === 'deaf') this.#socket.pause()
    else if (said === 'drop') {
      this.#over = true
      this.#socket.end()
    } else if (said === 'reset') {
      this.#over = true
      this.#socket.resetAndDestroy()
    } else if (typeof said === 'object' && 'last' in said) {
      this.#over = true
      this.#socket.end(`${said.last}\r\n`)
    } else if (typeof said !== 'string') this.#write(said)
    else if (said !== '') this.#write(`${said}\r\n${stage === 'STARTTLS' ? this.#host.injection : ''}`)
    return said
  }

  #goodAnswer(stage: Stage): string {
    if (stage !== 'EHLO') return good[stage]
    const offers = this.#context && !this.#tls ? ['STARTTLS'] : []
    const lines = ['mail.away.example', ...offers, ...this.#host.extensions]
    return lines.map((line, i) => `250${i === lines.length - 1 ? ' ' : '-'}${line}`).join('\r\n')
  }

  #write(octets: string | Buffer): void {
    if (!this.#host.stammers) this.#say(Buffer.from(octets))
    else for (const octet of Buffer.from(octets)) this.#said = this.#said.then(() => this.#stammer(octet))
  }

  async #stammer(octet: number): Promise<void> {
    this.#say(Buffer.of(octet))
    await setImmediate()
  }

  #drip(): void {
    const timer = setInterval(() => this.#say(Buffer.from('2')), 20)
    this.#socket.once('close', () => clearInterval(timer))
  }

  #say(octets: Buffer): void {
    if (this.#socket.writable) this.#socket.write(octets)
  }
}

function isStage(verb: string): verb is Stage {
  return Object.hasOwn(good, verb) && /^[A-Z]+$/.test(verb)
}

function pathOf(line: string): string {
  return /<([^>]*)>/.exec(line)?.[1] ?? ''
}

/** What a host says at some stages, whatever the line. */
export function at(says: Partial<Record<Stage, Say>>): Manner {
  return stage => says[stage]
}
