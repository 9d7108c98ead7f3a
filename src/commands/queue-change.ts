/** The commands that change what waits: queue retry, hold, release, drop, suspend and resume. */
import { budget } from '../base/budget.ts'
import type { Decision } from '../store/outbound.ts'
import type { Waiting } from '../store/queue.ts'
import { type Call, type Context, type Household, type Lines, refuse } from './command.ts'
import { findWaiting, recordOf } from './identify.ts'
import { suspensionWords } from './queue-list.ts'
import { counted, senderWords } from './shown.ts'

/** Tries a message at once, or all of them; also where nobody could be reached a moment ago. */
export async function retry({ operands: [text = ''] }: Call, context: Context): Promise<Lines> {
  const { household } = context
  // Before the schedule is changed, or the queue would put it off again.
  household.delivery.forgetRests()
  if (text === 'all') return [await retryAll(household), ...when(context)]
  const { id, waiting } = await findWaiting(text, household)
  const free = waiting.filter(({ held }) => !held)
  if (free.length === 0) refuse(`${id} is held. First: porchlight queue release ${id}`)
  await decide(free, { kind: 'retry', now: household.now() }, household)
  return [`${id} is tried again.`, ...when(context)]
}

async function retryAll(household: Household): Promise<string> {
  const { outbound, now } = household
  let [tried, held] = [0, 0]
  for await (const rows of outbound.all()) {
    const free = rows.filter(one => !one.held)
    held += rows.length - free.length
    tried += free.length
    const later = free.filter(({ due }) => due > now())
    await decide(later, { kind: 'retry', now: now() }, household)
    // What is due already needs no word of ours; but its domain may have been put off as a whole.
    for (const domain of new Set(free.map(one => one.domain))) await outbound.wake(domain, now())
  }
  outbound.onChange()
  if (tried + held === 0) return 'Nothing waits to be sent.'
  const left = held === 0 ? '' : `; ${held} held, and left so`
  return `Tried again: mail to ${counted(tried, 'destination')}${left}.`
}

export async function hold({ operands: [text = ''] }: Call, { household }: Context): Promise<Lines> {
  const { id, waiting } = await findWaiting(text, household)
  const free = waiting.filter(({ held }) => !held)
  if (free.length === 0) return [`${id} is held already.`]
  await decide(free, { kind: 'hold' }, household)
  return [`${id} is held until you let it go on: porchlight queue release ${id}`]
}

export async function release({ operands: [text = ''] }: Call, context: Context): Promise<Lines> {
  const { household } = context
  const { id, waiting } = await findWaiting(text, household)
  const held = waiting.filter(one => one.held)
  if (held.length === 0) return [`${id} is not held.`]
  await decide(held, { kind: 'release', now: household.now() }, household)
  return [`${id} goes on.`, ...when(context)]
}

/** Takes a message out of the queue, and tells its sender unless that is not wanted. */
export async function drop({ operands: [text = ''], options }: Call, { household }: Context): Promise<Lines> {
  const { id, seq, waiting } = await findWaiting(text, household)
  const record = await recordOf(seq, household)
  if (!record && !options.silent) refuse(`${id} cannot be read any more, so that nobody can be told. Add --silent.`)
  const told = await household.withdraw(waiting, !options.silent)
  return [`${id} is withdrawn; ${told && record ? `${senderWords(record.reversePath)} is told` : 'nobody is told'}.`]
}

export async function suspendDelivery(_call: Call, { household }: Context): Promise<Lines> {
  await household.delivery.suspend(true)
  return [
    'Nothing more is sent, beyond what is on its way this moment. Mail is taken and waits.',
    ...suspensionWords(household.delivery),
  ]
}

export async function resumeDelivery(_call: Call, context: Context): Promise<Lines> {
  const { delivery, outbound } = context.household
  if (!delivery.suspended) return ['Delivery is not suspended.']
  await delivery.suspend(false)
  const rest = outbound.length === 0 ? 'nothing waits' : `${outbound.length} waiting`
  return [`Delivery goes on; ${rest}.`, ...when(context)]
}

/** A few at a time, so that mail that comes in meanwhile need not wait. */
async function decide(waiting: readonly Waiting[], decision: Decision, { outbound, now }: Household): Promise<void> {
  for (let at = 0; at < waiting.length; at += budget.dispatches) {
    await outbound.decide(waiting.slice(at, at + budget.dispatches), decision, now())
  }
}

/** What stands between this word and the attempt. */
function when({ household, running }: Context): Lines {
  return [...suspensionWords(household.delivery), ...(running ? [] : ['It happens when the server runs.'])]
}
