/** Rounds: the household hands in mail for hosts of every mood until the server is killed; nothing acknowledged may be lost. */
import { MailHost, type Manner, type Step, type Word } from './mailhost.ts'
import { Outbox, type OutboxOptions } from './outbox.ts'
import { Postbag, senderAddress } from './postbag.ts'
import { Random } from './random.ts'
import { command, Lost } from './session.ts'

type Rounds = {
  readonly rounds: number
  readonly seed: number
  readonly below?: NonNullable<OutboxOptions['below']>
  /**
   * What befalls the data between a kill and the next start.
   * @param killed to be called at the moment when a server is killed in between, which may have begun to send
   * @returns that in words
   */
  readonly befall: (data: string, random: Random, killed: () => void) => Promise<string>
}

const domains = [
  ['b.example', 'plain'],
  ['c.example', 'modern'],
  ['d.example', 'modern'],
] as const
const people = ['bob', 'carol', 'dan']
const submitters = 3
/** Of a hundred messages that one of them hands in, so many are followed by a sweep. */
const sweepShare = 15

/** Steps of hosts and submitters in one round before the kill, at most; and milliseconds by which it may come later. */
const mostSteps = 500
const mostDelayMs = 20

/** What a host may say out of the ordinary, each in so many of a hundred cases. */
const moods: Partial<Record<Step, readonly (readonly [share: number, word: Word])[]>> = {
  connect: [
    [3, '421 4.3.2 Come back later'],
    [3, 'break'],
  ],
  MAIL: [
    [4, '451 4.3.0 Not now'],
    [2, '550 5.7.1 Not from you'],
  ],
  RCPT: [
    [8, '451 4.2.1 Not now'],
    [8, '550 5.1.1 Unknown'],
    [2, 'break'],
  ],
  DATA: [[4, '451 4.3.0 Not now']],
  end: [
    [8, '451 4.3.0 Not now'],
    [4, '554 5.7.1 Not wanted'],
    [4, 'break'],
  ],
}
/** The same when all must come to its end. */
const lastMoods: typeof moods = { RCPT: [[8, '550 5.1.1 Unknown']] }

/** Counts what happens, and kills once it has happened often enough. */
class Countdown {
  #left: number
  readonly #delayMs: number
  readonly #kill: () => void

  constructor(random: Random, kill: () => void) {
    this.#left = random.between(1, mostSteps)
    this.#delayMs = random.percent(50) ? 0 : random.below(mostDelayMs)
    this.#kill = kill
  }

  get over(): boolean {
    return this.#left <= 0
  }

  step(): void {
    this.#left -= 1
    if (this.#left !== 0) return
    if (this.#delayMs === 0) this.#kill()
    else setTimeout(this.#kill, this.#delayMs)
  }
}

/** Plays the rounds, and has all that waits then sent on. @throws what was wrong */
export async function playOutboundRounds({ rounds, seed, below, befall }: Rounds): Promise<void> {
  await using opened = new AsyncDisposableStack()
  const hosts = new Map<string, MailHost>()
  for (const [domain, skill] of domains) hosts.set(domain, opened.use(await MailHost.open(skill)))
  const outbox = opened.use(await Outbox.make({ hosts, ...(below ? { below } : {}) }))
  const [postbag, random] = [new Postbag(), new Random(seed)]
  let round = 0
  try {
    while (round < rounds) {
      round += 1
      if (round > 1) await outbox.start()
      const before = outbox.arrivals.length
      await playRound(outbox, postbag, random)
      const counts = `${postbag.letters.length} messages so far, ${outbox.arrivals.length - before} arrivals in this round`
      console.log(`round ${round}: ${counts}; then ${await befall(outbox.data, random, () => outbox.cut())}`)
    }
    for (const host of hosts.values()) host.manner = mannerOf(lastMoods, random.fork(), () => {})
    const { arrived, bounced, again } = (await outbox.finish(postbag)).tally
    console.log(`${arrived} arrived, ${again} of them again in the moment when that may be, and ${bounced} came back`)
  } catch (cause) {
    outbox.keep()
    throw new Error(`Failed at round ${round} of seed ${seed}; the data is kept in ${outbox.data}.`, { cause })
  }
}

async function playRound(outbox: Outbox, postbag: Postbag, random: Random): Promise<void> {
  const countdown = new Countdown(random, () => outbox.strike())
  for (const host of outbox.hosts.values()) {
    host.manner = mannerOf(moods, random.fork(), () => countdown.step())
  }
  // One of them sweeps: two at a time would be refused.
  const acting = Array.from({ length: submitters }, (_, i) =>
    submit(outbox, postbag, random.fork(), countdown, i === 0 ? sweepShare : 0),
  )
  const outcomes = await Promise.allSettled(acting)
  await outbox.fallen()
  const reasons = outcomes.flatMap(outcome => (outcome.status === 'rejected' ? [outcome.reason] : []))
  // Whoever found something wrong has taken the server from the others.
  if (reasons.length > 0) throw reasons.find(reason => !(reason instanceof Lost)) ?? reasons[0]
}

function mannerOf(
  moods: Partial<Record<Step, readonly (readonly [number, Word])[]>>,
  random: Random,
  step: () => void,
): Manner {
  return {
    answer: at => {
      step()
      return moods[at]?.find(([share]) => random.percent(share))?.[1]
    },
    answered: step,
  }
}

/**
 * Hands in message after message until the server is gone.
 * @param sweeps in so many of a hundred cases a sweep follows
 */
async function submit(
  outbox: Outbox,
  postbag: Postbag,
  random: Random,
  countdown: Countdown,
  sweeps: number,
): Promise<void> {
  try {
    using submitter = await outbox.submitter(() => countdown.step())
    for (;;) {
      const to = random.some(domains).flatMap(([domain]) => random.some(people).map(name => `${name}@${domain}`))
      await submitter.hand(postbag.compose(random, random.percent(20) ? [...to, senderAddress] : to), random)
      // What is done leaves the log now and then, with its attempts.
      if (random.percent(sweeps)) await command(outbox.server, ['jobs', 'run', 'sweep'])
    }
  } catch (error) {
    if (error instanceof Lost && countdown.over) return
    outbox.strike()
    throw error
  }
}
