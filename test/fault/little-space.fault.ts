/** A file system with little room, which needs root to mount: mail is refused long before it is full, and taken again. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtemp, rm, rmdir, statfs, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { budget } from '../../src/base/budget.ts'
import { makeHoard } from '../crash/random.ts'
import { Session } from '../crash/session.ts'
import { Box } from './box.ts'

const MiB = 1024 * 1024
const patienceMs = 5000
/** What the answer to MAIL was a moment ago may hold for so long. */
const freshMs = 300

describe('with little space left', () => {
  test('mail is refused early, and read and deleted as ever; when there is room again it is taken', async () => {
    await using disk = await SmallDisk.mount()
    await using box = await Box.make(disk.directory)
    const [alice] = box.model.residents
    assert.ok(alice)
    assert.match(await box.offer([alice]), /^250 /)
    await disk.leave(budget.reserve + MiB)
    await setTimeout(freshMs)
    assert.match(await box.offer([alice], Buffer.from('small\r\n')), /^250 /)
    assert.match(await declare(box, 2 * MiB), /^452 4\.3\.1 /)

    await disk.leave(budget.reserve - MiB)
    await setTimeout(freshMs)
    assert.match(await box.offer([alice]), /^452 4\.3\.1 /)
    await box.removeAll(alice)
    await box.inspect()

    await disk.leave(budget.reserve + 20 * MiB)
    await accepted(box)
    await box.restart()
  })

  test('what is dead is swept out to make room', async () => {
    await using disk = await SmallDisk.mount()
    await using box = await Box.make(disk.directory)
    const { hoarder } = box.model
    // Too little for a sweep that begins by itself.
    for (const _ of [1, 2]) assert.match(await box.offer([hoarder], makeHoard(box.random)), /^250 /)
    await box.removeAll(hoarder)
    await disk.leave(budget.reserve - 2 * MiB)
    await setTimeout(freshMs)
    assert.match(await box.offer([hoarder]), /^452 4\.3\.1 /)
    await accepted(box)
    await box.restart()
  })
})

/** Says how large a message would be. */
async function declare({ server }: Box, octets: number): Promise<string> {
  using session = await Session.smtp(server, () => {})
  return await session.say(`MAIL FROM:<> SIZE=${octets}`)
}

/** Sends until mail is taken. */
async function accepted(box: Box): Promise<void> {
  const until = Date.now() + patienceMs
  while (!(await box.offer(box.model.residents, Buffer.from('small\r\n'))).startsWith('250 ')) {
    assert.ok(Date.now() < until, 'the server does not take mail again')
    await setTimeout(50)
  }
}

/** A file system in memory, a little larger than the reserve. */
class SmallDisk implements AsyncDisposable {
  readonly directory: string

  private constructor(directory: string) {
    this.directory = directory
  }

  static async mount(): Promise<SmallDisk> {
    const directory = await mkdtemp(join(tmpdir(), 'porchlight-small-'))
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${budget.reserve + 40 * MiB}`, 'tmpfs', directory])
    return new SmallDisk(directory)
  }

  /** Fills it until so many octets are free. */
  async leave(octets: number): Promise<void> {
    const filler = join(this.directory, 'filler')
    await rm(filler, { force: true })
    const { bavail, bsize } = await statfs(this.directory)
    await writeFile(filler, Buffer.alloc(bavail * bsize - octets))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    execFileSync('umount', [this.directory])
    await rmdir(this.directory)
  }
}
