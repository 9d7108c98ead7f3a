/** Porchlight as it is shipped: the executable, with the environment of the unit. */
import { cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { hashPassword } from '../../../src/auth/password.ts'
import { serviceEnvironment } from '../service.ts'
import { addAccount, fill, openStore } from '../stock.ts'
import { Pop3Client } from './pop3-client.ts'
import {
  accounts,
  domain,
  freePort,
  launch,
  listening,
  type Product,
  password,
  type Running,
  stop,
  until,
} from './product.ts'

/** The executable, or a program and its first words for a trial. */
const [program = '', ...words] = (
  process.env.PORCHLIGHT ?? join(import.meta.dirname, '../../../dist/porchlight-linux-x64')
).split(' ')

/** Bounds that would end the comparison; passwords in clear, as the peer is asked for them. */
const settings = (smtp: number, pop3: number) => `
hostname = "mail.${domain}"
domains = ["${domain}"]
listen = { smtp = ["127.0.0.1:${smtp}"], submission = [], submissions = [], pop3 = ["127.0.0.1:${pop3}"], pop3s = [] }
login = { plaintext = "loopback" }
limits = { connections = 1000, connections_per_address = 1000 }
`

/**
 * @param model a data directory, made by `makeModel`, that every run begins with
 */
export function porchlight(model: string): Product {
  return {
    name: 'Porchlight',
    start: async directory => {
      cpSync(model, join(directory, 'data'), { recursive: true })
      return startOn(join(directory, 'data'))
    },
  }
}

/** Starts a server on a data directory as it is. */
export async function startOn(data: string): Promise<Running> {
  const [smtp, pop3] = [await freePort(), await freePort()]
  writeFileSync(join(data, 'porchlight.toml'), settings(smtp, pop3))
  const env = { ...process.env, ...serviceEnvironment() }
  const server = launch(program, [...words, 'serve', '--data', data], { log: `${data}.log`, env })
  await listening(pop3, server)
  return {
    smtp,
    pop3,
    processes: () => [server.pid],
    holds: (account, messages) => until(async () => (await countMessages(pop3, account)) === messages),
    [Symbol.asyncDispose]: () => stop(server),
  }
}

/** Makes a data directory with the accounts, or with one whose mailbox is full, and with a certificate. */
export async function makeModel(directory: string, full?: { account: string; messages: number }): Promise<void> {
  mkdirSync(directory, { recursive: true })
  const store = await openStore(directory)
  const hash = await hashPassword(password)
  for (const name of full ? [full.account] : accounts) {
    const id = await addAccount(store, name, hash)
    if (full) await fill(store, id, full.messages, 1000)
  }
  await store.close()
  // The first start makes the certificate, with a library that is not loaded again.
  const server = await startOn(directory)
  await server[Symbol.asyncDispose]()
}

async function countMessages(port: number, account: string): Promise<number> {
  const client = await Pop3Client.connect(port)
  await client.login(account, password)
  const messages = await client.count()
  await client.quit()
  return messages
}
