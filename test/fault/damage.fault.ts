/** Files of the store that were hurt while no server ran: the next one repairs them by itself, says so, and serves mail. */
import assert from 'node:assert/strict'
import { mkdtempDisposable, open, readdir, readFile, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { deliver } from '../support/dialogue.ts'
import { ServerProcess } from '../support/process.ts'
import { Stocked } from '../support/stocked.ts'

const count = 5
const repaired = 'the mail store is in order again'

/** @returns the largest file of this kind in a database */
async function largest(data: string, database: 'log' | 'index', kind: RegExp): Promise<{ path: string; size: number }> {
  const directory = join(data, database)
  const names = (await readdir(directory)).filter(name => kind.test(name))
  const files = await Promise.all(
    names.map(async name => ({ path: join(directory, name), size: (await stat(join(directory, name))).size })),
  )
  return files.toSorted((a, b) => b.size - a.size)[0] ?? assert.fail(`there is no such file in ${database}`)
}

async function flip(path: string, at: number): Promise<void> {
  const octets = await readFile(path)
  octets[at] = (octets[at] ?? 0) ^ 0x55
  await writeFile(path, octets)
}

async function halve(data: string, database: 'log' | 'index', kind: RegExp): Promise<void> {
  const { path, size } = await largest(data, database, kind)
  await truncate(path, Math.floor(size / 2))
}

type Injury = {
  readonly name: string
  readonly hurt: (stocked: Stocked) => Promise<void>
  /** What the log says at the start. */
  readonly says?: string
  /** Messages that are lost with what was hurt. */
  readonly lost?: readonly number[]
  /** Whether the mail lies in a table by then. */
  readonly inTables?: false
}

const anew = 'the index of the mail store cannot be used'

const injuries: readonly Injury[] = [
  {
    name: 'a flipped block in the log',
    hurt: async stocked => {
      const { file, at } = await stocked.place(3)
      await flip(file, at + 5000)
    },
    lost: [3],
  },
  {
    name: 'a zeroed sector in the middle of what the log has written ahead',
    hurt: async stocked => {
      const { file, at } = await stocked.place(3)
      await using handle = await open(file, 'r+')
      await handle.write(Buffer.alloc(4096), 0, 4096, Math.ceil(at / 4096) * 4096)
    },
    says: 'part of what was written last to the mail store cannot be read',
    lost: [3],
    inTables: false,
  },
  {
    name: 'a truncated MANIFEST of the log',
    hurt: ({ data }) => halve(data, 'log', /^MANIFEST/),
    says: repaired,
  },
  {
    name: 'a table of the log cut short',
    hurt: ({ data }) => halve(data, 'log', /\.ldb$/),
    says: repaired,
    lost: [2, 3, 4, 5],
  },
  {
    name: 'a damaged index',
    hurt: async ({ data }) => {
      const { path, size } = await largest(data, 'index', /\.ldb$/)
      await flip(path, Math.floor(size / 3))
    },
    says: anew,
  },
  { name: 'a truncated MANIFEST of the index', hurt: ({ data }) => halve(data, 'index', /^MANIFEST/), says: anew },
  {
    name: 'a CURRENT of the log that leads nowhere',
    hurt: ({ data }) => writeFile(join(data, 'log', 'CURRENT'), 'MANIFEST-999999\n'),
    says: repaired,
  },
]

describe('a server that is started on', { concurrency: 2 }, () => {
  for (const { name, hurt, says, lost = [], inTables } of injuries) {
    test(`${name} serves mail, and says what it found`, async () => {
      await using folder = await mkdtempDisposable(join(tmpdir(), 'porchlight-'))
      const stocked = await Stocked.make(folder.path, count, inTables ?? true)
      await hurt(stocked)
      await using server = await ServerProcess.start({ data: stocked.data })
      for (const [i, answer] of (await stocked.answers(server)).entries()) {
        const expected = lost.includes(i + 1) ? /^-ERR (?:\[SYS\/PERM\]|no such message)/ : /^\+OK/
        assert.match(answer, expected, `message ${i + 1}`)
      }
      if (says !== undefined) assert.ok(server.log.some(({ msg }) => msg === says))
      assert.match(await deliver(server.port('smtp'), 'alice@home.example', 'Subject: new\r\n\r\n'), /^250 /)
      assert.match((await server.command(['status'])).out, /store +well/)
    })
  }
})
