/** What goes on when the power goes: mail from the world, mail fetched and deleted, mail for the world, changes at the line. */
import { sendingDomain } from '../../crash/model.ts'
import { makeBody, type Random } from '../../crash/random.ts'
import { Lost, Session } from '../../crash/session.ts'
import { Submitter } from '../../crash/submitter.ts'
import { dataLines, read } from '../../crash/traffic.ts'
import type { Fuse } from './fuse.ts'
import { domain } from './household.ts'
import { keep } from './keeper.ts'
import { type Ledger, passwordOf } from './ledger.ts'
import type { Door } from './machine.ts'

/** A board as its household and the world know it. */
export type Board = {
  port(door: Door): number
  shows(wanted: string | RegExp): Promise<string>
  type(keys: string): void
}

export type Scene = { readonly board: Board; readonly ledger: Ledger; readonly fuse: Fuse }
/** Someone who does one thing after the other, over and over. */
type Actor = (scene: Scene, random: Random) => Promise<void>

const senders = 2
/** Octets of a body: what is larger takes an emulated board too long. */
const mostOctets = 150_000
/** Where mail for the world goes, and to whom. */
export const world = 'b.example'
const people = ['bob', 'carol', 'dan'].map(name => `${name}@${world}`)

/** Lets everyone act until the power is gone. @throws what the first one found wrong */
export async function runTraffic(scene: Scene, random: Random): Promise<void> {
  const actors: Actor[] = [
    ...Array.from({ length: senders }, () => send),
    ...scene.ledger.readers.map(mailbox => fetcher(mailbox)),
    handIn,
    keep,
  ]
  const outcomes = await Promise.allSettled(actors.map(actor => untilCut(actor, scene, random.fork())))
  await scene.fuse.gone
  const failed = outcomes.find(outcome => outcome.status === 'rejected')
  if (failed) throw failed.reason
}

async function untilCut(actor: Actor, scene: Scene, random: Random): Promise<void> {
  const { fuse } = scene
  try {
    while (!fuse.burnt) await actor(scene, random)
  } catch (error) {
    if (error instanceof Lost && fuse.burnt) return
    fuse.burn()
    throw error
  }
}

/** Sends some messages from the world in one session, with STARTTLS. */
async function send({ board, ledger, fuse }: Scene, random: Random): Promise<void> {
  using session = await Session.smtp(board, () => fuse.step(), { tls: true })
  for (let left = random.between(1, 10); left > 0; left--) {
    const to = random.some(ledger.readers)
    const body = smallBody(random)
    const message = ledger.model.compose(body, to)
    await session.ask(`MAIL FROM:<${message.token}@${sendingDomain}> BODY=8BITMIME`, '250')
    for (const { name } of to) await session.ask(`RCPT TO:<${name}@${domain}>`, '250')
    await session.ask('DATA', '354')
    for (const part of dataLines(body, random)) await session.send(part)
    if (random.percent(8)) return
    message.kept.attempt(true)
    await session.ask('.', '250')
    message.kept.acknowledge()
    fuse.acknowledged('delivery')
  }
  await session.ask('QUIT', '221')
}

/** Hands in some messages for the world. */
async function handIn({ board, ledger, fuse }: Scene, random: Random): Promise<void> {
  using submitter = await Submitter.open(board.port('submissions'), passwordOf('alice'), () => fuse.step(), {
    tls: true,
  })
  for (let left = random.between(1, 10); left > 0; left--) {
    await submitter.hand(ledger.postbag.compose(random, random.some(people), smallBody(random)), random)
    fuse.acknowledged('submission')
  }
}

function fetcher(mailbox: Ledger['readers'][number]): Actor {
  return ({ board, ledger: { model }, fuse }, random) => {
    const counted = (kind: string) => (kind === 'removal' ? fuse.acknowledged('removal') : fuse.step())
    return read(
      mailbox,
      { server: board, model, fuse: { step: () => fuse.step(), acknowledged: counted }, tls: true },
      random,
    )
  }
}

function smallBody(random: Random): Buffer {
  for (;;) {
    const body = makeBody(random)
    if (body.length <= mostOctets) return body
  }
}
