/** Stores to measure: opened as the server opens them, with accounts and mail in them. */
import { systemClock } from '../../src/base/clock.ts'
import { silentLog } from '../../src/base/log.ts'
import type { Incoming } from '../../src/store/spool.ts'
import { Store } from '../../src/store/store.ts'
import { headerOctets, randomMail } from './mail.ts'

export function openStore(directory: string): Promise<Store> {
  return Store.open(directory, { clock: systemClock, log: silentLog, reserve: 0 })
}

/** Makes an account. @returns its number */
export async function addAccount(store: Store, name: string, passwordHash = ''): Promise<number> {
  await store.accounts.add(name, passwordHash)
  const account = store.accounts.find(name)
  if (!account) throw new Error(`${name} was not made`)
  return account.id
}

/** Gives a message to a store as a receiver does: chunk by chunk, then its envelope. */
export async function deliver(store: Store, account: number, mail: readonly Buffer[]): Promise<void> {
  await using incoming = store.incoming(0)
  for (const chunk of mail) await incoming.append(chunk)
  await incoming.commit(envelope(account))
}

/** Fills a mailbox, many messages in each group of commits. */
export async function fill(store: Store, account: number, messages: number, octets: number): Promise<void> {
  const atOnce = 200
  const mail = [randomMail(octets)]
  for (let left = messages; left > 0; left -= atOnce) {
    await Promise.all(Array.from({ length: Math.min(left, atOnce) }, () => deliver(store, account, mail)))
  }
}

function envelope(account: number): Parameters<Incoming['commit']>[0] {
  return {
    reversePath: 'bob@away.example',
    recipients: [{ path: 'alice@home.example', notify: 0, orcpt: '' }],
    accounts: [account],
    trace:
      'Received: from away.example ([192.0.2.1])\r\n\tby mail.home.example with ESMTP id 0000000000000000\r\n' +
      '\tfor <alice@home.example>; Sat, 21 Nov 2026 22:15:52 +0000\r\n',
    ret: '',
    envid: '',
    eightBit: false,
    smtputf8: false,
    requireTls: false,
    tlsOptional: false,
    messageId: '<1@away.example>',
    queued: [],
    dotted: false,
    headerOctets,
    date: Date.UTC(2026, 10, 21, 22, 15, 52),
  }
}
