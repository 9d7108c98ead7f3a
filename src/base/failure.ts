/** The one error class for "the system failed": disk, network, certificate. A peer told no is a Reply, never this. */

/** What failed, for the code that must choose an answer. */
export type FailureCode =
  | 'CONFIG' //         the configuration file cannot be used; the message names every problem
  | 'USAGE' //          a command was given wrong arguments
  | 'REFUSED' //        a command was understood and cannot be done as asked; the message says why
  | 'GIVEN_UP' //       the person at the console has stopped it, or has gone
  | 'STORE_FULL' //     the disk is below its reserve, a write met ENOSPC, or the disk takes no changes at all
  | 'STORE_LOCKED' //   another process has the store open
  | 'STORE_IO' //       a read or write of the store failed
  | 'STORE_DAMAGED' //  what was read is not what was written
  | 'STORE_NEWER' //    the store was written by a release whose schema this one does not read, as a newer one
  | 'TLS' //            the certificate or key cannot be used
  | 'KEY' //            a key for signing mail cannot be used
  | 'NETWORK' //        a socket could not be opened
  | 'DNS' //            a name could not be looked up; try again later

/** A failure with words a person can act on; `cause` holds the error underneath. */
export class Failure extends Error {
  readonly code: FailureCode

  constructor(code: FailureCode, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.name = 'Failure'
    this.code = code
  }
}

/** The sentence of any thrown value, for a person. */
export function sentence(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** The code of an error of the system, as ENOENT; empty for any other. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}
