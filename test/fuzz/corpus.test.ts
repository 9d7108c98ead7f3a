/** What fuzzing has found stays found: every seed and every file of the corpus is replayed, and a few new inputs are tried. */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { check, fuzz, type Target } from './engine.ts'
import { targets } from './targets.ts'

const corpus = join(import.meta.dirname, 'corpus')
/** New inputs for each target, and the time they may take: a password costs a whole hash. */
const fresh = { inputs: 100, ms: 100 }

for (const [name, target] of Object.entries(targets)) {
  describe(`the invariant of ${name} holds`, () => {
    for (const file of globSync('*', { cwd: join(corpus, name) })) {
      test(`for ${file}`, async () => {
        const result = await check(target, readFileSync(join(corpus, name, file)))
        if ('error' in result) throw result.error
      })
    }

    test('for its seeds and for new inputs', async () => {
      const seed = Math.floor(Math.random() * 2 ** 32)
      const end = performance.now() + fresh.ms
      const { finding } = await fuzz(target, seed, inputs => inputs >= fresh.inputs || performance.now() > end)
      if (finding)
        throw new Error(`seed ${seed}: ${JSON.stringify(finding.input.toString('latin1'))}`, { cause: finding.error })
    })
  })
}

describe('the corpus', () => {
  test('holds folders of targets only', () => {
    const folders = globSync('*', { cwd: corpus })
    assert.deepEqual(
      folders.filter(folder => !Object.hasOwn(targets, folder)),
      [],
    )
  })
})

describe('the engine', () => {
  /** Broken by two words in their order, which none of the seeds has. */
  const broken: Target = {
    seeds: ['nothing of interest', ''],
    words: ['open', 'shut', ' '],
    check(input) {
      const [, opened] = /open(.*)/s.exec(input.toString()) ?? []
      if (opened?.includes('shut')) throw new Error('broken')
      return [opened === undefined ? 'shut' : 'open']
    },
  }

  test('finds what is broken, makes it as small as it can be, and does so again from the same seed', async () => {
    const findings = await Promise.all([1, 1].map(seed => fuzz(broken, seed, inputs => inputs > 10_000)))
    for (const { finding } of findings) assert.equal(finding?.input.toString(), 'openshut')
    assert.equal(findings[0]?.inputs, findings[1]?.inputs)
  })

  test('stops when it is enough, but not before the seeds', async () => {
    const sound: Target = { ...broken, check: () => [] }
    assert.equal((await fuzz(sound, 1, () => true)).inputs, 2)
    assert.equal((await fuzz(sound, 1, inputs => inputs === 50)).inputs, 50)
  })

  test('takes what is slow each time for broken', async () => {
    const slow: Target = {
      ...broken,
      slowMs: 2,
      check: input => {
        const begun = performance.now()
        while (input.length > 0 && performance.now() - begun < 3);
        return []
      },
    }
    const { finding } = await fuzz(slow, 1, () => true)
    assert.match(String(finding?.error), /It took \d+ ms/)
    assert.equal(finding?.input.length, 1)
  })
})
