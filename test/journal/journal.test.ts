/** The journal: when lines come to the disk, how much stays there, and how they are read back. */
import assert from 'node:assert/strict'
import { appendFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { budget } from '../../src/base/budget.ts'
import { Folder, KiB, read, until } from './folder.ts'

describe('lines come to the disk', () => {
  test('together, a minute after the first, and not before', async () => {
    await using folder = await Folder.make()
    const journal = await folder.open()
    journal.write(folder.line('one'))
    folder.clock.pass(budget.journalBatchMs - 1)
    journal.write(folder.line('two'))
    assert.deepEqual(await folder.names(), [])
    folder.clock.pass(1)
    await until(async () => (await folder.text()).includes('two'))
    assert.deepEqual(await read(journal), ['two', 'one'])
    await journal.close()
  })

  test('at once where there is an error, with what was gathered before it', async () => {
    await using folder = await Folder.make()
    const journal = await folder.open()
    journal.write(folder.line('one'))
    journal.write(folder.line('bad', {}, 50))
    await until(async () => (await folder.text()).includes('bad'))
    assert.match(await folder.text(), /one[\s\S]*bad/)
    await journal.close()
  })

  test('and a second error at the earliest a second later', async () => {
    await using folder = await Folder.make()
    const journal = await folder.open()
    journal.write(folder.line('first', {}, 50))
    await until(async () => (await folder.text()).includes('first'))
    // The write is over for the journal, too, once it knows where the line lies.
    assert.ok(await journal.flush())
    journal.write(folder.line('second', {}, 50))
    folder.clock.pass(budget.journalPaceMs - 1)
    await new Promise(resolve => setImmediate(resolve))
    assert.ok(!(await folder.text()).includes('second'))
    folder.clock.pass(1)
    await until(async () => (await folder.text()).includes('second'))
    await journal.close()
  })

  test('when many have gathered', async () => {
    await using folder = await Folder.make()
    const journal = await folder.open()
    for (let i = 0; i < 200; i++) journal.write(folder.line(`line ${i}`, { text: 'x'.repeat(100) }))
    await until(async () => (await folder.octets()) > budget.journalBatch)
    await journal.close()
  })

  test('when it is closed, and the next one goes on behind them', async () => {
    await using folder = await Folder.make()
    for (const msg of ['one', 'two', 'three']) {
      const journal = await folder.open()
      journal.write(folder.line(msg))
      await journal.close()
    }
    assert.deepEqual(await read(await folder.open()), ['three', 'two', 'one'])
    assert.deepEqual(await folder.names(), ['00000001.log'])
  })

  test('without waiting, when the process ends in a fault', async () => {
    await using folder = await Folder.make()
    const journal = await folder.open()
    journal.write(folder.line('before'))
    await journal.flush()
    journal.write(folder.line('last words'))
    journal.flushNow()
    assert.deepEqual(await read(await folder.open()), ['last words', 'before'])
    await journal.close()
  })
})

describe('the disk', () => {
  test('never holds more than it may, and always the newest', async () => {
    await using folder = await Folder.make()
    const journal = await folder.open(256 * KiB)
    const count = 6000
    for (let i = 0; i < count; i++) {
      journal.write(folder.line(`line ${i}`, { text: 'x'.repeat(80) }))
      if (i % 100 === 99) {
        assert.ok(await journal.flush())
        assert.ok((await folder.octets()) <= 256 * KiB)
      }
    }
    assert.equal((await folder.names()).length, budget.journalFiles)
    const found = await read(journal)
    assert.deepEqual(
      found,
      Array.from(found, (_, i) => `line ${count - 1 - i}`),
    )
    assert.ok(found.length > 700)
    await journal.close()
  })

  test('is held to a new bound by the next write', async () => {
    await using folder = await Folder.make()
    const journal = await folder.open(1024 * KiB)
    for (let i = 0; i < 7000; i++) {
      journal.write(folder.line(`line ${i}`, { text: 'x'.repeat(80) }))
      if (i % 100 === 99) await journal.flush()
    }
    assert.ok((await folder.octets()) > 512 * KiB)
    journal.keep = 256 * KiB
    journal.write(folder.line('small'))
    await journal.flush()
    assert.ok((await folder.octets()) <= 256 * KiB)
    assert.equal((await read(journal))[0], 'small')
    await journal.close()
  })

  test('may be away: memory has the lines, and they are written when it is back', async () => {
    await using folder = await Folder.make()
    // A file where the directory should be: nobody can write into it, not even root.
    await writeFile(folder.directory, '')
    const journal = await folder.open()
    journal.write(folder.line('one'))
    assert.equal(await journal.flush(), false)
    assert.deepEqual(await read(journal), ['one'])
    journal.flushNow()
    await rm(folder.directory)
    journal.write(folder.line('two'))
    assert.equal(await journal.flush(), true)
    assert.deepEqual(await read(journal), ['two', 'one'])
    assert.equal((await folder.text()).match(/"msg"/g)?.length, 2)
    await journal.close()
  })

  test('that is away for long loses the oldest, and memory stays within its bound', async () => {
    await using folder = await Folder.make()
    await writeFile(folder.directory, '')
    const journal = await folder.open(1024 * KiB)
    for (let i = 0; i < 5000; i++) journal.write(folder.line(`line ${i}`, { text: 'x'.repeat(200) }))
    const held = await read(journal)
    assert.equal(held[0], 'line 4999')
    assert.ok(held.length > 200 && held.length < budget.journalRing / 200)
    await rm(folder.directory)
    assert.ok(await journal.flush())
    assert.deepEqual(await read(await folder.open()), held)
    await journal.close()
  })

  test('that loses its files while the journal is open does not stop it', async () => {
    await using folder = await Folder.make()
    const journal = await folder.open()
    journal.write(folder.line('one'))
    await journal.flush()
    await rm(folder.directory, { recursive: true })
    journal.write(folder.line('two'))
    assert.ok(await journal.flush())
    assert.deepEqual(await read(journal), ['two', 'one'])
    await journal.close()
  })

  test('holds files that only their owner may read', async () => {
    await using folder = await Folder.make()
    const journal = await folder.open()
    journal.write(folder.line('one'))
    await journal.close()
    const { mode } = await stat(join(folder.directory, '00000001.log'))
    assert.equal(mode & 0o777, 0o600)
  })
})

describe('lines are read back', () => {
  test('once each, whether memory or the disk has them', async () => {
    await using folder = await Folder.make()
    const journal = await folder.open(1024 * KiB)
    const written: string[] = []
    for (let i = 0; i < 3000; i++) {
      journal.write(folder.line(`line ${i}`))
      written.unshift(`line ${i}`)
      if (i % 700 === 0) await journal.flush()
    }
    assert.deepEqual(await read(journal), written)
    await journal.flush()
    assert.deepEqual(await read(journal), written)
    await journal.close()
    assert.deepEqual(await read(await folder.open()), written)
  })

  test('while more are written and come to the disk', async () => {
    await using folder = await Folder.make()
    const journal = await folder.open()
    for (let i = 0; i < 10; i++) journal.write(folder.line(`line ${i}`))
    const found: string[] = []
    for await (const { msg } of journal.recent()) {
      found.push(msg)
      journal.write(folder.line('late'))
      await journal.flush()
    }
    assert.deepEqual(
      found,
      Array.from({ length: 10 }, (_, i) => `line ${9 - i}`),
    )
    await journal.close()
  })

  test('in the order in which they were written, whatever the clock said', async () => {
    await using folder = await Folder.make()
    const journal = await folder.open()
    for (const [i, year] of [50, -50, 0, 10].entries()) {
      folder.clock.jump = year * 365 * 86_400_000
      journal.write(folder.line(`line ${i}`))
      await journal.flush()
    }
    assert.deepEqual(await read(journal), ['line 3', 'line 2', 'line 1', 'line 0'])
    // Of those since now, the ones from the future are there, too.
    assert.deepEqual(await read(journal, { since: folder.clock.now() }), ['line 3', 'line 0'])
    await journal.close()
  })

  test('up to the line that power cut short, which is passed over', async () => {
    for (let left = 0; left <= 60; left++) {
      await using folder = await Folder.make()
      const journal = await folder.open()
      for (const msg of ['one', 'two']) journal.write(folder.line(msg))
      await journal.close()
      const path = join(folder.directory, '00000001.log')
      const first = folder.line('one').length
      await truncate(path, first + Math.min(left, folder.line('two').length - 2))
      const next = await folder.open()
      next.write(folder.line('three'))
      await next.close()
      assert.deepEqual(await read(await folder.open()), ['three', 'one'], `${left} octets left`)
    }
  })

  test('around whatever octets stand between them', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 40_000 }), async octets => {
        await using folder = await Folder.make()
        const journal = await folder.open()
        journal.write(folder.line('one'))
        await journal.close()
        await appendFile(join(folder.directory, '00000001.log'), octets)
        const next = await folder.open()
        next.write(folder.line('two'))
        await next.close()
        assert.deepEqual(await read(await folder.open()), ['two', 'one'])
      }),
      { numRuns: 20 },
    )
  })

  test('cut to their bound, so that they stay lines', async () => {
    await using folder = await Folder.make()
    const journal = await folder.open()
    journal.write(folder.line('long', { text: 'ü'.repeat(1_000_000) }))
    journal.write(folder.line('y'.repeat(1_000_000)))
    journal.write('no line of ours\n')
    await journal.close()
    const lines = (await folder.text()).split('\n')
    assert.deepEqual(
      lines.map(line => line.length <= budget.journalLine),
      [true, true, true],
    )
    const found = await Array.fromAsync((await folder.open()).recent())
    assert.deepEqual(
      found.map(({ fields }) => fields),
      [{ cut: true }, { cut: true }],
    )
    assert.equal(found[1]?.msg, 'long')
  })

  test('across the bounds of what is read at once, letter for letter', async () => {
    await using folder = await Folder.make()
    const journal = await folder.open(1024 * KiB)
    const texts: string[] = []
    for (let i = 0; i < 600; i++) {
      const text = 'äß€😀'.repeat(i % 17)
      texts.unshift(text)
      journal.write(folder.line('line', { text }))
      if (i % 50 === 0) await journal.flush()
    }
    await journal.close()
    const found = await Array.fromAsync((await folder.open()).recent(), ({ fields }) => fields.text)
    assert.deepEqual(found, texts)
    assert.ok((await folder.octets()) > 2 * budget.journalChunk)
  })
})

test('who watches hears of each line until they have enough', async () => {
  await using folder = await Folder.make()
  const journal = await folder.open()
  const heard: string[] = []
  const end = journal.watch(({ msg }) => heard.push(msg))
  for (const msg of ['one', 'two']) journal.write(folder.line(msg))
  end()
  journal.write(folder.line('three'))
  assert.deepEqual(heard, ['one', 'two'])
  await journal.close()
})
