/** Reads the beginning of a stored message: its header section, mostly. */
import type { StoredMessage } from '../store/store.ts'

const CRLF = Buffer.from('\r\n')

/**
 * The first octets of a message, to the end of a line.
 * @param most octets
 * @throws Failure STORE_DAMAGED or STORE_IO
 */
export async function* beginning(original: StoredMessage, most: number): AsyncGenerator<Buffer> {
  let left = most
  for await (const block of original.blocks()) {
    if (left <= 0) return
    if (block.length <= left) {
      left -= block.length
      yield block
      continue
    }
    const end = block.lastIndexOf(CRLF, left - CRLF.length)
    yield block.subarray(0, end < 0 ? left : end + CRLF.length)
    return
  }
}
