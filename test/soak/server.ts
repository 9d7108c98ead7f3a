/** The server under soak, run as a household runs it: the flags of the executable and the environment of the unit. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { freePort, launch, listening, stop } from '../bench/peer/product.ts'
import { serviceEnvironment } from '../bench/service.ts'
import { runProgram } from '../support/process.ts'

export const password = 'household-password'

/** As `build.mjs` gives them to the executable. */
const flags = ['--optimize-for-size', '--max-old-space-size=64']

const program: readonly string[] = process.env.PORCHLIGHT_EXECUTABLE
  ? [process.env.PORCHLIGHT_EXECUTABLE]
  : [process.execPath, ...flags, join(import.meta.dirname, '../../src/main.ts')]

/** Passwords in clear: what TLS costs is not what is soaked. */
const settings = (smtp: number, pop3: number) => `
hostname = "mail.home.example"
domains = ["home.example"]
listen = { smtp = ["127.0.0.1:${smtp}"], submission = [], submissions = [], pop3 = ["127.0.0.1:${pop3}"], pop3s = [] }
login = { plaintext = "loopback" }
`

export type Server = AsyncDisposable & { readonly pid: number; readonly smtp: number; readonly pop3: number }

/** Starts it on a new data directory, with these accounts. Its log goes to a file beside. */
export async function startServer(data: string, accounts: readonly string[]): Promise<Server> {
  const [smtp, pop3] = [await freePort(), await freePort()]
  const config = `${data}.toml`
  await writeFile(config, settings(smtp, pop3))
  const places = ['--data', data, '--config', config]
  for (const account of accounts) {
    const { exit, complaint } = await runProgram(
      [...program, 'user', 'add', account, '--password-stdin', ...places],
      `${password}\n`,
    )
    if (exit !== 0) throw new Error(`the account ${account} cannot be made: ${complaint}`)
  }
  const [file = '', ...words] = [...program, 'serve', ...places]
  const server = launch(file, words, { log: `${data}.log`, env: { ...process.env, ...serviceEnvironment() } })
  await listening(pop3, server)
  return { pid: server.pid, smtp, pop3, [Symbol.asyncDispose]: () => stop(server) }
}
