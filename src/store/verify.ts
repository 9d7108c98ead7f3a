/** Reads every message and compares it with what was written: its record, its blocks, its digest, its mailbox entries. */
import { createHash } from 'node:crypto'
import { Failure, sentence } from '../base/failure.ts'
import type { Engine } from './engine.ts'
import { advice, isBadDisk, isDamage, storeFailure } from './failure.ts'
import { idText } from './id.ts'
import { type Delivery, nobody } from './keys.ts'
import { type MessageRecord, sentOctets } from './message.ts'
import type { EntryValue } from './row.ts'

/** A message that is not what was written. */
export type Flaw = {
  /** As in UIDL and Received. */
  readonly id: string
  /** Names of the accounts in whose mailboxes it is. */
  readonly accounts: readonly string[]
  /** When it was accepted, ms since the epoch; undefined when nothing tells. */
  readonly date: number | undefined
  readonly why: string
}

/** What was read, and how many messages are not what was written. */
export type Verified = { readonly messages: number; readonly octets: number; readonly flaws: number }

/** Who looks on. Both are waited for: a slow reader holds the verification back. */
export type VerifyWatch = {
  readonly signal: AbortSignal
  /** Called after every block, with all that was read so far. */
  progress(messages: number, octets: number): Promise<void> | void
  flaw(flaw: Flaw): Promise<void> | void
}

type Placed = { readonly seq: number; readonly deliveries: readonly Delivery[] }

/** @throws Failure REFUSED when it is stopped, STORE_IO when it is closed meanwhile, STORE_DAMAGED when only a repair helps */
export async function verify(engine: Engine, watch: VerifyWatch): Promise<Verified> {
  const total = { messages: 0, octets: 0, flaws: 0 }
  const read = async (octets: number) => {
    if (watch.signal.aborted) throw new Failure('REFUSED', 'Stopped before all messages were read.')
    total.octets += octets
    await watch.progress(total.messages, total.octets)
  }
  const blame = async (placed: Placed, why: string) => {
    const flaw = await describe(engine, placed, why)
    if (!flaw) return
    total.flaws += 1
    await watch.flaw(flaw)
  }
  try {
    const table = await engine.log.misleadingTable(() => read(0))
    if (table) {
      throw new Failure(
        'STORE_DAMAGED',
        `${table} cannot be read, or is damaged where it says what lies in it; nothing was read. ${advice}`,
      )
    }
    for await (const placed of engine.index.live()) {
      const why = await problem(engine, placed, read)
      if (why !== undefined) await blame(placed, why)
      total.messages += 1
      await read(0)
    }
    for await (const placed of unlinked(engine))
      await blame(placed, 'the index does not know any more where it belongs')
  } catch (error) {
    throw storeFailure(error)
  }
  return total
}

/** @returns what is wrong with a message, if anything */
async function problem(
  { log, index }: Engine,
  { seq, deliveries }: Placed,
  read: (octets: number) => Promise<void>,
): Promise<string | undefined> {
  try {
    const { record } = await log.message(seq)
    for (const delivery of deliveries) {
      if (!(await isKnown(index, delivery, seq, record))) return 'its mailbox says something else of it than its record'
    }
    const digest = createHash('sha256')
    let octets = 0
    for (const number of record.blocks) {
      const block = await log.block(number)
      digest.update(block)
      octets += block.length
      await read(block.length)
    }
    if (octets !== record.octets) return `it has ${octets} octets instead of ${record.octets}`
    return digest.digest().equals(record.digest) ? undefined : 'its octets are not those that were received'
  } catch (error) {
    if (isDamage(error) || isBadDisk(error)) return sentence(error)
    throw error
  }
}

/** @returns whether the index has of a copy what the record says */
async function isKnown(index: Engine['index'], copy: Delivery, seq: number, record: MessageRecord): Promise<boolean> {
  if (copy.account !== nobody) return fits(await index.entry(copy), seq, record)
  // What is done while it is looked at has no link any more.
  return (await index.queue.find(seq, copy.uid)) !== undefined || (await index.linked(seq, [copy])).length === 0
}

function fits(entry: EntryValue | undefined, seq: number, record: MessageRecord): boolean {
  return entry?.seq === seq && entry.id === idText(record.id) && entry.octets === sentOctets(record)
}

/** Walks the mailbox entries that no link leads back to: their messages could be swept away under them. */
async function* unlinked({ index }: Engine): AsyncGenerator<Placed> {
  for (const { owner, box } of index.mailboxes()) {
    for await (const entries of index.entries(owner.id, box)) {
      for (const { seq, uid } of entries) {
        const deliveries = [{ account: owner.id, box, uid }]
        if ((await index.linked(seq, deliveries)).length === 0) yield { seq, deliveries }
      }
    }
  }
}

/** @returns nothing when the message was deleted while it was looked at */
async function describe({ log, index }: Engine, { seq, deliveries }: Placed, why: string): Promise<Flaw | undefined> {
  const found = await Promise.all(deliveries.map(delivery => readEntry(index, delivery)))
  const present = deliveries.filter((_, i) => found[i] !== undefined)
  if (present.length === 0 && (await index.linked(seq, deliveries)).length === 0) return undefined
  const record = await log.find(seq)
  const entry = found.find(entry => entry !== undefined)
  const known = record?.kind === 'message' ? { id: idText(record.id), date: record.date } : entry
  return {
    id: known?.id ?? 'unknown',
    accounts: deliveries.flatMap(({ account }) => index.roster.account(account)?.name ?? []),
    date: known?.date,
    why,
  }
}

async function readEntry(index: Engine['index'], delivery: Delivery): Promise<EntryValue | undefined> {
  try {
    return await index.entry(delivery)
  } catch (error) {
    if (isDamage(error)) return undefined
    throw error
  }
}
