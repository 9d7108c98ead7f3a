/** A connection without a socket: what is sent arrives in steps of a chosen size. */
import type { Peer, Read, Stake, TlsVersion } from '../../src/net/connection.ts'

export class MemoryPeer implements Peer {
  readonly address: string
  stake: Stake = 'nothing'
  account = ''
  /** As if TLS had exported it. */
  binding: Buffer | undefined
  readonly #step: number
  #toServer: Buffer = Buffer.alloc(0)
  #fromServer: Buffer = Buffer.alloc(0)
  #clientEnded = false
  #serverEnded = false
  #interrupted = false
  #changed: (() => void)[] = []

  /** @param step octets the server gets at a time */
  constructor(step: number, address = '192.0.2.7') {
    this.#step = step
    this.address = address
  }

  // The server's side

  get loopback(): boolean {
    return this.address.startsWith('127.')
  }

  get open(): boolean {
    return !this.#clientEnded
  }

  async read(): Promise<Read> {
    for (;;) {
      if (this.#toServer.length > 0) {
        const chunk = Buffer.from(this.#toServer.subarray(0, this.#step))
        this.#toServer = this.#toServer.subarray(this.#step)
        return chunk
      }
      if (this.#clientEnded) return 'ended'
      if (this.#interrupted) {
        this.#interrupted = false
        return 'interrupted'
      }
      await this.#change()
    }
  }

  async write(octets: Uint8Array | string): Promise<void> {
    if (octets.length === 0) return
    this.#fromServer = Buffer.concat([this.#fromServer, Buffer.from(octets)])
    this.#notify()
  }

  interrupt(): void {
    this.#interrupted = true
    this.#notify()
  }

  /** There is no TLS here; the session only learns that it is on. */
  async secure(): Promise<TlsVersion> {
    this.#toServer = Buffer.alloc(0)
    this.binding = Buffer.alloc(32, 'binding')
    return { protocol: 'TLSv1.3', cipher: 'TLS_AES_256_GCM_SHA384' }
  }

  // The client's side

  send(octets: Buffer): void {
    this.#toServer = Buffer.concat([this.#toServer, octets])
    this.#notify()
  }

  end(): void {
    this.#clientEnded = true
    this.#notify()
  }

  /** To be called when the server is done with the connection. */
  serverEnded(): void {
    this.#serverEnded = true
    this.#notify()
  }

  /** @returns the next line without its CRLF, or undefined when the server has closed */
  async line(): Promise<string | undefined> {
    for (;;) {
      const end = this.#fromServer.indexOf('\r\n')
      if (end >= 0) {
        const line = this.#fromServer.toString('utf8', 0, end)
        this.#fromServer = this.#fromServer.subarray(end + 2)
        return line
      }
      if (this.#serverEnded) return undefined
      await this.#change()
    }
  }

  #change(): Promise<void> {
    return new Promise(resolve => this.#changed.push(resolve))
  }

  #notify(): void {
    for (const resolve of this.#changed.splice(0)) resolve()
  }
}
