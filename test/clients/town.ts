/** Households that write to each other: a Porchlight for each, a name server for all, and the programs of their people. */
import assert from 'node:assert/strict'
import { mkdir, mkdtempDisposable, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { dnsRecord, Keyring, quotedStrings } from '../../src/store/keyring.ts'
import { freePort, type Launched, launch, listening, stop } from '../bench/peer/product.ts'
import { configPath, type Entry, type Finished, runProgram, ServerProcess } from '../support/process.ts'
import { password } from './house.ts'

/** Each has the host `mail.<name>.example`, the domain `<name>.example` if it is given no other, and one account, alice. */
const names = ['a', 'b', 's'] as const
type Name = (typeof names)[number]

/**
 * Where the mail hosts of all domains are. Their programs connect to 127.0.0.1, so that no connection of theirs takes
 * the port of a host which is away for a moment.
 */
const mailHost = '127.0.0.2'

/** Milliseconds that mail gets to arrive, and between two looks. */
const patienceMs = 30_000
const pauseMs = 5

export class Town implements AsyncDisposable {
  readonly folder: string
  /** The port of the name server, at 127.0.0.1. */
  readonly nameServer: number
  readonly #stack: AsyncDisposableStack

  private constructor(folder: string, nameServer: number, stack: AsyncDisposableStack) {
    this.folder = folder
    this.nameServer = nameServer
    this.#stack = stack
  }

  static async open(): Promise<Town> {
    await using stack = new AsyncDisposableStack()
    const { path } = stack.use(await mkdtempDisposable(join(tmpdir(), 'porchlight-')))
    const port = await freePort()
    await writeFile(join(path, 'dnsmasq.conf'), await zones(path, port))
    const words = ['/usr/sbin/dnsmasq', '--keep-in-foreground', `--conf-file=${join(path, 'dnsmasq.conf')}`]
    const server = launchBounded(words, join(path, 'dnsmasq.log'))
    stack.defer(() => stop(server))
    await listening(port, server)
    return new Town(path, port, stack.move())
  }

  /**
   * Somebody moves in: a server with an account.
   * @param settings beside names, ports and the log's format
   */
  async home(name: Name, settings = '', domain = `${name}.example`): Promise<Home> {
    const home = new Home(this, name, domain)
    await home.start({ settings })
    const added = await home.server.command(['user', 'add', 'alice', '--password-stdin'], `${password}\n`)
    assert.equal(added.exit, 0, added.complaint)
    return home
  }

  /** Ends something together with the town. */
  use<T extends AsyncDisposable>(resource: T): T {
    return this.#stack.use(resource)
  }

  /** As `use`, for what ends in another way. */
  defer(end: () => Promise<void>): void {
    this.#stack.defer(end)
  }

  /** Runs a program that must succeed. @returns what it printed */
  async run(words: readonly string[], input?: string): Promise<string> {
    const { exit, out, complaint } = await this.attempt(words, input)
    assert.equal(exit, 0, `${words.join(' ')}\n${out}\n${complaint}`)
    return out
  }

  /** Runs a program that has a minute. */
  attempt(words: readonly string[], input?: string): Promise<Finished> {
    return runProgram(['env', `HOME=${this.folder}`, 'LC_ALL=C.UTF-8', 'timeout', '60', ...words], input)
  }

  /** Runs a script that must not fail, with the Python that Debian's packages are for. @returns what it printed */
  async python(script: string, words: readonly (string | number)[]): Promise<string> {
    const file = join(this.folder, 'script.py')
    await writeFile(file, script)
    return this.run(['/usr/bin/python3', file, ...words.map(String)])
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync()
  }
}

type Start = {
  readonly settings?: string
  /** The port for the world's mail; any free one if it is 0. */
  readonly smtp?: number
}

export class Home {
  readonly data: string
  readonly domain: string
  readonly host: string
  readonly #town: Town
  #server: ServerProcess | undefined
  #settings = ''

  constructor(town: Town, name: Name, domain: string) {
    this.#town = town
    this.domain = domain
    this.host = `mail.${name}.example`
    this.data = dataOf(town.folder, name)
  }

  get server(): ServerProcess {
    assert.ok(this.#server)
    return this.#server
  }

  /** The certificate, to be trusted. */
  get certificate(): string {
    return join(this.data, 'cert.pem')
  }

  /** Starts the server, for the first time or again. Settings are those of the last start if none are given. */
  async start({ settings = this.#settings, smtp = 0 }: Start = {}): Promise<void> {
    this.#settings = settings
    const own = `
hostname = "${this.host}"
domains = ["${this.domain}"]
log.format = "json"
dns.servers = ["127.0.0.1:${this.#town.nameServer}"]
listen.smtp = ["${mailHost}:${smtp}"]
listen.submission = ["127.0.0.1:0"]
listen.submissions = ["127.0.0.1:0"]
listen.pop3 = []
listen.pop3s = ["127.0.0.1:0"]
`
    await writeFile(configPath(this.data), own + settings)
    this.#server = this.#town.use(await ServerProcess.start({ data: this.data }))
  }

  /** @returns the lines of the log with one of these sentences, once there are so many of them */
  async says(sentences: readonly string[], count: number): Promise<readonly Entry[]> {
    const found = () => this.server.log.filter(({ msg }) => sentences.includes(msg))
    const all = () => this.server.log.map(entry => JSON.stringify(entry)).join('\n')
    await until(() => found().length >= count, all)
    return found()
  }

  /** Hands in a message with STARTTLS and a login, as alice. */
  async submit(file: string, to: readonly string[], from = `alice@${this.domain}`): Promise<void> {
    const url = `smtp://127.0.0.1:${this.server.port('submission')}/laptop`
    const envelope = ['--mail-from', from, ...to.flatMap(path => ['--mail-rcpt', path])]
    await this.#town.run([...this.#curl, '--ssl-reqd', ...envelope, '--upload-file', file, url])
  }

  /** @returns the messages in alice's mailbox, as curl fetches them */
  async mail(): Promise<readonly string[]> {
    const url = `pop3s://127.0.0.1:${this.server.port('pop3s')}/`
    const listing = await this.#town.run([...this.#curl, url])
    const fetched: string[] = []
    for (const [, number = ''] of listing.matchAll(/^(\d+) \d+\r$/gm)) {
      const file = join(this.data, `../${number}.eml`)
      await this.#town.run([...this.#curl, '--output', file, url + number])
      fetched.push(await readFile(file, 'utf8'))
    }
    return fetched
  }

  get #curl(): readonly string[] {
    return ['curl', '--silent', '--show-error', '--cacert', this.certificate, '--user', `alice:${password}`]
  }
}

/** Starts a program that is to run for as long as a test, and does not outlive it for long in any case. */
export function launchBounded(words: readonly string[], log: string): Launched {
  return launch('timeout', ['--kill-after=5', '300', ...words], { log })
}

/**
 * Asks until the answer is yes: programs do not say when they are done.
 * @param account what there is to tell when it has not become so
 */
export async function until(answer: () => boolean | Promise<boolean>, account: () => string): Promise<void> {
  const deadline = performance.now() + patienceMs
  while (!(await answer())) {
    assert.ok(performance.now() < deadline, account())
    await sleep(pauseMs)
  }
}

/** @returns the trace and the signatures that hosts put before a message, and the message as it was handed in */
export function parted(fetched: string): { readonly trace: string; readonly letter: string } {
  const field = /(?:Return-Path|X-Original-To|Delivered-To|Received|DKIM-Signature):(?:[^\r\n]|\r\n[ \t])+\r\n/.source
  const [trace = ''] = new RegExp(`^(?:${field})+`).exec(fetched) ?? []
  return { trace, letter: fetched.slice(trace.length) }
}

function dataOf(folder: string, name: Name): string {
  return join(folder, name, 'data')
}

/**
 * What the name server says: MX records, addresses, and the keys that mail is signed with. The host of `p.example` and every
 * `<name>.sink.example` are here too.
 */
async function zones(folder: string, port: number): Promise<string> {
  const lines = [`port=${port}`, 'listen-address=127.0.0.1', 'bind-interfaces', 'no-resolv', 'no-hosts', 'pid-file=']
  lines.push('local=/example/', 'address=/sink.example/127.0.0.1')
  for (const name of names) {
    const domain = `${name}.example`
    const data = dataOf(folder, name)
    await mkdir(data, { recursive: true })
    const { rsa, ed25519 } = await new Keyring(join(data, 'dkim')).keys(domain)
    for (const key of [rsa, ed25519]) {
      const strings = quotedStrings(dnsRecord(key)).replaceAll('" "', '","')
      lines.push(`txt-record=${key.selector}._domainkey.${domain},${strings}`)
    }
    lines.push(`mx-host=${domain},mx.${domain},10`, `host-record=mx.${domain},${mailHost}`)
    lines.push(`host-record=mail.${domain},127.0.0.1`)
  }
  lines.push('mx-host=p.example,mail.p.example,10', 'host-record=mail.p.example,127.0.0.1')
  return `${lines.join('\n')}\n`
}
