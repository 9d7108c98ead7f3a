/** The command trace: what became of a message, in plain lines from receipt to outcome. */
import { accountName } from '../base/name.ts'
import { harmless, wrap } from '../base/words.ts'
import type { Outcome, Result } from '../store/attempt.ts'
import type { AcceptedTrace, AttemptTrace } from '../store/trace.ts'
import { type Call, type Context, type Household, type Lines, refuse } from './command.ts'
import { idBeginning } from './identify.ts'
import { suspensionWords } from './queue-list.ts'
import { answerWords, cut, mailboxes, moment, momentWidth, senderWords, upcoming, zoneWords } from './shown.ts'

/** Messages that are shown, and attempts of each: the last ones. */
const shownMessages = 20
const shownAttempts = 60
/** Characters beside the id below which the words stand on lines of their own. */
const leastWords = 30
/** Recipients that a line names, and characters of an answer in it. */
const named = 3
const answerWidth = 200

/** A message that was asked for, and what was tried with it. */
type Story = { readonly accepted: AcceptedTrace; readonly attempts: AttemptTrace[]; left: number }

export async function traceMessages({ operands: [text = ''] }: Call, context: Context): Promise<Lines> {
  const { household, signal, width } = context
  const print = async (line: string) => {
    for (const row of hanging(line, width)) await context.print(row)
  }
  const stories = await find(addressOf(text, household), household, signal)
  if (stories.length === 0) return [`Nothing is known of ${harmless(text)}. What is older than 30 days is forgotten.`]
  await print(`${`WHEN (${zoneWords(household.now())})`.padEnd(momentWidth())}  ${'MESSAGE'.padEnd(16)}  WHAT`)
  let open = false
  for (const story of stories) {
    for (const line of received(story.accepted)) await print(line)
    if (story.left > 0) await print(told(story.attempts[0]?.date ?? 0, story, `… ${story.left} attempts before`))
    for (const attempt of story.attempts) for (const line of tried(attempt, story)) await print(line)
    for (const line of await waits(story, household)) {
      open = true
      await print(line)
    }
  }
  return open ? suspensionWords(household.delivery) : []
}

/** A name that somebody has here stands for their address. */
function addressOf(text: string, { accounts, config: { domains } }: Household): string {
  const name = accountName(text)
  return name !== undefined && accounts.find(name) ? `${name}@${domains[0] ?? ''}` : text
}

/** What does not fit goes on below the words, not below the time. */
function hanging(line: string, width: number): Lines {
  const words = momentWidth() + 2 + 16 + 2
  const margin = width - words < leastWords ? 2 : words
  const [first = '', ...rest] = wrap(line.slice(words), width - margin)
  const head = line.slice(0, words)
  if (margin === words) return [head + first, ...rest.map(row => ' '.repeat(margin) + row)]
  return [head.trimEnd(), ...[first, ...rest].map(row => ' '.repeat(margin) + row)]
}

/** @returns the newest of those that it may mean, oldest first */
async function find(text: string, { outbound }: Household, signal: AbortSignal): Promise<readonly Story[]> {
  const isMeant = meaning(text)
  const stories = new Map<number, Story>()
  for await (const trace of outbound.traces()) {
    if (signal.aborted) refuse('Stopped.')
    if (trace.kind === 'attempt') {
      const story = stories.get(trace.message)
      story?.attempts.push(trace)
      if (story && story.attempts.length > shownAttempts) {
        story.attempts.shift()
        story.left += 1
      }
      continue
    }
    if (!isMeant(trace)) continue
    stories.set(trace.seq, { accepted: trace, attempts: [], left: 0 })
    const [oldest] = stories.keys()
    if (stories.size > shownMessages && oldest !== undefined) stories.delete(oldest)
  }
  return [...stories.values()]
}

/** An address, a Message-ID with or without its angle brackets, or the beginning of an id. */
function meaning(text: string): (trace: AcceptedTrace) => boolean {
  const asked = text.replace(/^<(.*)>$/s, '$1').toLowerCase()
  const beginning = idBeginning(asked)
  if (beginning === undefined && !asked.includes('@') && asked === text.toLowerCase()) {
    refuse(`"${harmless(text)}" is no address, no Message-ID and no ID.`)
  }
  return ({ id, messageId, reversePath, recipients }) =>
    (beginning !== undefined && id.startsWith(beginning)) ||
    messageId.toLowerCase() === `<${asked}>` ||
    [reversePath, ...recipients].some(path => path !== '' && path.toLowerCase() === asked)
}

function told(date: number | 'now', { accepted }: Pick<Story, 'accepted'>, words: string): string {
  return `${(date === 'now' ? 'now' : moment(date)).padEnd(momentWidth())}  ${accepted.id}  ${words}`
}

function received(accepted: AcceptedTrace): Lines {
  const { date, reversePath, recipients, count, deliveries, forwarded } = accepted
  const story = { accepted }
  const outside = forwarded.map(recipient => recipients[recipient] ?? '')
  const here = recipients.filter((_, recipient) => !forwarded.includes(recipient))
  const all = listed(here, count - outside.length)
  const lines = [told(date, story, `taken from ${senderWords(reversePath)} for ${all}`)]
  if (deliveries > 0) lines.push(told(date, story, `put into ${mailboxes(deliveries)} here`))
  if (outside.length > 0) lines.push(told(date, story, `forwarded to ${listed(outside, outside.length)}`))
  return lines
}

function tried(attempt: AttemptTrace, story: Story): Lines {
  const { date, results } = attempt
  if (results.length === 0) return [told(date, story, 'changed by hand at the console')]
  // Recipients that were told the same share a line.
  const groups = Map.groupBy(results, ({ outcome, answer }) => `${outcome} ${answerWords(answer)}`)
  return Array.from(groups.values(), group => told(date, story, outcomeLine(group, attempt, story.accepted)))
}

function outcomeLine(
  group: readonly Result[],
  { remote, due }: AttemptTrace,
  { recipients, count }: AcceptedTrace,
): string {
  const paths = group.map(({ recipient }) => recipients[recipient] ?? `recipient ${recipient + 1}`)
  // Where there is only one, the line above has named it.
  const whom = count === 1 ? '' : ` for ${listed(paths, paths.length)}`
  const [{ outcome, answer } = { outcome: 'deferred' as Outcome, answer: { code: 0, enhanced: '', text: '' } }] = group
  const said = cut(answerWords(answer), answerWidth)
  switch (outcome) {
    case 'delivered':
      return `${remote === '' ? 'the next host' : harmless(remote)} took it${whom}: ${said}`
    case 'deferred':
      return `put off${whom} until ${moment(due)}: ${said}`
    case 'bounced':
      return `came back${whom}: ${said}`
    case 'withdrawn':
      return `withdrawn by hand${whom}`
    default:
      return outcome satisfies never
  }
}

async function waits(story: Story, { outbound, now }: Household): Promise<Lines> {
  const waiting = story.accepted.queued === 0 ? [] : await outbound.of(story.accepted.seq)
  return waiting.slice(0, shownAttempts).map(({ domain, held, due }) => {
    const next = held ? 'held until somebody releases it' : `next attempt ${upcoming(due, now())}`
    return told('now', story, `still waits for ${domain}, ${next}`)
  })
}

function listed(paths: readonly string[], count: number): string {
  const shown = paths.slice(0, named).map(harmless).join(', ')
  return count > named ? `${shown} and ${count - named} more` : shown
}
