/** From what an attempt came to, to what is written down and who hears of it. */
import { Failure, sentence } from '../base/failure.ts'
import type { AttemptRecord, Result } from '../store/attempt.ts'
import { forwarded, notify } from '../store/message.ts'
import { attemptOf } from '../store/outbound.ts'
import type { Waiting } from '../store/queue.ts'
import type { StoredMessage } from '../store/store.ts'
import { sendReport, type Told } from './report.ts'
import { givesUp, nextAttempt, nextNews, tellsOfDelay } from './schedule.ts'
import type { Services } from './services.ts'
import { trouble } from './trouble.ts'

/** What an attempt at a dispatch came to. */
export type Found = {
  readonly results: readonly Result[]
  /** The host that said so; empty when none did. */
  readonly remote: string
  /** The host knows DSN, so that it sees to the reports of success that were asked for. */
  readonly dsn: boolean
}

type Since = (date: number) => number

type Settled = {
  readonly one: Waiting
  readonly attempt: AttemptRecord
  readonly reports: readonly Told[]
}

/**
 * Notes what attempts came to, and reports where that was asked for: durable when this resolves. A report of failure counts
 * together with the attempt, or neither does.
 * @param since from when on waiting counts, by the date at which a message was accepted: as `Waits.since`
 * @throws Failure STORE_FULL or STORE_IO
 */
export async function settle(
  found: readonly (Found & { readonly one: Waiting })[],
  services: Services,
  since: Since,
): Promise<void> {
  const { store } = services
  const settled = found.map(each => conclude(each.one, each, services, since))
  const plain = settled.filter(({ reports }) => reports.length === 0)
  if (plain.length > 0) await store.outbound.settle(plain.map(({ attempt }) => attempt))
  for (const each of settled) {
    if (each.reports.length > 0) await report(each, services)
    tell(each, services)
  }
}

/** The first report is committed with the attempt: a failure is the first, where there is one. */
async function report({ one, attempt, reports }: Settled, services: Services): Promise<void> {
  const { store, log } = services
  const message = await readable(one.seq, services)
  let due: readonly AttemptRecord[] = [attempt]
  if (message?.record.reversePath === '') {
    // RFC 5321 §4.5.5: what has no sender is itself a report, or like one.
    if (reports.some(({ kind }) => kind === 'failed'))
      log.error({ id: one.id }, 'a report could not be delivered; it ends here')
  } else if (message) {
    for (const told of wantedOf(reports, message)) {
      if (await sendReport(message, told, attempt, due, services)) due = []
    }
  }
  if (due.length > 0) await store.outbound.settle(due)
}

/** What of the reports was asked for, recipient by recipient. */
function wantedOf(reports: readonly Told[], { record }: StoredMessage): readonly Told[] {
  return reports.flatMap(({ kind, results }) => {
    const told = results.filter(({ recipient }) => isWanted(kind, record.recipients[recipient]?.notify ?? 0))
    return told.length > 0 ? [{ kind, results: told }] : []
  })
}

/** A message that cannot be read any more can be reported no more; its attempt is noted all the same. */
async function readable(seq: number, { store, log }: Services): Promise<StoredMessage | undefined> {
  try {
    return await store.message(seq)
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== 'STORE_DAMAGED') throw error
    log.error({ reason: sentence(error) }, 'a message cannot be read, so that nothing is reported of it')
    return undefined
  }
}

function tell({ one, attempt: { results, remote, due } }: Settled, { log }: Services): void {
  for (const { outcome, answer } of results) {
    const { code, enhanced, text } = answer
    const said = `${code} ${enhanced} ${text}`
    const next = outcome === 'deferred' ? { next: new Date(due).toISOString() } : {}
    log.info({ id: one.id, domain: one.domain, host: remote, said, ...next }, outcome)
  }
}

function conclude(one: Waiting, { results, remote, dsn }: Found, { config, clock }: Services, since: Since): Settled {
  const { delivery } = config()
  const now = clock.now()
  const date = since(one.date)
  const expired = givesUp(date, now, delivery)
  const final = results.map(result => (result.outcome === 'deferred' && expired ? expiry(result) : result))
  const deferred = final.filter(({ outcome }) => outcome === 'deferred')
  const bounced = final.filter(({ outcome }) => outcome === 'bounced')
  const relayed = dsn ? [] : final.filter(({ outcome }) => outcome === 'delivered')
  const tells = deferred.length > 0 && !one.noticed && tellsOfDelay(date, now, delivery)
  // A host may take its recipients in several transactions: the last of them ends the attempt, or one that comes to nothing.
  const ended = results.length === one.pending.length || deferred.length === results.length
  const attempts = one.attempts + (ended ? 1 : 0)
  const again = Math.min(nextAttempt(attempts, now, delivery, Math.random()), nextNews(date, now, delivery))
  const due = ended && deferred.length > 0 ? again : now
  const attempt = { ...attemptOf(one, now), attempts, due, remote, results: final, noticed: one.noticed || tells }
  const reports = [
    { kind: 'failed' as const, results: bounced },
    { kind: 'delayed' as const, results: tells ? deferred : [] },
    { kind: 'relayed' as const, results: relayed },
  ]
  return { one, attempt, reports: reports.filter(report => report.results.length > 0) }
}

function expiry(result: Result): Result {
  const { code, enhanced, text } = result.answer
  const last = [code, enhanced, text].filter(word => word !== '').join(' ')
  return { ...result, outcome: 'bounced', answer: trouble.expired(last).answer }
}

/** RFC 3461 §4.1 and §5.2: what is not said is failure and, as we choose, delay. */
export function isWanted(kind: Told['kind'], bits: number): boolean {
  const wishes = bits & ~forwarded
  if ((wishes & notify.never) !== 0) return false
  if (kind === 'relayed') return (wishes & notify.success) !== 0
  return wishes === 0 || (wishes & (kind === 'failed' ? notify.failure : notify.delay)) !== 0
}
