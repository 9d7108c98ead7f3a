/** What the house does by itself at fixed times: one table. */
import type { Clock } from '../base/clock.ts'
import type { Config } from '../base/config.ts'
import { Failure } from '../base/failure.ts'
import type { Log } from '../base/log.ts'
import { roundSize } from '../base/units.ts'
import { type Delivered, deliverDigest, summary } from '../doctor/digest.ts'
import { examine } from '../doctor/examine.ts'
import { newTroubles } from '../doctor/news.ts'
import type { Patient } from '../doctor/patient.ts'
import { counted } from '../doctor/span.ts'
import { clockOffset } from '../doctor/time.ts'
import { expire, expiredWords } from '../flow/retention.ts'
import { noteDay } from '../flow/statistics.ts'
import { type Identity, renewIfDue } from '../net/identity.ts'
import type { Keyring } from '../store/keyring.ts'
import type { Store } from '../store/store.ts'
import { shares } from '../store/sweep.ts'

/** What jobs work with. */
export type Workshop = {
  readonly store: Store
  readonly log: Log
  readonly clock: Clock
  readonly config: () => Config
  readonly keyring: Keyring
  /** The accounts whose maildrop is open. */
  readonly open: Set<number>
  readonly identity: () => Identity
  readonly patient: () => Patient
}

/** The same for one job; the signal stops it. */
type Work = Workshop & { readonly signal: AbortSignal }

type Duty = {
  readonly meaning: string
  /** Minute, hour, day of month, month, day of week, in the household's time zone. */
  readonly cron: string
  /** How often it comes by that. */
  readonly every: 'day' | 'week'
  /** @returns what it came to, in a sentence or two @throws Failure where somebody should hear of it */
  readonly run: (work: Work) => Promise<string>
}

/**
 * In the order of their hours: the doctor comes last, and sees what the others have left. From two to three there are none, since
 * that hour is left out, or comes twice, where clocks are changed.
 */
export const duties = {
  statistics: { meaning: 'Note how full the disk is', cron: '55 23 * * *', every: 'day', run: note },
  retention: {
    meaning: 'Remove mail that is too old, where that is wished',
    cron: '5 3 * * *',
    every: 'day',
    run: retain,
  },
  /** Who asks where a message is gets an answer for 30 days. */
  traces: { meaning: 'Forget what became of old messages', cron: '15 3 * * *', every: 'day', run: trim },
  /** Deletions begin sweeps by themselves; at night one goes further. */
  sweep: { meaning: 'Give the space of deleted mail back', cron: '30 3 * * *', every: 'day', run: sweep },
  certificate: { meaning: 'Renew the certificate, or read it again', cron: '0 4 * * *', every: 'day', run: certify },
  /** Damage is best found while the backup still has what is damaged. */
  verify: { meaning: 'Read every message and look for damage', cron: '30 4 * * 0', every: 'week', run: verify },
  doctor: {
    meaning: 'Examine everything, and write to the postmaster',
    cron: '10 5 * * *',
    every: 'day',
    run: consult,
  },
} as const satisfies Record<string, Duty>

async function note({ store, clock }: Work): Promise<string> {
  await noteDay(store, clock.now())
  return 'How full the disk is was noted.'
}

async function retain(work: Work): Promise<string> {
  const offset = (signal: AbortSignal) => clockOffset(work.patient(), signal)
  return expiredWords(await expire({ ...work, offset }, work.signal))
}

async function trim({ store, clock }: Work): Promise<string> {
  await store.outbound.trimTraces(clock.now())
  return 'What is older than 30 days is forgotten.'
}

async function sweep({ store }: Work): Promise<string> {
  const { messages, octets } = await store.sweep(shares.offPeak)
  return messages === 0 ? 'There was nothing to sweep.' : `${counted(messages, 'message')} swept, ${roundSize(octets)}.`
}

async function certify({ identity }: Work): Promise<string> {
  const words = {
    current: 'The certificate is good.',
    renewed: 'The certificate was renewed.',
    'read again': 'Another certificate was read.',
  }
  return words[await renewIfDue(identity())]
}

/** Reads every message, so that damage does not wait to be found by who wants to read it. */
async function verify({ store, log, signal }: Work): Promise<string> {
  const { messages, octets, flaws } = await store.verify({
    signal,
    progress: () => {},
    flaw: ({ id, accounts, why }) => log.error({ id, accounts, why }, 'a message is not as it was received'),
  })
  if (flaws > 0) {
    throw new Failure('STORE_DAMAGED', `${flaws} of ${counted(messages, 'message')} cannot be read as received.`)
  }
  return `${counted(messages, 'message')} read (${roundSize(octets)}), all as received.`
}

async function consult(work: Work): Promise<string> {
  const patient = work.patient()
  const findings = await examine(patient, { signal: work.signal, found: () => {} })
  for (const { check, about, says } of await newTroubles(findings, work.store.settings)) {
    work.log.warn({ check, about, says }, 'the doctor has found trouble')
  }
  const words: Readonly<Record<Delivered, string>> = {
    off: '',
    'nothing new': '',
    sent: ' A letter went to the postmaster.',
  }
  return `${summary(findings)}${words[await deliverDigest(findings, work)]}`
}
