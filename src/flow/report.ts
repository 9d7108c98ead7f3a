/** Reports of what became of a message, made from the store and put into it: RFC 3461 §6. */
import { budget } from '../base/budget.ts'
import { Failure, sentence } from '../base/failure.ts'
import { parseAddress } from '../message/address.ts'
import { beginReport, endReport, type Report, reportNeeds } from '../message/report.ts'
import type { AttemptRecord, Result } from '../store/attempt.ts'
import { idText } from '../store/id.ts'
import { isForwarded, type MessageRecord, notify } from '../store/message.ts'
import type { StoredMessage } from '../store/store.ts'
import { beginning } from './beginning.ts'
import { Recipients, reversePathFor } from './recipients.ts'
import { route } from './routing.ts'
import type { Services } from './services.ts'

/** What is to be told of which recipients. */
export type Told = {
  readonly kind: 'failed' | 'delayed' | 'delivered' | 'relayed'
  readonly results: readonly Result[]
}

/** What a report is made with. */
export type ReportServices = Pick<Services, 'store' | 'config' | 'clock' | 'log'>

const arrived = { code: 0, enhanced: '2.0.0', text: 'Delivered to the mailbox' }
const passedOn = { code: 0, enhanced: '2.0.0', text: 'Passed on to where this address leads' }

/**
 * Sends a report to the sender of a message, or of what is forwarded to whoever it was forwarded in the name of.
 * @param told of recipients with one reverse-path
 * @param last the attempt that it tells of
 * @param attempts count together with the report, or neither does
 * @returns false when nobody could get it, and nothing was done
 * @throws Failure STORE_FULL or STORE_IO
 */
export async function sendReport(
  original: StoredMessage,
  { kind, results }: Told,
  last: Pick<AttemptRecord, 'remote' | 'date'>,
  attempts: readonly AttemptRecord[],
  { store, config, clock, log }: ReportServices,
): Promise<boolean> {
  const { record } = original
  const { hostname, mail, delivery, domains } = config()
  const path = reversePathFor(record, results[0]?.recipient ?? 0, domains)
  const to = parseAddress(path, { utf8: true })
  const rewritten = path !== record.reversePath
  const way = to && route(to, { ...config(), accounts: store.accounts })
  if (way?.kind !== 'local' && way?.kind !== 'remote') {
    log.error({ id: idText(record.id) }, 'a report has nobody to go to; it ends here')
    return false
  }
  await using incoming = store.incoming(0)
  const full = !rewritten && record.ret === 'FULL' && kind === 'failed' && record.octets <= budget.reportFull
  const date = clock.now()
  const report: Report = {
    kind,
    hostname,
    id: idText(incoming.id),
    date,
    language: mail.language,
    to: path,
    envid: rewritten ? '' : record.envid,
    arrival: record.date,
    ...(kind === 'delayed' ? { until: record.date + delivery.give_up } : {}),
    recipients: results.map(({ recipient, answer }) => {
      const { path = '', orcpt = '' } = record.recipients[recipient] ?? {}
      return { path, orcpt, answer, remote: last.remote, lastAttempt: last.date }
    }),
    smtputf8: record.smtputf8,
    eightBit: record.eightBit || record.smtputf8,
    subject: '',
    messageId: record.messageId,
    returned: full ? 'full' : 'headers',
  }
  const head = beginReport(report)
  await incoming.append(head)
  await incoming.append(Buffer.from(record.trace))
  const most = full ? record.octets : Math.min(record.headerOctets, budget.reportHeader)
  let dotted = false
  for await (const piece of beginning(original, most)) {
    dotted ||= piece.includes('\r\n.')
    await incoming.append(piece)
  }
  await incoming.append(endReport(report))
  const { eightBit, smtputf8 } = reportNeeds(report)
  const { recipients, accounts, queued } = Recipients.of({ path, notify: notify.never, orcpt: '' }, way, domains)
  await incoming.commit(
    {
      reversePath: '',
      recipients,
      accounts,
      queued,
      trace: '',
      ret: '',
      envid: '',
      eightBit,
      smtputf8,
      // RFC 8689 §5: what was to be protected is protected on its way back, too.
      requireTls: record.requireTls,
      tlsOptional: record.tlsOptional,
      messageId: `<${report.id}@${hostname}>`,
      // To stuff dots where there are none costs nothing but the look.
      dotted: dotted || full || head.includes('\r\n.'),
      headerOctets: head.indexOf('\r\n\r\n') + '\r\n\r\n'.length,
      date,
    },
    attempts,
  )
  store.outbound.onChange()
  log.info({ id: idText(record.id), report: report.id, kind }, 'report sent')
  return true
}

/**
 * Tells the sender that a message has reached the mailboxes here, for those recipients where that was asked for: RFC 3461 §6.
 * The message is kept whatever becomes of this.
 * @param seq the number of its record
 */
export async function reportArrival(
  seq: number,
  { reversePath, recipients, queued }: Pick<MessageRecord, 'reversePath' | 'recipients' | 'queued'>,
  services: ReportServices,
): Promise<void> {
  const { store, clock, log } = services
  const results = recipients.flatMap((one, recipient): Result[] =>
    (one.notify & notify.success) === 0 || queued.includes(recipient)
      ? []
      : [{ recipient, outcome: 'delivered', answer: isForwarded(recipients[recipient + 1]) ? passedOn : arrived }],
  )
  if (reversePath === '' || results.length === 0 || store.outbound.length >= budget.queue) return
  try {
    const told = { kind: 'delivered', results } as const
    await sendReport(await store.message(seq), told, { remote: '', date: clock.now() }, [], services)
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    log.error({ reason: sentence(error) }, 'nobody could be told that a message has arrived')
  }
}
