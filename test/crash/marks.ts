/** Looks, before a server starts again, which messages are marked as seen in what the last one left. */
import { cp, rm } from 'node:fs/promises'
import { flags } from '../../src/store/flags.ts'
import { openStore } from '../support/household.ts'
import type { Model } from './model.ts'

/** More than a mailbox ever holds here. */
const all = 1_000_000

/**
 * POP3 does not show flags, and to look is to fetch: so this looks at a copy, which no server has.
 * @param data of a server that has been killed
 * @returns what is wrong, a sentence each
 */
export async function inspectMarks(data: string, model: Model): Promise<string[]> {
  const copy = `${data}-looked-at`
  await cp(data, copy, { recursive: true, filter: path => !/\/(?:LOCK|control\.sock)$/.test(path) })
  const store = await openStore(copy)
  try {
    const faults = []
    for (const mailbox of model.mailboxes) {
      const account = store.accounts.find(mailbox.name)
      if (!account) continue
      for (const entry of await store.entries(account.id, all)) {
        const wrong = mailbox.marks.settle(entry.id, (entry.flags & flags.seen) !== 0)
        if (wrong !== undefined) faults.push(`${mailbox.name}: UIDL ${entry.id} ${wrong}`)
      }
    }
    return faults
  } finally {
    await store.close()
    await rm(copy, { recursive: true })
  }
}
