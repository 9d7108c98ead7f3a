/** What a sender tells the service that runs it. */
import type { Answer } from './answer.ts'
import type { Outcome } from './outcome.ts'

export type SenderEvent =
  /** All input is used up: write the output, then feed a chunk. The peer may take `patience` milliseconds to send something. */
  | { readonly type: 'need-input'; readonly patience: number }
  /** The peer has answered EHLO or HELO. Call startTls(), login(), send() or quit(). */
  | { readonly type: 'greeted' }
  /** Upgrade the connection, then call secured(). */
  | { readonly type: 'starttls' }
  /** The peer does not begin TLS. The session goes on as after `greeted`. */
  | { readonly type: 'tls-refused'; readonly answer: Answer }
  /** The login works out its response: wait for this, then go on. Rejects with what the exchange throws. */
  | { readonly type: 'login'; readonly until: Promise<void> }
  | { readonly type: 'authenticated' }
  /** The login failed: for now with a 4xx, for good with a 5xx. The session goes on as after `greeted`. */
  | { readonly type: 'auth-refused'; readonly answer: Answer }
  /**
   * The peer waits for the message: call body() until `full`, or endBody(), or abort(); then write the output, for which the
   * peer may take `patience` milliseconds, and go on. A chunk may be fed as after `need-input`: the peer may refuse early.
   */
  | { readonly type: 'body'; readonly patience: number }
  /** The transaction has ended. Call send() or quit(), unless `failed` or `closed` follows. */
  | {
      readonly type: 'done'
      /** One for each recipient, in their order. */
      readonly results: readonly Outcome[]
      /** The peer knows DSN, so that with a delivery it took over the wishes for reports (RFC 3461 §5.2.1). */
      readonly dsn: boolean
    }
  /** The session cannot go on, because of what the peer said. Close. */
  | { readonly type: 'failed'; readonly answer: Answer }
  /** The same, because of what it did not say, or said wrongly. */
  | { readonly type: 'failed'; readonly problem: Answer }
  /** The session came to its end. Close. */
  | { readonly type: 'closed' }
