/**
 * The doctor's letter to the postmaster: only what needs a person, each thing with its way out. Whoever gets the same letter
 * every day stops reading it: of a trouble they hear when it is new, and again after a week when it is still there.
 */
import { budget } from '../base/budget.ts'
import { wrap } from '../base/words.ts'
import { type PostServices, post } from '../flow/posting.ts'
import { composeLetter } from '../message/letter.ts'
import type { Settings } from '../store/settings.ts'
import { type Finding, nameOf, type State, sorted } from './finding.ts'
import { counted } from './span.ts'

/** When the postmaster was last told of each trouble, ms since the epoch, by the name of the finding. */
type Told = ReadonlyMap<string, number>

export type Delivered = 'sent' | 'nothing new' | 'off'

const setting = 'doctor.told'
const dayMs = 24 * 60 * 60_000
const againMs = 7 * dayMs
/** It runs every day at the same hour, more or less. */
const slackMs = 60 * 60_000
/** Characters of a line of the letter. */
const width = 72

/** How many findings there are of each kind, for one line. */
export function summary(findings: readonly Finding[]): string {
  const count = (state: State) => findings.filter(finding => finding.state === state).length
  const trouble = count('trouble')
  const parts = [
    trouble === 0 ? 'Nothing needs you' : `${counted(trouble, 'thing')} ${trouble === 1 ? 'needs' : 'need'} you`,
    ...(count('warning') > 0 ? [counted(count('warning'), 'warning')] : []),
    ...(count('unknown') > 0 ? [`${count('unknown')} cannot be told`] : []),
    `${count('well')} well`,
  ]
  return `${parts.join(', ')}.`
}

/**
 * Writes to the postmaster, if it is time to. What they were told counts together with the letter.
 * @throws Failure REFUSED where postmaster leads to nobody; STORE_FULL or STORE_IO
 */
export async function deliverDigest(findings: readonly Finding[], services: PostServices): Promise<Delivered> {
  const { store, config, clock } = services
  const { maintenance, hostname, domains, console: household } = config()
  if (maintenance.digest === 'off') return 'off'
  const now = clock.now()
  const told = toldOf(store.settings)
  const troubles = findings.filter(({ state }) => state === 'trouble')
  const due = troubles.some(finding => isDue(told.get(nameOf(finding)), now))
  const weekly = maintenance.digest === 'weekly' && weekday(now, household.time_zone) === 'Sun'
  if (!due && !weekly) {
    await forget(told, troubles, store.settings)
    return 'nothing new'
  }
  const content = composeLetter({
    from: { name: 'Porchlight', address: `mailer-daemon@${hostname}` },
    to: [{ address: postmaster(domains, hostname) }],
    subject: subjectOf(troubles, hostname),
    text: letterText(findings, hostname),
    date: now,
    extra: [['Auto-Submitted', 'auto-generated']],
  })
  const names = troubles.slice(0, budget.doctorTold).map(nameOf)
  const value = names.length === 0 ? '' : JSON.stringify(names.map(name => [name, now]))
  const records = [{ kind: 'setting', name: setting, value }] as const
  await post({ reversePath: '', recipients: [postmaster(domains, hostname)], content, records }, services)
  return 'sent'
}

function postmaster(domains: readonly string[], hostname: string): string {
  return `postmaster@${domains[0] ?? hostname}`
}

function isDue(told: number | undefined, now: number): boolean {
  // Under a clock that was ahead it was told in what is the future now.
  return told === undefined || told > now || now - told >= againMs - slackMs
}

/** What is over is forgotten, so that it is new when it comes back. */
async function forget(told: Told, troubles: readonly Finding[], settings: Settings): Promise<void> {
  const present = new Set(troubles.map(nameOf))
  const left = [...told].filter(([name]) => present.has(name))
  if (left.length < told.size) await settings.set(setting, left.length === 0 ? '' : JSON.stringify(left))
}

function weekday(now: number, zone: string): string {
  const timeZone = zone === '' ? {} : { timeZone: zone }
  return new Intl.DateTimeFormat('en-US', { weekday: 'short', ...timeZone }).format(now)
}

function subjectOf(troubles: readonly Finding[], hostname: string): string {
  if (troubles.length === 0) return `All is well with ${hostname}`
  return `${counted(troubles.length, 'thing')} at ${hostname} ${troubles.length === 1 ? 'needs' : 'need'} you`
}

/** The letter for people: first what needs them, then what they may want to know. */
export function letterText(findings: readonly Finding[], hostname: string): string {
  const of = (state: State) => sorted(findings).filter(finding => finding.state === state)
  const [troubles, warnings, unknown] = [of('trouble'), of('warning'), of('unknown')]
  const lines = [
    `This is the mail box ${hostname}. It has looked itself over.`,
    '',
    ...(troubles.length > 0 ? ['What needs you:', '', ...troubles.flatMap(paragraph)] : ['Nothing needs you.', '']),
    ...(warnings.length > 0 ? ['Good to know:', '', ...warnings.flatMap(paragraph)] : []),
    ...(unknown.length > 0 ? [`What cannot be told: ${unknown.map(nameOf).join(', ')}.`, ''] : []),
    'To see all of it, with how each thing is known, write at the console:',
    '  porchlight doctor',
    'How often such a letter comes is a setting:',
    '  porchlight config show maintenance.digest',
  ]
  return `${lines.flatMap(line => (line.startsWith('  ') ? [line] : wrap(line, width))).join('\n')}\n`
}

function paragraph({ says, fix }: Finding): readonly string[] {
  return [`* ${says}`, ...(fix?.split('\n') ?? []), '']
}

function toldOf(settings: Pick<Settings, 'get'>): Told {
  try {
    const list: unknown = JSON.parse(settings.get(setting) ?? '[]')
    if (!Array.isArray(list)) return new Map()
    return new Map(
      list.flatMap(item => {
        const [name, ms]: unknown[] = Array.isArray(item) ? item : []
        return typeof name === 'string' && typeof ms === 'number' ? [[name, ms] as const] : []
      }),
    )
  } catch {
    return new Map()
  }
}
