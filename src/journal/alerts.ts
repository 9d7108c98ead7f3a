/** Which lines of the log a person at a console should know of at once. */
import { budget } from '../base/budget.ts'
import type { Journal } from './journal.ts'
import { type JournalLine, levels } from './line.ts'

/** Beside every error. Good news that ends a bad one is among them. */
export const alerting: ReadonlySet<string> = new Set([
  'mail cannot go out directly; set relay.host to a smarthost',
  'mail goes through the smarthost from now on; tomorrow it is tried directly again',
  'nothing is sent for a moment',
  'the mail store takes mail again',
  'the process before died with the mail store open; its files are looked through',
  'a repair of the mail store was not finished; it goes on',
  'the mail store is in order again',
  'connection closed to make room',
  'the doctor has found trouble',
  'this version works; it is kept',
  'the disk was repaired at the start',
])

/** What a line is about: the first of these that it has. An error of another account, domain or job is another one. */
const subjects = ['says', 'job', 'account', 'domain', 'file', 'tty', 'host'] as const

/**
 * Tells of what a person should know at once, and of the same only once in an hour.
 * @param listener gets lines as they are logged; `journal.words` makes sentences of them
 * @returns ends it
 */
export function alerts(journal: Journal, listener: (line: JournalLine) => void): () => void {
  // When each was told last, by the clock that does not jump; the first is the one told longest ago.
  const told = new Map<string, number>()
  return journal.watch(line => {
    if (line.level < levels.error && !alerting.has(line.msg)) return
    const now = journal.clock.elapsed()
    const key = keyOf(line)
    const last = told.get(key)
    if (last !== undefined && now - last < budget.alertMs) return
    told.delete(key)
    told.set(key, now)
    for (const [oldest] of told) if (told.size > budget.alerts) told.delete(oldest)
    listener(line)
  })
}

function keyOf({ msg, fields }: JournalLine): string {
  const subject = subjects.find(name => fields[name] !== undefined)
  return JSON.stringify([msg, subject === undefined ? '' : String(fields[subject]).slice(0, budget.journalValue)])
}
