/** Holds the plan of the house: who may import whom, who alone owns an outside thing, and how a file begins. */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { dirname, normalize } from 'node:path'
import { describe, test } from 'node:test'

/** The floors, from the ground up. A room imports only rooms on floors below its own; its neighbours never. */
const floors = [
  ['base'],
  ['wire'],
  ['message'],
  ['smtp', 'pop3', 'imap', 'auth', 'terminal'],
  ['store', 'net', 'dns', 'journal', 'board'],
  ['flow', 'update'],
  ['doctor'],
  ['commands', 'maintenance'],
  ['console'],
  ['main'],
] as const

/** Outside things and the rooms that alone may import them. `[]` is nobody: a package without a row here has no owner. */
const owners: Record<string, readonly string[]> = {
  'classic-level': ['store'],
  'node:sea': ['store'],
  // The board's are no network: a FIFO that fills without holding anything up.
  'node:net': ['net', 'dns', 'board'],
  'node:tls': ['net'],
  'node:http': ['update'],
  'node:https': ['dns', 'update'],
  'node:http2': [],
  'node:dgram': ['dns', 'net'],
  'node:tty': ['console'],
  'dns-packet': ['dns'],
  'node:dns': ['dns'],
  'node:dns/promises': ['dns'],
  'node:child_process': ['console'],
  'node:cluster': [],
  'node:module': [],
  'node:worker_threads': [],
  '@peculiar/x509': ['net'],
  'reflect-metadata': ['net'],
  htmlparser2: ['message'],
  'node-cron': ['maintenance'],
  pino: ['base'],
  'smol-toml': ['base'],
  uqr: ['commands'],
  valibot: ['base', 'board', 'commands', 'console', 'update'],
}

/** The rooms that know no socket, timer, file or database, and what of Node they may import. */
const pure = {
  rooms: ['wire', 'message', 'smtp', 'pop3', 'imap', 'auth', 'terminal'],
  imports: ['node:buffer', 'node:crypto', 'node:url', 'node:util'],
  timers: /\bset(?:Timeout|Interval|Immediate)\(/,
} as const

type Source = { readonly path: string; readonly text: string }

const floorOf = (room: string) => floors.findIndex(rooms => rooms.some(name => name === room))

/** `src/smtp/reply.ts` lies in smtp; `src/main.ts` is a room of its own. */
const roomOf = (path: string) => path.split('/')[1]?.replace(/\.ts$/, '') ?? ''

/** Every sentence about what breaks the plan; the source is formatted by Biome, so an import begins its line. */
function faults({ path, text }: Source): string[] {
  const room = roomOf(path)
  if (floorOf(room) < 0) return [`${path} lies in ${room}, which is no room of the plan`]
  const found = importsOf(text).flatMap(name =>
    name.startsWith('.') ? wall(path, room, name) : outside(path, room, name),
  )
  if (!text.startsWith('/**')) found.push(`${path} does not begin with a docstring that says what it is`)
  if (/^export default\b/m.test(text)) found.push(`${path} has a default export`)
  if (/\bimport\((?!')/.test(text)) found.push(`${path} imports what no reader can know: import() takes a literal`)
  if (pure.rooms.some(name => name === room) && pure.timers.test(text))
    found.push(`${path} sets a timer, but ${room} is pure`)
  return found
}

function importsOf(text: string): string[] {
  const forms = [
    /^(?:import|export)\b[^'"`]*?\bfrom '([^']+)'/gm,
    /^import '([^']+)'/gm,
    /\b(?:import|require)\('([^']+)'/g,
  ]
  return forms.flatMap(form => [...text.matchAll(form)].map(match => match[1] ?? ''))
}

function wall(path: string, room: string, name: string): string[] {
  const target = normalize(`${dirname(path)}/${name}`)
  if (target === 'package.json' && room === 'base') return []
  if (!target.startsWith('src/')) return [`${path} imports ${target} from outside src`]
  const other = roomOf(target)
  if (other === room || floorOf(other) < floorOf(room)) return []
  return [`${path} imports ${target}, but ${room} may import only rooms below it, and ${other} is not`]
}

function outside(path: string, room: string, name: string): string[] {
  const owned = owners[name]
  if (owned?.includes(room)) return []
  if (owned !== undefined)
    return [`${path} imports ${name}, which ${owned.length === 0 ? 'nobody' : `only ${owned.join(' and ')}`} may`]
  if (!name.startsWith('node:')) return [`${path} imports ${name}, which has no owner in the plan`]
  if (!pure.rooms.some(pureRoom => pureRoom === room) || pure.imports.some(allowed => allowed === name)) return []
  return [`${path} imports ${name}, but ${room} is pure`]
}

describe('the plan of the house', () => {
  for (const path of globSync('src/**/*.ts')) {
    test(`${path} keeps to it`, () => assert.deepEqual(faults({ path, text: readFileSync(path, 'utf8') }), []))
  }
})

const broken: readonly (readonly [name: string, path: string, text: string, sentence: RegExp])[] = [
  ['imports a room above', 'wire/dot.ts', "import { a } from '../smtp/a.ts'", /smtp is not$/],
  ['imports a neighbour', 'pop3/server.ts', "import type { A } from '../smtp/a.ts'", /smtp is not$/],
  ['imports over several lines', 'base/log.ts', "import {\n  a,\n  b,\n} from '../wire/a.ts'", /wire is not$/],
  ['imports for the effect', 'base/log.ts', "import '../wire/a.ts'", /wire is not$/],
  ['exports from a room above', 'base/log.ts', "export * from '../wire/a.ts'", /wire is not$/],
  ['imports while it runs', 'flow/access.ts', "const a = await import('../console/a.ts')", /console is not$/],
  ['imports the type of a room above', 'base/log.ts', "type A = import('../wire/a.ts').A", /wire is not$/],
  ['imports a name that it makes up', 'flow/access.ts', 'const a = await import(name)', /takes a literal$/],
  ['imports a test', 'flow/access.ts', "import { a } from '../../test/a.ts'", /from outside src$/],
  ['opens the database', 'flow/access.ts', "import { ClassicLevel } from 'classic-level'", /which only store may$/],
  [
    'opens a socket',
    'console/control.ts',
    "import { connect } from 'node:net'",
    /which only net and dns and board may$/,
  ],
  ['starts a process', 'main.ts', "import { spawn } from 'node:child_process'", /which only console may$/],
  ['imports a package without an owner', 'net/listener.ts', "import pad from 'left-pad'", /no owner in the plan$/],
  ['reads a file in a pure room', 'smtp/path.ts', "import { open } from 'node:fs'", /smtp is pure$/],
  ['sets a timer in a pure room', 'pop3/server.ts', 'setTimeout(close, 10)', /pop3 is pure$/],
  ['has a default export', 'base/log.ts', 'export default class {}', /default export$/],
  ['lies in no room', 'utils/misc.ts', '', /no room of the plan$/],
]

describe('the plan notices a file that', () => {
  for (const [name, path, text, sentence] of broken) {
    test(name, () => {
      const found = faults({ path: `src/${path}`, text: `/** A file. */\n${text}\n` })
      assert.equal(found.length, 1)
      assert.match(found[0] ?? '', sentence)
    })
  }
  test('does not say what it is', () => {
    assert.match(faults({ path: 'src/base/log.ts', text: 'export const a = 1\n' }).join(), /docstring/)
  })
  test('but nothing in one that keeps to it', () => {
    const text =
      "/** A. */\nimport { join } from 'node:path'\nimport { a } from '../wire/a.ts'\nimport { b } from './b.ts'\n"
    assert.deepEqual(faults({ path: 'src/flow/access.ts', text }), [])
  })
})
