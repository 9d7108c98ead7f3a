/** The row write-slot, which is the installer of a board, on a file that stands for the slot: commands/write-slot.ts. */
import assert from 'node:assert/strict'
import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { describe, test } from 'node:test'
import type { Lines } from '../../src/commands/command.ts'
import { parseCall } from '../../src/commands/parse.ts'
import type { World } from '../../src/commands/world.ts'
import { writingSlots } from '../../src/commands/write-slot.ts'
import { inSlot } from '../../src/update/slot.ts'
import { fatSlot, Maker, slotManifest } from '../update/maker.ts'

/** @returns what was printed */
async function writeSlot(maker: Maker, device: string, version: string, input: Readable): Promise<Lines> {
  const lines: string[] = []
  const call = parseCall(['write-slot', device, version], [writingSlots(maker.keyPath)])
  if (call.command.runs !== 'here') return assert.fail('it is no command of its own process')
  const world: Pick<World, 'terminal' | 'print'> = {
    terminal: { input, output: process.stderr },
    print: line => void lines.push(line),
  }
  await call.command.run(call, Object.assign(Object.create(null), world))
  return lines
}

describe('write-slot', () => {
  test('writes what comes, and says each hundredth', async () => {
    await using maker = await Maker.open()
    const device = await maker.device()
    const lines = await writeSlot(maker, device, '0.2.0', createReadStream(await maker.update()))
    assert.deepEqual(await readFile(device), fatSlot('manifest.json', slotManifest('0.2.0'), 7))
    assert.equal(new Set(lines).size, lines.length)
    for (const last of ['writing 100', 'comparing 100']) assert.ok(lines.includes(last))
  })

  const refused: readonly (readonly [name: string, why: RegExp, input: (maker: Maker) => Promise<Readable>])[] = [
    ['what is no update', /no update of Porchlight/, async () => Readable.from([Buffer.alloc(100_000, 'x')])],
    ['nothing', /no update of Porchlight/, async () => Readable.from([])],
    [
      'what somebody else has signed',
      /not signed by the maker/,
      async () => {
        await using other = await Maker.open()
        return Readable.from([await readFile(await other.update())])
      },
    ],
    [
      'another version than was agreed on',
      /has changed/,
      async maker => createReadStream(await maker.update({ version: '0.3.0' })),
    ],
  ]
  for (const [name, why, input] of refused) {
    test(`does not touch the slot for ${name}`, async () => {
      await using maker = await Maker.open()
      const device = await maker.device()
      const before = await readFile(device)
      await assert.rejects(writeSlot(maker, device, '0.2.0', await input(maker)), { code: 'REFUSED', message: why })
      assert.deepEqual(await readFile(device), before)
    })
  }

  test('leaves nothing to start of what does not come to its end', async () => {
    await using maker = await Maker.open()
    const device = await maker.device()
    const octets = await readFile(await maker.update())
    const half = Readable.from([octets.subarray(0, octets.length / 2)])
    await assert.rejects(writeSlot(maker, device, '0.2.0', half), {
      code: 'REFUSED',
      message: /ends too early|cannot be/,
    })
    assert.equal(await inSlot(device), undefined)
  })
})
