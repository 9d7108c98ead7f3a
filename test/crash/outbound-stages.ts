/**
 * The steps of an attempt at which the server is killed, one message and one host for each: while it goes out, and while it
 * comes back.
 */
import { setTimeout } from 'node:timers/promises'
import { MailHost, type Skill, type Step, type Word } from './mailhost.ts'
import { Outbox, type OutboxOptions, until } from './outbox.ts'
import { type Letter, Postbag } from './postbag.ts'
import { Random } from './random.ts'

export type Stage = {
  readonly name: string
  readonly skill: Skill
  /** Where the host has come to, or `submitted` when it says nothing at all and the submission was answered with 250. */
  readonly at: Step | 'submitted'
  /** Before the host's answer to that, or so many milliseconds after it has left. */
  readonly kill: 'before' | number
  /** What the host says at that step; the usual where it is left out. */
  readonly word?: Word
  /** How often it may arrive: twice only where nobody can know better. */
  readonly most: 1 | 2
}

type Play = {
  readonly stages: readonly Stage[]
  readonly below?: NonNullable<OutboxOptions['below']>
  /** What befalls the data between a kill and the next start. */
  readonly befall?: (data: string, random: Random) => Promise<unknown>
}

/** Steps before whose answer the server is killed, and what that is in words. */
const steps = {
  connect: 'connected, before the greeting',
  EHLO: 'before the answer to EHLO',
  MAIL: 'before the answer to MAIL',
  RCPT: 'before the answer to RCPT',
  DATA: 'before the answer to DATA',
  BDAT: 'before the answer to the first chunk',
  half: 'in the middle of the body',
  end: 'all of it is there, before the 250',
  QUIT: 'after the 250, when the sender has gone on',
} as const satisfies Partial<Record<Step, string>>

const ways = {
  plain: ['connect', 'EHLO', 'MAIL', 'RCPT', 'DATA', 'half', 'end', 'QUIT'],
  modern: ['EHLO', 'RCPT', 'BDAT', 'half', 'end', 'QUIT'],
} as const satisfies Record<Skill, readonly (keyof typeof steps)[]>

/** From an answer to the kill, ms: between them what it means is written down, or it is not. */
const delaysMs = [0, 1, 3, 8] as const

/** While it goes out. */
export const deliveryStages: readonly Stage[] = [
  { name: 'the submission has just been answered', skill: 'plain', at: 'submitted', kill: 'before', most: 1 },
  ...(['plain', 'modern'] as const).flatMap(skill => [
    ...ways[skill].map(at => ({
      name: `${skill}: ${steps[at]}`,
      skill,
      at,
      kill: 'before' as const,
      most: 1 as const,
    })),
    ...delaysMs.map(ms => after(ms, skill, 'end', '250 2.0.0 Taken', 2)),
  ]),
]

/** While it comes back. */
export const bounceStages: readonly Stage[] = [
  { name: 'plain: before the refusal', skill: 'plain', at: 'RCPT', kill: 'before', word: '550 5.1.1 Unknown', most: 1 },
  ...delaysMs.map(ms => after(ms, 'plain', 'RCPT', '550 5.1.1 Unknown', 1)),
  ...delaysMs.map(ms => after(ms, 'modern', 'end', '554 5.7.1 Not wanted', 1)),
]

function after(ms: number, skill: Skill, at: Step, word: Word, most: 1 | 2): Stage {
  return { name: `${skill}: ${ms} ms after ${word.slice(0, 3)} to ${at}`, skill, at, kill: ms, word, most }
}

/** More than one block of the store, and lines that need their dots stuffed. */
const largeBody = Buffer.from('a line\r\n.another, which begins with a dot\r\n'.repeat(5000))

/**
 * Plays the stages one after the other on one server, and has all that waits then sent on.
 * @returns what became of each, in words @throws what is wrong
 */
export async function playStages({ stages, below, befall = async () => {} }: Play): Promise<readonly string[]> {
  await using opened = new AsyncDisposableStack()
  const hosts = new Map<string, MailHost>()
  for (const [i, { skill }] of stages.entries()) hosts.set(domainOf(i), opened.use(await MailHost.open(skill)))
  const outbox = opened.use(await Outbox.make({ hosts, ...(below ? { below } : {}) }))
  const [postbag, random] = [new Postbag(), new Random(1)]
  for (const [i, stage] of stages.entries()) {
    const host = hosts.get(domainOf(i))
    if (!host) continue
    const body = stage.at === 'half' || stage.at === 'BDAT' ? largeBody : undefined
    await strikeAt(stage, host, postbag.compose(random, [`bob@${domainOf(i)}`], body), outbox, random)
    await outbox.fallen()
    await befall(outbox.data, random)
    host.manner = { answer: step => (step === stage.at ? stage.word : undefined) }
    await outbox.start()
    // A further kill must not come between its 250 and what is written down.
    const goesOut = stage.most === 1 && stage.word === undefined
    if (goesOut) await until(`${stage.name}: it has arrived`, () => host.arrivals.some(({ certain }) => certain))
  }
  outbox.strike()
  await outbox.fallen()
  await befall(outbox.data, random)
  const { inbox } = await outbox.finish(postbag)
  return stages.map(({ name, word = '', most }, i) => {
    const token = postbag.letters[i]?.token
    const [arrived, bounced] = [outbox.arrivals, inbox.bounces].map(
      all => all.filter(one => one.token === token).length,
    )
    const [times, others] = word.startsWith('5') ? [bounced, arrived] : [arrived, bounced]
    if (times === undefined || times < 1 || times > most || others !== 0) {
      throw new Error(`${name}: it arrived ${arrived} times and came back ${bounced} times`)
    }
    return `${name}: ${times === 1 ? 'once' : 'twice'}`
  })
}

async function strikeAt(stage: Stage, host: MailHost, letter: Letter, outbox: Outbox, random: Random): Promise<void> {
  const { at, kill, word } = stage
  const reached = Promise.withResolvers<void>()
  host.manner = {
    answer: step => {
      if (at === 'submitted') return 'silence'
      if (step !== at) return undefined
      if (kill !== 'before') return word
      reached.resolve()
      return 'silence'
    },
    answered: step => {
      if (step === at) reached.resolve()
    },
  }
  await outbox.hand(letter, random)
  if (at !== 'submitted') await reached.promise
  if (kill !== 'before' && kill > 0) await setTimeout(kill)
  outbox.strike()
}

function domainOf(stage: number): string {
  return `stage-${stage}.example`
}
