/** From the words of a command line to a call: the command found, its options and operands checked. */
import { parseArgs } from 'node:util'
import { Failure, sentence } from '../base/failure.ts'
import { didYouMean } from '../base/words.ts'
import { type Call, type Command, type Option, options } from './command.ts'

const accepted = { ...options, help: { type: 'boolean', short: 'h' }, version: { type: 'boolean' } } as const
/** Taken by every command, so that a script can give them to all; some have no use for them. */
const everywhere: readonly Option[] = ['config', 'data']

/**
 * Reads a command line. `--help` and `--version` anywhere in it are the commands of that name.
 * @param words without the name of the program
 * @throws Failure USAGE that says what is wrong and how the command is used
 */
export function parseCall(words: readonly string[], commands: readonly Command[]): Call {
  const { values, positionals } = readWords(words)
  const { help, version, ...given } = values
  if (help) return parseCall(['help', '--', ...positionals], commands)
  if (version) return parseCall(['version'], commands)
  const command = findCommand(positionals, commands)
  const operands = positionals.slice(command.name.split(' ').length)
  const { needs = [] } = command
  const known: readonly string[] = [...everywhere, ...needs, ...command.options]
  const stray = Object.keys(given).find(option => !known.includes(option))
  if (stray !== undefined) throw wrong(`${command.name} has no option --${stray}.`, command)
  const { least, most } = operandCount(command)
  if (operands.length < least) throw wrong(`${command.name} needs ${command.operands}.`, command)
  if (operands.length > most) throw wrong(`${command.name} has no use for "${operands[most]}".`, command)
  const missing = needs.find(option => given[option] === undefined)
  if (missing !== undefined) throw wrong(`${command.name} needs ${optionWords(missing)}.`, command)
  return { command, operands, options: given }
}

/** How a command is written: `porchlight user remove NAME [--delete-mail] [--config FILE] [--data DIR]`. */
export function usage(command: Command): string {
  const { needs = [], options } = command
  const words = [...needs.map(optionWords), ...options.map(name => `[${optionWords(name)}]`)]
  return ['porchlight', command.name, command.operands, ...words].filter(word => word !== '').join(' ')
}

/** An option with the word for its value: `--data DIR`. */
export function optionWords(name: Option): string {
  const option = options[name]
  return option.type === 'string' ? `--${name} ${option.value}` : `--${name}`
}

/** Letters behind one dash, each an option of its own: parseArgs takes seconds for the many of a word that is none. */
const endlessGroup = /^-[^-].{20}/s

function readWords(words: readonly string[]) {
  const end = words.indexOf('--')
  const endless = words.find((word, i) => (end < 0 || i < end) && endlessGroup.test(word))
  if (endless !== undefined) throw new Failure('USAGE', `Unknown option '${endless.slice(0, 2)}'.`)
  try {
    return parseArgs({ args: [...words], options: accepted, allowPositionals: true })
  } catch (error) {
    // parseArgs throws nothing else; of its advice the first sentence is for people.
    const [complaint = ''] = sentence(error).split(/\.? To |\.?\n/)
    const [, option = ''] = /^Unknown option '(-[^']*)'/.exec(complaint) ?? []
    const known = Object.keys(accepted).map(name => `--${name}`)
    throw new Failure('USAGE', `${complaint}${didYouMean(option, known)}`, { cause: error })
  }
}

/** The command whose words the line begins with. */
function findCommand(words: readonly string[], commands: readonly Command[]): Command {
  const [first = '', second = ''] = words
  const command =
    commands.find(({ name }) => name === `${first} ${second}`) ?? commands.find(({ name }) => name === first)
  if (command) return command
  if (first === '') throw new Failure('USAGE', 'What shall be done? See: porchlight help')
  const family = commands.flatMap(({ name }) => (name.startsWith(`${first} `) ? [name.slice(first.length + 1)] : []))
  if (family.length === 0) {
    const known = new Set(commands.flatMap(({ name }) => name.split(' ').slice(0, 1)))
    const meant = didYouMean(first, known)
    throw new Failure('USAGE', `There is no command ${first}${meant} See: porchlight help`)
  }
  if (second === '') throw new Failure('USAGE', `${first} is one of: ${first} ${family.join(`, ${first} `)}.`)
  const meant = didYouMean(second, family)
  throw new Failure('USAGE', `There is no command ${first} ${second}${meant} See: porchlight help ${first}`)
}

function operandCount({ operands }: Command): { least: number; most: number } {
  const words = operands.split(' ').filter(word => word !== '')
  const least = words.filter(word => !word.startsWith('[')).length
  return { least, most: operands.includes('…') ? Number.POSITIVE_INFINITY : words.length }
}

function wrong(complaint: string, command: Command): Failure {
  return new Failure('USAGE', `${complaint}\nUsage: ${usage(command)}`)
}
