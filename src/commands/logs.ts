/** The row of the command table for the log, and how its lines are shown. */
import { budget } from '../base/budget.ts'
import { Failure } from '../base/failure.ts'
import { parseDuration } from '../base/units.ts'
import { type Filter, passes } from '../journal/filter.ts'
import type { Journal } from '../journal/journal.ts'
import { type JournalLine, levels } from '../journal/line.ts'
import { type Call, type Command, type Context, type Lines, places, refuse } from './command.ts'
import { counted, moment } from './shown.ts'

/** Lines that are shown where nobody says how many: a look back, and what stands before those that are followed. */
const usualLines = 50
const linesBefore = 10

export const logs: readonly Command[] = [
  {
    name: 'log',
    operands: '[WORD…]',
    options: ['lines', 'since', 'level', 'account', 'follow', 'json', ...places],
    group: 'Server',
    summary: 'Show what has happened',
    details: [
      'The newest line stands last. Only lines with every WORD in them are shown, whatever its case. ! marks an error, * a warning.',
      `Without --lines they are ${usualLines}; with --since all since then, at most ${budget.logLines}. The folder journal in the data directory holds what there is, as JSON.`,
    ],
    examples: [
      'porchlight log',
      'porchlight log --since 2h --level warn',
      'porchlight log bob@example.org --account alice',
      'porchlight log --follow',
    ],
    runs: 'inside',
    password: false,
    aside: true,
    run: showLog,
  },
]

/** A line, and its text as it is kept. */
type Both = { readonly line: JournalLine; readonly text: string }
type Show = (both: Both) => string

async function showLog(call: Call, context: Context): Promise<Lines> {
  const { household, print, signal } = context
  const { journal } = household
  if (!journal) refuse('There is no log here.')
  const { options } = call
  const filter = filterOf(call, household.now())
  const show: Show = options.json ? ({ text }) => text : ({ line }) => shownLine(journal, line)
  // What comes while the past is shown is not missed.
  using news = options.follow ? new News(journal, filter) : undefined
  const { lines, more } = await past(journal, filter, countOf(call), show, signal)
  if (more && options.since !== undefined && !options.json) {
    await print('Older lines are left out. To see them, ask for less: add a word, --level or --account.')
  }
  for (const line of lines) await print(line)
  if (news) await follow(news, show, context)
  else if (lines.length === 0) return options.json ? [] : ['There are no such lines.']
  return []
}

/** @throws Failure USAGE */
function filterOf({ operands, options }: Call, now: number): Filter {
  const { level = 'debug', account, since } = options
  const known = Object.entries(levels).find(([name]) => name === level)
  if (!known) throw new Failure('USAGE', `--level is one of ${Object.keys(levels).join(', ')}.`)
  const sinceMs = since === undefined ? undefined : parseDuration(since)
  if (since !== undefined && sinceMs === undefined) {
    throw new Failure('USAGE', '--since is a span of time, for instance 2h, 30m or 1d12h.')
  }
  return {
    level: known[1],
    words: operands,
    ...(account === undefined ? {} : { account }),
    ...(sinceMs === undefined ? {} : { since: now - sinceMs }),
  }
}

/** @throws Failure USAGE */
function countOf({ options: { lines, since, follow } }: Call): number {
  if (lines === undefined) return follow ? linesBefore : since === undefined ? usualLines : budget.logLines
  const count = /^\d{1,6}$/.test(lines) ? Number(lines) : 0
  if (count < 1 || count > budget.logLines) {
    throw new Failure('USAGE', `--lines is a number from 1 to ${budget.logLines}.`)
  }
  return count
}

/** Reads back as many lines as are wanted and fit. @returns them, the oldest first, and whether there are older ones */
async function past(
  journal: Journal,
  filter: Filter,
  count: number,
  show: Show,
  signal: AbortSignal,
): Promise<{ readonly lines: Lines; readonly more: boolean }> {
  const lines: string[] = []
  let octets = 0
  for await (const both of journal.recentTexts(filter)) {
    if (signal.aborted) break
    const shown = show(both)
    octets += shown.length
    if (lines.length === count || octets > budget.logOctets) return { lines: lines.toReversed(), more: true }
    lines.push(shown)
  }
  return { lines: lines.toReversed(), more: false }
}

/** Shows what comes, until the person has seen enough. */
async function follow(news: News, show: Show, { print, signal, dialogue }: Context): Promise<void> {
  while (!signal.aborted) {
    const next = await news.next(signal)
    if (!next) return
    // A page that is full would stand still, and with it what comes.
    dialogue?.beginCommand?.()
    if (news.missed > 0) await print(`(${counted(news.takeMissed(), 'line')} came too fast to be shown.)`)
    await print(show(next))
  }
}

function shownLine(journal: Journal, line: JournalLine): string {
  const mark = line.level >= levels.error ? '!' : line.level >= levels.warn ? '*' : ' '
  return `${moment(line.time)} ${mark} ${journal.words(line, moment)}`
}

/** Lines that have come and were not shown yet: bounded, for a slow terminal must not hold the log back. */
class News implements Disposable {
  readonly #lines: Both[] = []
  #octets = 0
  #missed = 0
  #wake = () => {}
  readonly #end: () => void

  constructor(journal: Journal, filter: Filter) {
    this.#end = journal.watch((line, text) => {
      if (!passes(line, filter)) return
      if (this.#lines.length >= budget.logBehind || this.#octets >= budget.logOctets) this.#missed += 1
      else this.#keep({ line, text })
      this.#wake()
    })
  }

  /** Lines that were left out. */
  get missed(): number {
    return this.#missed
  }

  takeMissed(): number {
    const missed = this.#missed
    this.#missed = 0
    return missed
  }

  /** @returns undefined when the signal says that it is enough */
  async next(signal: AbortSignal): Promise<Both | undefined> {
    while (this.#lines.length === 0 && !signal.aborted) {
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#wake = resolve
      signal.addEventListener('abort', this.#wake, { once: true })
      await promise
      signal.removeEventListener('abort', this.#wake)
    }
    return signal.aborted ? undefined : this.#take()
  }

  #keep(both: Both): void {
    this.#lines.push(both)
    this.#octets += both.text.length
  }

  #take(): Both | undefined {
    const both = this.#lines.shift()
    this.#octets -= both?.text.length ?? 0
    return both
  }

  [Symbol.dispose](): void {
    this.#end()
  }
}
