/** Receives mail, from the world and from the household: joins the SMTP receiver, the connection and the store. */
import type { Peer } from '../net/connection.ts'
import { Receiver } from '../smtp/receiver.ts'
import { type Reply, reply } from '../smtp/reply.ts'
import { deviceAt } from './device.ts'
import { Dialogue, mayLogIn, mechanismsOf, type Progress } from './login.ts'
import { Patience } from './patience.ts'
import type { Services } from './services.ts'
import { Transaction } from './transaction.ts'

/** For whom a door is. */
export type Entrance = {
  readonly for: 'world' | 'accounts' | 'devices'
  /** The connection begins with the TLS handshake (RFC 8314 §3.3). */
  readonly implicitTls: boolean
}

/** By the name of the setting that opens it. */
export const entrances = {
  smtp: { for: 'world', implicitTls: false },
  submission: { for: 'accounts', implicitTls: false },
  submissions: { for: 'accounts', implicitTls: true },
  devices: { for: 'devices', implicitTls: false },
} as const satisfies Record<string, Entrance>

/**
 * Serves one SMTP client until it leaves, falls silent or the server stops.
 * @param refusal turns the client away instead of greeting it
 */
export async function receive(peer: Peer, services: Services, entrance: Entrance, refusal?: Reply): Promise<void> {
  const { config, certificate, stopping, store } = services
  const tls = entrance.implicitTls && !refusal ? await peer.secure(certificate()) : undefined
  if (entrance.implicitTls && !tls) return
  const { hostname, limits } = config()
  const login = () => (mayLogIn(peer, session.secure, services) ? mechanismsOf(peer) : [])
  const session = new Receiver({
    hostname,
    messageOctets: limits.message,
    recipients: limits.recipients,
    startTls: true,
    ...(entrance.for === 'accounts' ? { login } : {}),
  })
  if (tls) session.secured()
  const stop = () => {
    session.shutDown()
    peer.interrupt()
  }
  stopping.addEventListener('abort', stop)
  try {
    await using transaction = new Transaction(session, peer, services)
    if (tls) transaction.secured(tls)
    const device = entrance.for === 'devices' ? deviceAt(peer.address, store.settings) : undefined
    if (device) transaction.lane = { kind: 'device', device }
    if (refusal) session.refuse(refusal)
    else if (entrance.for === 'devices' && !device) session.refuse(reply.unknownDevice)
    else session.greet()
    await converse(session, peer, services, transaction)
  } finally {
    stopping.removeEventListener('abort', stop)
  }
}

async function converse(session: Receiver, peer: Peer, services: Services, transaction: Transaction): Promise<void> {
  const { stopping, certificate, clock, config } = services
  const patience = new Patience(clock, () => config().limits.smtp_idle)
  let dialogue: Dialogue | undefined
  for (;;) {
    const event = session.next()
    switch (event.type) {
      case 'need-input': {
        if (stopping.aborted && session.idle) {
          session.refuse(reply.shuttingDown)
          break
        }
        const output = session.takeOutput()
        await peer.write(output)
        if (output.length > 0) patience.renew()
        const chunk = await peer.read()
        if (chunk === 'ended') return
        if (chunk === 'interrupted') break
        if (chunk === 'idle') session.refuse(reply.idle)
        else if (patience.tried(chunk.length, session.reading)) session.refuse(reply.tooSlow)
        else session.feed(chunk)
        break
      }
      case 'flush':
        // Whoever has gone, with questions still in the last chunk, need not be told.
        if (!peer.open) return
        await peer.write(session.takeOutput())
        break
      case 'auth':
        dialogue = new Dialogue(event.mechanism, peer, services)
        goOn(await dialogue.step(event.response), session, transaction)
        break
      case 'auth-response':
        if (dialogue) goOn(await dialogue.step(event.response), session, transaction)
        break
      case 'mail':
        session.answer(transaction.begin(event.reversePath, event.parameters))
        break
      case 'recipient':
        session.answer(transaction.addRecipient(event.forwardPath, event.parameters))
        break
      case 'data':
        session.answer(transaction.openBody() ?? reply.startMail)
        break
      case 'body':
        await transaction.append(event.octets)
        break
      case 'chunk':
        session.answer(transaction.refusal ?? reply.chunk(event.octets))
        break
      case 'end':
        session.answer(await transaction.end(event))
        break
      case 'reset':
        await transaction.reset()
        break
      case 'starttls': {
        await peer.write(session.takeOutput())
        const tls = await peer.secure(certificate())
        if (!tls) return
        transaction.secured(tls)
        session.secured()
        break
      }
      case 'closed':
        return peer.write(session.takeOutput())
      default:
        event satisfies never
    }
  }
}

function goOn(progress: Progress, session: Receiver, transaction: Transaction): void {
  if (progress.kind === 'challenge') {
    session.challenge(progress.challenge)
    return
  }
  if (progress.kind === 'in') transaction.lane = { kind: 'account', account: progress.account }
  session.answer(answerTo(progress))
}

function answerTo(progress: Exclude<Progress, { kind: 'challenge' }>): Reply {
  switch (progress.kind) {
    case 'in':
      return reply.loggedIn
    case 'wrong':
      return reply.loginFailed
    case 'busy':
      return reply.loginBusy
    case 'delayed':
      return reply.loginDelay
    case 'refused':
      return reply.saslRefused(progress.reason)
    default:
      return progress satisfies never
  }
}
