/** A name server on loopback, by UDP and TCP at one port, whose answers are a function. */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { createServer, type Server, type Socket as Stream } from 'node:net'
import {
  type Answer,
  AUTHENTIC_DATA,
  type DecodedPacket,
  decode,
  encode,
  type Question,
  RECURSION_AVAILABLE,
  type TlsaAnswer,
  TRUNCATED_RESPONSE,
} from 'dns-packet'

export const code = { formatError: 1, serverFailure: 2, noName: 3, refused: 5 } as const

export type Reply = {
  readonly id?: number
  readonly code?: number
  readonly secure?: boolean
  readonly truncated?: boolean
  readonly questions?: readonly Question[]
  readonly answers?: readonly Answer[]
  readonly authorities?: readonly Answer[]
}

export type Asked = {
  readonly name: string
  readonly type: string
  readonly by: 'udp' | 'tcp'
  readonly packet: DecodedPacket
  /** The asking socket's port. */
  readonly port: number
}

/** What to say: replies, octets as they are, or nothing. */
export type Say = (asked: Asked) => readonly (Reply | Buffer)[] | Promise<readonly (Reply | Buffer)[]>

export function replyTo({ packet }: Asked, reply: Reply): Buffer {
  const bits = (reply.secure ? AUTHENTIC_DATA : 0) | (reply.truncated ? TRUNCATED_RESPONSE : 0) | (reply.code ?? 0)
  return encode({
    type: 'response',
    id: reply.id ?? packet.id ?? 0,
    flags: RECURSION_AVAILABLE | bits,
    questions: [...(reply.questions ?? packet.questions ?? [])],
    answers: [...(reply.answers ?? [])],
    authorities: [...(reply.authorities ?? [])],
  })
}

export class NameServer implements AsyncDisposable {
  readonly asked: Asked[] = []
  readonly port: number
  readonly #udp: Socket
  readonly #tcp: Server
  readonly #streams = new Set<Stream>()
  readonly #say: Say

  private constructor(udp: Socket, tcp: Server, say: Say) {
    this.#udp = udp
    this.#tcp = tcp
    this.#say = say
    this.port = udp.address().port
    udp.on('message', (octets, from) => this.#answerDatagram(octets, from))
    tcp.on('connection', stream => this.#answerStream(stream))
  }

  static async start(say: Say): Promise<NameServer> {
    const tcp = createServer().listen(0, '127.0.0.1')
    await once(tcp, 'listening')
    const address = tcp.address()
    const udp = createSocket('udp4').bind(typeof address === 'object' ? address?.port : 0, '127.0.0.1')
    try {
      await once(udp, 'listening')
    } catch {
      // Somebody else has the port for UDP.
      tcp.close()
      return NameServer.start(say)
    }
    return new NameServer(udp, tcp, say)
  }

  get address(): string {
    return `127.0.0.1:${this.port}`
  }

  /** @returns what was asked, such as `udp A mail.example` */
  get log(): readonly string[] {
    return this.asked.map(({ by, type, name }) => `${by} ${type} ${name}`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const stream of this.#streams) stream.destroy()
    this.#udp.close()
    this.#tcp.close()
    await once(this.#tcp, 'close')
  }

  async #answerDatagram(octets: Buffer, from: RemoteInfo): Promise<void> {
    for (const answer of await this.#answers(octets, 'udp', from.port)) this.#udp.send(answer, from.port, from.address)
  }

  #answerStream(stream: Stream): void {
    this.#streams.add(stream)
    stream.setNoDelay(true).on('error', () => {})
    stream.once('data', async (octets: Buffer) => {
      for (const answer of await this.#answers(octets.subarray(2), 'tcp', stream.remotePort ?? 0)) {
        const length = Buffer.alloc(2)
        length.writeUInt16BE(answer.length)
        // The first octets one by one: they are cut in the length too.
        const whole = Buffer.concat([length, answer])
        for (let i = 0; i < 20; i += 1) stream.write(whole.subarray(i, i + 1))
        stream.write(whole.subarray(20))
      }
    })
  }

  async #answers(octets: Buffer, by: Asked['by'], port: number): Promise<readonly Buffer[]> {
    const packet = decode(octets)
    const [{ name, type } = { name: '', type: 'NULL' }] = packet.questions ?? []
    const asked = { name, type, by, packet, port }
    this.asked.push(asked)
    const said = await this.#say(asked)
    return said.map(reply => (Buffer.isBuffer(reply) ? reply : replyTo(asked, reply)))
  }
}

const ttl = 300

/** @returns a record as a test writes it: `mx('away.example', 10, 'mail.away.example')` */
export const a = (name: string, data: string, seconds = ttl): Answer => ({ type: 'A', name, data, ttl: seconds })
export const aaaa = (name: string, data: string, seconds = ttl): Answer => ({ type: 'AAAA', name, data, ttl: seconds })
export const cname = (name: string, data: string, seconds = ttl): Answer => ({
  type: 'CNAME',
  name,
  data,
  ttl: seconds,
})
export const txt = (name: string, data: string[], seconds = ttl): Answer => ({ type: 'TXT', name, data, ttl: seconds })
export const mx = (name: string, preference: number, exchange: string, seconds = ttl): Answer => ({
  type: 'MX',
  name,
  data: { preference, exchange },
  ttl: seconds,
})
export const tlsa = (
  name: string,
  usage: number,
  selector: number,
  matchingType: number,
  certificate: Buffer,
): TlsaAnswer => ({ type: 'TLSA', name, data: { usage, selector, matchingType, certificate }, ttl })
export const soa = (name: string, minimum: number, seconds = ttl): Answer => ({
  type: 'SOA',
  name,
  data: { mname: `ns.${name}`, rname: `root.${name}`, serial: 1, refresh: 1, retry: 1, expire: 1, minimum },
  ttl: seconds,
})

/** @returns what a server with these records says: no data for the types a name lacks, and no name where it has none */
export function zone(records: readonly Answer[], options: { readonly secure?: boolean } = {}): Say {
  return ({ name, type }) => {
    const named = records.filter(record => record.name === name)
    const answers = named.filter(record => record.type === type)
    if (answers.length > 0) return [{ ...options, answers }]
    return [{ ...options, code: named.length > 0 ? 0 : code.noName, authorities: [soa('example', 60)] }]
  }
}
