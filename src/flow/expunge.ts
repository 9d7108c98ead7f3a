/** Takes messages out of a mailbox as somebody does who reads it here, and not by a mail program. */
import type { Store } from '../store/store.ts'

type ExpungeServices = {
  readonly store: Pick<Store, 'remove'>
  /** Numbers of the accounts whose maildrop somebody has open. */
  readonly open: Set<number>
}

/**
 * Removes messages from an account's mailbox, unless a mail program has it open: a session of POP3 shows the messages that
 * were there when it began (RFC 1939 §4), so that none of them may go meanwhile.
 * @returns false when a mail program has it open; then nothing is removed
 * @throws Failure STORE_FULL or STORE_IO
 */
export async function expunge(
  account: number,
  uids: readonly number[],
  { store, open }: ExpungeServices,
): Promise<boolean> {
  if (open.has(account)) return false
  open.add(account)
  try {
    await store.remove(
      account,
      uids.toSorted((a, b) => a - b),
    )
    return true
  } finally {
    open.delete(account)
  }
}
