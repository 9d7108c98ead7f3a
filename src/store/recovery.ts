/**
 * What a server looks at before it opens the store.
 *
 * The process before may have died with the store open. What it acknowledged is safe; but what killed it may have been a
 * damaged file, and that would kill the next one just as well, as soon as anybody asks for what lies there.
 */
import { existsSync } from 'node:fs'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { bootId } from '../base/boot.ts'
import type { Clock } from '../base/clock.ts'
import type { Log as Notes } from '../base/log.ts'
import { pathsIn } from './engine.ts'
import { refuseLocked } from './files.ts'
import { repair } from './repair.ts'
import { misleadingTable } from './table.ts'
import { unreadableFiles } from './writeahead.ts'

/**
 * The sign, in the data directory, that a process has the store open. It says under which boot, and need not be synced:
 * within one it is there in any case.
 */
export class Sign {
  readonly #path: string

  constructor(directory: string) {
    this.#path = pathsIn(directory).sign
  }

  /** Whether a process has left it that died under this boot; without /proc any that is found may be of this one. */
  async left(): Promise<boolean> {
    const sign = await read(this.#path)
    // A power cut is no reason to suspect the files.
    return sign !== undefined && sign === ((await bootId()) ?? sign)
  }

  /** A disk that is full or read-only does not keep the store from being opened. */
  async put(): Promise<void> {
    await writeFile(this.#path, (await bootId()) ?? '', { mode: 0o600 }).catch(() => {})
  }

  async remove(): Promise<void> {
    await rm(this.#path, { force: true }).catch(() => {})
  }
}

/**
 * Repairs the store before LevelDB sees it, where LevelDB would end the process, or lose more than is lost, and where a
 * repair was cut off.
 * @param died whether the process before died with the store open
 * @throws Failure STORE_LOCKED when that process lives, or a repair is under way, or what `repair` throws
 */
export async function recover(
  directory: string,
  died: boolean,
  { clock, log }: { clock: Clock; log: Notes },
): Promise<void> {
  const paths = pathsIn(directory)
  await refuseLocked(paths.log)
  if (died) log.warn('the process before died with the mail store open; its files are looked through')
  if (existsSync(paths.repair)) {
    log.warn('a repair of the mail store was not finished; it goes on')
  } else {
    const file = await findDamage(paths.log, died)
    if (file === undefined) return
    log.error({ file }, 'a file of the mail store cannot be read, or would end this process; the store is repaired')
  }
  await repairAloud(directory, { clock, log })
}

/** Repairs the store, and says in the log what becomes of it. @throws Failure as `repair` */
export async function repairAloud(directory: string, { clock, log }: { clock: Clock; log: Notes }): Promise<void> {
  const { messages, flaws } = await repair(directory, clock.now(), {
    tell: sentence => log.warn(sentence),
    lost: ({ id, accounts, why }) => log.error({ id, accounts, why }, 'a message is lost or damaged'),
    progress: () => {},
  })
  log.warn({ messages, damaged: flaws }, 'the mail store is in order again')
}

/** Write-ahead files are few and small, and LevelDB reads them at each start; the tables are the whole of the mail. */
async function findDamage(directory: string, died: boolean): Promise<string | undefined> {
  const [unreadable] = await unreadableFiles(directory)
  if (unreadable !== undefined) return basename(unreadable)
  return died ? misleadingTable(directory, () => setImmediate()) : undefined
}

async function read(path: string): Promise<string | undefined> {
  return await readFile(path, 'latin1').catch(() => undefined)
}
