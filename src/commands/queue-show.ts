/** The command queue show: everything about one message that waits. */
import { roundSize } from '../base/units.ts'
import { columns, harmless } from '../base/words.ts'
import type { Result } from '../store/attempt.ts'
import { isForwarded, type MessageRecord } from '../store/message.ts'
import type { Waiting } from '../store/queue.ts'
import type { AttemptTrace } from '../store/trace.ts'
import { type Call, type Context, type Household, type Lines, refuse } from './command.ts'
import { findWaiting, recordOf } from './identify.ts'
import { outcomeWords } from './outcome.ts'
import { suspensionWords } from './queue-list.ts'
import { answerWords, counted, mailboxes, moment, roughly, senderWords, upcoming, zonedMoment } from './shown.ts'

/** Attempts that are shown, the last ones: five days have some forty for each domain. */
const shownAttempts = 100

export async function showMessage({ operands: [text = ''] }: Call, { household, print }: Context): Promise<Lines> {
  const { id, seq, waiting } = await findWaiting(text, household)
  const record = await recordOf(seq, household)
  if (!record)
    refuse(`${id} cannot be read any more. To take it out of the queue: porchlight queue drop ${id} --silent`)
  const attempts = await attemptsOf(seq, household)
  for (const line of columns(facts(id, record, household.now()))) await print(line)
  for (const one of waiting) await print(destination(one, household.now()))
  await print('')
  for (const line of columns(recipientRows(record, waiting, attempts))) await print(line)
  if (attempts.length > 0) await print('')
  for (const attempt of attempts) {
    for (const line of attemptLines(attempt, record)) await print(line)
  }
  return suspensionWords(household.delivery)
}

async function attemptsOf(message: number, { outbound }: Household): Promise<readonly AttemptTrace[]> {
  const attempts: AttemptTrace[] = []
  for await (const trace of outbound.traces()) {
    if (trace.kind !== 'attempt' || trace.message !== message) continue
    attempts.push(trace)
    if (attempts.length > shownAttempts) attempts.shift()
  }
  return attempts
}

function facts(id: string, record: MessageRecord, now: number): [label: string, value: string][] {
  const { reversePath, date, octets, messageId, deliveries, requireTls, envid } = record
  const rows: [label: string, value: string][] = [
    ['ID', id],
    ['sender', senderWords(reversePath)],
    ['accepted', `${zonedMoment(date)}, ${roughly(now - date)} ago`],
    ['size', roundSize(octets)],
  ]
  if (messageId !== '') rows.push(['Message-ID', harmless(messageId)])
  if (envid !== '') rows.push(['ENVID', harmless(envid)])
  if (requireTls) rows.push(['REQUIRETLS', 'it goes over proved connections only'])
  if (deliveries.length > 0) rows.push(['here', `in ${mailboxes(deliveries.length)}`])
  return rows
}

function destination({ domain, attempts, held, due }: Waiting, now: number): string {
  const next = held ? 'held' : `next attempt ${upcoming(due, now)}`
  return `For ${domain}: ${counted(attempts, 'attempt')}, ${next}.`
}

/** Each recipient with its state; where an attempt is no longer known, only that it is done. */
function recipientRows(
  record: MessageRecord,
  waiting: readonly Waiting[],
  attempts: readonly AttemptTrace[],
): string[][] {
  const pending = new Set(waiting.flatMap(one => one.pending))
  const last = new Map<number, Result>()
  for (const result of attempts.flatMap(({ results }) => results)) last.set(result.recipient, result)
  return record.recipients.map(({ path }, i) => {
    const result = last.get(i)
    const said = result ? `: ${answerWords(result.answer)}` : ''
    const forwards = isForwarded(record.recipients[i + 1])
    if (!record.queued.includes(i)) return [harmless(path), forwards ? 'leads outside' : 'put into mailboxes here']
    const name = isForwarded(record.recipients[i]) ? `${harmless(path)} (forwarded)` : harmless(path)
    if (pending.has(i)) return [name, result ? `waits${said}` : 'waits']
    return [name, result ? `${outcomeWords[result.outcome]}${said}` : 'done']
  })
}

function attemptLines({ date, remote, results }: AttemptTrace, { recipients }: MessageRecord): Lines {
  if (results.length === 0) return [`${moment(date)}  changed by hand`]
  const from = remote === '' ? '' : ` by ${harmless(remote)}`
  return results.map(({ recipient, outcome, answer }) => {
    const { path = `recipient ${recipient + 1}` } = recipients[recipient] ?? {}
    return `${moment(date)}  ${harmless(path)} ${outcomeWords[outcome]}${from}: ${answerWords(answer)}`
  })
}
