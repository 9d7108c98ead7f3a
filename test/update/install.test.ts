/** Installing an update from a file into a slot, with real files: update/install.ts and what it stands on. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { appendFile, readFile, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { Failure } from '../../src/base/failure.ts'
import { alone } from '../../src/update/alone.ts'
import { type Installation, install, type Stage } from '../../src/update/install.ts'
import { inSlot } from '../../src/update/slot.ts'
import { fatSlot, Maker, type Making, RecordedSlots, slotManifest, slotOctets } from './maker.ts'

type Given = Partial<Installation> & { readonly questions?: string[] }

function installation(maker: Maker, slots: RecordedSlots, { questions = [], ...given }: Given = {}): Installation {
  return {
    slots,
    key: maker.keys.publicKey,
    schema: 1,
    confirm: async question => void questions.push(question),
    progress: async () => {},
    signal: new AbortController().signal,
    ...given,
  }
}

/** Spoils what a later pass reads, at its first sign of life. */
function once(stage: Stage, act: () => Promise<void>): Pick<Installation, 'progress'> {
  let done = false
  return {
    progress: async at => {
      if (at !== stage || done) return
      done = true
      await act()
    },
  }
}

describe('an update', () => {
  test('is written into the other slot, compared, and chosen', async () => {
    await using maker = await Maker.open()
    const device = await maker.device()
    const slots = new RecordedSlots(maker, device)
    const questions: string[] = []
    const stages = new Set<Stage>()
    const progress = async (stage: Stage, part: number) => {
      stages.add(stage)
      assert.ok(part > 0 && part <= 1)
    }
    assert.equal(await install(await maker.update(), installation(maker, slots, { questions, progress })), '0.2.0')
    assert.deepEqual(await readFile(device), fatSlot('manifest.json', slotManifest('0.2.0'), 7))
    assert.deepEqual([...stages], ['checking', 'writing', 'comparing'])
    assert.deepEqual(questions, [])
    // What was chosen before is let go before the slot is touched.
    assert.deepEqual(slots.asked, ['choose a 0.1.0', 'choose b 0.2.0'])
  })

  test('leaves nothing to start while it is written', async () => {
    await using maker = await Maker.open()
    const device = await maker.device()
    const slots = new RecordedSlots(maker, device)
    const seen = new Set<string | undefined>()
    const progress = async (stage: Stage) => {
      if (stage === 'writing') seen.add((await inSlot(device))?.version)
    }
    await install(await maker.update(), installation(maker, slots, { progress }))
    assert.deepEqual([...seen], [undefined])
  })

  const asks: readonly (readonly [version: string, question: RegExp])[] = [
    ['0.1.0', /is what runs already/],
    ['0.0.9', /is older than 0\.1\.0/],
    ['0.1.0-rc.1', /is older than 0\.1\.0/],
  ]
  for (const [version, question] of asks) {
    test(`of version ${version} is asked about`, async () => {
      await using maker = await Maker.open()
      const slots = new RecordedSlots(maker, await maker.device())
      const update = await maker.update({ version })
      const questions: string[] = []
      assert.equal(await install(update, installation(maker, slots, { questions })), version)
      assert.equal(questions.length, 1)
      assert.match(questions[0] ?? '', question)
    })
  }

  test('may be one that reads less where the mail cannot be opened at all', async () => {
    await using maker = await Maker.open()
    const slots = new RecordedSlots(maker, await maker.device())
    const update = await maker.update({ reads: [2] })
    assert.equal(await install(update, installation(maker, slots, { schema: undefined })), '0.2.0')
  })
})

type Case = {
  readonly name: string
  readonly why: RegExp
  readonly making?: Making
  /** Changes the file before it is installed. */
  readonly spoil?: (update: string, maker: Maker) => Promise<void>
  readonly slots?: ConstructorParameters<typeof RecordedSlots>[2]
  readonly given?: (update: string, device: string, maker: Maker) => Given
  /** The slot was written to, so that nothing can be started there. */
  readonly written?: true
}

const noKey = generateKeyPairSync('ed25519').privateKey
const patch = (octets: Buffer, at: number) => octets.fill(~(octets[at] ?? 0) & 0xff, at, at + 1)

const cases: readonly Case[] = [
  { name: 'for another kind of board', making: { arch: 'amd64' }, why: /another kind of board \(amd64\)/ },
  { name: 'that somebody else signed', making: { key: noKey }, why: /not signed by the maker/ },
  { name: 'that cannot read the mail', making: { version: '0.0.9', reads: [2, 3] }, why: /could not read your mail/ },
  { name: 'larger than the slot', slots: { octets: slotOctets - 4096 }, why: /larger than the slot/ },
  { name: 'while one is on trial', slots: { trial: { left: 2, from: 'b' } }, why: /still on trial/ },
  {
    name: 'with a damaged part',
    spoil: async update => writeFile(update, patch(await readFile(update), 1_000_000)),
    why: /part "slot" (?:is not what was signed|cannot be unpacked)/,
  },
  {
    name: 'that is cut off',
    spoil: async update => truncate(update, (await readFile(update)).length - 1),
    why: /ends too early/,
  },
  { name: 'with something behind it', spoil: update => appendFile(update, 'x'), why: /behind its end/ },
  { name: 'that is empty', spoil: update => truncate(update, 0), why: /no update of Porchlight/ },
  {
    name: 'that holds another version than it says',
    making: { inside: '0.3.0' },
    why: /not hold the version/,
    written: true,
  },
  {
    name: 'that changes between the two passes',
    given: update => once('writing', () => appendFile(update, 'x')),
    why: /behind its end/,
    written: true,
  },
  {
    name: 'that is exchanged for another signed one',
    spoil: async (_update, maker) => void (await maker.update({ version: '0.4.0' })),
    // The steward is asked between the passes: that is when somebody is quick.
    given: (update, device, maker) => ({
      slots: new RecordedSlots(maker, device, {
        at: async () => writeFile(update, await readFile(update.replace('0.2.0', '0.4.0'))),
      }),
    }),
    why: /has changed/,
  },
  {
    name: 'that the card does not give back',
    given: (_update, device) =>
      once('comparing', async () => {
        const octets = await readFile(device)
        await writeFile(device, patch(octets, slotOctets - 1))
      }),
    why: /does not give back/,
    written: true,
  },
]

describe('no update is installed', () => {
  for (const { name, why, making, spoil, slots, given, written } of cases) {
    test(name, async () => {
      await using maker = await Maker.open()
      const device = await maker.device()
      const before = await readFile(device)
      const update = await maker.update(making)
      await spoil?.(update, maker)
      const recorded = new RecordedSlots(maker, device, slots)
      const work = installation(maker, recorded, given?.(update, device, maker))
      await assert.rejects(install(update, work), { code: 'REFUSED', message: why })
      assert.deepEqual(
        recorded.asked.filter(asked => asked.startsWith('choose b')),
        [],
      )
      if (written) assert.equal(await inSlot(device), undefined)
      else assert.deepEqual(await readFile(device), before)
    })
  }

  const files: readonly (readonly [name: string, path: (maker: Maker) => string, why: RegExp])[] = [
    ['from a file that is not there', ({ folder }) => join(folder, 'nothing'), /no such file/],
    ['from a directory', ({ folder }) => folder, /is no file|is a directory/],
    ['from a device', () => '/dev/zero', /is no file/],
    ['from a FIFO', ({ folder }) => madeFifo(join(folder, 'fifo')), /is no file/],
  ]
  for (const [name, path, message] of files) {
    test(name, async () => {
      await using maker = await Maker.open()
      const slots = new RecordedSlots(maker, await maker.device())
      await assert.rejects(install(path(maker), installation(maker, slots)), { code: 'REFUSED', message })
    })
  }

  test('on a card without a second slot', async () => {
    await using maker = await Maker.open()
    const work = installation(maker, new RecordedSlots(maker, undefined))
    await assert.rejects(install(await maker.update(), work), { code: 'REFUSED', message: /no second place/ })
  })

  for (const stage of ['checking', 'writing', 'comparing'] as const) {
    test(`when it is stopped while ${stage}`, async () => {
      await using maker = await Maker.open()
      const device = await maker.device()
      const slots = new RecordedSlots(maker, device)
      const stop = new AbortController()
      const given = { ...once(stage, async () => stop.abort()), signal: stop.signal }
      await assert.rejects(install(await maker.update(), installation(maker, slots, given)), { code: 'GIVEN_UP' })
      assert.deepEqual(
        slots.asked.filter(asked => asked.startsWith('choose b')),
        [],
      )
    })
  }

  test('when it is stopped before the writing, and then nobody who writes is begun', async () => {
    await using maker = await Maker.open()
    const device = await maker.device()
    const stop = new AbortController()
    const slots = new RecordedSlots(maker, device, { at: () => stop.abort() })
    slots.write = () => assert.fail('it was begun')
    const work = installation(maker, slots, { signal: stop.signal })
    await assert.rejects(install(await maker.update(), work), { code: 'GIVEN_UP' })
    assert.equal((await inSlot(device))?.version, '0.0.9')
  })

  test('when the person says no, and then nothing is written', async () => {
    await using maker = await Maker.open()
    const device = await maker.device()
    const slots = new RecordedSlots(maker, device)
    const confirm = async () => {
      throw new Failure('REFUSED', 'Nothing was done.')
    }
    const update = await maker.update({ version: '0.1.0' })
    await assert.rejects(install(update, installation(maker, slots, { confirm })), { message: 'Nothing was done.' })
    assert.equal((await inSlot(device))?.version, '0.0.9')
    assert.deepEqual(slots.asked, [])
  })

  test('beside another one', async () => {
    await using maker = await Maker.open()
    const slots = new RecordedSlots(maker, undefined)
    await alone(slots, async () => {
      await assert.rejects(
        alone(slots, async () => {}),
        { code: 'REFUSED', message: /under way/ },
      )
    })
    assert.equal(await alone(slots, async () => 'done'), 'done')
  })
})

/** What waits for a writer must not keep an update waiting. */
function madeFifo(path: string): string {
  execFileSync('mkfifo', [path])
  return path
}
