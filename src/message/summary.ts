/** What a list of messages shows of one: whom it is from, what it is about, and when it was written. */
import { type Correspondent, readCorrespondents } from './correspondents.ts'
import { parseDate } from './date.ts'
import { bodyOf, type HeaderField, textOf } from './header-fields.ts'

export type Summary = {
  /** The first mailbox of From, or else of Sender. */
  readonly from: Correspondent | undefined
  /** Decoded, on one line; '' when there is none. */
  readonly subject: string
  /** When its sender says it was written, ms since the epoch; undefined when that cannot be read. */
  readonly date: number | undefined
}

export function summarize(fields: readonly HeaderField[]): Summary {
  const [from] = readCorrespondents(bodyOf(fields, 'from') || bodyOf(fields, 'sender'))
  return {
    from,
    subject: textOf(fields, 'subject').replace(/\s+/g, ' ').trim(),
    date: parseDate(bodyOf(fields, 'date')),
  }
}
