/** The header section of a message or of a part, as people read it: each field with its name and its unfolded body. */
import { budget } from '../base/budget.ts'
import { decodeWords } from './encoded-word.ts'

/** A field for people. */
export type HeaderField = {
  /** As it was written. */
  readonly name: string
  /** Unfolded and trimmed, an octet a character. */
  readonly body: string
}

/** White space may stand before the colon (RFC 5322 §4.5). */
const fieldStart = /^([!-9;-~]+)[ \t]*:/

/**
 * Reads a header section with tolerance: lines that are no part of one are passed over.
 * @param octets borrowed; up to the empty line, or less
 */
export function readFields(octets: Buffer): readonly HeaderField[] {
  const fields: HeaderField[] = []
  let [name, lines]: [string, string[]] = ['', []]
  const put = () => {
    if (name !== '')
      fields.push({
        name,
        body: lines
          .join('')
          .replace(/[\t\r\n]/g, ' ')
          .trim(),
      })
    name = ''
    lines = []
  }
  for (let at = 0; at < octets.length && fields.length < budget.readFields; ) {
    const end = octets.indexOf(0x0a, at)
    const next = end < 0 ? octets.length : end + 1
    const line = octets.toString('latin1', at, next).replace(/\r?\n$/, '')
    at = next
    if (line === '') break
    if (/^[ \t]/.test(line)) {
      lines.push(line)
      continue
    }
    put()
    const [start = '', found = ''] = fieldStart.exec(line) ?? []
    name = found
    lines = [line.slice(start.length)]
  }
  if (fields.length < budget.readFields) put()
  return fields
}

/** @param name in lower case @returns the body of the first field of this name, an octet a character; '' when there is none */
export function bodyOf(fields: readonly HeaderField[], name: string): string {
  return fields.find(field => field.name.toLowerCase() === name)?.body ?? ''
}

/** @returns the same as text, its encoded words decoded: for fields whose words mean nothing to programs */
export function textOf(fields: readonly HeaderField[], name: string): string {
  return decodeWords(bodyOf(fields, name))
}
