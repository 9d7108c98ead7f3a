/** What a receiver tells the service that runs it. */
import type { Address } from '../message/address.ts'
import type { MailParameters, RcptParameters } from './parameters.ts'

export type ReceiverEvent =
  /** All input is used up: write the output, feed a chunk. */
  | { readonly type: 'need-input' }
  /** The output is full: write it, then go on. A chunk of short commands has answers many times its size. */
  | { readonly type: 'flush' }
  /** MAIL; `reversePath` is undefined for `<>`. Expects an answer. */
  | { readonly type: 'mail'; readonly reversePath: Address | undefined; readonly parameters: MailParameters }
  /** RCPT. Expects an answer. */
  | { readonly type: 'recipient'; readonly forwardPath: Address; readonly parameters: RcptParameters }
  /** DATA, with at least one recipient. Expects `reply.startMail` or a refusal. */
  | { readonly type: 'data' }
  /** The next octets of the message: a view into the chunk, valid until next() is called again. */
  | { readonly type: 'body'; readonly octets: Buffer }
  /** A chunk of BDAT is complete and not the last. Expects an answer; a refusal ends the transaction. */
  | { readonly type: 'chunk'; readonly octets: number }
  /** The message is complete. Expects an answer, which ends the transaction. */
  | MessageEnd
  /** The transaction has ended without a message, and the client knows. */
  | { readonly type: 'reset' }
  /** AUTH (RFC 4954). Expects challenge(), or an answer: a positive one means that the client is logged in. */
  | { readonly type: 'auth'; readonly mechanism: string; readonly response: string | undefined }
  /** What the client says to a challenge. Expects the same. */
  | { readonly type: 'auth-response'; readonly response: string }
  /** Write the output, upgrade the connection, then call secured(). */
  | { readonly type: 'starttls' }
  /** Write the output and close. What transaction there was is over. */
  | { readonly type: 'closed' }

type MessageEnd = {
  readonly type: 'end'
  /** A CR or an LF stood alone in it. */
  readonly malformed: boolean
  /** It passed the limit; the octets beyond were thrown away. */
  readonly tooBig: boolean
  /** It has a line longer than `budget.textLine`. */
  readonly longLine: boolean
  /** It has a line that begins with a dot. */
  readonly dotted: boolean
  /** All its octets, without stuffed dots. */
  readonly octets: number
}

/** The events that expect an answer. */
export type Question = Extract<
  ReceiverEvent,
  { type: 'mail' | 'recipient' | 'data' | 'chunk' | 'end' | 'auth' | 'auth-response' }
>
