/**
 * Puts a store in order while no server runs: LevelDB's own files, then the log, then an index made from it alone.
 *
 * It may be cut off anywhere. Until it is done a marker in the data directory keeps servers away, and to run it again goes
 * on: what is mended stays mended, and every step comes to the same when it is taken twice.
 */
import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Failure, type FailureCode } from '../base/failure.ts'
import { silentLog } from '../base/log.ts'
import { loadAddon } from './addon.ts'
import { beginLog, Engine, pathsIn } from './engine.ts'
import { isDamage, storeFailure } from './failure.ts'
import { openLog, type RepairWatch, repairFiles } from './files.ts'
import { idText } from './id.ts'
import { Index } from './index.ts'
import type { Log } from './log.ts'
import { Marker } from './marker.ts'
import type { AccountRecord, HeaderRecord, LogRecord } from './record.ts'
import type { Account } from './roster.ts'
import { refuseUnknown, schema } from './schema.ts'
import { Survey } from './survey.ts'
import { type Verified, verify } from './verify.ts'

/** `hurt` when more than the index had to be mended, so that there may be losses nobody can name. */
export type Repaired = Verified & { readonly hurt: boolean }

/** UIDs left out after a loss, so that none comes back that was given to a lost message. Far more than one file can hold. */
const uidMargin = 1_000_000
const lastUid = 0xffffffff
/** Records taken out at a time. */
const slice = 1000
/** What a repair that has only looked may end with. */
const refusals: ReadonlySet<string> = new Set<FailureCode>(['STORE_LOCKED', 'STORE_NEWER'])

/**
 * @param directory the data directory
 * @param now ms since the epoch
 * @throws Failure REFUSED, STORE_LOCKED, STORE_NEWER, STORE_FULL or STORE_IO; nothing is made worse by it
 */
export async function repair(directory: string, now: number, watch: RepairWatch): Promise<Repaired> {
  const paths = pathsIn(directory)
  if (!existsSync(paths.log) && !existsSync(paths.index)) {
    throw new Failure('REFUSED', `There is no mail store in ${directory}.`)
  }
  loadAddon(directory)
  try {
    const goesOn = existsSync(paths.repair)
    const marker = await Marker.take(paths.repair)
    try {
      const repaired = await mend(directory, marker, now, watch)
      await rm(paths.repair, { recursive: true })
      return repaired
    } catch (error) {
      // Nothing was touched: a server that has the store open must be able to start again.
      const untouched = !goesOn && !marker.hurt && refusals.has(storeFailure(error).code)
      if (untouched) await rm(paths.repair, { recursive: true })
      throw error
    } finally {
      await marker.close()
    }
  } catch (error) {
    throw storeFailure(error)
  }
}

async function mend(directory: string, marker: Marker, now: number, watch: RepairWatch): Promise<Repaired> {
  await mendLog(directory, marker, now, watch)
  // Made from the log alone. What is there may be whole; that it is need not be relied on.
  let records = 0
  const progress = () => watch.progress('records applied to a new index', ++records)
  const engine = await Engine.open(directory, { now, notes: silentLog, anew: true, repairing: true, progress })
  try {
    await separateNames(engine, watch)
    const verified = await verify(engine, {
      signal: new AbortController().signal,
      progress: messages => watch.progress('messages compared with their digests', messages),
      flaw: flaw => watch.lost(flaw),
    })
    if (marker.hurt) await skipUids(engine)
    return { ...verified, hurt: marker.hurt }
  } finally {
    await engine.close()
  }
}

/** Leaves a log that can be read from its header to its end, and that has all that can be known. */
async function mendLog(directory: string, marker: Marker, now: number, watch: RepairWatch): Promise<void> {
  const paths = pathsIn(directory)
  const mend = async (log: Log, last: boolean) => {
    try {
      return await mendRecords(log, paths.index, { marker, now, watch }, last)
    } finally {
      await log.close()
    }
  }
  if (await mend(await openLog(paths.log, marker, watch), false)) return
  await mend(await repairFiles(paths.log, 'a part of them cannot be read', marker, watch), true)
}

type Work = { readonly marker: Marker; readonly now: number; readonly watch: RepairWatch }

/** @returns false, with nothing done, when LevelDB's files should be repaired first; not the `last` time */
async function mendRecords(log: Log, indexPath: string, work: Work, last: boolean): Promise<boolean> {
  const { marker, now, watch } = work
  const found = await log.find(0)
  const header = found?.kind === 'header' ? found : undefined
  if (header) refuseUnknown(header.schema, schema)
  await using open = new AsyncDisposableStack()
  const old = await openIndex(indexPath, header)
  if (old) open.defer(() => old.close())
  const progress = (records: number) => watch.progress('records of the log read', records)
  const { survey, index } = await Survey.of(log, old, progress)
  if (log.hurt && !last) return false
  const { unreadable } = survey
  if (unreadable.length > 0 || log.hurt || log.dropped > 0) await marker.noteHurt()
  if (log.dropped > 0) watch.tell(`${log.dropped} octets of what was written last could not be read.`)
  if (unreadable.length > 0) watch.tell(`${unreadable.length} records of the log cannot be read and are taken out.`)
  for (let at = 0; at < unreadable.length; at += slice) await log.drop(unreadable.slice(at, at + slice))
  if (!header) {
    await marker.noteHurt()
    // Of what lost its header nobody knows the schema; an older release must not believe that it knows it.
    await beginLog(log, now, schema.writes, old?.store)
    watch.tell('The first record of the log was lost; it is written anew.')
  }
  if (index) await nameLost(log, index, work)
  await restoreAccounts(log, survey, index, work)
  await restoreAliases(log, survey, index, work)
  return true
}

/** Opens the index as it was, to ask it for what the log has lost. */
async function openIndex(path: string, header: HeaderRecord | undefined): Promise<Index | undefined> {
  if (!existsSync(join(path, 'CURRENT'))) return undefined
  try {
    const index = await Index.open(path, header?.schema ?? schema.writes)
    if (index.store && (!header || index.store.equals(header.store))) return index
    await index.close()
  } catch (error) {
    if (!isDamage(error)) throw error
  }
  return undefined
}

/** Names the messages which the index as it was knows and the log does not. */
async function nameLost(log: Log, index: Index, { marker, watch }: Work): Promise<void> {
  let looked = 0
  try {
    for (const { owner, box } of index.mailboxes()) {
      for await (const entries of index.entries(owner.id, box)) {
        for (const { seq, id, date } of entries) {
          watch.progress('messages of the old index looked up', ++looked)
          const record = await log.find(seq)
          if (record?.kind === 'message' && idText(record.id) === id) continue
          await marker.noteHurt()
          watch.lost({ id, accounts: [owner.name], date, why: 'its record is gone' })
        }
      }
    }
  } catch (error) {
    if (!isDamage(error)) throw error
    watch.tell('The old index is damaged, too; there may be lost messages that it does not name.')
  }
}

/**
 * Founds the accounts anew whose first record is lost: under their own numbers, so that their mail is theirs. Name and
 * password are those of a later record, or those the index knows.
 */
async function restoreAccounts(
  log: Log,
  survey: Survey,
  index: Index | undefined,
  { now, marker, watch }: Work,
): Promise<void> {
  const remembered = index?.roster.accounts().map(({ id }) => id) ?? []
  const all = new Set([...survey.mentioned, ...survey.accounts.keys(), ...remembered])
  for (const account of [...all].filter(account => !survey.founded.has(account)).sort((a, b) => a - b)) {
    const known = survey.accounts.get(account) ?? index?.roster.account(account)
    if (known && 'present' in known && !known.present) continue
    const { name = nameFor(account), password = '', created = now } = known ?? {}
    await marker.noteHurt()
    await log.append([{ seq: account, record: accountRecord({ id: account, created, name, password }) }])
    log.skipPast(account)
    watch.tell(
      known
        ? `The log had lost the account ${name}; it is there again.`
        : `The name of an account is lost, its mail is not: it is now ${name}. To give it a password: porchlight user password ${name}`,
    )
  }
}

async function restoreAliases(
  log: Log,
  survey: Survey,
  index: Index | undefined,
  { marker, watch }: Work,
): Promise<void> {
  log.skipPast(index?.applied ?? 0)
  for (const { address, targets } of index?.roster.aliases() ?? []) {
    if (survey.aliases.has(address)) continue
    await marker.noteHurt()
    await log.append([{ seq: log.take(), record: { kind: 'alias', address, targets } }])
    watch.tell(`The log had lost the alias ${address}; it is there again.`)
  }
}

/** A lost removal brings an account back beside a newer one of its name: the older one gets another name. */
async function separateNames(engine: Engine, watch: RepairWatch): Promise<void> {
  const { roster } = engine.index
  const latest = new Map(roster.accounts().map(account => [account.name, account]))
  for (const account of roster.accounts()) {
    const other = latest.get(account.name)
    if (!other || other.id === account.id) continue
    const name = nameFor(account.id)
    await commit(engine, accountRecord({ ...account, name }))
    await commit(engine, accountRecord(other)) // So that the name is its own, whichever of the two had the last record.
    watch.tell(`There are two accounts ${account.name} now; the older one is called ${name}.`)
  }
}

function accountRecord({ id, created, name, password }: Account): AccountRecord {
  return { kind: 'account', present: true, account: id, created, name, password }
}

function nameFor(account: number): string {
  return `recovered-${account}`
}

/** Says of a UID far ahead in each mailbox that it is removed, so that those up to there are never given out again. */
async function skipUids(engine: Engine): Promise<void> {
  for (const { owner, box, next } of engine.index.mailboxes()) {
    const uids = [Math.min(next - 1 + uidMargin, lastUid - 1)]
    await commit(engine, { kind: 'removal', account: owner.id, box, uids })
  }
}

function commit(engine: Engine, record: LogRecord): Promise<void> {
  const entries = () => [{ seq: engine.log.take(), record }]
  return engine.commit({ entries, octets: 0, claimsBlocks: false })
}
