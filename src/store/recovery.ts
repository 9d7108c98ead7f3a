/**
 * After a process that died with the store open. What it acknowledged is safe; but what killed it may have been a damaged
 * file, and that would kill the next one just as well, as soon as anybody asks for what lies there. So the files are looked
 * through before LevelDB sees them, and repaired if need be.
 */
import { readFile, rm, writeFile } from 'node:fs/promises'
import { setImmediate } from 'node:timers/promises'
import type { Clock } from '../base/clock.ts'
import type { Log as Notes } from '../base/log.ts'
import { pathsIn } from './engine.ts'
import { refuseLocked } from './files.ts'
import { repair } from './repair.ts'
import { misleadingTable } from './table.ts'

/** Another one each time the kernel starts: a power cut is no reason to suspect the files. */
const bootPath = '/proc/sys/kernel/random/boot_id'

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
    return sign !== undefined && sign === ((await read(bootPath)) ?? sign)
  }

  /** A disk that is full or read-only does not keep the store from being opened. */
  async put(): Promise<void> {
    await writeFile(this.#path, (await read(bootPath)) ?? '', { mode: 0o600 }).catch(() => {})
  }

  async remove(): Promise<void> {
    await rm(this.#path, { force: true }).catch(() => {})
  }
}

/**
 * Looks for what may have killed the process before, and repairs the store if it finds it.
 * @throws Failure STORE_LOCKED when that process lives, or what `repair` throws
 */
export async function recover(directory: string, { clock, log }: { clock: Clock; log: Notes }): Promise<void> {
  const paths = pathsIn(directory)
  await refuseLocked(paths.log)
  log.warn('the process before died with the mail store open; its files are looked through')
  const table = await misleadingTable(paths.log, () => setImmediate())
  if (table === undefined) return
  log.error({ table }, 'a file of the mail store would end this process, too; the store is repaired')
  const { messages, flaws } = await repair(directory, clock.now(), {
    tell: sentence => log.warn(sentence),
    lost: ({ id, accounts, why }) => log.error({ id, accounts, why }, 'a message is lost or damaged'),
    progress: () => {},
  })
  log.warn({ messages, damaged: flaws }, 'the mail store is in order again')
}

async function read(path: string): Promise<string | undefined> {
  return await readFile(path, 'latin1').catch(() => undefined)
}
