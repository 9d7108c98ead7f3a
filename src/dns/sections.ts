/**
 * Looks through the records of an answer (RFC 1035 §4.1.3) before they are decoded. The decoder believes what a record says
 * of its own content more than the length that is written before it, and it refuses a whole answer for a record that we do
 * not want, such as a signature of a new kind. So lengths are held here, and what we do not want gets a type that no decoder
 * looks into.
 */
import { budget } from '../base/budget.ts'

export const typeCode = { A: 1, CNAME: 5, SOA: 6, PTR: 12, MX: 15, TXT: 16, AAAA: 28, TLSA: 52 } as const

const optCode = 41
/** For private use (RFC 6895 §3.1): the decoder takes its content by the length. */
const maskedCode = 0xff00

/** Octets of content that each type has at least and at most. */
const lengths: ReadonlyMap<number, readonly [least: number, most: number]> = new Map([
  [typeCode.A, [4, 4]],
  [typeCode.CNAME, [1, 255]],
  [typeCode.SOA, [22, 530]],
  [typeCode.PTR, [1, 255]],
  [typeCode.MX, [3, 257]],
  [typeCode.TXT, [1, 0xffff]],
  [typeCode.AAAA, [16, 16]],
  [typeCode.TLSA, [4, 0xffff]],
])

export type Sections = {
  /** Offset just past the last record. */
  readonly end: number
  /** The upper octet of the RCODE, which is in the OPT record (RFC 6891 §6.1.3). */
  readonly upperCode: number
}

/**
 * Masks each record that is of no wanted type.
 * @param message is altered
 * @param start offset of the first record, behind the question
 * @returns undefined when the records do not fit the message or their types, or are too many
 */
export function maskSections(message: Buffer, start: number, wanted: ReadonlySet<number>): Sections | undefined {
  const count = message.readUInt16BE(6) + message.readUInt16BE(8) + message.readUInt16BE(10)
  if (count > budget.dnsRecords) return undefined
  let at: number | undefined = start
  let upperCode = 0
  for (let i = 0; i < count; i += 1) {
    at = skipName(message, at)
    if (at === undefined || at + 10 > message.length) return undefined
    const type = message.readUInt16BE(at)
    const length = message.readUInt16BE(at + 8)
    if (at + 10 + length > message.length) return undefined
    if (type === optCode) upperCode = message.readUInt8(at + 4)
    if (!wanted.has(type)) message.writeUInt16BE(maskedCode, at)
    else if (!fits(type, length)) return undefined
    at += 10 + length
  }
  return { end: at, upperCode }
}

function fits(type: number, length: number): boolean {
  const [least, most] = lengths.get(type) ?? [0, 0xffff]
  return length >= least && length <= most
}

/** @returns the offset behind a name, which ends with an empty label or a pointer (RFC 1035 §4.1.4) */
function skipName(message: Buffer, start: number): number | undefined {
  let at = start
  for (;;) {
    const length = message[at]
    if (length === undefined) return undefined
    if (length === 0) return at + 1
    if (length >= 0xc0) return at + 2
    if (length >= 0x40) return undefined
    at += 1 + length
  }
}
