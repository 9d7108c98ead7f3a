/**
 * A sector that the disk cannot read any more. LevelDB maps its tables into memory, so that to touch it ends the process;
 * the next one puts that table in order, and only the message that lay there is lost.
 */
import assert from 'node:assert/strict'
import { mkdtempDisposable, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { ServerProcess } from '../support/process.ts'
import { Stocked } from '../support/stocked.ts'
import { Disk, sector } from './disk.ts'

const hurt = 5

type Scene = {
  readonly name: string
  /** @returns where the sector lies, from where the message begins and its table ends */
  readonly place: (at: number, end: number) => number
  /** Messages that may be lost, in the order of the maildrop. */
  readonly lost: readonly number[]
}

const scenes: readonly Scene[] = [
  { name: 'inside a message', place: at => Math.ceil(at / sector) * sector, lost: [hurt] },
  {
    // The list of blocks is gone, and with it the last ones: octets of the last message but one, and all of the last.
    name: 'at the end of a table, where LevelDB begins to read it',
    place: (_, end) => Math.floor((end - 1) / sector) * sector,
    lost: [8, 9],
  },
]

/** These messages are lost, and named, and all others are there. */
async function lacks(server: ServerProcess, stocked: Stocked, lost: readonly number[]): Promise<void> {
  const answers = await stocked.answers(server)
  assert.equal(answers.length, stocked.messages.length)
  for (const [i, answer] of answers.entries()) {
    assert.match(answer, lost.includes(i + 1) ? /^-ERR (?:\[SYS\/PERM\]|no such message)/ : /^\+OK /)
  }
  const named = server.log.filter(({ msg }) => msg === 'a message is lost or damaged')
  assert.equal(named.length, lost.length)
}

/** Starts a server and fetches all; it ends on the way. */
async function endsOf(stocked: Stocked, environment: NodeJS.ProcessEnv): Promise<void> {
  const starting = ServerProcess.start({ data: stocked.data, environment })
  const server = await starting.catch(() => undefined) // It may end before it is ready.
  if (!server) return
  await using _ = server
  assert.equal((await stocked.answers(server)).at(-1), 'closed')
  assert.equal(await server.ended, 'SIGSEGV')
}

test('a sector of the write-ahead file costs the message that lay there', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'porchlight-'))
  const stocked = await Stocked.make(folder.path, 9, false)
  const disk = await Disk.make(folder.path, stocked.data)
  const { environment } = disk
  const { file, at } = await stocked.place(hurt)
  assert.match(file, /\.log$/)
  await disk.lose(file, Math.ceil(at / sector) * sector)
  await using server = await ServerProcess.start({ data: stocked.data, environment })
  await lacks(server, stocked, [hurt])
})

describe('a sector that cannot be read', { concurrency: true }, () => {
  for (const { name, place, lost } of scenes) {
    test(`${name} ends one server, and the next has all mail but what lay there`, async () => {
      await using folder = await mkdtempDisposable(join(tmpdir(), 'porchlight-'))
      const stocked = await Stocked.make(folder.path, 9)
      const disk = await Disk.make(folder.path, stocked.data)
      const { environment } = disk
      const { file, at } = await stocked.place(hurt)
      await disk.lose(file, place(at, (await stat(file)).size))

      await endsOf(stocked, environment)
      await using server = await ServerProcess.start({ data: stocked.data, environment })
      await lacks(server, stocked, lost)
    })
  }
})
