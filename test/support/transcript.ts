/**
 * Transcripts: a dialogue as a text file. One directive a line; `#` begins a comment.
 *
 *     given account alice            an account (password: correct horse)
 *     given alias sales alice bob    an alias and its targets
 *     given config mail.catch_all = "alice"      a line of the configuration
 *     given mail alice "Subject: x\r\n\r\nhi\r\n"    a message in alice's inbox, received by SMTP
 *     given utf8mail alice "..."     the same, sent with SMTPUTF8
 *     given implicit tls             the connection begins with the handshake
 *     given door submission          the client comes to this door, and not to the world's (SMTP only)
 *     given device scan alice@home.example bob@away.example    the client is a device: whose name it sends in, and where to
 *     C: EHLO laptop                 the client sends a line; lines that follow each other leave in one write
 *     C~ "..\r\n.\r\n"               the client sends octets, written as a JSON string of Latin-1 characters
 *     C* 200 "x"                     the same, so many times over
 *     C tls                          the client goes over to TLS; both sides start anew
 *     C end                          the client closes its side
 *     S: 250 2.1.0 *                 the server sends this line; `*` stands for anything
 *     S: 250*                        a whole SMTP reply, however many lines
 *     S* 20 500*                     the same, so many times
 *     S: +OK 1 {size}                `{size}` stands for one word: the same wherever the name is written, and another
 *                                    word for each other name
 *     S: ...                         lines up to and including a single dot
 *     S octets {size}                the same, and they are so many octets, stuffing and dot line aside
 *     S closed                       the server closes
 *     then alice holds 2             so many messages are in the inbox
 *     then alice holds "..."         one of them has just these octets, as received
 *     then alice trace "*ESMTPS*"    the last message's trace fields look like this
 *     then alice record {"ret":"HDRS"}   the last message's record holds these fields
 *     then alice looks "*\r\n\r\nhi*"    the last message's octets look like this
 *     then alice shares bob          their last messages are one message in the store
 *     then queue holds 2             so many messages wait to be sent on; `queue` stands for a name in the others, too
 *     later 61                       so many minutes pass
 *     stop                           the server begins to stop
 *     connect                        another connection; the one before is closed by the client
 *     connect second                 goes over to the connection of this name; those before stay open
 *     restart                        the client closes every connection, and the server starts anew
 */
import assert from 'node:assert/strict'
import { readConfig } from '../../src/base/config.ts'
import { access } from '../../src/flow/access.ts'
import { keepDevice } from '../../src/flow/device.ts'
import { entrances, receive } from '../../src/flow/receipt.ts'
import type { Peer } from '../../src/net/connection.ts'
import { Household } from './household.ts'
import { MemoryPeer } from './memory-peer.ts'

export type Protocol = 'smtp' | 'pop3'

/** The client's end of a connection. */
export type Client = {
  send(octets: Buffer): void
  /** @returns the next line, or undefined when the server has closed */
  line(): Promise<string | undefined>
  secure(): Promise<void>
  end(): void
  /** Resolves when the server is done with this connection. */
  readonly done: Promise<void>
}

/** Opens connections to a household, by whatever means. */
export type Dial = (household: Household, way: Way) => Promise<Client>

/** Which of the house's doors a client comes to. */
export type Way = {
  readonly protocol: Protocol
  /** Of SMTP. */
  readonly door: Door
  /** The connection begins with the handshake. */
  readonly implicitTls: boolean
}

type Door = keyof typeof entrances

/** Milliseconds after which a server that says nothing counts as silent. */
const patienceMs = 20_000

/** From where clients come: without a socket, and with one. */
const memoryAddress = '192.0.2.7'
const addresses = [memoryAddress, '127.0.0.1']

type Directive = { readonly at: number; readonly verb: string; readonly rest: string }

/** Dials without a socket: the server reads so many octets at a time. */
export function inMemory(step: number): Dial {
  return async (household, way) => {
    const peer = new MemoryPeer(step, memoryAddress)
    const done = serve(peer, household, way).finally(() => peer.serverEnded())
    return {
      send: octets => peer.send(octets),
      line: () => peer.line(),
      secure: async () => {},
      end: () => peer.end(),
      done,
    }
  }
}

/** Runs the server's side of one connection. */
export function serve(peer: Peer, household: Household, { protocol, door, implicitTls }: Way): Promise<void> {
  return protocol === 'smtp'
    ? receive(peer, household.receipt, { ...entrances[door], implicitTls })
    : access(peer, household.access, { implicitTls })
}

/** Plays a transcript; throws an assertion that names the line on which it differs. */
export async function play(text: string, protocol: Protocol, dial: Dial): Promise<void> {
  const directives = parse(text)
  await using household = await Household.make()
  await new Player(household, protocol, dial).play(directives)
}

function parse(text: string): Directive[] {
  return text.split('\n').flatMap((line, i) => {
    const [, verb, rest = ''] = /^(given|then|restart|stop|connect|later|[CS][:~*]?)(?: (.*))?$/.exec(line) ?? []
    if (verb !== undefined) return [{ at: i + 1, verb, rest }]
    if (line === '' || line.startsWith('#')) return []
    throw new Error(`line ${i + 1} is no directive: ${line}`)
  })
}

class Player {
  readonly #household: Household
  readonly #protocol: Protocol
  readonly #dial: Dial
  readonly #settings: string[] = []
  /** What the names in braces stand for. */
  readonly #words = new Map<string, string>()
  /** Open connections by name; the one without a name is called ''. */
  readonly #clients = new Map<string, Client>()
  #present = ''
  #implicitTls = false
  #door: Door = 'smtp'
  #unsent: Buffer[] = []

  constructor(household: Household, protocol: Protocol, dial: Dial) {
    this.#household = household
    this.#protocol = protocol
    this.#dial = dial
  }

  async play(directives: readonly Directive[]): Promise<void> {
    try {
      for (const directive of directives) await this.#runNamed(directive)
    } finally {
      await this.#hangUpAll()
    }
  }

  async #runNamed(directive: Directive): Promise<void> {
    try {
      await this.#run(directive)
    } catch (error) {
      if (error instanceof Error) error.message = `line ${directive.at}: ${error.message}`
      throw error
    }
  }

  async #run({ verb, rest }: Directive): Promise<void> {
    switch (verb) {
      case 'given':
        return this.#given(rest)
      case 'connect':
        if (rest === '') return this.#hangUp()
        await this.#flush()
        this.#present = rest
        return
      case 'restart':
        await this.#hangUpAll()
        return this.#household.restart()
      case 'C:':
        this.#unsent.push(Buffer.from(`${rest}\r\n`))
        return
      case 'C~':
        this.#unsent.push(octets(rest))
        return
      case 'C*': {
        const [, times, text = ''] = /^(\d+) (.*)$/.exec(rest) ?? []
        for (let i = 0; i < Number(times); i++) this.#unsent.push(octets(text))
        return
      }
      case 'C':
        return rest === 'tls' ? this.#tls() : this.#end()
      case 'S:':
        return this.#expect(rest)
      case 'S*': {
        const [, times, text = ''] = /^(\d+) (.*)$/.exec(rest) ?? []
        for (let i = 0; i < Number(times); i++) await this.#expect(text)
        return
      }
      case 'S':
        await this.#flush()
        if (rest !== 'closed') return this.#expectOctets(rest.slice('octets '.length))
        assert.equal(await this.#line(), undefined, 'the server has not closed')
        return
      case 'then':
        return this.#then(rest)
      case 'later':
        await this.#flush()
        return this.#household.clock.sleep(Number(rest) * 60_000, this.#household.stopping.signal)
      case 'stop':
        await this.#flush()
        this.#household.stopping.abort()
        return
      default:
        throw new Error(`no such directive: ${verb}`)
    }
  }

  async #given(rest: string): Promise<void> {
    const household = this.#household
    const [what, name = '', ...words] = rest.split(' ')
    switch (what) {
      case 'account':
        return household.addAccount(name)
      case 'alias':
        return household.store.accounts.setAlias(name, words)
      case 'implicit':
        this.#implicitTls = true
        return
      case 'door':
        this.#door = doorOf(name)
        this.#implicitTls = entrances[this.#door].implicitTls
        return
      case 'device': {
        const [as = '', ...to] = words
        this.#door = 'devices'
        const { settings } = household.store
        for (const address of addresses) await keepDevice(settings, { name: `${name} ${address}`, address, as, to })
        return
      }
      case 'config':
        this.#settings.push(rest.slice('config '.length))
        household.config = readConfig(this.#settings.join('\n'), '.')
        return
      case 'mail':
      case 'utf8mail': {
        const body = octets(words.join(' ')).toString('latin1')
        const parameter = what === 'mail' ? '' : ' SMTPUTF8'
        const [mail, rcpt] = [
          `MAIL FROM:<bob@away.example>${parameter}`,
          `RCPT TO:<${name}@${household.config.domains[0]}>`,
        ]
        const lines = `EHLO away.example\r\n${mail}\r\n${rcpt}\r\nBDAT ${body.length} LAST\r\n${body}QUIT\r\n`
        const peer = new MemoryPeer(65_536)
        peer.send(Buffer.from(lines, 'latin1'))
        return receive(peer, household.receipt, entrances.smtp)
      }
      default:
        throw new Error(`given what? ${rest}`)
    }
  }

  async #then(rest: string): Promise<void> {
    await this.#flush()
    const [, name = '', what, value = ''] = /^(\S+) (holds|trace|record|looks|shares) (.*)$/.exec(rest) ?? []
    const household = this.#household
    const messages = name === 'queue' ? await household.queued() : await household.inbox(name)
    const last = messages.at(-1)
    if (what === 'trace') return this.#match(last?.trace ?? '', octets(value).toString('latin1'))
    if (what === 'record') return assert.partialDeepStrictEqual(last?.record, JSON.parse(value))
    if (what === 'looks') return this.#match(last?.octets.toString('latin1') ?? '', octets(value).toString('latin1'))
    if (what === 'shares') {
      const theirs = (await household.inbox(value)).at(-1)
      return assert.equal(last?.seq, theirs?.seq ?? 'none', `${name} and ${value} hold different messages`)
    }
    if (!value.startsWith('"')) return assert.equal(messages.length, Number(value))
    const held = messages.map(message => JSON.stringify(message.octets.toString('latin1')))
    assert.ok(held.includes(JSON.stringify(JSON.parse(value))), `${name} holds ${held.join(' and ') || 'nothing'}`)
  }

  async #expect(expected: string): Promise<void> {
    await this.#flush()
    if (expected === '...') {
      for (let line = await this.#line(); line !== '.'; line = await this.#line()) assert.ok(line !== undefined)
      return
    }
    const [, code] = /^(\d{3})\*$/.exec(expected) ?? []
    for (;;) {
      const line = await this.#line()
      assert.ok(line !== undefined, `the server closed instead of sending ${expected}`)
      this.#match(line, expected)
      if (code === undefined || !line.startsWith(`${code}-`)) return
    }
  }

  async #expectOctets(expected: string): Promise<void> {
    let count = 0
    for (let line = await this.#line(); line !== '.'; line = await this.#line()) {
      assert.ok(line !== undefined, 'the server closed before the dot')
      count += Buffer.byteLength(line) + '\r\n'.length - (line.startsWith('.') ? 1 : 0)
    }
    this.#match(String(count), expected)
  }

  /** The server's next line; a server that keeps silent where it should speak must not hold up the tests. */
  async #line(): Promise<string | undefined> {
    const client = await this.#connected()
    const silence = Promise.withResolvers<never>()
    const patience = setTimeout(() => silence.reject(new Error('the server keeps silent')), patienceMs)
    try {
      return await Promise.race([client.line(), silence.promise])
    } finally {
      clearTimeout(patience)
    }
  }

  /** Matches a line and notes what the names in braces stand for. */
  #match(line: string, expected: string): void {
    const source = pattern(expected).source.replace(
      /\\\{([a-z]+)\\\}/g,
      (_, name) => this.#words.get(name) ?? `(?<${name}>\\w+)`,
    )
    const match = new RegExp(source).exec(line)
    assert.ok(match, `expected ${expected}, got ${line}`)
    for (const [name, word] of Object.entries(match.groups ?? {})) {
      assert.ok(![...this.#words.values()].includes(word), `${word}, which is {${name}}, has another name already`)
      this.#words.set(name, word)
    }
  }

  async #tls(): Promise<void> {
    await this.#flush()
    await (await this.#connected()).secure()
  }

  async #end(): Promise<void> {
    await this.#flush()
    await this.#hangUp()
  }

  async #flush(): Promise<void> {
    if (this.#unsent.length === 0) return
    const client = await this.#connected()
    client.send(Buffer.concat(this.#unsent.splice(0)))
  }

  async #connected(): Promise<Client> {
    const open = this.#clients.get(this.#present)
    if (open) return open
    const client = await this.#dial(this.#household, {
      protocol: this.#protocol,
      door: this.#door,
      implicitTls: this.#implicitTls,
    })
    this.#clients.set(this.#present, client)
    return client
  }

  async #hangUp(): Promise<void> {
    await this.#flush()
    const client = this.#clients.get(this.#present)
    this.#clients.delete(this.#present)
    client?.end()
    await client?.done
  }

  async #hangUpAll(): Promise<void> {
    await this.#flush()
    for (const name of [...this.#clients.keys()]) {
      this.#present = name
      await this.#hangUp()
    }
    this.#present = ''
  }
}

function doorOf(name: string): Door {
  if (!isDoor(name)) throw new Error(`no such door: ${name}`)
  return name
}

function isDoor(name: string): name is Door {
  return Object.hasOwn(entrances, name)
}

/** @param text a JSON string; each character is an octet */
function octets(text: string): Buffer {
  return Buffer.from(JSON.parse(text), 'latin1')
}

function pattern(text: string): RegExp {
  const parts = text.split('*').map(part => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(`^${parts.join('[^]*')}$`)
}
