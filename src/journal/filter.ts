/** Which lines of the log somebody wants to see. */
import type { JournalLine } from './line.ts'
import { words } from './sentences.ts'

export type Filter = {
  /** The least level: `levels` in `line.ts`. */
  readonly level?: number
  /** ms since the epoch; older lines are left out, wherever they stand: clocks jump. */
  readonly since?: number
  /** The name of an account that the line has to concern. */
  readonly account?: string
  /** Each has to be in the sentence or in the fields, whatever its case. */
  readonly words?: readonly string[]
}

/** What of a line names accounts. */
const accountFields = ['account', 'user', 'sender', 'accounts'] as const

export function passes(line: JournalLine, { level = 0, since, account, words: wanted = [] }: Filter): boolean {
  if (line.level < level) return false
  if (since !== undefined && line.time < since) return false
  if (account !== undefined && !concerns(line, account.toLowerCase())) return false
  if (wanted.length === 0) return true
  const text = `${words(line)} ${line.msg} ${JSON.stringify(line.fields)}`.toLowerCase()
  return wanted.every(word => text.includes(word.toLowerCase()))
}

function concerns({ fields }: JournalLine, account: string): boolean {
  return accountFields.some(name => [fields[name]].flat().some(value => String(value).toLowerCase() === account))
}
