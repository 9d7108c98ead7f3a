/** Looks at everything that a board shows which was started again, and compares it with the ledger. */

import type { Mailbox, Model } from '../../crash/model.ts'
import { Session } from '../../crash/session.ts'
import { say } from './household.ts'
import { type Ledger, sizeSetting } from './ledger.ts'
import type { Board } from './traffic.ts'

/** Ends every doubt in the ledger, but for what is in the queue. @returns what is wrong, a sentence each */
export async function look(board: Board, ledger: Ledger): Promise<string[]> {
  const { model, mailboxes } = ledger
  const accounts = new Map((await table(board, 'user list')).map(([name = '', messages = '']) => [name, messages]))
  const faults = [...(await settleAliases(board, model)), ...(await settleSize(board, ledger))]
  const names = new Set(['alice', ...mailboxes.map(({ name }) => name)])
  faults.push(...[...accounts.keys()].filter(name => !names.has(name)).map(name => `account ${name} was never made`))
  if (!accounts.has('alice')) faults.push('account alice is lost')
  const seen = new Map<Mailbox, ReadonlySet<string>>()
  for (const mailbox of mailboxes) {
    const count = accounts.get(mailbox.name)
    if (count !== undefined) seen.set(mailbox, await readMailbox(board, model, mailbox, count, faults))
    else if (mailbox.password.settle('')) mailbox.clear()
    else faults.push(`account ${mailbox.name} is lost`)
  }
  // What one mailbox shows was kept for all of its recipients: only now is it known what each must hold.
  model.settleMessages()
  for (const [mailbox, tokens] of seen) faults.push(...mailbox.settle(tokens))
  return faults
}

async function settleAliases(board: Board, model: Model): Promise<string[]> {
  const listed = new Map((await table(board, 'alias list')).map(([address = '', targets = '']) => [address, targets]))
  return Array.from(model.aliases).flatMap(([address, targets]) => {
    const [possible, shown] = [targets.possible, listed.get(address) ?? '']
    return targets.settle(shown) ? [] : [`alias ${address} leads to "${shown}" instead of "${possible.join('" or "')}"`]
  })
}

async function settleSize(board: Board, { size }: Ledger): Promise<string[]> {
  const shown = await say(board, `config show ${sizeSetting}`)
  const [, value = 'nothing'] = /"(\d+) MiB"/.exec(shown) ?? []
  const { possible } = size
  return size.settle(value) ? [] : [`${sizeSetting} is ${value} MiB instead of ${possible.join(' or ')}`]
}

/** Reads every message. @returns the tokens of those that are as they must be */
async function readMailbox(
  board: Board,
  model: Model,
  mailbox: Mailbox,
  count: string,
  faults: string[],
): Promise<ReadonlySet<string>> {
  const tokens = new Set<string>()
  using session = await open(board, mailbox)
  if (!session) {
    faults.push(`account ${mailbox.name} is there, but nobody can log in`)
    return tokens
  }
  for (const [number, uidl] of await session.uidls()) {
    const message = model.recognise(mailbox, uidl, await session.retrieve(number))
    if (typeof message === 'string') faults.push(message)
    else if (tokens.has(message.token)) faults.push(`${mailbox.name}: message ${message.token} is there twice`)
    else tokens.add(message.token)
  }
  await session.ask('QUIT', '+OK')
  if (count !== String(tokens.size)) faults.push(`user list counts ${count} for ${mailbox.name}, not ${tokens.size}`)
  return tokens
}

/** Logs in with the password there must be, or either of two when its change was not answered. */
async function open(board: Board, { name, password }: Mailbox): Promise<Session | undefined> {
  for (const secret of password.possible.filter(possible => possible !== '')) {
    const session = await Session.pop3(board, name, secret, () => {}, { tls: true })
    if (typeof session === 'string') continue
    password.settle(secret)
    return session
  }
  return undefined
}

/** The rows below the head of a table that a command shows, cell by cell. */
async function table(board: Board, line: string): Promise<string[][]> {
  const rows = (await say(board, line)).split('\r\n')
  const head = rows.findIndex(row => /^[A-Z]+ {2}/.test(row))
  return head < 0 ? [] : rows.slice(head + 1, -1).map(row => row.split(/ {2,}/))
}
