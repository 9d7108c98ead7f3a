/** One question put to one name server: by UDP, and by TCP where the answer does not fit (RFC 7766 §5). */
import { createSocket } from 'node:dgram'
import { connect } from 'node:net'
import { budget } from '../base/budget.ts'
import type { Clock } from '../base/clock.ts'
import { encodeQuestion, type Message, makeQuestion, type Question, type Reading, readAnswer } from './packet.ts'
import type { QueryType } from './record.ts'
import type { NameServer } from './server.ts'

export type Outcome =
  | { readonly kind: 'answer'; readonly message: Message }
  /** The server is there, and cannot answer. The reason follows on "the name server cannot:". */
  | { readonly kind: 'failed'; readonly reason: string }
  /** Nothing came in time, or nobody is there. */
  | { readonly kind: 'silent' }

type Heard = Reading | { readonly kind: 'silent' }
type Transport = (server: NameServer, question: Question, signal: AbortSignal) => Promise<Heard>

const silent = { kind: 'silent' } as const

/**
 * Asks, and waits no longer than the budget allows for each transport.
 * @param options signal: ends it at once, with `silent`
 */
export async function exchange(
  server: NameServer,
  name: string,
  type: QueryType,
  options: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<Outcome> {
  const first = await askEitherWay(server, makeQuestion(name, type, true), options)
  const heard = first.kind === 'no-edns' ? await askEitherWay(server, makeQuestion(name, type, false), options) : first
  switch (heard.kind) {
    case 'answer':
    case 'failed':
    case 'silent':
      return heard
    case 'truncated':
    case 'stray':
    case 'no-edns':
      return { kind: 'failed', reason: 'its answer makes no sense' }
    default:
      return heard satisfies never
  }
}

async function askEitherWay(
  server: NameServer,
  question: Question,
  options: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<Heard> {
  const heard = await inTime(askByUdp, server, question, options)
  if (heard.kind !== 'truncated' && heard.kind !== 'stray') return heard
  const whole = await inTime(askByTcp, server, question, options)
  return whole.kind === 'silent' ? { kind: 'failed', reason: 'it does not give its whole answer by TCP' } : whole
}

async function inTime(
  transport: Transport,
  server: NameServer,
  question: Question,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<Heard> {
  if (signal.aborted) return silent
  const over = new AbortController()
  const either = AbortSignal.any([signal, over.signal])
  try {
    const late = clock.sleep(budget.dnsAnswerMs, either).then(() => silent)
    return await Promise.race([transport(server, question, either), late])
  } finally {
    over.abort()
  }
}

/**
 * A socket of its own for each question, so that its port is as hard to guess as its id (RFC 5452 §4.5). It is connected: only
 * what comes from that server's address is heard, and a host where nobody listens says so.
 * @returns `stray` when too much came that answers something else
 */
function askByUdp(server: NameServer, question: Question, signal: AbortSignal): Promise<Heard> {
  const { promise, resolve } = Promise.withResolvers<Heard>()
  const socket = createSocket({ type: server.family === 4 ? 'udp4' : 'udp6', signal })
  let strays = 0
  socket.on('message', octets => {
    const reading = readAnswer(octets, question)
    if (reading.kind === 'stray') strays += 1
    if (reading.kind !== 'stray' || strays >= budget.dnsStrays) resolve(reading)
  })
  socket.on('error', () => resolve(silent))
  socket.on('close', () => resolve(silent))
  socket.once('connect', () => socket.send(encodeQuestion(question)))
  socket.connect(server.port, server.address)
  return promise
}

/** A message by TCP has its length before it, in two octets: RFC 1035 §4.2.2. */
function askByTcp(server: NameServer, question: Question, signal: AbortSignal): Promise<Heard> {
  const { promise, resolve } = Promise.withResolvers<Heard>()
  const socket = connect({ host: server.address, port: server.port, signal })
  const framed = new Framed()
  socket.on('data', chunk => {
    const message = framed.add(chunk)
    if (message !== undefined) resolve(readAnswer(message, question))
  })
  socket.on('error', () => resolve(silent))
  socket.on('close', () => resolve(silent))
  socket.once('connect', () => {
    const message = encodeQuestion(question)
    const length = Buffer.alloc(2)
    length.writeUInt16BE(message.length)
    socket.write(Buffer.concat([length, message]))
  })
  return promise
}

/** Gathers one message, of 65,535 octets at most, from however it is cut. */
class Framed {
  readonly #length = Buffer.alloc(2)
  #message: Buffer | undefined
  #used = 0

  /** @param chunk borrowed @returns the message once it is whole */
  add(chunk: Buffer): Buffer | undefined {
    let at = 0
    while (this.#message === undefined && at < chunk.length) {
      this.#length[this.#used] = chunk[at] ?? 0
      this.#used += 1
      at += 1
      if (this.#used < this.#length.length) continue
      this.#message = Buffer.alloc(this.#length.readUInt16BE())
      this.#used = 0
    }
    if (this.#message === undefined) return undefined
    this.#used += chunk.copy(this.#message, this.#used, at)
    return this.#used === this.#message.length ? this.#message : undefined
  }
}
