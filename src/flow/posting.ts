/** Posts what is written here: letters of the console, answers for those who are away, news of the box. */
import { budget } from '../base/budget.ts'
import { Failure } from '../base/failure.ts'
import { formatAddress, parseAddress } from '../message/address.ts'
import { madeHereField } from '../message/trace.ts'
import { idText } from '../store/id.ts'
import type { Recipient } from '../store/message.ts'
import type { LogRecord } from '../store/record.ts'
import { SubmittedBody } from './body.ts'
import { Recipients, type Way } from './recipients.ts'
import { route } from './routing.ts'
import type { Services } from './services.ts'
import { signaturesOf } from './signing.ts'

/** A message that is ready to go. */
export type Draft = {
  /** Empty for the null one. */
  readonly reversePath: string
  /** Addresses, here or elsewhere. */
  readonly recipients: readonly string[]
  /** RFC 5322, with CRLF, the whole of it; at most `budget.draft` octets. */
  readonly content: Buffer
  /** What counts together with it, or neither does. */
  readonly records?: readonly LogRecord[]
}

export type PostServices = Pick<Services, 'store' | 'config' | 'clock' | 'log' | 'keyring'>

const beyondAscii = /[^\0-\x7f]/

/**
 * Takes a message in like any that the household hands in: its header mended, signed where it goes out, durable when this
 * resolves. A mailbox that is full takes it all the same.
 * @returns its id in text form, and the number of its record
 * @throws Failure REFUSED with the address that leads nowhere, STORE_FULL or STORE_IO; then nothing of it is kept
 */
export async function post(
  { reversePath, recipients: paths, content, records = [] }: Draft,
  services: PostServices,
): Promise<{ readonly id: string; readonly seq: number }> {
  const { store, config, clock, log } = services
  if (content.length > budget.draft) throw new Failure('REFUSED', 'The message is too large.')
  const { hostname, domains } = config()
  const recipients = addressed(paths, reversePath, services)
  const { accounts, queued } = recipients
  await using incoming = store.incoming(content.length)
  const [id, date] = [idText(incoming.id), clock.now()]
  const sender = reversePath === '' ? undefined : parseAddress(reversePath, { utf8: true })
  const body = new SubmittedBody(incoming, { date, hostname, id, domain: domains[0] ?? hostname, reversePath: sender })
  for (let at = 0; at < content.length; at += budget.block) await body.append(content.subarray(at, at + budget.block))
  await body.finish()
  if (body.tooBig || !body.header) throw new Failure('REFUSED', 'The header of the message is too large.')
  if (body.header.problem) throw new Failure('REFUSED', 'The message does not say who has written it.')
  const { headerOctets, eightBit, eightBitHeader, messageId, tlsOptional } = body.facts
  const received = madeHereField({ hostname, id, recipient: recipients.only, date })
  const seq = await incoming.commit(
    {
      reversePath,
      recipients: recipients.recipients,
      accounts,
      queued,
      trace: received + (queued.length > 0 ? await signaturesOf(body, date, services) : ''),
      ret: '',
      envid: '',
      eightBit,
      smtputf8: eightBitHeader || [reversePath, ...paths].some(path => beyondAscii.test(path)),
      requireTls: false,
      tlsOptional,
      messageId,
      dotted: content[0] === 0x2e || content.includes('\r\n.'),
      headerOctets,
      date,
    },
    records,
  )
  if (queued.length > 0) store.outbound.onChange()
  log.info({ id, from: reversePath, copies: accounts.length, queued: queued.length }, 'message posted')
  return { id, seq }
}

function addressed(paths: readonly string[], reversePath: string, services: PostServices): Recipients {
  const recipients = new Recipients(services.config().domains)
  for (const path of paths) {
    const { recipient, way } = wayTo(path, services)
    if (!recipients.fits(way)) throw new Failure('REFUSED', 'The message would go to too many people at once.')
    recipients.add(recipient, way, reversePath)
  }
  if (recipients.recipients.length === 0) throw new Failure('REFUSED', 'The message names nobody whom it could go to.')
  return recipients
}

function wayTo(path: string, services: PostServices): { readonly recipient: Recipient; readonly way: Way } {
  const { config, store } = services
  const address = parseAddress(path, { utf8: true })
  if (!address) throw new Failure('REFUSED', `${path} is no address; write for instance bob@example.org.`)
  const way = route(address, { ...config(), accounts: store.accounts })
  const recipient = { path: formatAddress(address), notify: 0, orcpt: '' }
  switch (way.kind) {
    case 'unknown':
      throw new Failure('REFUSED', `There is nobody at ${path}.`)
    case 'loop':
      throw new Failure('REFUSED', `${path} is an alias that leads back to itself.`)
    case 'local':
      if (way.forwards.length > 0) sendable(services)
      return { recipient, way }
    case 'remote':
      if (config().domains.includes(address.domain)) throw new Failure('REFUSED', `There is nobody at ${path}.`)
      sendable(services)
      return { recipient, way }
    default:
      return way satisfies never
  }
}

/** @throws Failure REFUSED while too much waits */
function sendable({ store }: PostServices): void {
  if (store.outbound.length < budget.queue) return
  throw new Failure('REFUSED', 'Too much mail waits to be sent on; try again later.')
}
