/** What a POP3 session tells the service that runs it. */
import type { Deleted } from './drop.ts'

/** What the service has to do next. An event with answers named needs one of them before the next `next`. */
export type ServerEvent =
  /** Everything is used up: write `takeOutput()`, then `feed()` a chunk. */
  | { readonly type: 'need-input' }
  /** Enough is gathered: write `takeOutput()`. */
  | { readonly type: 'flush' }
  /** USER and PASS: `accept()` or `refuse()`. */
  | { readonly type: 'login'; readonly user: string; readonly password: string }
  /** AUTH, with its initial response in base64 if there is one: `challenge()`, `accept()` or `refuse()`. */
  | { readonly type: 'sasl'; readonly mechanism: string; readonly response: string | undefined }
  /** The client's line after a challenge, in base64: `challenge()`, `accept()` or `refuse()`. */
  | { readonly type: 'sasl-response'; readonly response: string }
  /** RETR, or TOP with its `lines`: `begin()`, `send()` as often as needed, `finish()`; or `refuse()`. */
  | { readonly type: 'retrieve'; readonly index: number; readonly lines: number | undefined }
  /** QUIT with messages marked as deleted: remove them all or none, then `updated()` or `refuse()`. */
  | { readonly type: 'update'; readonly deleted: Deleted }
  /** STLS was accepted: write `takeOutput()`, upgrade the connection, then `secured()`. */
  | { readonly type: 'stls' }
  /** Write `takeOutput()` and close. */
  | { readonly type: 'closed' }
