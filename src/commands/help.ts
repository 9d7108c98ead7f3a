/** What `porchlight help` prints: the commands in groups, or one command or family in full. */
import { Failure } from '../base/failure.ts'
import { columns, harmless, nearest, wrap } from '../base/words.ts'
import { type Command, type Lines, options } from './command.ts'
import { optionWords, usage } from './parse.ts'

/** Characters of a line, where no terminal says how many it has. */
const plainWidth = 80
/** Beside the name of a command there is room for its summary, else it stands below. */
const leastSummary = 24

const ending = [
  'porchlight help COMMAND says more; porchlight help config prints every setting.',
  'Exit codes: 0 done, 1 failed or refused, 2 wrong usage.',
]

/** Every command with one line, in groups. */
export function overview(all: readonly Command[], last: Lines = ending, width = plainWidth): Lines {
  const commands = all.filter(({ unlisted }) => !unlisted)
  const names = commands.map(({ name, operands }) => `  ${name} ${operands}`.trimEnd())
  const room = Math.max(...names.map(({ length }) => length))
  const beside = width - room - 2 >= leastSummary
  const lines = ['Porchlight, the household mailbox: mail comes in by SMTP and is read by POP3.', '']
  for (const group of new Set(commands.map(({ group }) => group))) {
    lines.push(`${group}:`)
    for (const [i, { group: its, summary }] of commands.entries()) {
      if (its !== group) continue
      const name = names[i] ?? ''
      lines.push(
        ...(beside ? columns([[name.padEnd(room), summary]], width) : [name, ...wrap(summary, width, '      ')]),
      )
    }
    lines.push('')
  }
  return [...lines, ...last]
}

/**
 * One command, or every command that begins with these words.
 * @throws Failure USAGE when there is none
 */
export function describe(words: readonly string[], commands: readonly Command[], width = plainWidth): Lines {
  const asked = words.join(' ')
  const found = commands.filter(({ name }) => name === asked || name.startsWith(`${asked} `))
  if (found.length === 0) {
    const known = [...commands.flatMap(({ name }) => [name, name.split(' ')[0] ?? name]), 'config']
    const meant = nearest(asked, known)
    throw new Failure(
      'USAGE',
      `There is no help for ${harmless(asked)}${meant ? `; see: porchlight help ${meant}` : '. To see what there is: porchlight help'}`,
    )
  }
  return found.flatMap((command, i) => [...(i === 0 ? [] : ['']), ...page(command, width)])
}

function page(command: Command, width: number): Lines {
  const { needs = [] } = command
  const all = [...needs, ...command.options]
  const named = columns(
    all.map(name => [`  ${optionWords(name)}`, options[name].help]),
    width,
  )
  const examples = command.examples.map(example => `  ${example}`)
  return [
    ...usageLines(command, width),
    '',
    ...wrap(`${command.summary}. ${command.details.join(' ')}`.trimEnd(), width, '  '),
    ...(named.length === 0 ? [] : ['', ...named]),
    ...(examples.length === 0 ? [] : ['', ...examples]),
  ]
}

/** An option and the word for its value stay together. */
function usageLines(command: Command, width: number): Lines {
  const tied = usage(command).replace(/\[?--[^\s\]]+ [A-Z]+/g, option => option.replace(' ', tie))
  return wrap(tied, width - 4).map((line, i) => (i === 0 ? '' : '    ') + line.replaceAll(tie, ' '))
}

const tie = '\u00a0'
