/** Words of a header beyond ASCII: RFC 2047, read with tolerance and written as it says. */
import { budget } from '../base/budget.ts'
import { decodeCharset, plainText } from './charset.ts'

/** A charset is bounded, and nothing here can be matched in two ways: time in proportion to the text. */
const encodedWord = /=\?([^?\s]{1,60})\?([bq])\?([^?\s]*)\?=/gi
/** Characters of an encoded word, which may have 75 (§2), without what is around the text. */
const room = 64 - '=?utf-8?Q??='.length
/** What may stand for itself in an encoded word, also in a phrase (§5 (3)). */
const literal = /^[A-Za-z0-9!*+/-]$/

/** Encoded words without anything between them, all in one charset: a character may begin in one and end in the next. */
type Run = { readonly charset: string; readonly octets: Buffer[] }

/**
 * Reads the words of an unstructured field, of a phrase or of a comment. What is no encoded word stays as it is, and what
 * comes behind more of them than the budget has.
 * @param text an octet a character, unfolded
 */
export function decodeWords(text: string): string {
  let [decoded, at] = ['', 0]
  let run: Run | undefined
  for (const match of text.matchAll(encodedWord).take(budget.encodedWords)) {
    const [whole, charset = '', encoding = '', word = ''] = match
    const between = text.slice(at, match.index)
    const adjacent = run !== undefined && between.trim() === ''
    const octets = encoding.toLowerCase() === 'b' ? Buffer.from(word, 'base64') : decodeQ(word)
    at = match.index + whole.length
    if (adjacent && run?.charset === charset.toLowerCase()) {
      run.octets.push(octets)
      continue
    }
    decoded += runText(run) + (adjacent ? '' : plainText(Buffer.from(between, 'latin1')))
    run = { charset: charset.toLowerCase(), octets: [octets] }
  }
  return decoded + runText(run) + plainText(Buffer.from(text.slice(at), 'latin1'))
}

function runText(run: Run | undefined): string {
  return run ? decodeCharset(Buffer.concat(run.octets), run.charset) : ''
}

/** The Q encoding (§4.2). */
function decodeQ(word: string): Buffer {
  const text = word.replaceAll('_', ' ').replace(/=([0-9a-f]{2})/gi, (_, hex: string) => {
    return String.fromCharCode(Number.parseInt(hex, 16))
  })
  return Buffer.from(text, 'latin1')
}

/** Whether a text can stand in a header as it is: printable ASCII in which nobody would find an encoded word. */
export function isPlain(text: string): boolean {
  return /^[ -~]*$/.test(text) && !text.includes('=?')
}

/**
 * Writes a text in encoded words, in UTF-8.
 * @returns the words; in a header they stand with white space between, which is no part of the text
 */
export function encodeWords(text: string): readonly string[] {
  const whole = text.toWellFormed()
  const octets = Buffer.byteLength(whole)
  const q = Array.from(whole, character => encodeQ(character).length).reduce((sum, length) => sum + length, 0)
  return q <= Math.ceil(octets / 3) * 4 ? wordsOf(whole, 'Q') : wordsOf(whole, 'B')
}

function wordsOf(text: string, encoding: 'Q' | 'B'): readonly string[] {
  const words: string[] = []
  let [word, length] = ['', 0]
  const most = encoding === 'Q' ? room : Math.floor(room / 4) * 3
  const put = () =>
    words.push(`=?utf-8?${encoding}?${encoding === 'Q' ? word : Buffer.from(word).toString('base64')}?=`)
  for (const character of text) {
    const piece = encoding === 'Q' ? encodeQ(character) : character
    const size = encoding === 'Q' ? piece.length : Buffer.byteLength(piece)
    if (length + size > most) {
      put()
      word = ''
      length = 0
    }
    word += piece
    length += size
  }
  if (word !== '') put()
  return words
}

function encodeQ(character: string): string {
  if (character === ' ') return '_'
  if (literal.test(character)) return character
  return Array.from(Buffer.from(character), octet => `=${octet.toString(16).toUpperCase().padStart(2, '0')}`).join('')
}
