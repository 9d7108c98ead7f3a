/** Shows a message: the header fields that matter, its text, and what is attached; or all of its header, or every octet. */
import { roundSize } from '../base/units.ts'
import { columns, harmless } from '../base/words.ts'
import { type CharsetDecoder, openCharset } from '../message/charset.ts'
import { readCorrespondents } from '../message/correspondents.ts'
import { parseDate } from '../message/date.ts'
import { decodeWords } from '../message/encoded-word.ts'
import { bodyOf, type HeaderField, readFields, textOf } from '../message/header-fields.ts'
import { type HtmlText, loadHtml, type OpenHtml } from '../message/html.ts'
import type { MimeSink, Part } from '../message/mime.ts'
import type { Outline } from '../message/outline.ts'
import { TextLines } from '../message/text-lines.ts'
import type { StoredMessage } from '../store/store.ts'
import type { Reading } from './reader.ts'
import type { Numbered } from './reader-box.ts'
import { headerOf, outlineOf, walk } from './reader-message.ts'
import { moment } from './shown.ts'

/** @throws Failure GIVEN_UP when the person has seen enough, STORE_DAMAGED or STORE_IO */
export async function showText({ number, entry }: Numbered, reading: Reading): Promise<void> {
  const { dialogue } = reading
  const message = await reading.household().message(entry.seq)
  const { outline, incomplete } = await outlineOf(message, dialogue.signal)
  for (const line of chosenFields(outline.fields)) await dialogue.print(line)
  await dialogue.print('')
  const text = outline.text
  const html = outline.parts.some(({ part }) => part.type === 'text/html' && text.has(part.number))
  const shown = new ShownText(text, html ? await loadHtml() : undefined)
  let lines = 0
  await walk(message, shown, async () => {
    for (const line of shown.take()) {
      lines += 1
      await dialogue.print(line)
    }
  })
  if (lines === 0) await dialogue.print('(no text)')
  for (const line of attachmentLines(number, outline, dialogue.columns - 1)) await dialogue.print(line)
  if (incomplete) await dialogue.print(`It has more parts than can be shown here. To see all of it: raw ${number}`)
}

/** Every field, those that were added at receipt first, its words decoded. */
export async function showHeaders({ entry }: Numbered, reading: Reading): Promise<void> {
  const message = await reading.household().message(entry.seq)
  const fields = [...readFields(Buffer.from(message.trace)), ...(await headerOf(message))]
  for (const { name, body } of fields) await reading.dialogue.print(`${name}: ${decodeWords(body)}`)
}

/** Every octet, as far as a terminal can show it. */
export async function showRaw({ entry }: Numbered, reading: Reading): Promise<void> {
  const message = await reading.household().message(entry.seq)
  const found: string[] = []
  const lines = new TextLines(line => found.push(line))
  const decoder = openCharset('')
  for await (const octets of octetsOf(message)) {
    lines.feed(decoder.decode(octets))
    for (const line of found.splice(0)) await reading.dialogue.print(line)
  }
  lines.feed(decoder.end())
  lines.end()
  for (const line of found) await reading.dialogue.print(line)
}

/** A message as a mail program would get it. */
export async function* octetsOf(message: StoredMessage): AsyncGenerator<Buffer> {
  yield Buffer.from(message.trace)
  yield* message.blocks()
}

function chosenFields(fields: readonly HeaderField[]): readonly string[] {
  const written = parseDate(bodyOf(fields, 'date'))
  const rows: [label: string, text: string][] = [
    ['From', people(fields, 'from') || people(fields, 'sender')],
    ['To', people(fields, 'to')],
    ['Cc', people(fields, 'cc')],
    ['Date', written === undefined ? textOf(fields, 'date') : moment(written)],
    ['Subject', textOf(fields, 'subject')],
  ]
  return rows.filter(([, text]) => text !== '').map(([label, text]) => `${`${label}:`.padEnd(9)}${harmless(text)}`)
}

function people(fields: readonly HeaderField[], name: string): string {
  return readCorrespondents(bodyOf(fields, name))
    .map(({ name, address }) => (name === undefined ? address : address === '' ? name : `${name} <${address}>`))
    .join(', ')
}

function attachmentLines(number: number, outline: Outline, width: number): readonly string[] {
  const { attachments } = outline
  if (attachments.length === 0) return []
  const rows = attachments.map(({ part, octets }, i) => [
    `  ${i + 1}`,
    roundSize(octets),
    harmless(part.type),
    harmless(part.name) || '(no name)',
  ])
  return [
    '',
    'Attached:',
    ...columns(rows, width),
    `To keep one on USB storage, for instance the first: save ${number} 1`,
  ]
}

/** A text on its way to the terminal. */
type Shown = { readonly part: number; feed(octets: Buffer): void; end(): void }

/** Gathers the lines of the parts that are shown; they are taken after each slice. */
class ShownText implements MimeSink {
  readonly #text: ReadonlySet<number>
  readonly #html: OpenHtml | undefined
  #lines: string[] = []
  #shown: Shown | undefined
  #begun = false

  constructor(text: ReadonlySet<number>, html: OpenHtml | undefined) {
    this.#text = text
    this.#html = html
  }

  /** @returns the lines since the last call */
  take(): readonly string[] {
    return this.#lines.splice(0)
  }

  begin(part: Part): void {
    if (part.number > 0 && part.fields.length > 0) this.#announce(part)
    if (!this.#text.has(part.number)) return
    if (this.#begun) this.#lines.push('')
    this.#begun = true
    this.#shown = this.#open(part)
  }

  octets(part: Part, octets: Buffer): void {
    if (this.#shown?.part === part.number) this.#shown.feed(octets)
  }

  end(part: Part): void {
    if (this.#shown?.part !== part.number) return
    this.#shown.end()
    this.#shown = undefined
  }

  /** A message inside the message. */
  #announce({ fields }: Part): void {
    if (this.#begun) this.#lines.push('')
    this.#lines.push('---------- Message inside ----------', ...chosenFields(fields))
    this.#begun = true
  }

  #open({ number, type, charset }: Part): Shown {
    const put = (line: string) => this.#lines.push(line)
    const decoder = openCharset(charset)
    const text = type === 'text/html' && this.#html ? this.#html(put) : plainText(put)
    return { part: number, feed: octets => text.feed(decoder.decode(octets)), end: () => finish(text, decoder) }
  }
}

function plainText(put: (line: string) => void): HtmlText {
  const lines = new TextLines(put)
  return { feed: text => lines.feed(text), end: () => lines.end() }
}

function finish(text: HtmlText, decoder: CharsetDecoder): void {
  text.feed(decoder.end())
  text.end()
}
