/**
 * Walks a message as it passes by, and says what parts it has and what octets each holds: RFC 2045 and RFC 2046, with
 * tolerance for what is broken. Any octets are some message; nothing of a part is held but its header section.
 */
import { budget } from '../base/budget.ts'
import { BoundaryScanner, trimmed } from './boundary.ts'
import { type Parametered, readParametered } from './content.ts'
import { bodyOf, type HeaderField, readFields } from './header-fields.ts'
import { type HeaderEnd, PartHeader } from './part-header.ts'
import { isIdentity, openTransfer, type TransferDecoder } from './transfer.ts'

/** A message, or a part of one. */
export type Part = {
  /** In the order in which they begin; the message itself is 0. */
  readonly number: number
  /** Parts around it. */
  readonly depth: number
  /** The number of the one around it. */
  readonly within: number | undefined
  /** A multipart holds others; a message holds one, which begins with the header section of that message. */
  readonly kind: 'leaf' | 'multipart' | 'message'
  /** In lower case: `text/plain`. */
  readonly type: string
  readonly charset: string
  /** The name of a file, as its sender wrote it: not to be trusted. '' when there is none. */
  readonly name: string
  /** Its sender wants it to be kept apart from the text. */
  readonly attached: boolean
  /** Of the message itself all; of one inside it what says whose it is and what it is about; of a part none. */
  readonly fields: readonly HeaderField[]
}

/** What hears of the parts. An outer one begins before those in it, and ends after them. */
export type MimeSink = {
  begin(part: Part): void
  /** Some of a leaf, without its transfer encoding. @param octets valid during the call */
  octets(part: Part, octets: Buffer): void
  end(part: Part): void
}

/** A part that is under way. */
type Open = {
  /** Undefined where there are too many: what is in it is passed over. */
  readonly part: Part | undefined
  /** Of a multipart, with the dashes before it. */
  readonly boundary: Buffer | undefined
  readonly decoder: TransferDecoder | undefined
  /** What its parts are that do not say so (RFC 2046 §5.1.5). */
  readonly inner: string
  /** Its last boundary has come. */
  closed: boolean
}

export class MimeWalker {
  readonly #sink: MimeSink
  readonly #open: Open[] = []
  readonly #scanner: BoundaryScanner
  #header: PartHeader | undefined
  #parts = 0
  /** The scanner has stopped at a boundary, which has closed what ended there. */
  #atBoundary = false

  constructor(sink: MimeSink) {
    this.#sink = sink
    this.#scanner = new BoundaryScanner({
      octets: octets => this.#give(octets),
      boundary: line => this.#isBoundary(line),
    })
    this.#beginHeader()
  }

  /** Whether parts were passed over since there are too many. */
  get incomplete(): boolean {
    return this.#parts > budget.mimeParts
  }

  /** @param chunk borrowed; the next octets of the message */
  feed(chunk: Buffer): void {
    for (let at = 0; at < chunk.length; ) {
      if (this.#header) {
        const end = chunk.indexOf(0x0a, at)
        const next = end < 0 ? chunk.length : end + 1
        const ended = this.#header.feed(chunk.subarray(at, next))
        at = next
        if (ended) this.#endHeader(this.#header, ended)
      } else {
        at = this.#feedBody(chunk, at)
      }
    }
  }

  /** Says that the message has ended; what is open ends with it. */
  end(): void {
    // A message that ends with the header section of one inside it has that, too, with nothing in it.
    while (this.#header) this.#endHeader(this.#header, this.#header.finish(), true)
    this.#scanner.finish()
    this.#closeTo(0)
  }

  #feedBody(chunk: Buffer, at: number): number {
    if (!this.#open.some(({ boundary }) => boundary)) {
      this.#give(chunk.subarray(at))
      return chunk.length
    }
    const next = this.#scanner.feed(chunk, at)
    if (this.#atBoundary) this.#afterBoundary()
    return next
  }

  #beginHeader(): void {
    const most = this.#open.length === 0 ? budget.readHeader : budget.partHeader
    this.#header = new PartHeader(most, line => this.#boundaryOf(trimmed(line)) !== undefined)
  }

  /** @param last whether nothing follows */
  #endHeader(header: PartHeader, end: HeaderEnd, last = false): void {
    this.#header = undefined
    this.#begin(readFields(header.octets))
    this.#scanner.begin()
    if (end.kind === 'text') this.#reread(end.octets)
    if (end.kind !== 'boundary') return
    this.#header = undefined
    this.#isBoundary(trimmed(end.octets))
    if (!last) this.#afterBoundary()
  }

  #reread(octets: Buffer): void {
    if (this.#header) this.feed(octets)
    else this.#feedBody(octets, 0)
  }

  #begin(fields: readonly HeaderField[]): void {
    const around = this.#open.at(-1)
    const encoding = bodyOf(fields, 'content-transfer-encoding')
    const type = readParametered(bodyOf(fields, 'content-type'))
    const value = type.value.includes('/') ? type.value : (around?.inner ?? 'text/plain')
    const boundary = type.octets.get('boundary') ?? ''
    const kind = this.#kindOf(value, boundary, encoding)
    const part = this.#partOf(fields, type, value, kind, around)
    this.#open.push({
      part,
      boundary: kind === 'multipart' ? Buffer.from(`--${boundary}`, 'latin1') : undefined,
      decoder: kind === 'leaf' ? openTransfer(encoding) : undefined,
      inner: value === 'multipart/digest' ? 'message/rfc822' : 'text/plain',
      closed: false,
    })
    if (part) this.#sink.begin(part)
    if (kind === 'message') this.#beginHeader()
  }

  #kindOf(type: string, boundary: string, encoding: string): Part['kind'] {
    if (this.#open.length >= budget.mimeDepth) return 'leaf'
    if (type.startsWith('multipart/') && boundary !== '' && boundary.length <= budget.boundaryLine - 6)
      return 'multipart'
    // Only there may a message be inside that can be read as it stands (RFC 2046 §5.2.1, RFC 6532 §3.7).
    return (type === 'message/rfc822' || type === 'message/global') && isIdentity(encoding) ? 'message' : 'leaf'
  }

  #partOf(
    fields: readonly HeaderField[],
    { parameters }: Parametered,
    type: string,
    kind: Part['kind'],
    around: Open | undefined,
  ): Part | undefined {
    const number = this.#parts
    this.#parts += 1
    if (number >= budget.mimeParts || (around && !around.part)) return undefined
    const disposition = readParametered(bodyOf(fields, 'content-disposition'))
    const name = disposition.parameters.get('filename') || parameters.get('name') || ''
    return {
      number,
      depth: this.#open.length,
      within: around?.part?.number,
      kind,
      type,
      charset: parameters.get('charset') ?? '',
      name: kept(name),
      attached: disposition.value === 'attachment',
      fields: around === undefined ? fields : around.part?.kind === 'message' ? brief(fields) : [],
    }
  }

  #give(octets: Buffer): void {
    const { part, decoder } = this.#open.at(-1) ?? {}
    if (!part || !decoder) return
    const decoded = decoder.decode(octets)
    if (decoded.length > 0) this.#sink.octets(part, decoded)
  }

  /** @returns the place of the multipart that a line is a boundary of; the innermost where several have the same */
  #boundaryOf(line: Buffer): number | undefined {
    const place = this.#open.findLastIndex(
      ({ boundary, closed }) => boundary && !closed && (isBoundary(line, boundary) || isLastBoundary(line, boundary)),
    )
    return place < 0 ? undefined : place
  }

  /** Closes what a boundary ends. */
  #isBoundary(line: Buffer): boolean {
    const place = this.#boundaryOf(line)
    const multipart = place === undefined ? undefined : this.#open[place]
    if (place === undefined || !multipart?.boundary) return false
    this.#closeTo(place + 1)
    multipart.closed = !isBoundary(line, multipart.boundary)
    this.#atBoundary = true
    return true
  }

  #afterBoundary(): void {
    this.#atBoundary = false
    if (this.#open.at(-1)?.closed) this.#scanner.begin()
    else this.#beginHeader()
  }

  #closeTo(length: number): void {
    while (this.#open.length > length) {
      const { part, decoder } = this.#open.pop() ?? {}
      if (!part) continue
      const rest = decoder?.end()
      if (rest && rest.length > 0) this.#sink.octets(part, rest)
      this.#sink.end(part)
    }
  }
}

/** The fields of a message inside that are shown; there may be hundreds of them. */
function brief(fields: readonly HeaderField[]): readonly HeaderField[] {
  const shown = fields.filter(({ name }) => /^(?:from|to|date|subject)$/i.test(name))
  return shown.slice(0, 4).map(({ name, body }) => ({ name: kept(name), body: kept(body) }))
}

/** A bounded copy, which does not keep alive what it was cut from. */
function kept(text: string): string {
  return Buffer.from(text.slice(0, budget.partName)).toString()
}

function isBoundary(line: Buffer, boundary: Buffer): boolean {
  return line.equals(boundary)
}

function isLastBoundary(line: Buffer, boundary: Buffer): boolean {
  return (
    line.length === boundary.length + 2 &&
    line.toString('latin1').endsWith('--') &&
    line.subarray(0, -2).equals(boundary)
  )
}
