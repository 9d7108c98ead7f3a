/** The command that has an account's mail kept for a while only: user expire. */
import { formatDuration, parseDuration, roundSize } from '../base/units.ts'
import { believe } from '../flow/calendar.ts'
import { keepFor, keptFor, leastAgeMs } from '../flow/retention.ts'
import { type Call, type Command, type Context, type Lines, places, refuse } from './command.ts'
import { counted } from './shown.ts'
import { existing } from './users.ts'

export const retention: readonly Command[] = [
  {
    name: 'user expire',
    operands: 'NAME [AGE|never]',
    options: [...places],
    group: 'Accounts',
    summary: 'Remove old mail of an account by itself',
    details: [
      'At night, messages that came more than AGE ago are removed for good, read or not. AGE is at least a day: 90d is 90 days. With never they stay until somebody deletes them, as they do for a new account. Nothing is removed while the clock cannot be believed. Without AGE it says how it is.',
    ],
    examples: ['porchlight user expire alice 90d', 'porchlight user expire alice never'],
    runs: 'inside',
    password: false,
    run: expireMail,
  },
]

async function expireMail({ operands: [text = '', age] }: Call, { household }: Context): Promise<Lines> {
  const account = existing(text, household)
  const { id, name } = account
  if (age !== undefined) {
    const ageMs = ageOf(age)
    await keepFor(household.settings, id, ageMs)
    // Whoever sets it sees below what will go: if they leave it so, the clock is right.
    if (ageMs !== undefined) await believe(household.settings, household.now())
  }
  const ageMs = keptFor(household.settings, id)
  if (ageMs === undefined) return [`The mail of ${name} stays until somebody deletes it.`]
  const { messages, octets } = await household.overdue(account, ageMs)
  return [
    `Messages to ${name} are removed when they are older than ${ageWords(ageMs)}.`,
    messages === 0
      ? 'None is that old yet.'
      : `Next night ${counted(messages, 'message')} (${roundSize(octets)}) will go. To keep them: porchlight user expire ${name} never`,
  ]
}

/** @returns milliseconds, or undefined for ever */
function ageOf(text: string): number | undefined {
  if (text.toLowerCase() === 'never') return undefined
  const ageMs = parseDuration(text.toLowerCase())
  if (ageMs === undefined) refuse(`"${text}" is no age. Write 90d for 90 days, or never.`)
  if (ageMs < leastAgeMs) refuse('Mail is kept for a day at least. Write 1d or more, or never.')
  return ageMs
}

function ageWords(ageMs: number): string {
  return ageMs % leastAgeMs === 0 ? counted(ageMs / leastAgeMs, 'day') : formatDuration(ageMs)
}
