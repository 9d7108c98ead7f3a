/** The commands as a console knows them: those of the running server, without what only a shell of Linux has use for. */
import { version } from '../base/version.ts'
import { type Command, type Inside, places } from '../commands/command.ts'
import { commands } from '../commands/commands.ts'
import { describe, overview } from '../commands/help.ts'
import { repairServed } from '../commands/upkeep.ts'

type Own = Pick<Command, 'name' | 'operands' | 'summary'> & Pick<Inside, 'run' | 'talks'>

const own: readonly Command[] = (
  [
    {
      name: 'help',
      operands: '[COMMAND…]',
      summary: 'Show what can be done, or all about one command',
      run: async ({ operands }) => help(operands),
    },
    {
      name: 'repair',
      operands: '',
      summary: 'Put a damaged store in order',
      talks: true,
      run: repairServed,
    },
    { name: 'version', operands: '', summary: 'Show the version', run: async () => [`Porchlight ${version}`] },
    { name: 'logout', operands: '', summary: 'Leave the console', run: async () => [] },
  ] satisfies readonly Own[]
).map(row => ({
  ...row,
  options: [],
  group: 'This console',
  details: [],
  examples: [],
  runs: 'inside',
  password: false,
  aside: true,
}))

export const consoleCommands: readonly Command[] = [
  ...commands.flatMap(command =>
    command.runs === 'inside' ? [{ ...command, options: command.options.filter(isForConsole) }] : [],
  ),
  ...own,
]

function isForConsole(option: Command['options'][number]): boolean {
  return !places.some(place => place === option)
}

function help(words: readonly string[]): readonly string[] {
  if (words.length > 0) return describe(words, consoleCommands)
  return overview(consoleCommands, [
    'help COMMAND says more. ? shows at any place what may follow, and Tab completes it.',
    'Ctrl-C stops a command. In a long text: blank for the next page, q to stop.',
  ])
}

const families = new Set(consoleCommands.map(({ name }) => name.split(' ')[0]))
const commandInText = new RegExp(`\\bporchlight (?=(?:${[...families].join('|')})\\b)`, 'g')

/** A text that names commands as a shell of Linux takes them, as they are typed here. */
export function inConsoleWords(text: string): string {
  return text.replace(commandInText, '')
}
