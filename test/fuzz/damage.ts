/** What a decoder of the store may do with octets that nobody wrote: fail as STORE_DAMAGED, and in no other way. */
import { Failure } from '../../src/base/failure.ts'

/** @returns what was read, or undefined when it was refused as damaged; any other error goes on its way */
export function unlessDamaged<Value>(read: () => Value): Value | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof Failure && error.code === 'STORE_DAMAGED') return undefined
    throw error
  }
}
