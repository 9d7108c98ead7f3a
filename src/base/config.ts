/** Reads and describes the configuration file; the settings are in `sections.ts`. */
import { resolve } from 'node:path'
import * as v from 'valibot'
import { Failure } from './failure.ts'
import { general, sections } from './sections.ts'
import { isTable, type Row } from './setting.ts'
import { readToml, writeKey, writeToml } from './toml.ts'
import { nearest, wrap } from './words.ts'

const known = new Map<string, Row>(Object.entries(general))
for (const [name, table] of Object.entries(sections)) {
  for (const [key, row] of Object.entries(entriesOf(table))) known.set(`${name}.${key}`, row)
}

/** Every setting under its full name. */
export const settings: ReadonlyMap<string, Row> = known
/** What sections there are, and what each is about. */
export const sectionMeanings: ReadonlyMap<string, string> = new Map(
  Object.entries(sections).map(([name, table]) => [name, v.getDescription(table.wrapped) ?? '']),
)
/** A table for the first start, of which nothing is a setting: `commands/first-boot.ts` sees to it. */
export const firstBootTable = 'setup'

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
  const absolute = (path: string) => (path === '' ? '' : resolve(folder, path))
  const { tls, relay } = output
  return {
    ...output,
    tls: { certificate: absolute(tls.certificate), key: absolute(tls.key) },
    relay: { ...relay, ca: absolute(relay.ca), password_file: absolute(relay.password_file) },
  }
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
  lines.push(...wrap(firstBoot, 80, '# '), ...firstBootExample)
  return `${lines.join('\n').trimEnd()}\n`
}

const firstBoot =
  'For a first start without a console: an account with its password, and the password of the console. It is carried out once and taken out of this file again, with the passwords.'
const firstBootExample = [
  `# [${firstBootTable}]`,
  '# account = "alice"',
  '# password = "at least 8 characters"',
  '# console_password = "at least 8 characters"',
]

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
  const row = settings.get(name)
  if (!row) return `${name}: ${issue.message}`
  return `${name}: ${shown(issue.path?.at(-1)?.value)} ${issue.message}; write for instance ${keys.at(-1)} = ${writeToml(row.example)}`
}

function shown(value: unknown): string {
  const text = typeof value === 'number' ? String(value) : (JSON.stringify(value) ?? '')
  return text.length > 60 ? `${text.slice(0, 60)}…` : text
}

/** Keys that are no setting, each with the setting that was probably meant. */
function unknownKeys(written: object): readonly string[] {
  const names = [...Object.keys(sections), ...settings.keys()]
  const others = Object.entries(written).filter(([name, value]) => name !== firstBootTable || !isTable(value))
  const keys = others.flatMap(([name, value]) =>
    Object.hasOwn(sections, name) && isTable(value) ? Object.keys(value).map(key => [name, key]) : [[name]],
  )
  const unknown = keys.filter(key => !names.includes(key.join('.')) || key.some(part => part.includes('.')))
  return unknown.map(key => {
    const meant = names.find(name => name.split('.').at(-1) === key.at(-1)) ?? nearest(key.join('.'), names)
    return `${key.map(writeKey).join('.')}: there is no such setting${meant === undefined ? '' : `; did you mean ${meant}?`}`
  })
}
