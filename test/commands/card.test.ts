/** `porchlight.toml` on the first partition: what people write into it, what becomes of that, and what they find there then. */
import assert from 'node:assert/strict'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { verifyPassword } from '../../src/auth/password.ts'
import { type Log, silentLog } from '../../src/base/log.ts'
import { Board } from '../../src/board/board.ts'
import { applyCard } from '../../src/commands/card.ts'
import { isSetUp } from '../../src/commands/setup-state.ts'
import { RunDirectory } from '../board/rundir.ts'
import { type Configured, listensNowhere, openConfigured } from './configured.ts'

const secret = 'a good password'
const other = 'another password'

/** What the log said, in short. */
type Told = {
  readonly says: string
  readonly setting?: string
  readonly reason?: string
  readonly done?: readonly string[]
}

/** A household on a board whose first partition the test writes. */
class Box implements AsyncDisposable {
  readonly configured: Configured
  readonly run: RunDirectory
  readonly told: Told[] = []
  /** What lies on the first partition. */
  card = ''

  private constructor(configured: Configured, run: RunDirectory) {
    this.configured = configured
    this.run = run
  }

  static async make(answer = 'ok'): Promise<Box> {
    const box = new Box(await openConfigured(listensNowhere), await RunDirectory.make())
    await box.run.employ(answer)
    return box
  }

  /** One start of the board. @returns whether the server has to be opened anew */
  async start(card = this.card, home: Partial<Configured['household']> = {}): Promise<boolean> {
    this.told.length = 0
    this.card = card
    await this.run.write('first-boot.toml', card)
    using board = await Board.open(this.run.path, silentLog)
    const note = (fields: Omit<Told, 'says'>, says: string) => void this.told.push({ ...fields, says })
    const log: Log = Object.assign(Object.create(silentLog), { info: note, warn: note, error: note })
    const { accounts, settings, configuration, now } = this.configured.household
    const before = (await this.run.asked()).length
    const again = await applyCard({ accounts, settings, configuration, now, board, ...home }, log)
    // The steward puts what it was handed in the place of the other.
    const asked = (await this.run.asked()).slice(before)
    if (asked.includes('first-boot'))
      this.card = await readFile(join(`${this.run.path}-out`, 'first-boot.toml'), 'utf8')
    return again
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.run[Symbol.asyncDispose]()
    await this.configured[Symbol.asyncDispose]()
  }
}

/** What our heading says, without the lines themselves. */
function withoutHeading(card: string): string {
  return card.replace(/^# Porchlight: .*\r?\n/gm, '')
}

type Case = {
  readonly name: string
  readonly card: string
  /** Without the heading; the same card where nothing is left out. */
  readonly after?: string
  readonly settings?: Readonly<Record<string, unknown>>
  readonly accounts?: readonly string[]
  readonly asked?: readonly string[]
  readonly refused?: readonly string[]
}

const cases: readonly Case[] = [
  {
    name: 'settings, an account and passwords, with CRLF as an editor of Windows has it',
    card: `hostname = "mail.a.example" # ours\r\ndomains = [\r\n  "a.example",\r\n  "b.example",\r\n]\r\n\r\n[setup]\r\naccount = "Alice"\r\npassword = "${secret}"\r\nconsole_password = "${other}"\r\n`,
    after:
      '# hostname = "mail.a.example" # ours\r\n# domains = [\r\n#   "a.example",\r\n#   "b.example",\r\n# ]\r\n\r\n[setup]\r\n# account = "Alice"\r\n# password = ""\r\n# console_password = ""\r\n',
    settings: { hostname: 'mail.a.example', domains: ['a.example', 'b.example'] },
    accounts: ['alice'],
  },
  {
    name: 'a mark of the byte order, which Notepad puts before a text',
    card: '\uFEFFhostname = "mail.a.example"\r\n',
    after: '# hostname = "mail.a.example"\r\n',
    settings: { hostname: 'mail.a.example' },
  },
  {
    name: 'a fixed address and a name',
    card: '[network]\naddress = "192.168.1.5/24"\ngateway = "192.168.1.1"\ndns = ["9.9.9.9", "1.1.1.1"]\nname = "Porch"\n',
    after:
      '[network]\n# address = "192.168.1.5/24"\n# gateway = "192.168.1.1"\n# dns = ["9.9.9.9", "1.1.1.1"]\n# name = "Porch"\n',
    asked: ['hostname porch', 'network fixed 192.168.1.5/24 192.168.1.1 9.9.9.9,1.1.1.1'],
  },
  {
    name: 'an address from the router, in one line',
    card: 'network = { address = "dhcp" }\n',
    after: 'network = {  }\n',
    asked: ['network dhcp'],
  },
  {
    name: 'a smarthost with its password, which goes into a file of its own',
    card: `[relay]\nhost = "smtp.provider.example"\nuser = "alice"\npassword = "${secret}"\n`,
    after: '[relay]\n# host = "smtp.provider.example"\n# user = "alice"\n# password = ""\n',
    settings: { 'relay.host': 'smtp.provider.example', 'relay.user': 'alice' },
  },
  {
    name: 'lines that cannot be used: the others are, and each has its reason',
    card: 'hostname = "mail.a.example"\ncolour = "red"\nhostnmae = "b"\n[limits]\nmessage = "lots"\nsmtp_idle = "2m"\n[mail]\nlanguage = true\n',
    after:
      '# hostname = "mail.a.example"\ncolour = "red" # Porchlight: there is no such setting\nhostnmae = "b" # Porchlight: there is no such setting; did you mean hostname?\n[limits]\nmessage = "lots" # Porchlight: "lots" is not a size; write for instance message = "50 MiB"\n# smtp_idle = "2m"\n[mail]\nlanguage = true # Porchlight: it is not text in quotes, a number or a list\n',
    settings: { hostname: 'mail.a.example', 'limits.smtp_idle': 120_000 },
    refused: ['colour', 'hostnmae', 'limits.message', 'mail.language'],
  },
  {
    name: 'settings that only do together',
    card: 'hostname = "mail.a.example"\n[tls]\ncertificate = "x.pem"\n',
    after:
      '# hostname = "mail.a.example"\n[tls]\ncertificate = "x.pem" # Porchlight: certificate and key go together; write for instance key = "key.pem"\n',
    settings: { hostname: 'mail.a.example' },
    refused: ['tls.certificate'],
  },
  {
    name: 'an account that cannot be made: its password does not stay all the same',
    card: `[setup]\naccount = "a b"\npassword = "${secret}"\nconsole_password = "short"\n`,
    after:
      '[setup]\naccount = "a b" # Porchlight: it cannot be the name of an account: letters and digits with single . _ - between them, at most 64 characters\npassword = "" # Porchlight: it is taken out; write it once more\nconsole_password = "" # Porchlight: A password has at least 8 characters.\n',
    refused: ['setup.account', 'setup.console_password'],
  },
  {
    name: 'addresses that are none',
    card: '[network]\naddress = "192.168.1.5/24"\ngateway = "10.0.0.1"\nwifi = "home"\n',
    after:
      '[network]\naddress = "192.168.1.5/24" # Porchlight: The gateway 10.0.0.1 is not in the network of 192.168.1.5/24. It is the address of your router.\n# gateway = "10.0.0.1"\nwifi = "home" # Porchlight: there is no such thing here; possible are address, gateway, dns, name\n',
    refused: ['network.address', 'network.wifi'],
  },
  {
    name: 'an address without its gateway',
    card: '[network]\naddress = "192.168.1.5/24"\n',
    after: '[network]\naddress = "192.168.1.5/24" # Porchlight: the address of your router has to stand in gateway\n',
    refused: ['network.address'],
  },
  {
    name: 'a quote that is never closed: nothing is done',
    card: `hostname = "mail.a.example\n[setup]\naccount = "alice"\npassword = "${secret}"\n`,
    after: `hostname = "mail.a.example\n[setup]\naccount = "alice"\npassword = "${secret}"\n`,
    settings: { hostname: 'mail.home.example' },
    refused: ['line 1'],
  },
  { name: 'comments alone', card: '# hostname = "x"\n[setup]\n', after: '# hostname = "x"\n[setup]\n' },
]

describe('porchlight.toml on the first partition has', () => {
  for (const { name, card, after, settings = {}, accounts = [], asked = [], refused = [] } of cases) {
    test(name, async () => {
      await using box = await Box.make()
      assert.equal(await box.start(card), false)
      const { household, configuration } = box.configured
      assert.equal(withoutHeading(box.card), after)
      for (const [key, value] of Object.entries(settings)) {
        const found = key.split('.').reduce<unknown>((inner, part) => Object(inner)[part], configuration.config)
        assert.deepEqual(found, value, key)
      }
      assert.deepEqual(
        household.accounts.list().map(({ name }) => name),
        accounts,
      )
      assert.deepEqual(
        (await box.run.asked()).filter(words => words !== 'first-boot'),
        asked,
      )
      assert.deepEqual(
        box.told.flatMap(({ setting }) => setting ?? []),
        refused,
      )
      assert.ok(!JSON.stringify(box.told).includes(secret))

      // The next start finds nothing to do, says again what is wrong, and leaves the card alone.
      const count = (await box.run.asked()).length
      const written = box.card
      await box.start()
      assert.equal((await box.run.asked()).length, count)
      assert.equal(box.card, written)
      assert.deepEqual(
        box.told.flatMap(({ setting }) => setting ?? []),
        refused,
      )
    })
  }
})

describe('porchlight.toml on the first partition', () => {
  test('sets the passwords that it has, and the first set-up is over', async () => {
    await using box = await Box.make()
    await box.start(
      `[setup]\naccount = "alice"\npassword = "${secret}"\nconsole_password = "${other}"\n[relay]\nhost="smtp.provider.example"\nuser="alice"\npassword = "${secret}"\n`,
    )
    const { household, directory, configuration } = box.configured
    assert.equal(await verifyPassword(secret, household.accounts.find('alice')?.password), 'valid')
    assert.equal(await verifyPassword(other, household.settings.get('console.password')), 'valid')
    assert.ok(isSetUp(household.settings))
    assert.equal(configuration.config.relay.password_file, join(directory, 'smarthost.password'))
    assert.equal(await readFile(join(directory, 'smarthost.password'), 'utf8'), `${secret}\n`)
    assert.ok(!box.card.includes(secret) && !box.card.includes(other))
    assert.ok(!JSON.stringify(box.told).includes(secret))
  })

  test('says what was done with it, in words at its head', async () => {
    await using box = await Box.make()
    await box.run.write('clock', 'set')
    await box.start('hostname = "mail.a.example"\n')
    assert.match(
      box.card,
      /^# Porchlight: this file was applied on \d{4}-\d\d-\d\d .*\. What was done stands behind a # now; passwords are taken out\.\n# Porchlight: to change something, .*\n# hostname = "mail\.a\.example"\n$/,
    )
    await box.start(`${box.card}domains = ["@"]\n`)
    assert.match(
      box.card,
      /^(?:# Porchlight: .*\n){3}# hostname = .*\ndomains = \["@"\] # Porchlight: "@" is not a domain name;/,
    )
  })

  test('is applied again when somebody has changed it, and only what is new in it', async () => {
    await using box = await Box.make()
    await box.start('hostname = "mail.a.example"\n[limits]\nmessage = "lots"\n')
    await box.configured.configuration.set('hostname', 'mail.b.example')
    await box.start(box.card.replace('"lots"', '"30 MiB"'))
    const { hostname, limits } = box.configured.configuration.config
    assert.deepEqual([hostname, limits.message], ['mail.b.example', 30 * 1024 * 1024])
    assert.equal(withoutHeading(box.card), '# hostname = "mail.a.example"\n[limits]\n# message = "30 MiB"\n')
  })

  test('that makes no sense says so at the line, and is applied once it does', async () => {
    await using box = await Box.make()
    await box.start('# mine\nhostname = mail\n')
    assert.match(
      box.card,
      /^# mine\n# Porchlight: nothing of this file is used yet\. In the line below, this is not a value; .*\nhostname = mail\n$/,
    )
    await box.start(box.card.replace('= mail', '= "mail.a.example"'))
    assert.equal(withoutHeading(box.card), '# mine\n# hostname = "mail.a.example"\n')
    assert.equal(box.configured.configuration.config.hostname, 'mail.a.example')
  })

  for (const [name, octets] of [
    ['UTF-16', Buffer.from('\uFEFFhostname = "a.example"\r\n', 'utf16le')],
    ['an old code page', Buffer.from('hostname = "b\xFCcher.example"\r\n', 'latin1')],
  ] as const) {
    test(`in ${name} is left as it is, and it is said how to save it`, async () => {
      await using box = await Box.make()
      await box.start(octets.toString('utf8'))
      assert.equal(box.told.length, 1)
      assert.match(box.told[0]?.reason ?? '', /"Save as", and there the encoding UTF-8/)
      assert.deepEqual(await box.run.asked(), [])
    })
  }

  for (const [name, card, why] of [
    [
      'thousands of settings',
      Array.from({ length: 6000 }, (_, i) => `a${i} = 1\n`).join(''),
      /nothing of this file is used yet\. In the line below, a file begins that has more than 100 settings\./,
    ],
    [
      'a name without end',
      `[setup]\naccount = "alice"\npassword = "${secret}"\n${'y'.repeat(60_000)} = 1\n`,
      /a file begins in which a name has more than 100 characters\./,
    ],
  ] as const) {
    test(`that has ${name} holds nobody up, and says so`, { timeout: 20_000 }, async () => {
      await using box = await Box.make()
      await box.start(card)
      assert.match(box.card, why)
      assert.deepEqual(box.configured.household.accounts.list(), [])
      const written = box.card
      await box.start()
      assert.equal(box.card, written)
    })
  }

  test('that cannot be read is no reason to serve no mail', async () => {
    await using box = await Box.make()
    const { accounts, settings, configuration, now } = box.configured.household
    using board = await Board.open(box.run.path, silentLog)
    await mkdir(join(box.run.path, 'first-boot.toml'))
    assert.equal(await applyCard({ accounts, settings, configuration, now, board }, silentLog), false)
  })

  test('asks for a server that is opened anew where it listens elsewhere', async () => {
    await using box = await Box.make()
    assert.equal(await box.start('[listen]\nsmtp = ["127.0.0.1:0"]\n'), true)
    assert.equal(await box.start(), false)
  })

  test('is done again after a crash in the middle, to the same end', async () => {
    await using box = await Box.make()
    const { settings } = box.configured.household
    const card = `hostname = "mail.a.example"\n[setup]\naccount = "alice"\npassword = "${secret}"\n`
    const cut: typeof settings = Object.assign(Object.create(settings), {
      get: (name: string) => settings.get(name),
      set: async () => {
        throw new Error('The power is gone.')
      },
    })
    await assert.rejects(box.start(card, { settings: cut }), /power/)
    assert.equal(box.card, card)
    await box.start()
    assert.equal(
      withoutHeading(box.card),
      '# hostname = "mail.a.example"\n[setup]\n# account = "alice"\n# password = ""\n',
    )
    assert.deepEqual(
      box.configured.household.accounts.list().map(({ name }) => name),
      ['alice'],
    )
  })

  test('that the steward cannot write is said, and is not applied at each start', async () => {
    await using box = await Box.make('no The card is write-protected.')
    await box.start('hostname = "mail.a.example"\n')
    assert.deepEqual(box.told.at(-1), {
      says: 'porchlight.toml on the first partition still has what was in it',
      reason: 'The card is write-protected.',
    })
    await box.configured.configuration.set('hostname', 'mail.b.example')
    await box.start('hostname = "mail.a.example"\n')
    assert.equal(box.configured.configuration.config.hostname, 'mail.b.example')
  })

  test('whose lines cannot be changed one by one begins anew: no password stays', async () => {
    await using box = await Box.make()
    await box.start(`["setup"]\n"account" = "alice"\n'password' = '''\n${secret}'''\n[[limits.x]]\na = 1\n`)
    assert.ok(!box.card.includes(secret))
    assert.equal(box.configured.household.accounts.list().length, 1)
  })

  test('does nothing to a household without a board', async () => {
    await using box = await Box.make()
    await writeFile(join(box.run.path, 'first-boot.toml'), 'hostname = "mail.a.example"\n')
    await box.start('hostname = "mail.a.example"\n', { board: undefined })
    assert.equal(box.configured.configuration.config.hostname, 'mail.home.example')
  })

  test('whatever is in it is no fault of ours', async () => {
    await using box = await Box.make()
    const cards = [
      '[',
      '[[setup]]\n',
      'setup = 1\n',
      'network = []\n',
      'a.b.c.d = 1\n',
      '"" = 1\n',
      'relay.password = 7\n',
      '[setup]\npassword = { a = 1 }\n',
      '[network]\naddress = ["a", "b"]\ngateway = 1\n',
      '__proto__ = 1\n[constructor]\nx = 1\n',
      'listen.smtp = ["127.0.0.1:99999"]\n',
      '[network.address]\nx=1\n',
      'hostname = """\na\nb"""\n',
      `x = "${'y'.repeat(60_000)}"\n`,
    ]
    for (const card of cards) await box.start(card)
    assert.deepEqual(box.configured.household.accounts.list(), [])
  })
})

describe('the file that lies on a new card', () => {
  const template = join(import.meta.dirname, '../../board/select/porchlight.toml')

  test('says nothing, in the line ends that every editor knows', async () => {
    await using box = await Box.make()
    const text = await readFile(template, 'utf8')
    assert.ok(text.split('\n').every(line => line === '' || line.endsWith('\r')))
    await box.start(text)
    assert.deepEqual([box.told, await box.run.asked()], [[], []])
  })

  test('can be used in each of its lines, once its # is taken away, and is then as it was before', async () => {
    await using box = await Box.make()
    const text = await readFile(template, 'utf8')
    const used = text.replace(/^# (?=[a-z_]+ = )/gm, '')
    await box.start(used)
    assert.deepEqual(
      box.told.map(({ says }) => says),
      ['porchlight.toml on the first partition is applied'],
    )
    const wiped = text.replace(/^(# (?:console_)?password = ).*(?=\r)/gm, '$1""')
    assert.equal(withoutHeading(box.card), wiped)
  })
})
