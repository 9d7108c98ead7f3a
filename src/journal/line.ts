/** One line of the log as it is kept, and as it is understood. */
import { budget } from '../base/budget.ts'

/** A line of the log that was read back. */
export type JournalLine = {
  /** When it was written: ms since the epoch, by a clock that may have been wrong. */
  readonly time: number
  /** As pino counts them: 20 debug, 30 info, 40 warn, 50 error. */
  readonly level: number
  readonly msg: string
  readonly fields: Readonly<Record<string, unknown>>
}

/** The numbers of the levels that a line can have. */
export const levels = { debug: 20, info: 30, warn: 40, error: 50 } as const

/** @returns undefined for what is no line of the log: one that was cut short by a power cut, or was damaged */
export function parseLine(text: string): JournalLine | undefined {
  const parsed = parseObject(text)
  if (!parsed) return undefined
  const { level, time, msg, ...fields } = parsed
  const ms = typeof time === 'string' ? Date.parse(time) : Number.NaN
  if (typeof level !== 'number' || Number.isNaN(ms)) return undefined
  return { time: ms, level, msg: typeof msg === 'string' ? msg : '', fields }
}

/**
 * @param line as pino writes it, with its LF
 * @returns the same without LF; of a line beyond the budget only what it says and when, and that it was cut
 */
export function boundLine(line: string): string {
  const text = line.trimEnd()
  if (Buffer.byteLength(text) <= budget.journalLine) return text
  const { level = levels.info, time = '', msg = '' } = parseObject(text) ?? {}
  return JSON.stringify({ level, time, msg: String(msg).slice(0, budget.journalLine / 8), cut: true })
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const parsed: unknown = JSON.parse(text)
    return typeof parsed === 'object' && parsed !== null ? { ...parsed } : undefined
  } catch {
    return undefined
  }
}
