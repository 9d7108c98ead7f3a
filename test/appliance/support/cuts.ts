/** Power cuts: traffic that one ends, then a start on what is left, where all that was acknowledged must hold. */
import { MailHost } from '../../crash/mailhost.ts'
import { readInbox } from '../../crash/postbag.ts'
import { Random } from '../../crash/random.ts'
import { complain } from '../../crash/rounds.ts'
import { Session } from '../../crash/session.ts'
import { Fuse } from './fuse.ts'
import { addUser, comeIn, say, setUp } from './household.ts'
import { Ledger, passwordOf } from './ledger.ts'
import { look } from './look.ts'
import { until } from './machine.ts'
import { type Board, runTraffic, world } from './traffic.ts'

/** A board whose plug can be pulled. */
export type Victim = Board & {
  /** The power comes on. Resolves when mail is taken. */
  start(): Promise<void>
  /** @returns what became of the writes under way, in words */
  cut(): Promise<string>
  /** An orderly restart, asked for at the console. Resolves when mail is taken again. */
  restart(): Promise<void>
}

export type Cuts = {
  readonly cuts: number
  readonly seed: number
  /** @param port of this machine where mail for the world goes @returns the board, and the host and port that lead there from it */
  readonly make: (port: number) => Promise<{ readonly board: Victim; readonly way: string }>
}

/** What a host of the world says out of the ordinary, so that something waits: each in so many of a hundred cases. */
const moods = [
  [8, '451 4.3.0 Not now'],
  [3, 'break'],
] as const

/** Settings for the trial: where mail for the world goes, and bounds that a household does not meet and this does. */
const settingsFor = (way: string) => [
  `relay.routes ${world}=${way}`,
  'delivery.retry 2s',
  'limits.connections_per_address 200',
  'submission.recipients_per_hour 100000',
]

/** Plays the cuts. @throws what was wrong, and after which cut */
export async function playCuts({ cuts, seed, make }: Cuts): Promise<void> {
  await using host = await MailHost.open('modern')
  const { board, way } = await make(host.port)
  const [random, ledger] = [new Random(seed), new Ledger()]
  await moveIn(board, ledger, way)
  let cut = 0
  try {
    while (cut < cuts) {
      const [arrivals, began] = [host.arrivals.length, performance.now()]
      let fate = ''
      const fuse = new Fuse(random, async () => {
        host.cut()
        fate = await board.cut()
      })
      const moody = random.fork()
      host.manner = {
        answer: at => (at === 'RCPT' || at === 'end' ? moods.find(([share]) => moody.percent(share))?.[1] : undefined),
        answered: () => fuse.step(),
      }
      await runTraffic({ board, ledger, fuse }, random)
      const { doubts } = ledger
      const cutAt = performance.now()
      cut += 1
      host.manner = {}
      await board.start()
      const startedAt = performance.now()
      await comeIn(board)
      complain(await look(board, ledger))
      const { delivery, removal, submission, change } = fuse.counts
      console.log(
        `cut ${cut}: ${delivery} deliveries, ${removal} deletions, ${submission} handed in, ${change} changes, ` +
          `${host.arrivals.length - arrivals} sent on; ${doubts} more in doubt; ${fate}; all there. ` +
          `Traffic ${seconds(cutAt - began)}, start ${seconds(startedAt - cutAt)}, look ${seconds(performance.now() - startedAt)} s`,
      )
    }
    console.log(await finish(board, ledger, host))
    await board.restart()
    await comeIn(board)
    complain(await look(board, ledger))
    console.log('After an orderly restart: all there.')
  } catch (cause) {
    throw new Error(`Failed after cut ${cut} of seed ${seed}.`, { cause })
  }
}

async function moveIn(board: Victim, ledger: Ledger, way: string): Promise<void> {
  await board.start()
  await setUp(board)
  for (const { name } of ledger.readers) await addUser(board, name, passwordOf(name))
  for (const setting of settingsFor(way)) await say(board, `config set ${setting}`)
}

/** Waits until all mail for the world has gone, and judges what has become of it. @returns that in words */
async function finish(board: Victim, { postbag }: Ledger, host: MailHost): Promise<string> {
  await until('the queue is empty', async () => /^queue +empty\r$/m.test(await say(board, 'status')))
  const { faults, tally } = postbag.judge(host.arrivals, readInbox(await returned(board)))
  complain(faults)
  return `${tally.arrived} messages for the world arrived, ${tally.again} of them once more, and ${tally.bounced} came back; none is lost`
}

/** What lies in alice's mailbox. */
async function returned(board: Victim): Promise<readonly string[]> {
  const session = await Session.pop3(board, 'alice', passwordOf('alice'), () => {}, { tls: true })
  if (typeof session === 'string') throw new Error(`alice cannot log in: ${session}`)
  using open = session
  const messages = []
  for (const number of (await open.uidls()).keys()) {
    const message = await open.retrieve(number)
    if (typeof message === 'string') throw new Error(message)
    messages.push(message.toString('latin1'))
  }
  await open.ask('QUIT', '+OK')
  return messages
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(1)
}
