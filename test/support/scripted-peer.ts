/** A connection whose client is a list: what the server reads is given, and what it writes is shown write by write. */
import type { Peer, Read, Stake, TlsVersion } from '../../src/net/connection.ts'

export class ScriptedPeer implements Peer {
  stake: Stake = 'nothing'
  account = ''
  readonly binding = undefined
  readonly address = '192.0.2.7'
  readonly loopback = false
  readonly open = true
  readonly #reads: AsyncIterator<Read>
  readonly #written: (octets: Uint8Array | string) => unknown

  /**
   * @param reads what each read gives; after the last the client has gone
   * @param written gets each write, whose octets are borrowed; the server waits for what it returns
   */
  constructor(reads: AsyncIterable<Read>, written: (octets: Uint8Array | string) => unknown) {
    this.#reads = reads[Symbol.asyncIterator]()
    this.#written = written
  }

  async read(): Promise<Read> {
    const next = await this.#reads.next()
    return next.done ? 'ended' : next.value
  }

  async write(octets: Uint8Array | string): Promise<void> {
    if (octets.length > 0) await this.#written(octets)
  }

  interrupt(): void {}

  /** The handshake fails. */
  async secure(): Promise<TlsVersion | undefined> {
    return undefined
  }
}
