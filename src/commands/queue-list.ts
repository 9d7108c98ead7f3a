/** The command queue list: what waits to be sent on, a line at a time, however much it is. */

import { roundSize } from '../base/units.ts'
import { harmless } from '../base/words.ts'
import type { MessageRecord } from '../store/message.ts'
import type { Waiting } from '../store/queue.ts'
import { type Call, type Context, type Household, type Lines, refuse } from './command.ts'
import { recordOf } from './identify.ts'
import { counted, cut, roughly, senderWords, upcoming } from './shown.ts'

/** Widths of the columns; fixed, since no line waits for those after it. */
const wide = { id: 16, age: 4, size: 9, sender: 22, recipients: 16, domain: 18, tries: 5, next: 7 } as const
/** The same for a terminal of 80 characters; the beginning of an id is enough to name a message. */
const narrow = { id: 6, age: 4, size: 9, sender: 14, recipients: 9, domain: 12, tries: 5, next: 7 } as const
type Widths = Readonly<Record<keyof typeof wide, number>>
const titles = ['ID', 'AGE', 'SIZE', 'SENDER', 'RECIPIENTS', 'DOMAIN', 'TRIES', 'NEXT']
/** Characters of a line that is wide. */
const lineWidth = 111
/** Characters of the line below, which says what was answered last. */
const answerWidths = { wide: 100, narrow: 79 } as const
/** As of when, and how, a line is shown. */
type Look = { readonly now: number; readonly widths: Widths }

/** What has been shown so far. */
type Sum = { entries: number; messages: number; octets: number; held: number; oldest: number; next: number }

export async function listQueue(_call: Call, { household, print, signal, width }: Context): Promise<Lines> {
  const now = household.now()
  const widths = width < lineWidth ? narrow : wide
  const sum: Sum = { entries: 0, messages: 0, octets: 0, held: 0, oldest: now, next: Number.POSITIVE_INFINITY }
  let last: { seq: number; record: MessageRecord | undefined } | undefined
  for await (const rows of household.outbound.all()) {
    for (const one of rows) {
      if (signal.aborted) refuse('Stopped.')
      if (sum.entries === 0) await print(row(titles, widths))
      const record: MessageRecord | undefined = last?.seq === one.seq ? last.record : await recordOf(one.seq, household)
      if (last?.seq !== one.seq) {
        sum.messages += 1
        sum.octets += record?.octets ?? 0
      }
      last = { seq: one.seq, record }
      count(sum, one)
      for (const line of shown(one, record, { now, widths })) await print(line)
    }
  }
  return sum.entries === 0 ? ['Nothing waits to be sent.'] : ['', ...summary(sum, household)]
}

function count(sum: Sum, { held, date, due }: Waiting): void {
  sum.entries += 1
  sum.oldest = Math.min(sum.oldest, date)
  if (held) sum.held += 1
  else sum.next = Math.min(sum.next, due)
}

function shown(one: Waiting, record: MessageRecord | undefined, { now, widths }: Look): Lines {
  const { id, date, domain, attempts, held, due, last } = one
  const cells = [
    id,
    roughly(now - date),
    record ? roundSize(record.octets) : '?',
    record ? senderWords(record.reversePath) : '?',
    record ? recipientsOf(one, record, widths) : '?',
    domain,
    String(attempts),
    held ? 'held' : upcoming(due, now),
  ]
  const line = row(cells, widths)
  return last === ''
    ? [line]
    : [line, cut(`  ${harmless(last)}`, widths === wide ? answerWidths.wide : answerWidths.narrow)]
}

/** The domain stands beside them. */
function recipientsOf({ pending }: Waiting, { recipients }: MessageRecord, widths: Widths): string {
  const [first = -1, ...others] = pending
  const { path = '' } = recipients[first] ?? {}
  const more = others.length === 0 ? '' : ` +${others.length}`
  return cut(harmless(path.slice(0, path.lastIndexOf('@'))), widths.recipients - more.length) + more
}

function row(cells: readonly string[], widths: Widths): string {
  const columns = Object.values(widths)
  return cells
    .map((cell, i) => cut(cell, columns[i] ?? 0).padEnd(columns[i] ?? 0))
    .join('  ')
    .trimEnd()
}

function summary({ entries, messages, octets, held, oldest, next }: Sum, { delivery, now }: Household): Lines {
  const what = `${counted(messages, 'message')} to ${counted(entries, 'destination')}`
  const parts = [`${what}, ${roundSize(octets)}`, `the oldest for ${roughly(now() - oldest)}`]
  if (held > 0) parts.push(`${held} held`)
  if (next < Number.POSITIVE_INFINITY) parts.push(`next attempt ${upcoming(next, now())}`)
  return [`${parts.join('; ')}.`, ...suspensionWords(delivery)]
}

/** Says so where nothing goes out until somebody wants it. */
export function suspensionWords({ suspended }: Household['delivery']): Lines {
  return suspended ? ['Delivery is suspended. To go on: porchlight queue resume'] : []
}
