/**
 * Asks a time server how late it is: SNTP, RFC 4330, in the packets of RFC 5905 §7.3. What it says is only told, never set.
 *
 * The transmit timestamp of the question is a random number instead of our time: nobody who does not see the question can
 * answer it, and it tells nobody how our clock is.
 */
import { randomBytes } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { isIP } from 'node:net'
import { budget } from '../base/budget.ts'
import type { Clock } from '../base/clock.ts'
import { Failure, sentence } from '../base/failure.ts'

/** What a time server has said. */
export type TimeAnswer = {
  /** Milliseconds that our clock is behind the server's; negative when it is ahead. */
  readonly offset: number
  /** Milliseconds between question and answer: the offset is right to half of it. */
  readonly roundTrip: number
  /** How many servers are between it and a clock that knows by itself: 1 has one. */
  readonly stratum: number
  /** The address that answered. */
  readonly address: string
}

export type TimeOptions = {
  /** Looks the addresses of a name up. @throws Failure NETWORK or DNS */
  readonly addresses: (name: string) => Promise<readonly string[]>
  readonly clock: Clock
  /** Ends it at once, with a Failure. */
  readonly signal: AbortSignal
  /** For each address. */
  readonly timeoutMs?: number
  /** UDP; 123 of RFC 5905 §7.2 without it. */
  readonly port?: number
}

const packetOctets = 48
const ntpPort = 123
/** Leap indicator 0, version 4, mode 3 (client): RFC 4330 §5. */
const clientHead = 0x23
const serverMode = 4
/** Seconds from 1900 to 1970. */
const ntpToUnix = 2_208_988_800
/** Seconds from 1970 to 7 February 2036, where the 32 bits begin anew: RFC 4330 §3. */
const eraToUnix = 2_085_978_496
/** Beyond one second the server itself does not know: RFC 4330 §5. */
const mostRootSeconds = 1

/** Where the fields of a packet lie: RFC 5905 §7.3. */
const at = {
  stratum: 1,
  rootDelay: 4,
  rootDispersion: 8,
  referenceId: 12,
  originate: 24,
  receive: 32,
  transmit: 40,
} as const

/**
 * Asks a time server, one of its addresses after the other until one answers.
 * @param server a name or an IP address
 * @throws Failure NETWORK or DNS with words about why there is no answer
 */
export async function askTime(server: string, options: TimeOptions): Promise<TimeAnswer> {
  const addresses = isIP(server) ? [server] : await options.addresses(server)
  if (addresses.length === 0) throw new Failure('DNS', `The time server ${server} has no address.`)
  let failure: unknown
  for (const address of addresses.slice(0, budget.timeAddresses)) {
    try {
      return await askAddress(address, options)
    } catch (error) {
      failure = error
      if (options.signal.aborted) break
    }
  }
  throw new Failure('NETWORK', `The time server ${server} gives no time: ${sentence(failure)}.`, { cause: failure })
}

async function askAddress(address: string, { clock, signal, timeoutMs, port }: TimeOptions): Promise<TimeAnswer> {
  if (signal.aborted) throw failed('it was given up')
  const over = new AbortController()
  const either = AbortSignal.any([signal, over.signal])
  try {
    const silent = clock.sleep(timeoutMs ?? budget.timeAnswerMs, either).then(() => refusal('it does not answer'))
    return await Promise.race([exchange(address, port ?? ntpPort, clock, either), silent])
  } finally {
    over.abort()
  }
}

/** A connected socket of its own: only that address is heard, and a host where nobody listens says so. */
function exchange(address: string, port: number, clock: Clock, signal: AbortSignal): Promise<TimeAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<TimeAnswer>()
  const socket = createSocket({ type: isIP(address) === 4 ? 'udp4' : 'udp6', signal })
  const nonce = randomBytes(8)
  let [strays, asked, begun] = [0, 0, 0]
  socket.on('message', octets => {
    // The wall's clock may jump meanwhile; the other one does not.
    const roundTrip = clock.elapsed() - begun
    const reading = readTime(octets, nonce, asked, asked + roundTrip)
    if (reading.kind === 'time') return resolve({ ...reading, address })
    strays += 1
    if (reading.kind === 'refused' || strays >= budget.timeStrays) reject(failed(reading.why))
  })
  socket.on('error', error => reject(failed(signal.aborted ? 'it was given up' : unreachable(error))))
  socket.on('close', () => reject(failed('it was given up')))
  socket.once('connect', () => {
    ;[asked, begun] = [clock.now(), clock.elapsed()]
    socket.send(question(nonce))
  })
  socket.connect(port, address)
  return promise
}

/** A question: RFC 4330 §5. @param nonce 8 octets that the answer has to give back */
export function question(nonce: Buffer): Buffer {
  const packet = Buffer.alloc(packetOctets)
  packet.writeUInt8(clientHead)
  nonce.copy(packet, at.transmit)
  return packet
}

type Reading =
  | ({ readonly kind: 'time' } & Omit<TimeAnswer, 'address'>)
  /** The server has answered, and what it says is no time. The reason follows on "it gives no time:". */
  | { readonly kind: 'refused'; readonly why: string }
  /** It answers something else, or is no answer: somebody may be guessing. */
  | { readonly kind: 'stray'; readonly why: string }

/**
 * Reads an answer and checks all that RFC 4330 §5 has a client check.
 * @param octets any
 * @param nonce that the question carried
 * @param asked when it was sent, and @param heard when the answer came: ms since the epoch, by our clock
 */
export function readTime(octets: Buffer, nonce: Buffer, asked: number, heard: number): Reading {
  if (octets.length < packetOctets) return { kind: 'stray', why: 'its answer is cut short' }
  const head = octets.readUInt8(0)
  if ((head & 7) !== serverMode || ((head >> 3) & 7) < 3) return { kind: 'stray', why: 'its answer is none of SNTP' }
  if (!octets.subarray(at.originate, at.receive).equals(nonce)) {
    return { kind: 'stray', why: 'its answer is to another question' }
  }
  const stratum = octets.readUInt8(at.stratum)
  if (stratum === 0) return { kind: 'refused', why: kissOfDeath(octets) }
  if (head >> 6 === 3 || stratum > 15) return { kind: 'refused', why: 'it does not know the time itself' }
  const [delay, dispersion] = [octets.readInt32BE(at.rootDelay), octets.readUInt32BE(at.rootDispersion)]
  if (delay < 0 || delay / 65_536 >= mostRootSeconds || dispersion / 65_536 >= mostRootSeconds) {
    return { kind: 'refused', why: 'it is not sure of the time itself' }
  }
  const [received, sent] = [timestamp(octets, at.receive), timestamp(octets, at.transmit)]
  if (received === undefined || sent === undefined || sent < received) {
    return { kind: 'refused', why: 'its answer has no time in it' }
  }
  const roundTrip = Math.max(0, heard - asked - (sent - received))
  return { kind: 'time', offset: (received - asked + (sent - heard)) / 2, roundTrip, stratum }
}

/** @returns ms since the epoch; undefined for the zero that means none */
function timestamp(octets: Buffer, start: number): number | undefined {
  const [seconds, fraction] = [octets.readUInt32BE(start), octets.readUInt32BE(start + 4)]
  if (seconds === 0 && fraction === 0) return undefined
  const unix = seconds >= 0x8000_0000 ? seconds - ntpToUnix : seconds + eraToUnix
  return unix * 1000 + (fraction * 1000) / 2 ** 32
}

/** A server that wants to be left alone says so in four letters: RFC 5905 §7.4. */
function kissOfDeath(octets: Buffer): string {
  const code = octets.toString('latin1', at.referenceId, at.referenceId + 4)
  return /^[A-Z]{4}$/.test(code) ? `it wants not to be asked (${code})` : 'it does not know the time itself'
}

function unreachable(error: Error): string {
  return 'code' in error && error.code === 'ECONNREFUSED' ? 'nobody listens there' : 'the network does not lead there'
}

function failed(why: string): Failure {
  return new Failure('NETWORK', why)
}

function refusal(why: string): never {
  throw failed(why)
}
