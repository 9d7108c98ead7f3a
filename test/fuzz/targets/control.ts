// Any octets on the control socket get lines of JSON of which the last says the exit code, at any split; no command line is
// a bug: it is a call or a complaint about its use.
import assert from 'node:assert/strict'
import { budget } from '../../../src/base/budget.ts'
import { Failure } from '../../../src/base/failure.ts'
import type { Answer } from '../../../src/commands/command.ts'
import { commands } from '../../../src/commands/commands.ts'
import { parseCall } from '../../../src/commands/parse.ts'
import { type Request, serveControl } from '../../../src/console/control.ts'
import { cuttings } from '../cuts.ts'
import type { Target } from '../engine.ts'

/** Understands the command and does nothing. */
async function answer({ words, password }: Request): Promise<Answer> {
  try {
    const { command, operands, options } = parseCall(words, commands)
    return {
      exit: 0,
      printed: [command.name, ...operands, ...Object.keys(options), password ?? ''],
      complaint: undefined,
    }
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== 'USAGE') throw error
    return { exit: 2, printed: [], complaint: error.message }
  }
}

async function ask(chunks: readonly Buffer[]): Promise<string> {
  const coming = chunks.values()
  let last: Buffer = Buffer.alloc(0)
  let closed = false
  let output = ''
  await serveControl(
    {
      open: true,
      read: async () => {
        last.fill('!')
        const { value, done } = coming.next()
        if (!done) last = value
        return done ? undefined : value
      },
      write: async octets => {
        assert.ok(!closed)
        output += octets.toString()
      },
      close: () => {
        closed = true
      },
    },
    { answer },
  )
  assert.ok(closed)
  return output
}

const request = (...words: readonly string[]) => `${JSON.stringify({ words, password: 'secret' })}\r\n`

export const control: Target = {
  seeds: [
    request('user', 'add', 'alice'),
    request('user', 'remove', 'zoë', '--delete-mail'),
    request('alias', 'add', 'sales', 'alice', 'bob'),
    request('status', '--data=/x'),
    request('help', 'config', '-h', '--', '--version'),
    '{"words":[]}\r\n',
    '{"words":["x","\\ud800"]}\r\n',
  ],
  words: [
    ...[
      '{',
      '}',
      '[',
      ']',
      '"',
      ',',
      ':',
      '\\',
      '\r\n',
      '\r',
      '\n',
      '\0',
      ' ',
      '\\u0000',
      '\\ud800',
      'ü',
      '1',
      '-',
      '--',
      '=',
    ],
    ...[
      '"words":',
      '"password":',
      '"__proto__":',
      '["user"]',
      'user',
      'add',
      'list',
      'alias',
      'remove',
      'serve',
      'help',
    ],
    ...[
      '--data',
      '--config=',
      '--generate',
      '--password-stdin',
      '--help',
      '--version',
      '-h',
      'null',
      'true',
      '[[[[[[[[',
      '"",',
    ],
  ],
  most: budget.controlRequest + 1000,
  async check(input) {
    const [whole = '', ...others] = await Promise.all(cuttings(input).map(ask))
    for (const other of others) assert.equal(other, whole)
    const lines = whole.split('\r\n')
    assert.equal(lines.pop(), '')
    const told: unknown[] = lines.map(line => JSON.parse(line))
    assert.match(JSON.stringify(told.at(-1)), /^\{"exit":[012]\}$/)
    return lines.map(line => line.slice(0, 40).replaceAll(/\d+|--\S+/g, ''))
  },
}
