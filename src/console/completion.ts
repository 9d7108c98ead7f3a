/** What may follow at a prompt: the words of commands, and the names of what they work on. */

import { sectionMeanings } from '../base/config.ts'
import type { Command, Household } from '../commands/command.ts'
import { settingNames } from '../commands/configuration.ts'
import { usage } from '../commands/parse.ts'
import { checks } from '../doctor/checks.ts'
import { consoleCommands } from './consolecommands.ts'

/** Ids of waiting messages that are offered. */
const mostIds = 100

type Source = (household: Household) => readonly string[] | Promise<readonly string[]>

/** What each word of an `operands` line can be. */
const sources: Readonly<Record<string, Source>> = {
  NAME: ({ accounts }) => accounts.list().map(({ name }) => name),
  ADDRESS: ({ accounts }) => accounts.aliases().map(({ address }) => address),
  TARGET: ({ accounts }) => accounts.list().map(({ name }) => name),
  KEY: () => settingNames(),
  ID: waitingIds,
  CHECK: () => checks.map(({ name }) => name),
  JOB: ({ jobs }) => jobs?.list().map(({ name }) => name) ?? [],
  SECTION: () => [...sectionMeanings.keys()],
  never: () => ['never'],
  none: () => ['none'],
  console: () => ['console'],
  all: () => ['all'],
  on: () => ['on'],
  off: () => ['off'],
}

async function waitingIds({ outbound }: Household): Promise<readonly string[]> {
  const ids = new Set<string>()
  for await (const slice of outbound.all()) {
    for (const { id } of slice) ids.add(id)
    if (ids.size >= mostIds) break
  }
  return [...ids]
}

/** @param line up to the cursor @returns what its last word may become */
export async function completions(line: string, household: Household): Promise<readonly string[]> {
  const words = line.trimStart().split(/\s+/)
  const last = words.pop() ?? ''
  const command = commandOf(words)
  const found = command ? await operandsOf(command, words, last, household) : nextWords(words)
  return [...new Set(found.filter(word => word.startsWith(last)))].sort()
}

/** What the line so far may become: for the one who types `?`. */
export function explain(line: string): readonly string[] {
  const words = line.trim().split(/\s+/)
  const command = commandOf(words)
  if (command) return [usage(command).replace(/^porchlight /, ''), `  ${command.summary}.`]
  const so = words.join(' ')
  const found = consoleCommands.filter(({ name }) => name.startsWith(so))
  if (found.length === 0) return ['No command begins so. To see them all: help']
  const rows =
    found.length > 20 && so === ''
      ? familiesOf(found)
      : found.map(({ name, operands, summary }) => `  ${`${name} ${operands}`.trim()}: ${summary}`)
  return rows
}

function familiesOf(found: readonly Command[]): readonly string[] {
  const families = [...new Set(found.map(({ name }) => name.split(' ')[0] ?? ''))]
  return [`One of: ${families.join(', ')}.`]
}

/** The command whose words are all there. */
function commandOf(words: readonly string[]): Command | undefined {
  const [first = '', second = ''] = words
  return (
    consoleCommands.find(({ name }) => name === `${first} ${second}`) ??
    consoleCommands.find(({ name }) => name === first && !hasFamily(first))
  )
}

function hasFamily(first: string): boolean {
  return consoleCommands.some(({ name }) => name.startsWith(`${first} `))
}

function nextWords(words: readonly string[]): readonly string[] {
  const names = consoleCommands.map(({ name }) => name.split(' '))
  return names.flatMap(name => (words.every((word, i) => name[i] === word) ? (name[words.length] ?? []) : []))
}

async function operandsOf(
  { name, operands, options: known, needs = [] }: Command,
  words: readonly string[],
  last: string,
  household: Household,
): Promise<readonly string[]> {
  if (name === 'help') return nextWords(words.slice(1))
  if (last.startsWith('-')) return [...needs, ...known].map(option => `--${option}`)
  const given = words.slice(name.split(' ').length).filter(word => !word.startsWith('-'))
  const kinds = operands.split(' ').map(word => word.replace(/[[\]\u2026]/g, ''))
  if (household.closed) return []
  const kind = kinds[given.length] ?? (operands.includes('…') ? kinds.at(-1) : undefined) ?? ''
  const found = await Promise.all(kind.split('|').map(word => sources[word]?.(household) ?? []))
  return found.flat()
}
