/** The configuration file: the one place that names a setting, its type, unit, default and meaning. */
import { resolve } from 'node:path'
import * as v from 'valibot'
import { budget } from './budget.ts'
import { Failure } from './failure.ts'
import { account, count, domain, domains, duration, endpoints, oneOf, overlap, path, size } from './kinds.ts'
import { logFormats, logLevels } from './log.ts'
import { isTable, type Row, section, setting } from './setting.ts'
import { readToml, writeKey, writeToml } from './toml.ts'
import { nearest, wrap } from './words.ts'

const tooManySockets = 'each connection takes memory and a file descriptor'

const general = {
  hostname: setting(
    domain,
    'mail.home.example',
    'The name of this host. It greets with it and signs what it receives with it.',
  ),
  domains: setting(
    domains,
    ['home.example'],
    'The domains whose mail is kept here. Every account has an address in each.',
  ),
}

const sections = {
  listen: section(
    'Where to listen, each a list of address:port. [] turns it off; ":25" is port 25 of every interface, "[::1]:25" an IPv6 address; port 0 is any free one.',
    {
      smtp: setting(
        endpoints,
        ['127.0.0.1:2525'],
        'Mail comes in here by SMTP, with STARTTLS. Other hosts send to port 25.',
      ),
      pop3: setting(endpoints, ['127.0.0.1:2110'], 'Mail is read here by POP3, with STLS. Clients expect port 110.'),
      pop3s: setting(endpoints, ['127.0.0.1:2995'], 'Mail is read here by POP3 over TLS. Clients expect port 995.'),
    },
    ({ smtp, pop3, pop3s }) => {
      const both = overlap([...smtp, ...pop3, ...pop3s])
      return (
        both && `${both.join(' and ')} cannot both be open; give each a port of its own, for instance 127.0.0.1:2525`
      )
    },
  ),
  tls: section(
    'Paths begin at the folder of this file. Without both, a self-signed pair is made at the first start and kept.',
    {
      certificate: setting(path, '', 'The certificate and its chain, PEM.', 'cert.pem'),
      key: setting(path, '', 'The private key, PEM.', 'key.pem'),
    },
    ({ certificate, key }) => {
      if ((certificate === '') === (key === '')) return undefined
      const missing = key === '' ? 'key = "key.pem"' : 'certificate = "cert.pem"'
      return `certificate and key go together; write for instance ${missing}`
    },
  ),
  login: section('Who may log in, and how.', {
    plaintext: setting(
      oneOf(['never', 'loopback', 'always']),
      'never',
      'Whether a password may come over a connection without TLS: "loopback" lets programs on this host do it.',
    ),
  }),
  limits: section(
    'Sizes are written "50 MiB" or "64 KiB", durations "90s", "5m" or "1h30m".',
    {
      message: setting(
        size({
          least: ['64 KiB', 'RFC 5321 §4.5.3.1.7 asks every host to take that much'],
          most: ['1 GiB', 'no mail host takes larger messages, and one must not fill the disk'],
        }),
        '50 MiB',
        'The largest message taken. Attachments grow by a third on their way.',
      ),
      recipients: setting(
        count({
          least: ['100', 'RFC 5321 §4.5.3.1.8 asks every host to take that many'],
          most: [String(budget.deliveries), 'the recipients of a message are held in memory'],
        }),
        100,
        'Recipients of one message; a sender with more sends it in parts.',
      ),
      connections: setting(
        count({ least: ['1', 'nobody could connect'], most: ['5000', tooManySockets] }),
        500,
        'Connections open at once, of all services together.',
      ),
      connections_per_address: setting(
        count({ least: ['1', 'nobody could connect'], most: ['5000', tooManySockets] }),
        50,
        'Connections open at once from one address. Not more than connections.',
      ),
      smtp_idle: setting(
        duration({
          least: ['1s', 'a slow line needs longer'],
          most: ['1h', 'a silent client keeps a connection from others'],
        }),
        '5m',
        'How long a silent SMTP client is kept. RFC 5321 §4.5.3.2.7 asks for 5m or more.',
      ),
      pop3_idle: setting(
        duration({
          least: ['1s', 'a slow line needs longer'],
          most: ['1h', 'a silent client keeps a connection from others'],
        }),
        '10m',
        'How long a silent POP3 client is kept. RFC 1939 §3 asks for 10m or more.',
      ),
    },
    ({ connections, connections_per_address }) =>
      connections_per_address <= connections
        ? undefined
        : `connections_per_address (${connections_per_address}) is more than connections; write for instance connections_per_address = ${connections}`,
  ),
  mail: section('Who gets what.', {
    catch_all: setting(
      account,
      '',
      'The account that gets mail for unknown addresses. Empty: such mail is refused.',
      'alice',
    ),
    postmaster: setting(
      account,
      '',
      'The account that gets mail for postmaster, unless an alias has that name. Empty: the account made first.',
      'alice',
    ),
    subaddress: setting(
      oneOf(['', '+', '-', '=', '_', '.']),
      '+',
      'The character after which the rest of a local part is ignored: with "+", alice+shop@ reaches alice. Empty: nothing is ignored.',
    ),
    long_lines: setting(
      oneOf(['keep', 'refuse']),
      'keep',
      `What becomes of a message with lines of more than ${budget.textLine} octets. RFC 5321 forbids them, and real mail has them.`,
    ),
  }),
  log: section('The log goes to standard error.', {
    level: setting(oneOf(logLevels), 'info', 'The least important lines that are written to the log.'),
    format: setting(oneOf(logFormats), 'text', 'Lines for people ("text") or for programs ("json").'),
  }),
}

/** Every setting under its full name. */
const rows = new Map<string, Row>(Object.entries(general))
for (const [name, table] of Object.entries(sections)) {
  for (const [key, row] of Object.entries(entriesOf(table))) rows.set(`${name}.${key}`, row)
}

function entriesOf(table: (typeof sections)[keyof typeof sections]): Readonly<Record<string, Row>> {
  return table.wrapped.pipe[1].entries
}

const schema = v.object({ ...general, ...sections })

/** What the file says: sizes in octets, durations in milliseconds, names and domains in their one form. */
export type Config = v.InferOutput<typeof schema>
export type Endpoint = Config['listen']['smtp'][number]

/** The settings in force when nothing is written. */
export function defaultConfig(): Config {
  return v.parse(schema, {})
}

/**
 * Reads a configuration file.
 * @param folder where the file is: relative paths in it begin there
 * @throws Failure 'CONFIG' whose message has every problem, one a line
 */
export function readConfig(text: string, folder: string): Config {
  const written = readToml(text)
  const { success, output, issues = [] } = v.safeParse(schema, written)
  const problems = [...unknownKeys(written), ...issues.map(problem)]
  if (!success || problems.length > 0) throw new Failure('CONFIG', problems.join('\n'))
  const { certificate, key } = output.tls
  return certificate === ''
    ? output
    : { ...output, tls: { certificate: resolve(folder, certificate), key: resolve(folder, key) } }
}

/** What `porchlight help config` prints: a whole file that a person can start from, 80 columns wide. */
export function describeConfig(): string {
  const lines = [
    ...wrap('Every setting of Porchlight with its default. Change what you need and leave out the rest.', 80, '# '),
  ]
  lines.push('', ...describeRows(general))
  for (const [name, table] of Object.entries(sections)) {
    lines.push(
      `[${name}]`,
      ...wrap(v.getDescription(table.wrapped) ?? '', 80, '# '),
      '',
      ...describeRows(entriesOf(table)),
    )
  }
  return `${lines.join('\n').trimEnd()}\n`
}

function describeRows(rows: Readonly<Record<string, Row>>): readonly string[] {
  return Object.entries(rows).flatMap(([key, row]) => [
    ...wrap(row.meaning, 80, '# '),
    `${key} = ${writeToml(row.default)}`,
    '',
  ])
}

/** One thing that is wrong with a value: `limits.message: "lots" is not a size; write for instance message = "50 MiB"`. */
function problem(issue: v.BaseIssue<unknown>): string {
  const keys = issue.path?.map(({ key }) => key).filter(key => typeof key === 'string') ?? []
  const name = keys.join('.')
  const row = rows.get(name)
  if (!row) return `${name}: ${issue.message}`
  return `${name}: ${shown(issue.path?.at(-1)?.value)} ${issue.message}; write for instance ${keys.at(-1)} = ${writeToml(row.example)}`
}

function shown(value: unknown): string {
  const text = typeof value === 'number' ? String(value) : (JSON.stringify(value) ?? '')
  return text.length > 60 ? `${text.slice(0, 60)}…` : text
}

/** Keys that are no setting, each with the setting that was probably meant. */
function unknownKeys(written: object): readonly string[] {
  const known = [...Object.keys(sections), ...rows.keys()]
  const keys = Object.entries(written).flatMap(([name, value]) =>
    Object.hasOwn(sections, name) && isTable(value) ? Object.keys(value).map(key => [name, key]) : [[name]],
  )
  const unknown = keys.filter(key => !known.includes(key.join('.')) || key.some(part => part.includes('.')))
  return unknown.map(key => {
    const meant = known.find(name => name.split('.').at(-1) === key.at(-1)) ?? nearest(key.join('.'), known)
    return `${key.map(writeKey).join('.')}: there is no such setting${meant === undefined ? '' : `; did you mean ${meant}?`}`
  })
}
