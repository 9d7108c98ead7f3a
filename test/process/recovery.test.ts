/** A damaged table may end the server, but only once: the next one repairs it, and the mail beside it is there. */
import assert from 'node:assert/strict'
import { mkdir, mkdtempDisposable, readFile, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { command, ServerProcess } from '../support/process.ts'
import { Stocked } from '../support/stocked.ts'

const lookedThrough = 'the process before died with the mail store open; its files are looked through'
const repaired = 'the mail store is in order again'

/** Octets before those of a message in its first block: letter, check and codec; and before them, its key with LevelDB's mark. */
const [head, key] = [6, 14]

/** Makes a table say of the key of a message that it is shorter than its mark: LevelDB asserts that it is not. */
async function mislead(stocked: Stocked, message: number): Promise<void> {
  const { file: path, at } = await stocked.place(message)
  const table = await readFile(path)
  // How many octets of the key are as in the one before (1), how many come here (1), how many the value has (2); the key.
  const place = (own: number) => at - head - own - 4
  const owns = Array.from({ length: key + 1 }, (_, own) => own)
  const own = owns.find(own => table[place(own)] === key - own && table[place(own) + 1] === own)
  assert.ok(own !== undefined)
  table[place(own) + 1] = 2
  await writeFile(path, table)
}

function said(server: ServerProcess, sentence: string): boolean {
  return server.log.some(({ msg }) => msg === sentence)
}

test('a server that was ended by a damaged table repairs it when it starts again', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'porchlight-'))
  const stocked = await Stocked.make(folder.path, 9)
  const { data } = stocked
  await mislead(stocked, 5)
  {
    await using server = await ServerProcess.start({ data })
    assert.ok(!said(server, lookedThrough), 'the server before was stopped in order')
    assert.deepEqual(await stocked.answers(server, [5]), ['closed'])
    assert.equal(await server.ended, 'SIGABRT')
  }
  // A command that opens the store meanwhile leaves the sign alone.
  assert.equal((await command(data, ['user', 'list'])).exit, 0)
  {
    await using server = await ServerProcess.start({ data })
    assert.ok(said(server, lookedThrough) && said(server, repaired))
    const answers = await stocked.answers(server)
    assert.match(answers[4] ?? '', /^-ERR \[SYS\/PERM\] /)
    assert.deepEqual(
      answers.toSpliced(4, 1).filter(answer => !answer.startsWith('+OK')),
      [],
    )
    assert.equal(await server.stop(), 0)
  }
  await using server = await ServerProcess.start({ data })
  assert.ok(!said(server, lookedThrough))
})

test('after kill -9 the files are looked through and left as they are; after a power cut, not even that', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'porchlight-'))
  const stocked = await Stocked.make(folder.path, 3)
  const { data } = stocked
  const sign = join(data, 'in-use')
  await assert.rejects(stat(sign))
  {
    await using server = await ServerProcess.start({ data })
    assert.ok((await stat(sign)).isFile())
    await server.kill()
  }
  {
    await using server = await ServerProcess.start({ data })
    assert.ok(said(server, lookedThrough) && !said(server, repaired))
    await server.kill()
  }
  await writeFile(sign, 'written under another boot')
  await using server = await ServerProcess.start({ data })
  assert.ok(!said(server, lookedThrough))
  assert.ok((await stocked.answers(server)).every(answer => answer.startsWith('+OK')))
})

test('a repair that was cut off goes on when the server starts', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'porchlight-'))
  const stocked = await Stocked.make(folder.path, 3)
  const { data } = stocked
  await mkdir(join(data, 'repair'))
  assert.match(
    (await command(data, ['user', 'list'])).complaint,
    /A repair of the mail store is under way, or was not finished\./,
  )
  await using server = await ServerProcess.start({ data })
  assert.ok(said(server, 'a repair of the mail store was not finished; it goes on') && said(server, repaired))
  assert.ok((await stocked.answers(server)).every(answer => answer.startsWith('+OK')))
  await assert.rejects(stat(join(data, 'repair')))
})
