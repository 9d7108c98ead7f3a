/** Reads the header section of a message while it passes by: where it ends, and what a few of its fields say. */
import { budget } from '../base/budget.ts'
import { messageIdOf, saysTlsNotRequired } from './fields.ts'

const LF = 0x0a
/** The first letters of the fields that matter: most lines are done with after one octet. */
const initials = new Set(Buffer.from('FfMmRrTt'))
const whiteSpace = new Set(Buffer.from(' \t'))

/**
 * Follows the header section (RFC 5322 §2.2) through the spans of a message. Lines end in CRLF; a message that has other
 * line ends is refused anyway. Holds the start of one field at most.
 */
export class HeaderScanner {
  readonly #hostname: string
  #received = 0
  #passed = 0
  #from = ''
  #octets = 0
  #ended = false
  #messageId = ''
  #tlsNotRequired = false
  /** The start of the present line, an octet a character; '' when it does not matter. */
  #line = ''
  #matters = false
  #lineOctets = 0
  /** The start of the field that the present line may go on with; kept only while it is one whose body counts. */
  #field = ''

  /** @param hostname of this host, in lower case */
  constructor(hostname = '') {
    this.#hostname = hostname
  }

  /** Received fields so far. */
  get received(): number {
    return this.#received
  }

  /** Those of them that this host has written: how often it had the message before. Known when the section has ended. */
  get passed(): number {
    return this.#passed + Number(this.#isOurs())
  }

  /**
   * All From fields with their names, an octet a character; undefined where there is more of them than is looked at. Known when
   * the section has ended.
   */
  get from(): string | undefined {
    const from = this.#from + this.#readFrom()
    return from.length < budget.fieldStart ? from : undefined
  }

  /** Octets of the header section with the empty line that ends it; all octets when there is no such line. */
  get octets(): number {
    return this.#octets
  }

  /** The first Message-ID, with its angle brackets; '' when there is none. Known when the section has ended. */
  get messageId(): string {
    return this.#messageId || this.#readMessageId()
  }

  /** Whether a field `TLS-Required: No` is there (RFC 8689 §3). Known when the section has ended. */
  get tlsNotRequired(): boolean {
    return this.#tlsNotRequired || this.#readTlsRequired()
  }

  /** @param span borrowed; the next octets of the message */
  feed(span: Buffer): void {
    if (this.#ended) return
    let at = 0
    while (at < span.length) {
      const end = span.indexOf(LF, at)
      const next = end < 0 ? span.length : end + 1
      if (this.#lineOctets === 0) this.#matters = this.#isOfInterest(span[at] ?? 0)
      const room = budget.fieldStart - this.#line.length
      if (this.#matters && room > 0) this.#line += span.toString('latin1', at, Math.min(next, at + room))
      this.#lineOctets += next - at
      this.#octets += next - at
      at = next
      if (end >= 0 && this.#endLine()) return
    }
  }

  #isOfInterest(first: number): boolean {
    return initials.has(first) || (this.#field !== '' && whiteSpace.has(first))
  }

  /** @returns true when the line just ended was the empty one */
  #endLine(): boolean {
    if (this.#line !== '') this.#readLine(this.#line)
    else if (this.#field !== '') this.#endField()
    this.#ended = this.#lineOctets === 2
    this.#line = ''
    this.#lineOctets = 0
    return this.#ended
  }

  #readLine(line: string): void {
    if (whiteSpace.has(line.charCodeAt(0))) {
      if (this.#field.length < budget.fieldStart) this.#field += line
      return
    }
    if (this.#field !== '') this.#endField()
    if (/^received:/i.test(line)) this.#received += 1
    if (/^(?:received|from|message-id|tls-required)[ \t]*:/i.test(line)) this.#field = line
  }

  #endField(): void {
    this.#passed += Number(this.#isOurs())
    if (this.#from.length < budget.fieldStart) this.#from += this.#readFrom()
    this.#messageId ||= this.#readMessageId()
    this.#tlsNotRequired ||= this.#readTlsRequired()
    this.#field = ''
  }

  /** As `receivedField` writes it. */
  #isOurs(): boolean {
    if (this.#hostname === '' || !/^r/i.test(this.#field)) return false
    return this.#field.replaceAll(/\s+/g, ' ').toLowerCase().includes(` by ${this.#hostname} (porchlight)`)
  }

  /** With its name, so that one that was cut is as long as it may be. */
  #readFrom(): string {
    return /^f/i.test(this.#field) ? `${this.#field};` : ''
  }

  #readMessageId(): string {
    return /^m/i.test(this.#field) ? messageIdOf(this.#field) : ''
  }

  #readTlsRequired(): boolean {
    return /^t/i.test(this.#field) && saysTlsNotRequired(this.#field.slice(this.#field.indexOf(':') + 1))
  }
}
