/** The commands of the reader: one table, which help prints and Tab completes. */
import { budget } from '../base/budget.ts'
import { columns, didYouMean, harmless } from '../base/words.ts'
import { flags } from '../store/flags.ts'
import { refuse } from './command.ts'
import type { Dialogue } from './dialogue.ts'
import type { Reading } from './reader.ts'
import type { Numbered } from './reader-box.ts'
import { ownAddresses, writeLetter } from './reader-letter.ts'
import { letterMeanings, listLine, summaryOf } from './reader-list.ts'
import { answer } from './reader-reply.ts'
import { save } from './reader-save.ts'
import { search } from './reader-search.ts'
import { showHeaders, showRaw, showText } from './reader-show.ts'
import { counted } from './shown.ts'

export type ReaderCommand = {
  readonly name: string
  readonly operands: string
  readonly summary: string
  run(operands: readonly string[], reading: Reading): Promise<void>
}

/** Rows of the screen that the list leaves free: the prompt, and a line that says how to go on. */
const spareRows = 3

const readerCommands: readonly ReaderCommand[] = [
  {
    name: 'list',
    operands: '[NUMBER]',
    summary: `Show the newest messages, or those from NUMBER down: ${letterMeanings}`,
    run: async ([number], reading) => list(number === undefined ? reading.box.newest : numberOf(number), reading),
  },
  {
    name: 'more',
    operands: '',
    summary: 'Show the next page of the list',
    run: (_, reading) => list(reading.below, reading),
  },
  {
    name: 'read',
    operands: 'NUMBER',
    summary: 'Read a message; its number alone does the same',
    run: async (operands, reading) => read(await one(operands, 'read', reading), reading),
  },
  {
    name: 'next',
    operands: '',
    summary: 'Read the one below it in the list',
    run: (_, reading) => step(-1, reading),
  },
  {
    name: 'previous',
    operands: '',
    summary: 'Read the one above it in the list',
    run: (_, reading) => step(1, reading),
  },
  {
    name: 'headers',
    operands: 'NUMBER',
    summary: 'Show every header field of a message',
    run: async (operands, reading) => showHeaders(await one(operands, 'headers', reading), reading),
  },
  {
    name: 'raw',
    operands: 'NUMBER',
    summary: 'Show a message as it came, with all its codes',
    run: async (operands, reading) => showRaw(await one(operands, 'raw', reading), reading),
  },
  {
    name: 'reply',
    operands: 'NUMBER [all]',
    summary: 'Answer a message; with all, everybody who got it',
    run: async ([number = '', all, ...rest], reading) => {
      if ((all !== undefined && all !== 'all') || rest.length > 0) refuse('Write for instance: reply 3, or reply 3 all')
      await answer(await one([number], 'reply', reading), all === 'all', reading)
    },
  },
  {
    name: 'compose',
    operands: '',
    summary: 'Write a letter',
    run: async (_, reading) => {
      await writeLetter({ from: ownAddresses(reading)[0] ?? '', to: [], cc: [], subject: '' }, reading)
    },
  },
  {
    name: 'delete',
    operands: 'NUMBER…',
    summary: 'Mark messages D: they are removed when you leave. 3-7 means 3 to 7',
    run: (operands, reading) => mark(operands, { add: flags.deleted }, 'delete', 'marked as deleted', reading),
  },
  {
    name: 'undelete',
    operands: 'NUMBER…',
    summary: 'Keep messages after all',
    run: (operands, reading) => mark(operands, { drop: flags.deleted }, 'undelete', 'kept', reading),
  },
  {
    name: 'flag',
    operands: 'NUMBER…',
    summary: 'Mark messages F, to find them again',
    run: (operands, reading) => mark(operands, { add: flags.flagged }, 'flag', 'flagged', reading),
  },
  {
    name: 'unflag',
    operands: 'NUMBER…',
    summary: 'Take that mark away',
    run: (operands, reading) => mark(operands, { drop: flags.flagged }, 'unflag', 'not flagged any more', reading),
  },
  {
    name: 'save',
    operands: 'NUMBER [ATTACHMENT]',
    summary: 'Keep a message, or something attached to it, on USB storage',
    run: async ([number = '', attachment], reading) => {
      const message = await one([number], 'save', reading)
      await save(message, attachment === undefined ? undefined : numberOf(attachment), reading)
    },
  },
  {
    name: 'search',
    operands: 'WORD…',
    summary: 'Find messages by sender or subject',
    run: (words, reading) => search(words.join(' '), reading),
  },
  { name: 'help', operands: '', summary: 'Show this', run: (_, reading) => help(reading) },
  { name: 'quit', operands: '', summary: 'Leave, and remove what is marked D', run: async () => {} },
]

/** Other words for the same. */
const others: Readonly<Record<string, string>> = {
  write: 'compose',
  exit: 'quit',
  logout: 'quit',
  '?': 'help',
  prev: 'previous',
}

/**
 * The command of a line. Its word may be shortened as far as only one begins so; a number alone is read.
 * @throws Failure REFUSED when there is none
 */
export function findCommand(line: string): { readonly command: ReaderCommand; readonly operands: readonly string[] } {
  const words = line.trim().split(/\s+/)
  const [word = '', ...operands] = /^\d+$/.test(words[0] ?? '') ? ['read', ...words] : words
  const asked = (Object.hasOwn(others, word) ? others[word] : undefined) ?? word.toLowerCase()
  const found = readerCommands.filter(({ name }) => name.startsWith(asked))
  const command = found.find(({ name }) => name === asked) ?? (found.length === 1 ? found[0] : undefined)
  if (command) return { command, operands }
  if (found.length > 1) return refuse(`"${asked}" may be ${found.map(({ name }) => name).join(' or ')}.`)
  const meant = didYouMean(
    asked,
    readerCommands.map(({ name }) => name),
  )
  return refuse(`There is no command ${harmless(word)} here${meant} To see what there is: help. To leave: quit`)
}

/** What Tab offers. */
export function completions(line: string): readonly string[] {
  const words = line.trimStart().split(/\s+/)
  return words.length === 1 ? readerCommands.map(({ name }) => name) : words[0] === 'reply' ? ['all'] : []
}

/** What `?` shows. */
export function explain(line: string, dialogue: Dialogue): readonly string[] {
  const [word = ''] = line.trim().split(/\s+/)
  return rows(
    readerCommands.filter(({ name }) => name.startsWith(word)),
    dialogue,
  )
}

function rows(commands: readonly ReaderCommand[], dialogue: Dialogue): readonly string[] {
  const table = commands.map(({ name, operands, summary }) => [`  ${name} ${operands}`.trimEnd(), summary])
  return columns(table, dialogue.columns - 1)
}

async function help({ dialogue }: Reading): Promise<void> {
  for (const line of rows(readerCommands, dialogue)) await dialogue.print(line)
}

/** @param from the number at the top of the page */
export async function list(from: number, reading: Reading): Promise<void> {
  const { box, dialogue } = reading
  const page = await box.page(from, Math.max(1, dialogue.rows - spareRows))
  if (page.length === 0) {
    await dialogue.print(box.newest === 0 ? 'There are no messages.' : 'There are no older messages.')
    return
  }
  const digits = String(page[0]?.number ?? 0).length
  for (const message of page) {
    reading.noticed(message)
    await dialogue.print(listLine(message, await summaryOf(message, reading), digits, dialogue))
  }
  reading.below = (page.at(-1)?.number ?? 1) - 1
  if (reading.below > 0) await dialogue.print(`${reading.below} older; to see them: more`)
}

async function read(message: Numbered, reading: Reading): Promise<void> {
  reading.current = message.number
  try {
    await showText(message, reading)
  } finally {
    // Whoever stops in the middle has seen it, too.
    if ((message.entry.flags & flags.seen) === 0) await reading.box.mark([message], { add: flags.seen })
  }
}

async function step(by: 1 | -1, reading: Reading): Promise<void> {
  const { box, current } = reading
  const from = current === undefined ? box.newest : current + by
  if (from > box.newest) refuse('There is no newer message.')
  // Downwards those that have gone are passed over; upwards their numbers are.
  for (let number = from; number <= box.newest; number++) {
    const [message] = await box.page(number, 1)
    if (!message) break
    if (by === -1 || message.number === number) return read(message, reading)
  }
  refuse(by === 1 ? 'There is no newer message.' : 'There is no older message.')
}

async function mark(
  operands: readonly string[],
  change: { readonly add?: number; readonly drop?: number },
  name: string,
  done: string,
  reading: Reading,
): Promise<void> {
  const messages = await several(operands, name, reading)
  if (((change.add ?? 0) & flags.deleted) !== 0) reading.mayDelete(messages.length)
  await reading.box.mark(messages, change)
  for (const message of messages) reading.marked(message, change)
  await reading.dialogue.print(`${counted(messages.length, 'message')} ${done}.`)
}

async function one([number = '', ...more]: readonly string[], name: string, reading: Reading): Promise<Numbered> {
  if (number === '' || more.length > 0)
    refuse(`Write the number of one message, for instance: ${name} ${example(reading)}`)
  return reading.box.find(numberOf(number))
}

/** `3 5 7-9` */
async function several(operands: readonly string[], name: string, reading: Reading): Promise<readonly Numbered[]> {
  const words = operands.flatMap(word => word.split(',')).filter(word => word !== '')
  if (words.length === 0) refuse(`Write the numbers of messages, for instance: ${name} ${example(reading)}`)
  const numbers = new Set<number>()
  for (const word of words) {
    const [, first = word, last = first] = /^(\d+)-(\d+)$/.exec(word) ?? []
    const [from, to] = [numberOf(first), numberOf(last)]
    if (from > to || numbers.size + to - from >= budget.readerMessages) {
      refuse(`${harmless(word)} is no range of at most ${budget.readerMessages} messages; write for instance 3-7.`)
    }
    for (let number = from; number <= to; number++) numbers.add(number)
  }
  const found: Numbered[] = []
  for (const number of numbers) found.push(await reading.box.find(number))
  return found
}

function numberOf(word: string): number {
  return /^\d{1,9}$/.test(word) ? Number(word) : refuse(`"${harmless(word)}" is no number; write for instance 3.`)
}

function example({ box, current }: Reading): number {
  return current ?? Math.max(1, box.newest)
}
