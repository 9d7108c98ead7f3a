/** The list of messages: a line for each, as wide as the terminal. */
import { Failure } from '../base/failure.ts'
import { roundSize } from '../base/units.ts'
import { type Summary, summarize } from '../message/summary.ts'
import { flags } from '../store/flags.ts'
import type { EntryValue } from '../store/row.ts'
import { shownIn } from '../terminal/charset.ts'
import { columnsOf, cutTo } from '../terminal/width.ts'
import type { Dialogue } from './dialogue.ts'
import type { Reading } from './reader.ts'
import type { Numbered } from './reader-box.ts'
import { headerOf } from './reader-message.ts'
import { moment } from './shown.ts'

const unreadable: Summary = { from: undefined, subject: '(cannot be read)', date: undefined }

/** Columns below which the list leaves date and size out. */
const narrow = 60
const sizeWidth = 9

/** What the list says of a message. A damaged one has its line, too. */
export async function summaryOf({ entry }: Numbered, reading: Reading): Promise<Summary> {
  try {
    const summary = summarize(await headerOf(await reading.household().message(entry.seq)))
    reading.remember(summary.from)
    return summary
  } catch (error) {
    if (error instanceof Failure && error.code === 'STORE_DAMAGED') return unreadable
    throw error
  }
}

/** @param digits of the highest number in the list */
export function listLine(message: Numbered, summary: Summary, digits: number, dialogue: Dialogue): string {
  const { number, entry } = message
  const cell = (text: string, width: number) => fitted(text, width, dialogue)
  const wide = dialogue.columns >= narrow
  const front = [String(number).padStart(digits), letters(entry).padEnd(2)]
  if (wide) front.push(minute(entry.date))
  const room = dialogue.columns - 1 - front.join(' ').length - (wide ? sizeWidth + 1 : 0) - 2
  const senderWidth = Math.max(8, Math.floor(room / 3))
  const cells = [
    ...front,
    cell(senderName(summary), senderWidth),
    cell(summary.subject || '(no subject)', room - senderWidth),
  ]
  if (wide) cells.push(roundSize(entry.octets).padStart(sizeWidth))
  return cells.join(' ').trimEnd()
}

/** N new, A answered, F flagged, D deleted. */
export const letterMeanings = 'N new, A answered, F flagged, D deleted'

function letters({ flags: set }: EntryValue): string {
  const [seen, answered, flagged, deleted] = [flags.seen, flags.answered, flags.flagged, flags.deleted].map(
    flag => (set & flag) !== 0,
  )
  return `${seen ? '' : 'N'}${answered ? 'A' : ''}${flagged ? 'F' : ''}${deleted ? 'D' : ''}`
}

/** A moment without its seconds. */
function minute(ms: number): string {
  return moment(ms).replace(/(:\d\d):\d\d/, '$1')
}

/** A name that is itself an address may pretend to be another one: then the address is what counts. */
function senderName({ from }: Summary): string {
  if (!from) return '(nobody)'
  const { name = '', address } = from
  return name === '' || (name.includes('@') && address !== '') ? address : name
}

/** @returns the text in exactly so many columns */
function fitted(text: string, width: number, { unicode }: Dialogue): string {
  const shown = shownIn(unicode ? 'utf-8' : 'ascii', text)
  if (columnsOf(shown) <= width) return shown + ' '.repeat(width - columnsOf(shown))
  const kept = unicode ? `${cutTo(shown, width - 1)}…` : cutTo(shown, width)
  return kept + ' '.repeat(Math.max(0, width - columnsOf(kept)))
}
