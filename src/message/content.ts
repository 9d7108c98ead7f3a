/** Fields with a value and parameters, as Content-Type and Content-Disposition are: RFC 2045 §5.1, RFC 2183, RFC 2231. */
import { budget } from '../base/budget.ts'
import { decodeCharset, plainText } from './charset.ts'
import { decodeWords } from './encoded-word.ts'

/** A value with its parameters, each decoded. */
export type Parametered = {
  /** In lower case: `text/plain`, `attachment`; '' when there is none. */
  readonly value: string
  /** By their names in lower case. */
  readonly parameters: ReadonlyMap<string, string>
  /** Those that are not in the form of RFC 2231, an octet a character: a boundary is compared as it stands. */
  readonly octets: ReadonlyMap<string, string>
}

/** Nothing in it can be matched in two ways: time in proportion to the field. */
const parameter = /;[ \t]*([^=;\s"]+)[ \t]*=[ \t]*("(?:[^"\\]|\\.)*"?|[^;"]*)/g
/** A name in pieces or in a charset (RFC 2231 §3 and §4): its number, and whether it has escapes. */
const extended = /^(.+?)(?:\*(\d{1,3}))?(\*)?$/

type Piece = { readonly index: number; readonly encoded: boolean; readonly text: string }

/** @param body unfolded, an octet a character */
export function readParametered(body: string): Parametered {
  const [value = ''] = /^[^\s;("]*/.exec(body.trim()) ?? []
  const plain = new Map<string, string>()
  const pieces = new Map<string, Piece[]>()
  for (const [, written = '', quoted = ''] of body.matchAll(parameter)) {
    const [, name = '', index, star] = extended.exec(written.toLowerCase()) ?? []
    const text = unquoted(quoted)
    if (index === undefined && star === undefined) {
      if (!plain.has(name)) plain.set(name, text)
      continue
    }
    const known = pieces.get(name) ?? []
    known.push({ index: Number(index ?? 0), encoded: star !== undefined, text })
    pieces.set(name, known)
  }
  const parameters = new Map<string, string>()
  for (const [name, text] of plain) parameters.set(name, decodeWords(text))
  // The extended form is the better one where both are there (RFC 5987 §4.2 says the same for HTTP).
  for (const [name, found] of pieces) parameters.set(name, joined(found))
  return { value: value.toLowerCase(), parameters, octets: plain }
}

function unquoted(text: string): string {
  if (text.startsWith('"')) return text.replace(/^"|"$/g, '').replace(/\\(.)/g, '$1').trim()
  // A comment may follow (RFC 2045 §5.1).
  return text.replace(/[ \t]*\(.*$/, '').trim()
}

/** Only the first piece names the charset; the others are in it, too (RFC 2231 §4.1). */
function joined(found: readonly Piece[]): string {
  const pieces = found.toSorted((a, b) => a.index - b.index)
  const [, charset = '', rest] = /^([^']*)'[^']*'(.*)$/s.exec(pieces[0]?.encoded ? pieces[0].text : '') ?? []
  const octets = pieces.map(({ encoded, text }, i) => {
    const own = i === 0 && rest !== undefined ? rest : text
    return encoded ? unescaped(own) : own
  })
  const whole = Buffer.from(octets.join('').slice(0, budget.partName), 'latin1')
  return charset === '' ? plainText(whole) : decodeCharset(whole, charset)
}

function unescaped(text: string): string {
  return text.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
}
