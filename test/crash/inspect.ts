/** Looks at everything that a server shows which has just started, and compares it with the model. */
import { roundSize } from '../../src/base/units.ts'
import type { ServerProcess } from '../support/process.ts'
import type { Mailbox, Model } from './model.ts'
import { command, Session } from './session.ts'

/** What `user list` says of an account's mail. */
type Account = { readonly messages: string; readonly size: string }

/** Ends every doubt in the model. @returns what is wrong, a sentence each */
export async function inspect(server: ServerProcess, model: Model): Promise<string[]> {
  const accounts = new Map(
    (await table(server, 'user')).map(([name = '', messages = '', size = '']) => [name, { messages, size }]),
  )
  const aliases = new Map((await table(server, 'alias')).map(([address = '', targets = '']) => [address, targets]))
  const faults = [...settleAliases(model, aliases), ...strangers('account', accounts, model.mailboxes)]
  const seen = new Map<Mailbox, ReadonlySet<string>>()
  for (const mailbox of model.mailboxes) {
    const account = accounts.get(mailbox.name)
    if (account) faults.push(...(await settleExpiry(server, mailbox)))
    if (account) seen.set(mailbox, await readMailbox(server, model, mailbox, account, faults))
    else if (mailbox.password.settle('')) mailbox.clear()
    else faults.push(`account ${mailbox.name} is lost`)
  }
  // What one mailbox shows was kept for all of its recipients: only now is it known what each must hold.
  model.settleMessages()
  for (const [mailbox, tokens] of seen) faults.push(...mailbox.settle(tokens))
  return faults
}

async function settleExpiry(server: ServerProcess, { name, expiry }: Mailbox): Promise<string[]> {
  const [possible, [shown = '']] = [expiry.possible, await command(server, ['user', 'expire', name])]
  return expiry.settle(shown) ? [] : [`user expire says "${shown}" instead of "${possible.join('" or "')}"`]
}

function settleAliases(model: Model, listed: ReadonlyMap<string, string>): string[] {
  const names = Array.from(model.aliases, ([name]) => ({ name }))
  const wrong = Array.from(model.aliases).flatMap(([address, targets]) => {
    const [possible, shown] = [targets.possible, listed.get(address) ?? '']
    return targets.settle(shown) ? [] : [`alias ${address} leads to "${shown}" instead of "${possible.join('" or "')}"`]
  })
  return [...wrong, ...strangers('alias', listed, names)]
}

function strangers(kind: string, listed: ReadonlyMap<string, unknown>, known: readonly { name: string }[]): string[] {
  const extra = [...listed.keys()].filter(name => !known.some(one => one.name === name))
  return extra.map(name => `${kind} ${name} was never made`)
}

/** Reads every message. @returns the tokens of those that are as they must be */
async function readMailbox(
  server: ServerProcess,
  model: Model,
  mailbox: Mailbox,
  account: Account,
  faults: string[],
): Promise<ReadonlySet<string>> {
  const tokens = new Set<string>()
  using session = await open(server, mailbox)
  if (!session) {
    faults.push(`account ${mailbox.name} is there, but nobody can log in`)
    return tokens
  }
  let octets = 0
  const fetched: string[] = []
  for (const [number, uidl] of await session.uidls()) {
    mailbox.marks.attempt(uidl)
    fetched.push(uidl)
    const received = await session.retrieve(number)
    const message = model.recognise(mailbox, uidl, received)
    octets += typeof received === 'string' ? 0 : received.length
    if (typeof message === 'string') faults.push(message)
    else if (tokens.has(message.token)) faults.push(`${mailbox.name}: message ${message.token} is there twice`)
    else tokens.add(message.token)
  }
  await session.ask('QUIT', '+OK')
  mailbox.marks.acknowledge(fetched)
  const shown = { messages: String(tokens.size), size: roundSize(octets) }
  if (account.messages !== shown.messages || account.size !== shown.size) {
    faults.push(`${mailbox.name}: user list says ${JSON.stringify(account)}, but there are ${JSON.stringify(shown)}`)
  }
  return tokens
}

/** Logs in with the password there must be, or either of two when its change was not answered. */
async function open(server: ServerProcess, { name, password }: Mailbox): Promise<Session | undefined> {
  for (const secret of password.possible.filter(possible => possible !== '')) {
    const session = await Session.pop3(server, name, secret, () => {})
    if (typeof session === 'string') continue
    password.settle(secret)
    return session
  }
  return undefined
}

/** The rows of `user list` or `alias list`, cell by cell. */
async function table(server: ServerProcess, kind: 'user' | 'alias'): Promise<string[][]> {
  const [head = '', ...rows] = await command(server, [kind, 'list'])
  return /^[A-Z]+ {2}/.test(head) ? rows.map(row => row.split(/ {2,}/)) : []
}
