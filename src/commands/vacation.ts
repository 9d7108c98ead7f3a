/** The command for those who are away: vacation. What senders are told, and until when. */

import { budget } from '../base/budget.ts'
import { Failure } from '../base/failure.ts'
import { harmless } from '../base/words.ts'
import { type Absence, absenceOf, isAway, setAbsence } from '../flow/absence.ts'
import type { Account } from '../store/roster.ts'
import { type Call, type Command, type Context, type Household, type Lines, places, refuse } from './command.ts'
import type { Dialogue } from './dialogue.ts'
import { endOfDay, moment } from './shown.ts'
import { existing } from './users.ts'

export const vacation: readonly Command[] = [
  {
    name: 'vacation',
    operands: 'NAME [on|off]',
    options: ['subject', 'text', 'until', ...places],
    group: 'Accounts',
    summary: 'Tell senders that somebody is away',
    details: [
      'Whoever writes to NAME gets the text as an answer, once in seven days; mailing lists and robots get none. The mail is kept as always. At a console, on asks for what is missing; the text ends with a line that holds only a dot. Without on or off it says how it is.',
      'DATE is the last day, as 2026-12-24; without it the answers go on until vacation NAME off.',
    ],
    examples: [
      'porchlight vacation alice on',
      'porchlight vacation alice on --until 2026-12-24 --text "Back on Monday."',
      'porchlight vacation alice off',
    ],
    runs: 'inside',
    password: false,
    aside: true,
    run: change,
  },
]

async function change(call: Call, context: Context): Promise<Lines> {
  const { household } = context
  const [text = '', what] = call.operands
  const account = existing(text, household)
  switch (what) {
    case undefined:
      return shown(account, household)
    case 'on':
      await setAbsence(account, await ask(call, context, absenceOf(account, household.settings)), household.settings)
      return shown(account, household)
    case 'off':
      await setAbsence(account, undefined, household.settings)
      return [`Nobody is told any more that ${account.name} is away.`]
    default:
      return refuse(`Write on or off behind ${account.name}, not "${harmless(what)}".`)
  }
}

function shown(account: Account, { settings, now }: Household): Lines {
  const { name } = account
  const absence = absenceOf(account, settings)
  if (!absence) return [`${name} is not away. To tell senders so: porchlight vacation ${name} on`]
  const { subject, text, until } = absence
  const last = until === undefined ? `until you write: porchlight vacation ${name} off` : `until ${moment(until)}`
  return [
    isAway(absence, now()) ? `Senders are told that ${name} is away, ${last}` : `${name} was away ${last}`,
    `Subject: ${subject === '' ? '(Auto: and the subject of their message)' : `Auto: ${harmless(subject)}`}`,
    '',
    ...text.split('\n').map(harmless),
  ]
}

/** What is not given with the command is asked for, where somebody is there. */
async function ask({ options }: Call, context: Context, before: Absence | undefined): Promise<Absence> {
  const { household, dialogue } = context
  const from = household.now()
  const last = lastMoment(options.until?.trim() ?? '', from)
  const subject = options.subject ?? (dialogue ? await askSubject(dialogue, before?.subject ?? '') : '')
  const text = options.text ?? (dialogue ? await askText(dialogue) : before?.text)
  if (text === undefined || text.trim() === '')
    refuse('Senders need to be told something: --text "I am back on Monday."')
  fitting(subject, budget.vacationSubject, 'subject')
  fitting(text, budget.vacationText, 'text')
  const until = options.until === undefined && dialogue ? await askLastDay(dialogue, from) : last
  return { subject, text, from, until }
}

/** Asked again where it is no day: what was written before is not to be lost. */
async function askLastDay(dialogue: Dialogue, from: number): Promise<number | undefined> {
  for (;;) {
    const day = await dialogue.ask('Last day, or Enter for none: ')
    try {
      return lastMoment(day.trim(), from)
    } catch (error) {
      if (!(error instanceof Failure) || error.code !== 'REFUSED') throw error
      await dialogue.print(error.message)
    }
  }
}

async function askSubject(dialogue: Dialogue, initial: string): Promise<string> {
  await dialogue.print('What is the subject of the answer? Enter alone takes that of each message.')
  return (await dialogue.ask('Subject: ', { initial })).trim()
}

async function askText(dialogue: Dialogue): Promise<string> {
  await dialogue.print('What are senders told? End with a line that holds only a dot.')
  const lines: string[] = []
  for (let octets = 0; octets <= budget.vacationText; ) {
    const line = await dialogue.ask('> ')
    if (line.trim() === '.') break
    lines.push(line)
    octets += Buffer.byteLength(line) + 1
  }
  return lines.join('\n')
}

function fitting(text: string, most: number, what: string): string {
  if (/[\p{Cc}--\n]/v.test(text)) refuse(`The ${what} holds control characters; leave them out.`)
  if (Buffer.byteLength(text) > most) refuse(`The ${what} is too long: at most ${most} octets.`)
  if (what === 'subject' && text.includes('\n')) refuse('The subject is one line.')
  return text
}

/** 2026-12-24, 24.12.2026 or 12/24/2026, with the groups year, month and day. */
const days = [
  /^(?<year>\d{4})-(?<month>\d\d?)-(?<day>\d\d?)$/,
  /^(?<day>\d\d?)\.(?<month>\d\d?)\.(?<year>\d{4})$/,
  /^(?<month>\d\d?)\/(?<day>\d\d?)\/(?<year>\d{4})$/,
]

/** @returns the end of that day, ms since the epoch; undefined for no end */
function lastMoment(text: string, from: number): number | undefined {
  if (text === '') return undefined
  const { year, month, day } = days.map(form => form.exec(text)?.groups).find(groups => groups !== undefined) ?? {}
  const end = endOfDay(Number(year), Number(month), Number(day))
  if (end === undefined) return refuse(`"${harmless(text)}" is no day. Write for instance 2026-12-24.`)
  return end < from ? refuse(`${harmless(text)} is over already.`) : end
}
