/** What a submission server may put right in a header section, and what it has to know of it: RFC 6409 §8. */
import { isAscii } from 'node:buffer'
import { budget } from '../base/budget.ts'
import { type Address, formatAddress } from './address.ts'
import { formatDate } from './date.ts'
import { bodyText, type Field, fieldsOf, messageIdOf, saysAutomatic, saysTlsNotRequired } from './fields.ts'
import { type Mailbox, parseMailboxList } from './mailbox-list.ts'

/** What missing fields and domains are made of. */
export type Mending = {
  /** ms since the epoch */
  readonly date: number
  /** The name of this host, behind the @ of a new message id. */
  readonly hostname: string
  /** What stands before that @: unique, letters and digits. */
  readonly id: string
  /** For the addresses that have none: the account's own. */
  readonly domain: string
  /** The envelope's; undefined for the null reverse-path. */
  readonly reversePath: Address | undefined
}

/** What keeps a message from being sent as somebody's: whose it is cannot be told. */
type HeaderProblem =
  | 'no-from' //            there is no From, and the reverse-path is null
  | 'several-from' //       RFC 5322 §3.6 allows one; readers differ in which they show
  | 'unreadable-from' //    its addresses cannot be told, or it has none
  | 'unreadable-sender' //  the same of Sender

/** What a mended header says. */
export type HeaderFacts = {
  readonly problem: HeaderProblem | undefined
  /** Every mailbox in From, with the domains that were added. */
  readonly from: readonly Address[]
  /** Every mailbox in every Sender field; mostly none. */
  readonly sender: readonly Address[]
  /** With its angle brackets; '' when the one that is there is not in printable ASCII, or too long. */
  readonly messageId: string
  /** Octets above 127 occur in it: it takes SMTPUTF8 (RFC 6531). */
  readonly eightBit: boolean
  /** `TLS-Required: No` is there: RFC 8689 §3. */
  readonly tlsNotRequired: boolean
  /** Auto-Submitted is there and says anything but no: RFC 3834 §5. */
  readonly automatic: boolean
}

export type Mended = { readonly header: Buffer; readonly facts: HeaderFacts }

/** Blind recipients are not for the others to see (RFC 5322 §3.6.3); Return-Path is added at delivery (RFC 5321 §4.4). */
const dropped = new Set(['bcc', 'resent-bcc', 'return-path'])
const withMailboxes = new Set(['from', 'sender', 'reply-to', 'to', 'cc'])
const needed = new Set(['date', 'message-id', 'from'])

/**
 * Mends a header section. Blind recipients and Return-Path go; Date, Message-ID and From come in at its end where they are
 * missing or empty; addresses in From, Sender, Reply-To, To and Cc get the domain that they lack. A message that had only
 * blind recipients is left without a destination field, as RFC 5322 §3.6 allows. All else stays octet for octet.
 * @param header its fields with their CRLFs, and nothing else
 * @returns a new buffer that ends with the empty line; undefined when it would grow beyond all reason
 */
export function mendHeader(header: Buffer, mending: Mending): Mended | undefined {
  const reader = new Reader(header, mending)
  for (const field of fieldsOf(header)) reader.take(field)
  return reader.finish()
}

class Reader {
  readonly #header: Buffer
  readonly #mending: Mending
  readonly #pieces: Buffer[] = []
  /** Everything before this is in the pieces, or dropped. */
  #copied = 0
  /** Domains added. */
  #added = 0
  #present = new Set<string>()
  #problem: HeaderProblem | undefined
  #from: Address[] = []
  #sender: Address[] = []
  #messageId = ''
  #tlsNotRequired = false
  #automatic = false

  constructor(header: Buffer, mending: Mending) {
    this.#header = header
    this.#mending = mending
  }

  take(field: Field): void {
    const { name } = field
    const body = bodyText(this.#header, field)
    if (dropped.has(name) || (needed.has(name) && body.trim() === '')) {
      this.#copyTo(field.start)
      this.#copied = field.end
      return
    }
    if (withMailboxes.has(name)) this.#mailboxes(field, body)
    else if (name === 'message-id') this.#messageId ||= messageIdOf(body)
    else if (name === 'tls-required') this.#tlsNotRequired ||= saysTlsNotRequired(body)
    else if (name === 'auto-submitted') this.#automatic ||= saysAutomatic(body)
    if (needed.has(name)) this.#present.add(name)
  }

  finish(): Mended | undefined {
    if (this.#added > budget.headerMailboxes) return undefined
    this.#copyTo(this.#header.length)
    this.#pieces.push(Buffer.from(`${this.#missingFields()}\r\n`))
    const header = Buffer.concat(this.#pieces)
    return {
      header,
      facts: {
        problem: this.#problem,
        from: this.#from,
        sender: this.#sender,
        messageId: this.#messageId,
        eightBit: !isAscii(header),
        tlsNotRequired: this.#tlsNotRequired,
        automatic: this.#automatic,
      },
    }
  }

  #mailboxes(field: Field, body: string): void {
    const mailboxes = parseMailboxList(body, this.#mending)
    if (field.name === 'from') this.#noteFrom(mailboxes)
    if (field.name === 'sender') this.#noteSender(mailboxes)
    for (const { missing } of mailboxes ?? []) {
      if (missing === undefined || ++this.#added > budget.headerMailboxes) continue
      this.#copyTo(field.body + missing)
      this.#pieces.push(Buffer.from(`@${this.#mending.domain}`))
    }
  }

  #noteFrom(mailboxes: readonly Mailbox[] = []): void {
    if (this.#present.has('from')) this.#problem = 'several-from'
    else if (mailboxes.length === 0) this.#problem ??= 'unreadable-from'
    this.#from.push(...mailboxes.map(({ address }) => address))
  }

  #noteSender(mailboxes: readonly Mailbox[] = []): void {
    if (mailboxes.length === 0) this.#problem ??= 'unreadable-sender'
    this.#sender.push(...mailboxes.map(({ address }) => address))
  }

  #missingFields(): string {
    const { date, hostname, id, reversePath } = this.#mending
    let fields = ''
    if (!this.#present.has('date')) fields += `Date: ${formatDate(date)}\r\n`
    if (!this.#present.has('from')) {
      if (reversePath) {
        const address = reversePath.domain === '' ? { ...reversePath, domain: this.#mending.domain } : reversePath
        this.#from = [address]
        fields += `From: ${formatAddress(address)}\r\n`
      } else {
        this.#problem = 'no-from'
      }
    }
    if (!this.#present.has('message-id')) {
      this.#messageId = `<${id}@${hostname}>`
      fields += `Message-ID: ${this.#messageId}\r\n`
    }
    return fields
  }

  #copyTo(offset: number): void {
    if (offset > this.#copied) this.#pieces.push(this.#header.subarray(this.#copied, offset))
    this.#copied = offset
  }
}
