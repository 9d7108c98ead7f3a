/** Announces the box on its own network as NAME.local, by multicast DNS: the sockets and the time around `mdns-claim.ts`. */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { BlockList, isIP } from 'node:net'
import { budget } from '../base/budget.ts'
import type { Clock } from '../base/clock.ts'
import { sentence } from '../base/failure.ts'
import type { Log } from '../base/log.ts'
import { Claim, type Sending } from './mdns-claim.ts'
import { mentions, Pace } from './mdns-pace.ts'
import { addressOf, readMdns } from './mdns-packet.ts'

/** Where the box is, as the board says it. */
export type Place = {
  readonly interface: string
  /** With the length of their prefix: `192.168.1.5/24`. */
  readonly addresses: readonly string[]
  readonly link: boolean
}

type Options = {
  /** The name that is wanted, without `.local`. */
  readonly label: string
  readonly clock: Pick<Clock, 'elapsed'>
  readonly log: Log
  /** Another one is for tests only. */
  readonly port?: number
}

const groups = { udp4: '224.0.0.251', udp6: 'ff02::fb' } as const
type Family = keyof typeof groups

/** RFC 6762 §11 asks for it: whoever gets less knows that a router was between. */
const farthest = 255

export class Announcer {
  readonly #claim: Claim
  readonly #clock: Options['clock']
  readonly #log: Log
  readonly #port: number
  #sockets: readonly (readonly [family: Family, socket: Socket])[] = []
  #place: Place | undefined
  /** The networks that the box is in: others have no business here. */
  #near = new BlockList()
  #timer: NodeJS.Timeout | undefined
  #retry: NodeJS.Timeout | undefined
  readonly #pace = new Pace()
  #label: string
  #told: string | undefined

  constructor({ label, clock, log, port = 5353 }: Options) {
    this.#claim = new Claim(label)
    this.#label = label
    this.#clock = clock
    this.#log = log
    this.#port = port
  }

  /** `porchlight.local`; undefined until it is known to be ours, and while there is no network. */
  get name(): string | undefined {
    return this.#claim.name
  }

  /** The network is so now; undefined or without a link where there is none. */
  use(place: Place | undefined): void {
    this.#closeSockets()
    const present = place?.link ? place : undefined
    this.#place = present
    this.#near = near(present)
    if (present) this.#open(present)
    this.#do(now =>
      this.#claim.use(
        announced(present).map(text => addressOf(text)),
        now,
      ),
    )
  }

  /** Claims another name. */
  rename(label: string): void {
    this.#label = label
    this.#do(now => this.#claim.rename(label, now))
  }

  /** Takes the name back, and is silent from then on. */
  async close(): Promise<void> {
    const goodbyes = this.#claim.goodbye()
    this.#claim.use([], this.#clock.elapsed())
    clearTimeout(this.#timer)
    const late = Promise.withResolvers<void>()
    const timer = setTimeout(late.resolve, budget.mdnsGoodbyeMs)
    await Promise.race([Promise.all(goodbyes.map(sending => this.#send(sending))), late.promise])
    clearTimeout(timer)
    this.#closeSockets()
  }

  #open(place: Place): void {
    const [ipv4] = place.addresses.filter(text => isIP(bare(text)) === 4).map(bare)
    const ipv6 = place.addresses.some(text => isIP(bare(text)) === 6)
    this.#sockets = [
      ...(ipv4 === undefined ? [] : [['udp4', this.#socket('udp4', ipv4)] as const]),
      ...(ipv6 ? [['udp6', this.#socket('udp6', `::%${place.interface}`)] as const] : []),
    ]
  }

  /** @param own which interface: by its address, or for IPv6 by its name */
  #socket(family: Family, own: string): Socket {
    const socket = createSocket({ type: family, reuseAddr: true, ipv6Only: family === 'udp6' })
    socket.on('error', error => this.#failed(socket, error))
    socket.on('message', (octets, from) => this.#hear(octets, from))
    socket.bind(this.#port, () => {
      try {
        socket.addMembership(groups[family], own)
        socket.setMulticastInterface(own)
        socket.setMulticastTTL(farthest)
        socket.setTTL(farthest)
      } catch (error) {
        this.#failed(socket, error)
      }
    })
    return socket
  }

  /** An interface that has just gone, or without IPv6. Where nothing is left it is tried again, and the board may say more before. */
  #failed(socket: Socket, error: unknown): void {
    if (!this.#sockets.some(([, open]) => open === socket)) return
    this.#log.debug({ reason: sentence(error) }, 'the name of the box cannot be announced here')
    this.#sockets = this.#sockets.filter(([, open]) => open !== socket)
    socket.close()
    if (this.#sockets.length > 0) return
    this.#do(now => this.#claim.use([], now))
    this.#retry = setTimeout(() => this.use(this.#place), budget.mdnsRetryMs)
  }

  #closeSockets(): void {
    clearTimeout(this.#retry)
    for (const [, socket] of this.#sockets) socket.close()
    this.#sockets = []
  }

  #hear(octets: Buffer, from: RemoteInfo): void {
    const address = from.address.replace(/%.*/, '')
    if (!this.#near.check(address, from.family === 'IPv6' ? 'ipv6' : 'ipv4')) return
    if (!mentions(octets, this.#label) || !this.#pace.take(octets.length, this.#clock.elapsed())) return
    const heard = readMdns(octets)
    if (!heard) return
    const origin = { address: from.address, port: from.port, peer: from.port === this.#port }
    this.#do(now => this.#claim.hear(heard, origin, now))
  }

  /** Has the claim do something, sends what comes of it, and sets the clock for what comes next. */
  #do(task: (now: number) => readonly Sending[]): void {
    const now = this.#clock.elapsed()
    for (const sending of [...task(now), ...this.#claim.tick(now)]) void this.#send(sending)
    clearTimeout(this.#timer)
    const { due, name } = this.#claim
    if (due !== undefined) this.#timer = setTimeout(() => this.#do(() => []), Math.max(0, Math.ceil(due - now)))
    if (name === this.#told) return
    this.#told = name
    if (name !== undefined) this.#log.info({ name }, 'the box has a name on its own network')
  }

  /** What cannot be sent is lost, as datagrams are. */
  async #send({ octets, to }: Sending): Promise<void> {
    const sent = this.#sockets.map(([family, socket]) => {
      if (to !== 'all' && (isIP(to.address.replace(/%.*/, '')) === 6) !== (family === 'udp6')) return undefined
      const [address, port] = to === 'all' ? [groups[family], this.#port] : [to.address, to.port]
      return new Promise<void>(resolve => {
        try {
          socket.send(octets, port, address, () => resolve())
        } catch {
          resolve()
        }
      })
    })
    await Promise.all(sent)
  }
}

/** An address without the length of its prefix. */
function bare(text: string): string {
  return text.replace(/[%/].*/, '')
}

function isLinkLocal(text: string): boolean {
  return /^fe[89ab]/i.test(text)
}

/** Addresses that others are told: those of this link only where there is no better one, for they need the link's name, too. */
function announced(place: Place | undefined): readonly string[] {
  const all = (place?.addresses ?? []).map(bare).filter(text => isIP(text) !== 0)
  const better = all.filter(text => !isLinkLocal(text))
  return better.length > 0 ? better : all
}

/** Who is on the same link: RFC 6762 §11. */
function near(place: Place | undefined): BlockList {
  const list = new BlockList()
  list.addSubnet('fe80::', 10, 'ipv6')
  for (const text of place?.addresses ?? []) {
    const family = isIP(bare(text))
    const length = Number(text.split('/')[1] ?? (family === 4 ? 32 : 128))
    if (family !== 0 && length <= (family === 4 ? 32 : 128)) {
      list.addSubnet(bare(text), length, family === 4 ? 'ipv4' : 'ipv6')
    }
  }
  return list
}
