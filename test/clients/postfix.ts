/** Postfix as Debian packages it, in a folder of its own: takes mail for a domain into one Maildir, and hands on the rest. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { chown, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { loadCertificate } from '../../src/net/certificate.ts'
import { freePort, listening, stop } from '../bench/peer/product.ts'
import { daemons, mainCf, masterCf } from '../support/postfix-files.ts'
import { launchBounded, type Town, until } from './town.ts'

/** The user that owns the Maildir: Debian's `mail`. */
const user = { uid: 8, gid: 8 } as const

type PostfixOptions = {
  /** Its host is the domain's `mail`. */
  readonly domain: string
  /** Addresses in it whose mail it keeps, all in one Maildir. */
  readonly keeps?: readonly string[]
  /** Where the mail of other domains goes: `[address]:port`. */
  readonly next?: string
}

export class Postfix {
  readonly port: number
  /** The certificate, to be trusted. */
  readonly certificate: string
  readonly #folder: string

  private constructor(port: number, folder: string) {
    this.port = port
    this.certificate = join(folder, 'cert.pem')
    this.#folder = folder
  }

  /** Starts it; it ends with the town. */
  static async start(town: Town, options: PostfixOptions): Promise<Postfix> {
    const folder = join(town.folder, 'postfix')
    for (const name of ['', 'config', 'queue', 'state', 'mail']) await mkdir(join(folder, name), { mode: 0o755 })
    await chown(join(folder, 'mail'), user.uid, user.gid)
    execFileSync('chown', ['postfix', join(folder, 'state')])
    // Its daemons work under other names than ours.
    execFileSync('chmod', ['a+x', town.folder])
    await loadCertificate({ certificate: '', key: '', directory: folder, hostname: `mail.${options.domain}` })
    const port = await freePort()
    const config = join(folder, 'config')
    const [queue, state, log] = [join(folder, 'queue'), join(folder, 'state'), join(folder, 'log')]
    const places = { queue, state, log, hostname: `mail.${options.domain}` }
    await writeFile(join(config, 'main.cf'), mainCf(places, settings(folder, options)))
    const transports = ['smtp unix - - n - - smtp', 'virtual unix - n n - - virtual']
    await writeFile(join(config, 'master.cf'), masterCf(port, ...transports))
    execFileSync('/usr/sbin/postfix', ['-c', config, 'check'], { stdio: 'ignore' })
    const master = launchBounded([join(daemons, 'master'), '-s', '-c', config], join(folder, 'output'))
    town.defer(() => stop(master))
    await listening(port, master)
    return new Postfix(port, folder)
  }

  /** @returns the messages in the Maildir, once there are so many; their lines end as Unix has it */
  async holds(count: number): Promise<readonly Buffer[]> {
    const folder = join(this.#folder, 'mail/box/new')
    const names = () => readdir(folder).catch(() => []) // Made with the first message.
    const log = () => readFileSync(join(this.#folder, 'log'), 'utf8')
    await until(async () => (await names()).length >= count, log)
    return Promise.all((await names()).map(name => readFile(join(folder, name))))
  }
}

const settings = (folder: string, { domain, keeps = [], next = '' }: PostfixOptions) => `
virtual_mailbox_domains = ${domain}
virtual_mailbox_base = ${folder}/mail
virtual_mailbox_maps = inline:{ ${keeps.map(address => `{ ${address} = box/ }`).join(', ')} }
virtual_uid_maps = static:${user.uid}
virtual_gid_maps = static:${user.gid}
virtual_minimum_uid = 1
virtual_mailbox_limit = 0
relayhost = ${next}
smtpd_tls_security_level = may
smtpd_tls_cert_file = ${folder}/cert.pem
smtpd_tls_key_file = ${folder}/key.pem
smtp_tls_security_level = may
message_size_limit = 60000000
mailbox_size_limit = 0
`
