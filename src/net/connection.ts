/** One connection: chunks in, octets out, and the step to TLS. The rest of the house sees no socket. */
import { isIP, type Socket } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { connect as connectTls, type SecureContext, TLSSocket } from 'node:tls'
import { budget } from '../base/budget.ts'
import { publicKeyInfo } from './spki.ts'

/** What reading gives: the next chunk, or why there is none. */
export type Read =
  | Buffer
  | 'ended' // the peer has gone
  | 'idle' // nothing came for as long as is allowed
  | 'interrupted' // `interrupt()` was called

/** What the peer would lose if its connection were closed now; its session says so. */
export type Stake = 'nothing' | 'transaction' | 'login'

/** What a session needs of its connection. */
export type Peer = Pick<
  Connection,
  'address' | 'account' | 'binding' | 'loopback' | 'open' | 'stake' | 'read' | 'write' | 'interrupt' | 'secure'
>

export type TlsVersion = { readonly protocol: string; readonly cipher: string }

/** What a server has shown of itself. */
export type TlsProof = {
  /** Why its certificate does not prove its name; undefined when it does. */
  readonly problem: string | undefined
  /** Certificates in DER with their public keys, its own first. */
  readonly chain: readonly { readonly raw: Buffer; readonly publicKey: Buffer }[]
}

/** Milliseconds that the last octets get to reach the peer, and the peer to close. */
const lingerMs = 5000

export class Connection {
  /** The peer's IP address; an IPv4 address inside an IPv6 one is given as IPv4. Empty on a Unix socket. */
  readonly address: string
  stake: Stake = 'nothing'
  /** The name of the account that has logged in on it, for people who look; its session says so. */
  account = ''
  /** When the peer was last told something, or else when it came: ms since the process began. */
  lastAnswer = performance.now()
  #socket: Socket
  #wake: (() => void) | undefined
  #ended = false
  #dismissed = false
  #closing: Promise<void> | undefined
  #idle = false
  #interrupted = false
  #idleMs: number
  #detach: () => void

  /**
   * @param idleMs milliseconds without an octet in either direction after which reading gives 'idle'
   */
  constructor(socket: Socket, idleMs: number) {
    this.#socket = socket
    this.#idleMs = idleMs
    this.address = plainAddress(socket.remoteAddress)
    this.#detach = this.#attach(socket)
  }

  /**
   * False once the connection is closed; what is written then is thrown away. A peer that has only ended its own side may
   * still wait for an answer.
   */
  get open(): boolean {
    return !this.#dismissed && !this.#socket.destroyed && this.#socket.writable
  }

  /**
   * What binds a login to this connection's TLS: RFC 9266. Undefined without TLS 1.3: before that it takes an extension
   * of which Node does not tell whether it is in use.
   */
  get binding(): Buffer | undefined {
    const socket = this.#socket
    if (!(socket instanceof TLSSocket) || socket.getProtocol() !== 'TLSv1.3') return undefined
    return socket.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0))
  }

  /** True when the peer is this machine. */
  get loopback(): boolean {
    return this.address === '::1' || this.address.startsWith('127.')
  }

  /** True when octets of the peer are there, so that reading gives them at once. */
  get heard(): boolean {
    return this.#socket.readableLength > 0
  }

  /** True while there is nothing to do but wait for the peer. */
  get waiting(): boolean {
    return this.#wake !== undefined
  }

  /**
   * Reads one chunk. No more is read from the peer until this one is dealt with, so that TCP holds a fast peer back.
   */
  async read(): Promise<Read> {
    for (;;) {
      const chunk: Buffer | null = this.#socket.read()
      if (chunk !== null) {
        this.#idle = false
        return chunk
      }
      if (this.#ended) return 'ended'
      if (this.#idle) return 'idle'
      if (this.#interrupted) {
        this.#interrupted = false
        return 'interrupted'
      }
      await this.#woken()
    }
  }

  /** Writes, and resolves when the octets are on their way or the peer is gone. */
  async write(octets: Uint8Array | string): Promise<void> {
    if (octets.length === 0 || !this.open) return
    // Time that passed while the answer was being found is not the peer's silence.
    this.#idle = false
    this.lastAnswer = performance.now()
    this.#socket.write(octets)
    while (this.open && this.#socket.writableNeedDrain) {
      await this.#woken()
      // A peer that takes nothing for so long is gone.
      if (this.#idle) this.#socket.destroy()
    }
    // Much is asked here in one go: the others get their turn in between, or this peer would have them wait for its end.
    if (octets.length >= budget.output) await setImmediate()
  }

  /** Makes the present or the next `read` give 'interrupted'. */
  interrupt(): void {
    this.#interrupted = true
    this.#rouse()
  }

  /** Says a last word to a peer that is waited for, and leaves: to its session it is as if the peer had gone. */
  dismiss(lastWord: string): void {
    if (this.open) this.#socket.write(lastWord)
    this.#dismissed = true
    this.#ended = true
    this.#rouse()
  }

  /**
   * Goes over to TLS as the server. Octets that came before it are thrown away.
   * @returns version and cipher, or undefined when the handshake failed (the connection is closed then)
   */
  async secure(context: SecureContext): Promise<TlsVersion | undefined> {
    while (this.#socket.read() !== null);
    return this.#upgrade(plain => new TLSSocket(plain, { isServer: true, secureContext: context }), 'secure')
  }

  /** Lets the peer be silent for so many milliseconds from now on. */
  set patience(ms: number) {
    this.#idleMs = ms
    this.#idle = false
    this.#socket.setTimeout(ms)
  }

  /**
   * Goes over to TLS as the client. Whom the server proves to be is for the caller to weigh.
   * @param name that the server's certificate should be made for, or an IP address
   * @param ca the only certificate, or its issuer, that is trusted (PEM); left out, those that everybody knows
   * @param ms that the handshake may take
   * @returns as `secure`, with what the server has shown
   */
  async secureAsClient(
    name: string,
    ca?: string,
    ms: number = budget.handshakeMs,
  ): Promise<(TlsVersion & TlsProof) | undefined> {
    let socket: TLSSocket | undefined
    const options = { ...(ca === undefined ? {} : { ca }), ...(isIP(name) ? {} : { servername: name }) }
    const connect = (plain: Socket) => {
      socket = connectTls({ socket: plain, ...options, host: name, rejectUnauthorized: false })
      return socket
    }
    const version = await this.#upgrade(connect, 'secureConnect', ms)
    if (!version || !socket) return undefined
    const problem = socket.authorized ? undefined : String(socket.authorizationError)
    return { ...version, problem, chain: chainOf(socket) }
  }

  async #upgrade(
    wrap: (plain: Socket) => TLSSocket,
    event: string,
    ms: number = budget.handshakeMs,
  ): Promise<TlsVersion | undefined> {
    this.#detach()
    const tls = wrap(this.#socket)
    this.#socket = tls
    this.#detach = this.#attach(tls)
    let done = false
    tls.once(event, () => {
      done = true
      this.#rouse()
    })
    const deadline = setTimeout(() => tls.destroy(), ms)
    while (!done && this.open && !this.#ended) await this.#woken()
    clearTimeout(deadline)
    if (done) return { protocol: tls.getProtocol() ?? '', cipher: tls.getCipher().name }
    this.destroy()
    return undefined
  }

  /** Closes after everything written has gone out, and resolves when the connection is no more. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    const socket = this.#socket
    if (socket.destroyed) return
    socket.end()
    // What still comes is thrown away: closing over unread octets would cut off the last answer.
    this.#detach()
    socket.once('close', () => this.#rouse())
    socket.on('error', () => {})
    socket.resume()
    const deadline = setTimeout(() => socket.destroy(), lingerMs)
    while (!socket.destroyed) await this.#woken()
    clearTimeout(deadline)
  }

  /** Closes at once. */
  destroy(): void {
    this.#ended = true
    this.#socket.destroy()
    this.#rouse()
  }

  /** @returns takes its listeners off again */
  #attach(socket: Socket): () => void {
    const wake = () => this.#rouse()
    const end = () => {
      this.#ended = true
      this.#rouse()
    }
    const idle = () => {
      this.#idle = true
      this.#rouse()
    }
    // A reset or a broken TLS record is no event of its own: the connection is closed behind it, which 'close' tells.
    const listeners = { readable: wake, drain: wake, error: wake, end, close: end, timeout: idle } as const
    for (const [event, listener] of Object.entries(listeners)) socket.on(event, listener)
    this.#idle = false
    socket.setTimeout(this.#idleMs)
    return () => {
      socket.setTimeout(0)
      for (const [event, listener] of Object.entries(listeners)) socket.off(event, listener)
    }
  }

  /** A console reads and writes at once: both are woken, and look for themselves. */
  #woken(): Promise<void> {
    const other = this.#wake
    return new Promise(resolve => {
      this.#wake = () => {
        other?.()
        resolve()
      }
    })
  }

  #rouse(): void {
    const wake = this.#wake
    this.#wake = undefined
    wake?.()
  }
}

/** The certificates that a server has shown, its own first, each with the next as its issuer; up to one that makes no sense. */
function chainOf(socket: TLSSocket): TlsProof['chain'] {
  const chain: { raw: Buffer; publicKey: Buffer }[] = []
  for (let shown = socket.getPeerX509Certificate(); shown && chain.length < budget.chain; ) {
    const publicKey = publicKeyInfo(shown.raw)
    if (!publicKey) break
    chain.push({ raw: shown.raw, publicKey })
    const issuer = shown.issuerCertificate
    shown = issuer && !issuer.raw.equals(shown.raw) ? issuer : undefined
  }
  return chain
}

function plainAddress(address = ''): string {
  const inside = address.startsWith('::ffff:') ? address.slice('::ffff:'.length) : ''
  return isIP(inside) === 4 ? inside : address
}
