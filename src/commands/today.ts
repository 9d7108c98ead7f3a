/** The mail of today, counted from the traces: since midnight where the household is. */
import type { Household, Status } from './command.ts'
import { startOfDay } from './shown.ts'

type Today = {
  /** Messages that were put into mailboxes here. */
  received: number
  /** Messages that another host has taken; one that went to two hosts counts twice. */
  sentOn: number
  /** Messages that came back; counted in the same way. */
  cameBack: number
}

/** @param since ms since the epoch */
export async function mailSince(outbound: Pick<Household['outbound'], 'tracesSince'>, since: number): Promise<Today> {
  const today = { received: 0, sentOn: 0, cameBack: 0 }
  for await (const trace of outbound.tracesSince(since)) {
    if (trace.kind === 'accepted') {
      if (trace.deliveries > 0) today.received += 1
      continue
    }
    if (trace.results.some(({ outcome }) => outcome === 'delivered')) today.sentOn += 1
    if (trace.results.some(({ outcome }) => outcome === 'bounced')) today.cameBack += 1
  }
  return today
}

export async function todayStatus({ outbound, now }: Pick<Household, 'outbound' | 'now'>): Promise<Status> {
  const { received, sentOn, cameBack } = await mailSince(outbound, startOfDay(now()))
  const back = cameBack === 0 ? '' : `, ${cameBack} came back`
  return [['today', `${received} received, ${sentOn} sent on${back}`]]
}
