/** The commands as a console knows them: those of the running server, without what only a shell of Linux has use for. */
import { version } from '../base/version.ts'
import { type Command, type Inside, places } from '../commands/command.ts'
import { commands } from '../commands/commands.ts'
import { describe, overview } from '../commands/help.ts'
import { repairServed } from '../commands/upkeep.ts'

type Own = Pick<Command, 'name' | 'operands' | 'summary'> &
  Partial<Pick<Command, 'details'>> &
  Pick<Inside, 'run' | 'talks'>

/** What means nothing here: the server's own places, and the input of another program. */
const strange: readonly string[] = [...places, 'password-stdin']

const own: readonly Command[] = (
  [
    {
      name: 'help',
      operands: '[COMMAND…]',
      summary: 'Show what can be done, or how',
      run: async ({ operands }, { width }) => help(operands, width),
    },
    {
      name: 'repair',
      operands: '',
      summary: 'Put a damaged store in order',
      details: [
        'It is for when verify or the log asks for it. Porchlight is closed meanwhile and opened again at the end. What cannot be read is taken out and named; all other mail and the accounts stay as they are. It asks before it begins.',
      ],
      talks: true,
      run: repairServed,
    },
    { name: 'version', operands: '', summary: 'Show the version', run: async () => [`Porchlight ${version}`] },
    { name: 'logout', operands: '', summary: 'Leave the console', run: async () => [] },
  ] satisfies readonly Own[]
).map((row: Own) => ({
  details: [],
  ...row,
  options: [],
  group: 'This console',
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
  return !strange.includes(option)
}

function help(words: readonly string[], width: number): readonly string[] {
  if (words.length > 0) return describe(words, consoleCommands.map(inOurWords), Math.min(width, mostWidth))
  const ending = [
    'help COMMAND says more. ? shows at any place what may follow, and Tab completes it.',
    'Ctrl-C stops a command. In a long text: blank for the next page, q to stop.',
  ]
  return overview(consoleCommands, ending, width)
}

/** Characters of a line at most: sentences that are longer are hard to read. */
const mostWidth = 80

/** Its help without the words of a shell of Linux: pipes, files, a line that goes on below. */
function inOurWords(command: Command): Command {
  const examples = command.examples
    .join('\n')
    .replace(/ \\\n\s*/g, ' ')
    .split('\n')
  return {
    ...command,
    details: command.details.map(inConsoleWords),
    examples: examples.filter(example => example !== '' && !/[|>]/.test(example)).map(inConsoleWords),
  }
}

const families = new Set(consoleCommands.map(({ name }) => name.split(' ')[0]))
const commandInText = new RegExp(`\\bporchlight (?=(?:${[...families].join('|')})\\b)`, 'g')

/** A text that names commands as a shell of Linux takes them, as they are typed here. */
export function inConsoleWords(text: string): string {
  return text.replace(commandInText, '')
}
