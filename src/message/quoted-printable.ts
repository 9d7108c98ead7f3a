/** The quoted-printable encoding of text: RFC 2045 §6.7. */

/** Characters of an encoded line, the `=` of a soft line break among them. */
const lineLength = 76

/**
 * Encodes text for a part that every hop takes: ASCII only, lines of at most 76 characters.
 * @param text with CRLF line ends, which stay line ends
 */
export function encodeQuotedPrintable(text: string): string {
  return text.split('\r\n').map(encodeLine).join('\r\n')
}

function encodeLine(line: string): string {
  const octets = Buffer.from(line)
  let encoded = ''
  let length = 0
  for (const [i, octet] of octets.entries()) {
    const last = i === octets.length - 1
    const next = encodeOctet(octet, last)
    // The last one of a line needs no room for a soft line break behind it.
    if (length + next.length > (last ? lineLength : lineLength - 1)) {
      encoded += '=\r\n'
      length = 0
    }
    encoded += next
    length += next.length
  }
  return encoded
}

/** White space at the end of a line would be lost on the way, and is encoded. */
function encodeOctet(octet: number, last: boolean): string {
  const blank = octet === 0x20 || octet === 0x09
  const literal = blank ? !last : octet > 0x20 && octet < 0x7f && octet !== 0x3d
  return literal ? String.fromCharCode(octet) : `=${octet.toString(16).toUpperCase().padStart(2, '0')}`
}
