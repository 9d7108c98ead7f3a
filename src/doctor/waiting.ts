/** Whether mail that goes out waits for too long. */
import { budget } from '../base/budget.ts'
import { formatDuration } from '../base/units.ts'
import type { Waiting } from '../store/queue.ts'
import { advice, quoted, type Symptom } from './finding.ts'
import type { Check, Visit } from './patient.ts'
import { wayOut } from './records.ts'
import { counted, span } from './span.ts'

/** Messages looked at for the domains that wait longest. */
const looked = 500

export const waiting: Check = {
  name: 'queue',
  meaning: 'whether mail waits for too long',
  look: async visit => [await look(visit)],
}

async function look({ store, delivery, clock, config }: Visit): Promise<Symptom> {
  const { outbound } = store
  const knownBy = 'The queue was looked at.'
  if (delivery.suspended && outbound.length > 0) {
    return {
      state: 'warning',
      says: `${counted(outbound.length, 'message')} ${outbound.length === 1 ? 'waits' : 'wait'}, and nothing is sent: somebody has suspended it.`,
      knownBy,
      fix: advice('Let it go on:', 'porchlight queue resume'),
    }
  }
  if (outbound.length >= budget.queue * 0.9) {
    const says = `${outbound.length} messages wait. Soon no more can be taken.`
    return { state: 'trouble', says, knownBy, fix: advice('See what waits, and why:', 'porchlight queue list') }
  }
  const now = clock.now()
  const late = (await oldest(outbound)).filter(({ date, held }) => !held && now - date > config.delivery.notice)
  const [first] = late
  if (!first) {
    const says =
      outbound.length === 0
        ? 'Nothing waits to be sent.'
        : `${counted(outbound.length, 'message')} on the way, none for long.`
    return { state: 'well', says, knownBy }
  }
  const domains = [...new Set(late.map(({ domain }) => domain))]
  const named = domains.slice(0, 3).map(quoted).join(', ')
  const others = domains.length > 3 ? ` and ${domains.length - 3} more` : ''
  const last = first.last === '' ? '' : ` Last: ${quoted(first.last)}`
  // One way for all, or many domains at once: then it is not one other host that has trouble.
  const ours = wayOut(config) === 'smarthost' || domains.length > 3
  return {
    state: ours ? 'trouble' : 'warning',
    says: `Mail for ${named}${others} waits, the oldest for ${span(now - first.date)}.${last}`,
    knownBy: `${knownBy} Most mail is gone within minutes; after ${formatDuration(config.delivery.give_up)} it goes back to its sender.`,
    fix: advice(
      'See each message with the answers so far, and try again:',
      'porchlight queue list',
      'porchlight queue retry all',
    ),
  }
}

async function oldest(outbound: Visit['store']['outbound']): Promise<readonly Waiting[]> {
  const found: Waiting[] = []
  for await (const some of outbound.all()) {
    found.push(...some)
    if (found.length >= looked) break
  }
  return found.slice(0, looked)
}
