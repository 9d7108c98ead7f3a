/** The flags of a message in a mailbox, as IMAP has them (RFC 9051 §2.3.2). Bits are on disk and never change their meaning. */

export const flags = { seen: 1, answered: 2, deleted: 4, flagged: 8 } as const

/** As many bits as the one digit of an entry has. */
export const allFlags = 0x7f

/** What becomes of the flags of some messages; bits neither added nor dropped stay as they are. */
export type FlagChange = { readonly add?: number; readonly drop?: number }

/** @returns the flags after a change; taken a second time it comes to the same */
export function changed(before: number, { add = 0, drop = 0 }: FlagChange): number {
  return ((before & ~drop) | add) & allFlags
}
