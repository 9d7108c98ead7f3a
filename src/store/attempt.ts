/** The record of an attempt to send a message on, or of what a person has decided about it. */
import type { OctetReader, OctetWriter } from '../wire/octets.ts'

const outcomes = { delivered: 1, deferred: 2, bounced: 3, withdrawn: 4 } as const

const states = { held: 1, noticed: 2 } as const

/** What became of a recipient. All but `deferred` are final; `withdrawn` is a person's word. */
export type Outcome = keyof typeof outcomes

/** The reply that made it so: the remote host's, or one of ours in the same form. */
export type Answer = { readonly code: number; readonly enhanced: string; readonly text: string }

export type Result = { readonly recipient: number; readonly outcome: Outcome; readonly answer: Answer }

export type AttemptRecord = {
  readonly kind: 'attempt'
  /** The number of the message's record. */
  readonly message: number
  readonly dispatch: number
  /** ms since the epoch */
  readonly date: number
  /** When to try again what is still pending, ms since the epoch. */
  readonly due: number
  /** Attempts so far. */
  readonly attempts: number
  /** Somebody has put it aside. */
  readonly held: boolean
  /** The sender was told that it takes long. */
  readonly noticed: boolean
  /** The host that answered; empty when none did. */
  readonly remote: string
  readonly results: readonly Result[]
}

export function encodeAttempt(out: OctetWriter, record: AttemptRecord): Buffer {
  const state = (record.held ? states.held : 0) | (record.noticed ? states.noticed : 0)
  out.u48(record.message).varint(record.dispatch).u48(record.date).u48(record.due)
  out.varint(record.attempts).u8(state).text(record.remote)
  return putResults(out, record.results).finish()
}

export function readAttempt(from: OctetReader): AttemptRecord {
  const [message, dispatch, date, due] = [from.u48(), from.varint(0xffff), from.u48(), from.u48()]
  const [attempts, state, remote] = [from.varint(), from.u8(), from.text()]
  const held = (state & states.held) !== 0
  const noticed = (state & states.noticed) !== 0
  const results = takeResults(from)
  return { kind: 'attempt', message, dispatch, date, due, attempts, held, noticed, remote, results }
}

export function putResults(out: OctetWriter, results: readonly Result[]): OctetWriter {
  out.varint(results.length)
  for (const { recipient, outcome, answer } of results) {
    out.varint(recipient).u8(outcomes[outcome]).varint(answer.code).text(answer.enhanced).text(answer.text)
  }
  return out
}

export function takeResults(from: OctetReader): readonly Result[] {
  return from.list(item => {
    const [recipient, outcome] = [item.varint(), outcomeOf(item.u8())]
    return { recipient, outcome, answer: { code: item.varint(), enhanced: item.text(), text: item.text() } }
  })
}

function outcomeOf(octet: number): Outcome {
  for (const [name, value] of Object.entries(outcomes)) if (value === octet && isOutcome(name)) return name
  throw new RangeError('unknown outcome')
}

function isOutcome(name: string): name is Outcome {
  return Object.hasOwn(outcomes, name)
}
