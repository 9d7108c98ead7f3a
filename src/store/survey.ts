/** One pass over the whole log, to see what it still says: the first half of a repair. */
import { budget } from '../base/budget.ts'
import { isDamage } from './failure.ts'
import type { Index } from './index.ts'
import type { Log, LogEntry } from './log.ts'
import type { AccountRecord, LogRecord } from './record.ts'

export class Survey {
  /** Numbers under which lies something that cannot be read. */
  readonly unreadable: number[] = []
  /** The last record of each account. */
  readonly accounts = new Map<number, AccountRecord>()
  /** Accounts whose first record is there: the one that must come before their mail. */
  readonly founded = new Set<number>()
  /** Accounts of whose mail the log speaks. */
  readonly mentioned = new Set<number>()
  /** Addresses of which an alias record speaks. */
  readonly aliases = new Set<string>()

  /**
   * Reads the log.
   * @param index of this log; what it has missed is applied to it
   * @param progress told how many records are read
   * @returns what was found, and the index unless it is damaged
   */
  static async of(
    log: Log,
    index: Index | undefined,
    progress: (records: number) => void,
  ): Promise<{ survey: Survey; index: Index | undefined }> {
    const survey = new Survey()
    let [known, records] = [index, 0]
    let missed: LogEntry[] = []
    const applyMissed = async () => {
      if (known && missed.length > 0 && !(await applied(known, missed))) known = undefined
      missed = []
    }
    for await (const { seq, record } of log.walk(0)) {
      progress(++records)
      if (!record) survey.unreadable.push(seq)
      else survey.#note(seq, record)
      if (!known || !record || record.kind === 'block' || seq <= known.applied) continue
      missed.push({ seq, record })
      if (missed.length === budget.groupEntries) await applyMissed()
    }
    await applyMissed()
    return { survey, index: known }
  }

  #note(seq: number, record: LogRecord): void {
    switch (record.kind) {
      case 'account':
        this.accounts.set(record.account, record)
        if (seq === record.account) this.founded.add(seq)
        break
      case 'alias':
        this.aliases.add(record.address)
        break
      case 'message':
        for (const { account } of record.deliveries) this.mentioned.add(account)
        break
      case 'removal':
      case 'flags':
        this.mentioned.add(record.account)
        break
      case 'header':
      case 'block':
      case 'attempt':
      case 'setting':
        break
      default:
        record satisfies never
    }
  }
}

async function applied(index: Index, entries: readonly LogEntry[]): Promise<boolean> {
  try {
    await index.apply(entries)
    return true
  } catch (error) {
    if (isDamage(error)) return false
    throw error
  }
}
