/** A step of the set-up: sends a letter, and watches how far it comes. */

import { harmless } from '../base/words.ts'
import { parseAddress } from '../message/address.ts'
import { composeLetter } from '../message/letter.ts'
import type { AttemptTrace } from '../store/trace.ts'
import type { Guide, Step, Way } from './setup-guide.ts'
import { answerWords } from './shown.ts'

/** How long it is watched, ms, and how often it is looked at. */
const watchedMs = 60_000
const lookMs = 1000

export const trialStep: Step = {
  name: 'trial',
  title: 'A letter as a trial',
  explain: () => [
    'To see whether mail goes out, a short letter can be sent to an address of yours elsewhere, and its way watched.',
  ],
  run: sendTrial,
}

async function sendTrial(guide: Guide): Promise<Way> {
  const { household } = guide
  const [account] = household.accounts.list()
  const [domain = ''] = household.config.domains
  if (!account) return 'on'
  const to = await guide.ask({
    question: 'Send it to this address, or Enter to leave it out',
    check: answer => (answer === '' || parseAddress(answer, { utf8: true }) ? undefined : `"${answer}" is no address.`),
  })
  if (to === undefined) return 'back'
  if (to === '') return 'on'
  const from = `${account.name}@${domain}`
  const date = household.now()
  const content = composeLetter({
    from: { address: from },
    to: [{ address: to }],
    subject: 'Porchlight sends mail',
    text: `This letter comes from ${household.config.hostname}, which is being set up.\nThat you can read it shows that its mail goes out.\n`,
    date,
  })
  const { id, seq } = await household.post({ reversePath: from, recipients: [to], content })
  await guide.say(`It is on its way, from ${from}. This takes a minute at most; any key goes on without waiting.`)
  await guide.say(await watch(guide, seq, date), `To look again later: porchlight trace ${id}`)
  return 'on'
}

/** @returns how far it came */
async function watch({ dialogue, household }: Guide, seq: number, since: number): Promise<string> {
  const end = performance.now() + watchedMs
  for (;;) {
    const attempt = await lastAttempt(household, seq, since)
    const waiting = await household.outbound.of(seq)
    if (waiting.length === 0) return attempt ? outcome(attempt) : 'It was put into a mailbox here.'
    if (attempt) return outcome(attempt)
    if (performance.now() >= end) return 'No host has answered yet. It waits, and is tried again by itself.'
    if ((await dialogue.key(lookMs)) !== undefined) return 'It goes on by itself.'
  }
}

async function lastAttempt(
  { outbound }: Guide['household'],
  seq: number,
  since: number,
): Promise<AttemptTrace | undefined> {
  for await (const trace of outbound.tracesSince(since)) {
    if (trace.kind === 'attempt' && trace.message === seq) return trace
  }
  return undefined
}

function outcome({ results: [result], remote }: AttemptTrace): string {
  const host = remote === '' ? 'the next host' : harmless(remote)
  if (!result) return 'It was taken out of the queue.'
  const said = answerWords(result.answer)
  switch (result.outcome) {
    case 'delivered':
      return `It works: ${host} took the letter, and said: ${said}`
    case 'deferred':
      return `Not yet: ${said}. It waits, and is tried again by itself.`
    case 'bounced':
      return `It came back: ${said}. A report about it is in your mailbox.`
    case 'withdrawn':
      return 'It was taken out of the queue.'
    default:
      return result.outcome satisfies never
  }
}
