/** Porchlight and Postfix as relays: mail for ten domains comes in at port 25 and goes on to a host of each domain. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { daemons, mainCf, masterCf } from '../../support/postfix-files.ts'
import { serviceEnvironment } from '../service.ts'
import { freePort, type Launched, launch, listening, stop } from './product.ts'

/** The executable, or a program and its first words for a trial. */
const [program = '', ...words] = (
  process.env.PORCHLIGHT ?? join(import.meta.dirname, '../../../dist/porchlight-linux-x64')
).split(' ')

/** A domain and the port of the loopback at which its host listens. */
export type Destination = { readonly domain: string; readonly port: number }

export type Relay = AsyncDisposable & { readonly smtp: number; readonly pid: number }

export type Relays = (directory: string, destinations: readonly Destination[]) => Promise<Relay>

/** Starts Porchlight with its data in `directory`. */
export const porchlightRelay: Relays = async (directory, destinations) => {
  const smtp = await freePort()
  const routes = destinations.map(({ domain, port }) => `"${domain}=127.0.0.1:${port}"`)
  const settings = [
    'hostname = "mail.home.example"',
    `listen = { smtp = ["127.0.0.1:${smtp}"], submission = [], submissions = [], pop3 = [], pop3s = [] }`,
    'limits = { connections = 1000, connections_per_address = 1000 }',
    '[relay]',
    `for = [${destinations.map(({ domain }) => `"${domain}"`)}]`,
    `routes = [${routes}]`,
    '[log]',
    'level = "warn"',
    '',
  ]
  mkdirSync(directory, { recursive: true })
  writeFileSync(join(directory, 'porchlight.toml'), settings.join('\n'))
  const env = { ...process.env, ...serviceEnvironment() }
  const server = launch(program, [...words, 'serve', '--data', directory], { log: `${directory}.log`, env })
  return relay(smtp, server)
}

/** Starts Postfix with all its own in `directory`; what is not about places is Debian's default. */
export const postfixRelay: Relays = async (directory, destinations) => {
  const smtp = await freePort()
  const folder = (name: string) => {
    const path = join(directory, name)
    mkdirSync(path, { recursive: true, mode: 0o755 })
    return path
  }
  const [config, queue, state] = [folder('postfix'), folder('queue'), folder('state')]
  execFileSync('chown', ['postfix', state])
  const transport = join(config, 'transport')
  writeFileSync(transport, destinations.map(({ domain, port }) => `${domain} smtp:[127.0.0.1]:${port}\n`).join(''))
  const places = { queue, state, log: `${directory}/postfix.log`, hostname: 'mail.home.example' }
  writeFileSync(join(config, 'main.cf'), mainCf(places, postfixSettings(config, destinations)))
  const transports = ['smtp unix - - n - - smtp', 'relay unix - - n - - smtp']
  writeFileSync(join(config, 'master.cf'), masterCf(smtp, ...transports))
  execFileSync('postmap', ['-c', config, `hash:${transport}`])
  execFileSync('/usr/sbin/postfix', ['-c', config, 'check'], { stdio: 'ignore' })
  return relay(smtp, launch(join(daemons, 'master'), ['-s', '-c', config], { log: `${directory}/log` }))
}

async function relay(smtp: number, server: Launched): Promise<Relay> {
  await listening(smtp, server)
  return { smtp, pid: server.pid, [Symbol.asyncDispose]: () => stop(server) }
}

/** Runs Postfix's smtp-sink on a free port. @returns its port; `full` resolves when it has so many messages */
export async function sink(messages: number): Promise<{ port: number; full: Promise<void> }> {
  const port = await freePort()
  const child = launch('smtp-sink', ['-M', String(messages), `127.0.0.1:${port}`, '1000'], { log: '/dev/null' })
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  child.on('error', reject)
  child.on('exit', () => resolve())
  return { port, full: promise }
}

const postfixSettings = (config: string, destinations: readonly Destination[]) => `
relay_domains = ${destinations.map(({ domain }) => domain).join(' ')}
relay_recipient_maps =
transport_maps = hash:${config}/transport
default_process_limit = 1000
smtpd_client_connection_count_limit = 0
`
