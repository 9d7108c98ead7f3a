/** The commands for settings: config show, set and reset; their rows of the table of commands. */
import { sectionMeanings, settings } from '../base/config.ts'
import { Failure } from '../base/failure.ts'
import type { Row } from '../base/setting.ts'
import { readToml, type Written, writeToml } from '../base/toml.ts'
import { columns, didYouMean } from '../base/words.ts'
import { type Call, type Command, type Context, type Lines, places, refuse } from './command.ts'
import { type Change, type Configuration, settingNames } from './configuration.ts'

const row = { options: [...places], group: 'Settings', runs: 'inside', password: false } as const

export const configuring: readonly Command[] = [
  {
    ...row,
    name: 'config show',
    operands: '[KEY|SECTION]',
    summary: 'Show the settings',
    details: [
      'All of them, those of a section, or one with its meaning. What differs from the default has a * before it.',
    ],
    examples: ['porchlight config show', 'porchlight config show mail', 'porchlight config show mail.catch_all'],
    run: showConfig,
  },
  {
    ...row,
    name: 'config set',
    operands: 'KEY [VALUE…]',
    summary: 'Change a setting',
    details: [
      'The value is checked, written to the configuration file, and takes effect at once or, where that is said, after a restart. What else is in the file stays as it is, and the file as it was before is kept beside it, with .backup behind its name.',
      'A list takes several values. none stands for nothing. Settings that go together are set together, each as KEY=VALUE.',
    ],
    examples: [
      'porchlight config set mail.catch_all alice',
      'porchlight config set mail.catch_all none',
      'porchlight config set domains home.example second.example',
      'porchlight config set tls.certificate=cert.pem tls.key=key.pem',
    ],
    run: setConfig,
  },
  {
    ...row,
    name: 'config reset',
    operands: 'KEY',
    summary: 'Let the default of a setting hold again',
    details: [],
    examples: ['porchlight config reset mail.catch_all'],
    run: resetConfig,
  },
]

async function showConfig({ operands: [name] }: Call, context: Context): Promise<Lines> {
  const configuration = configurationOf(context)
  await configuration.look()
  const keys = keysOf(name)
  context.seen?.note(configuration, keys)
  const [key] = keys
  if (name !== undefined && key === name) return describe(key, configuration)
  const about = name === undefined ? [] : [sectionMeanings.get(name) ?? '', '']
  const rows = keys.map(key => [
    `${configuration.ofFile(key) === undefined ? ' ' : '*'} ${key}`,
    configuration.written(key) ?? '',
  ])
  return [...about, ...columns(rows, context.width), ...pendingLines(configuration)]
}

async function setConfig({ operands }: Call, context: Context): Promise<Lines> {
  const changes = changesOf(operands)
  const lines = await change(changes, context)
  return [...changes.map(([key]) => `${key} is ${valueWords(key, context)} now.`), ...lines]
}

async function resetConfig({ operands: [key = ''] }: Call, context: Context): Promise<Lines> {
  rowOf(key)
  const lines = await change([[key, undefined]], context)
  return [`${key} is ${valueWords(key, context)} again, as it is when nobody says otherwise.`, ...lines]
}

function valueWords(key: string, context: Context): string {
  const written = configurationOf(context).written(key) ?? ''
  return written === '""' || written === '[]' ? 'empty' : written
}

/**
 * Changes settings for a person.
 * @returns what else they should know
 * @throws Failure why not, in words
 */
async function change(changes: readonly Change[], context: Context): Promise<Lines> {
  const { seen, household, running } = context
  const configuration = configurationOf(context)
  const keys = changes.map(([key]) => key)
  try {
    const { restart } = await configuration.change(changes, key => seen?.get(key))
    const restarting = restart && running ? ['It takes effect when Porchlight is started anew: porchlight restart'] : []
    return [...restarting, ...strangers(changes, household.accounts)]
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    // A port that cannot be opened.
    if (error.code === 'NETWORK')
      throw new Failure('NETWORK', `${error.message}\nNothing is changed.`, { cause: error })
    if (error.code !== 'CONFIG') throw error
    throw new Failure('CONFIG', asCommands(error.message, changes), { cause: error })
  } finally {
    // Where it was refused because somebody else has changed it, the refusal has said what it is.
    seen?.note(configuration, keys)
  }
}

function configurationOf({ household }: Context): Configuration {
  return household.configuration ?? refuse('The configuration cannot be changed from here.')
}

/** The setting of this name, or those of the section. */
function keysOf(name: string | undefined): readonly string[] {
  if (name === undefined) return settingNames()
  if (settings.has(name)) return [name]
  const keys = settingNames().filter(key => key.startsWith(`${name}.`))
  return keys.length > 0 ? keys : [unknown(name)]
}

function rowOf(key: string): Row {
  return settings.get(key) ?? unknown(key)
}

function unknown(name: string): never {
  const ending = settingNames().find(key => key.endsWith(`.${name}`))
  const meant =
    ending === undefined
      ? didYouMean(name, [...settingNames(), ...sectionMeanings.keys()])
      : `; did you mean ${ending}?`
  return refuse(`There is no setting ${name}${meant} To see them all: porchlight config show`)
}

function describe(key: string, configuration: Configuration): Lines {
  const { meaning, example, default: standard } = rowOf(key)
  const changed = configuration.ofFile(key) !== undefined
  const facts = [
    ['now', `${configuration.written(key)}${configuration.pending.includes(key) ? ', after a restart' : ''}`],
    ['default', `${writeToml(standard)}${changed ? '' : ', which holds'}`],
  ]
  return [meaning, '', ...columns(facts), `To change it: porchlight config set ${key} ${asWords(example)}`]
}

function pendingLines({ pending }: Configuration): Lines {
  if (pending.length === 0) return []
  return ['', `Not in effect before a restart: ${pending.join(', ')}. To do it now: porchlight restart`]
}

/** `KEY VALUE…`, or `KEY=VALUE` several times. */
function changesOf(operands: readonly string[]): readonly Change[] {
  const [key = '', ...words] = operands
  if (!key.includes('=')) return [[key, valueFrom(rowOf(key), key, words)]]
  return operands.map(word => {
    const at = word.indexOf('=')
    if (at < 0) refuse(`"${word}" is no KEY=VALUE, as the first one is.`)
    const name = word.slice(0, at)
    return [name, valueFrom(rowOf(name), name, [word.slice(at + 1)])]
  })
}

function valueFrom({ default: standard, meaning }: Row, key: string, words: readonly string[]): Written {
  const [first = ''] = words
  if (words.length === 0)
    refuse(`Say what ${key} shall be; none stands for nothing. To see what it is: porchlight config show ${key}`)
  // Where "none" is a word of its own among others, the meaning names it.
  const nothing = words.length === 1 && (first === '[]' || (first === 'none' && !meaning.includes('"none"')))
  if (typeof standard === 'object') return nothing ? [] : (listOf(words) ?? words)
  if (nothing) return ''
  const text = words.join(' ')
  return typeof standard === 'number' && /^\d{1,15}$/.test(text) ? Number(text) : text
}

/** A list as it stands in the file, `["a", "b"]`, if it is one. */
function listOf(words: readonly string[]): readonly string[] | undefined {
  try {
    const [list] = Object.values(readToml(`x = ${words.join(' ')}`))
    return Array.isArray(list) && list.every(item => typeof item === 'string') ? list : undefined
  } catch {
    return undefined
  }
}

/** The value as it is typed behind `config set`. */
function asWords(value: Written): string {
  const words = typeof value === 'object' ? value : [String(value)]
  if (words.length === 0 || words[0] === '') return 'none'
  return words.map(word => (/[\s"'*#]/.test(word) ? `"${word}"` : word)).join(' ')
}

/** Complaints of the reader of the file, whose advice is what to write there, with what to type instead. */
function asCommands(complaint: string, changes: readonly Change[]): string {
  const keys = changes.map(([key]) => key)
  const lines = complaint.split('\n').map(line => {
    const key = keys.find(key => line.startsWith(`${key}: `))
    if (key === undefined) return together(line, changes)
    const [wrong = ''] = line.split('; write for instance ')
    return `${wrong}. For instance: porchlight config set ${key} ${asWords(rowOf(key).example)}`
  })
  return [...lines, 'Nothing is changed.'].join('\n')
}

/** What several settings of a section lack is set together with what was to be set. */
function together(line: string, changes: readonly Change[]): string {
  const [, section, wrong, name] = /^(\w+): (.*); write for instance (\w+) = /.exec(line) ?? []
  const missing = settings.get(`${section}.${name}`)
  if (!missing) return line
  const known = changes.map(([key, value]) => `${key}=${asWords(value ?? '')}`)
  const words = [...known, `${section}.${name}=${asWords(missing.example)}`]
  return `${section}: ${wrong}. Set them together, for instance: porchlight config set ${words.join(' ')}`
}

/** Accounts that are named and are not there. */
function strangers(changes: readonly Change[], accounts: Context['household']['accounts']): Lines {
  return changes.flatMap(([key, value]) => {
    if (key !== 'mail.catch_all' && key !== 'mail.postmaster') return []
    if (typeof value !== 'string' || value === '' || accounts.find(value.toLowerCase())) return []
    return [`There is no account ${value} yet. To make it: porchlight user add ${value}`]
  })
}
