/** Runs a receiver as a service would, with a household in which only alice and postmaster live. */
import { type Exchange, startSasl } from '../../src/auth/sasl.ts'
import { formatAddress } from '../../src/message/address.ts'
import type { ReceiverEvent } from '../../src/smtp/event.ts'
import { Receiver } from '../../src/smtp/receiver.ts'
import { type Reply, reply } from '../../src/smtp/reply.ts'
import type { ReceiverOptions } from '../../src/smtp/welcome.ts'

const options: ReceiverOptions = {
  hostname: 'mail.home.example',
  messageOctets: 1000,
  recipients: 3,
  startTls: true,
}
/** With it alice logs in. */
const password = 'secret'

/** What a service answers to an event, if anything. */
export type Answers = (event: ReceiverEvent) => Reply | undefined

function household(event: ReceiverEvent): Reply | undefined {
  switch (event.type) {
    case 'mail':
      return reply.senderOk
    case 'recipient':
      return /^(alice|postmaster)$/i.test(event.forwardPath.localPart) ? reply.recipientOk : reply.noSuchMailbox
    case 'data':
      return reply.startMail
    case 'chunk':
      return reply.chunk(event.octets)
    case 'end':
      if (event.malformed) return reply.bareNewline
      return event.tooBig ? reply.tooBig : reply.accepted('1')
    default:
      return undefined
  }
}

/** A session that is fed by hand. What happened gathers in `log`: events in short, with all of a body in one. */
export class Session {
  readonly receiver: Receiver
  readonly log: string[] = []
  /** Octets of output that stood unwritten at most. */
  most = 0
  #answers: Answers
  #exchange: Exchange | undefined

  constructor(changed: Partial<ReceiverOptions> = {}, answers: Answers = () => undefined) {
    this.receiver = new Receiver({ ...options, ...changed })
    this.#answers = answers
    this.receiver.greet()
    this.receiver.takeOutput()
  }

  /** Feeds a chunk and runs until more is needed. @returns what the receiver said */
  send(chunk: string | Buffer): string {
    this.receiver.feed(Buffer.from(chunk))
    return this.run()
  }

  run(): string {
    let output = ''
    for (;;) {
      const event = this.receiver.next()
      if (
        event.type === 'flush' ||
        event.type === 'need-input' ||
        event.type === 'closed' ||
        event.type === 'starttls'
      ) {
        const octets = this.receiver.takeOutput()
        this.most = Math.max(this.most, octets.length)
        output += octets.toString()
      }
      if (event.type === 'need-input') return output
      if (event.type === 'flush') continue
      this.#note(event)
      if (event.type === 'closed' || event.type === 'starttls') return output
      const answer = this.#answers(event) ?? household(event)
      if (answer) this.receiver.answer(answer)
      else if (event.type === 'auth' || event.type === 'auth-response') this.#logIn(event)
    }
  }

  #logIn(event: Extract<ReceiverEvent, { type: 'auth' | 'auth-response' }>): void {
    if (event.type === 'auth') this.#exchange = startSasl(event.mechanism === 'LOGIN' ? 'LOGIN' : 'PLAIN')
    const step = this.#exchange?.step(event.response)
    if (step?.kind === 'challenge') this.receiver.challenge(step.challenge)
    if (step?.kind === 'refused') this.receiver.answer(reply.saslRefused(step.reason))
    if (step?.kind !== 'credentials') return
    const good = step.user === 'alice' && step.password === password
    this.receiver.answer(good ? reply.loggedIn : reply.loginFailed)
  }

  #note(event: ReceiverEvent): void {
    const last = this.log.at(-1)
    if (event.type === 'body' && last?.startsWith('body ')) this.log.pop()
    if (event.type !== 'body') this.log.push(brief(event))
    else this.log.push(`${last?.startsWith('body ') ? last : 'body '}${event.octets.toString('latin1')}`)
  }
}

function brief(event: Exclude<ReceiverEvent, { type: 'body' }>): string {
  switch (event.type) {
    case 'mail':
      return `mail <${event.reversePath ? formatAddress(event.reversePath) : ''}> ${JSON.stringify(event.parameters)}`
    case 'recipient':
      return `recipient <${formatAddress(event.forwardPath)}> ${JSON.stringify(event.parameters)}`
    case 'chunk':
      return `chunk ${event.octets}`
    case 'auth':
      return `auth ${event.mechanism} ${event.response ?? 'nothing'}`
    case 'auth-response':
      return `auth-response ${event.response}`
    case 'end': {
      const marks = (['malformed', 'tooBig', 'longLine', 'dotted'] as const).filter(mark => event[mark])
      return ['end', event.octets, ...marks].join(' ')
    }
    default:
      return event.type
  }
}
