/** Who is away, and what senders are told meanwhile: set at the console, kept among the settings of the store. */
import { createHash } from 'node:crypto'
import { budget } from '../base/budget.ts'
import type { SettingRecord } from '../store/record.ts'
import type { Account } from '../store/roster.ts'
import type { Settings } from '../store/settings.ts'

export type Absence = {
  /** Empty for that of the message which is answered. */
  readonly subject: string
  /** Lines end in LF. */
  readonly text: string
  /** ms since the epoch */
  readonly from: number
  /** The last moment, ms since the epoch; undefined until somebody is back. */
  readonly until: number | undefined
}

type Id = Pick<Account, 'id'>

/** How long a sender is told once only, ms: RFC 3834 §2. */
const silenceMs = 7 * 24 * 3_600_000

const rowOf = ({ id }: Id) => `vacation.${id}`
const toldRow = ({ id }: Id) => `vacation.${id}.told`

/** What an account has set, whether it is over or not. */
export function absenceOf(account: Id, settings: Pick<Settings, 'get'>): Absence | undefined {
  const [from, until, subject = '', ...text] = settings.get(rowOf(account))?.split('\n') ?? []
  if (from === undefined) return undefined
  return { from: Number(from), until: until === '' ? undefined : Number(until), subject, text: text.join('\n') }
}

/** Whether an account is away now. @param now ms since the epoch */
export function isAway(absence: Absence | undefined, now: number): absence is Absence {
  return absence !== undefined && now >= absence.from && now <= (absence.until ?? Number.POSITIVE_INFINITY)
}

/**
 * Sets an absence, or ends it. Whoever was told before is told once more.
 * @throws Failure of the store
 */
export async function setAbsence(account: Id, absence: Absence | undefined, settings: Settings): Promise<void> {
  const { from, until = '', subject, text } = absence ?? { from: '', subject: '', text: '' }
  await settings.set(rowOf(account), absence ? [from, until, subject, text].join('\n') : '')
  if (settings.get(toldRow(account)) !== undefined) await settings.set(toldRow(account), '')
}

/** The senders that were told of late: each a hash, and when it was. */
export class Told {
  readonly #account: Id
  readonly #now: number
  readonly #senders: Map<string, number>

  /** @param now ms since the epoch */
  constructor(account: Id, settings: Pick<Settings, 'get'>, now: number) {
    this.#account = account
    this.#now = now
    const rows = settings.get(toldRow(account))?.split('\n') ?? []
    const senders = rows.map((row): [string, number] => {
      const [hash = '', seconds = ''] = row.split(' ')
      return [hash, Number.parseInt(seconds, 36) * 1000]
    })
    // A clock that was wrong may have put one far ahead.
    this.#senders = new Map(senders.filter(([, date]) => Math.abs(now - date) < silenceMs))
  }

  has(sender: string): boolean {
    return this.#senders.has(hashOf(sender))
  }

  /** So many at once are no correspondents; they are not told. */
  get full(): boolean {
    return this.#senders.size >= budget.vacationTold
  }

  /** @returns the record that says that this sender, too, was told */
  with(sender: string): SettingRecord {
    const senders = [...this.#senders, [hashOf(sender), this.#now] as const]
    const rows = senders.map(([hash, date]) => `${hash} ${Math.floor(date / 1000).toString(36)}`)
    return { kind: 'setting', name: toldRow(this.#account), value: rows.join('\n') }
  }
}

/** Who has written to whom is nothing to be kept in clear. */
function hashOf(sender: string): string {
  return createHash('sha256').update(sender.toLowerCase()).digest('base64url').slice(0, 16)
}
