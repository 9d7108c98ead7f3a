/** What all decoders of the store share: octets that make no sense are damage. */
import { Failure } from '../base/failure.ts'
import { OctetReader, type OctetWriter } from '../wire/octets.ts'

/** Writes a counted list of texts. */
export function putTexts(out: OctetWriter, texts: readonly string[]): OctetWriter {
  out.varint(texts.length)
  for (const text of texts) out.text(text)
  return out
}

/**
 * @param what it should be, for the error
 * @throws Failure STORE_DAMAGED when `read` finds no sense in it
 */
export function decode<Value>(what: string, value: Buffer, read: (from: OctetReader) => Value): Value {
  try {
    return read(new OctetReader(value))
  } catch (error) {
    throw damaged(what, error)
  }
}

/** Reads a key of the index behind its letter, which the range it was found in vouches for. */
export function decodeKey<Value>(key: Buffer, read: (from: OctetReader) => Value): Value {
  return decode('a key of the index', key.subarray(1), read)
}

/** @returns the failure of what was to be read */
export function damaged(what: string, cause: unknown): Failure {
  return new Failure('STORE_DAMAGED', `${what} cannot be read: it is not what was written`, { cause })
}
