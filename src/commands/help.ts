/** What `porchlight help` prints: the commands in groups, or one command or family in full. */
import { Failure } from '../base/failure.ts'
import { columns, nearest, wrap } from '../base/words.ts'
import { type Command, type Lines, options } from './command.ts'
import { optionWords, usage } from './parse.ts'

const width = 80

const ending = [
  'porchlight help COMMAND says more; porchlight help config prints every setting.',
  'Exit codes: 0 done, 1 failed or refused, 2 wrong usage.',
]

/** Every command with one line, in groups. */
export function overview(commands: readonly Command[], last: Lines = ending): Lines {
  const written = columns(commands.map(({ name, operands, summary }) => [`  ${name} ${operands}`.trimEnd(), summary]))
  const lines = ['Porchlight, the household mailbox: mail comes in by SMTP and is read by POP3.', '']
  for (const group of new Set(commands.map(({ group }) => group))) {
    lines.push(`${group}:`, ...written.filter((_, i) => commands[i]?.group === group), '')
  }
  return [...lines, ...last]
}

/**
 * One command, or every command that begins with these words.
 * @throws Failure USAGE when there is none
 */
export function describe(words: readonly string[], commands: readonly Command[]): Lines {
  const asked = words.join(' ')
  const found = commands.filter(({ name }) => name === asked || name.startsWith(`${asked} `))
  if (found.length === 0) {
    const known = [...commands.flatMap(({ name }) => [name, name.split(' ')[0] ?? name]), 'config']
    const meant = nearest(asked, known)
    throw new Failure('USAGE', `There is no help for ${asked}${meant ? `; see: porchlight help ${meant}` : '.'}`)
  }
  return found.flatMap((command, i) => [...(i === 0 ? [] : ['']), ...page(command)])
}

function page(command: Command): Lines {
  const { needs = [] } = command
  const named = columns([...needs, ...command.options].map(name => [`  ${optionWords(name)}`, options[name].help]))
  const examples = command.examples.map(example => `  ${example}`)
  return [
    ...wrap(usage(command), width).map((line, i) => (i === 0 ? line : `    ${line}`)),
    '',
    ...wrap(`${command.summary}. ${command.details.join(' ')}`.trimEnd(), width, '  '),
    ...(named.length === 0 ? [] : ['', ...named]),
    ...(examples.length === 0 ? [] : ['', ...examples]),
  ]
}
