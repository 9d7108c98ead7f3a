/** A version on trial is kept when all of it works, and else the board is started anew: board/health.ts. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { budget } from '../../src/base/budget.ts'
import { Failure } from '../../src/base/failure.ts'
import { silentLog } from '../../src/base/log.ts'
import { standTrial, type Vital } from '../../src/board/health.ts'
import { testClock } from '../support/household.ts'

const well: Vital = async () => undefined
const ill: Vital = async () => 'Nobody answers at port 25.'
const broken: Vital = async () => {
  throw new Failure('STORE_IO', 'The disk fails.')
}
/** Well from so many looks on. */
const later = (looks: number): Vital => {
  let seen = 0
  return async () => (++seen > looks ? undefined : 'Not yet.')
}

const looks = budget.trialMs / budget.trialAgainMs
const cases: readonly (readonly [name: string, vitals: readonly Vital[], asked: readonly string[]])[] = [
  ['that works', [well, well], ['healthy']],
  ['that comes to work', [well, later(looks - 1), well], ['healthy']],
  ['with a door that nobody answers', [well, ill, well], ['reboot']],
  ['with a store that fails', [broken], ['reboot']],
  ['that comes to work too late', [later(looks + 1)], ['reboot']],
]

describe('a version on trial', () => {
  for (const [name, vitals, asked] of cases) {
    test(`${name} is ${asked.join() === 'healthy' ? 'kept, and said so once' : 'not; the board is started anew'}`, async () => {
      const words: string[] = []
      const board = {
        trial: { left: 2, from: 'a' as const },
        version: '0.2.0',
        steward: async (word: string) => void words.push(word),
        reboot: async () => void words.push('reboot'),
      }
      const clock = testClock()
      await standTrial({ board, vitals, log: silentLog, clock, signal: new AbortController().signal })
      assert.deepEqual(words, asked)
      assert.ok(clock.elapsed() <= budget.trialMs + budget.trialAgainMs)
    })
  }

  test('whose steward does not listen says it again', async () => {
    let refusals = 3
    const words: string[] = []
    const board = {
      trial: { left: 2, from: 'a' as const },
      version: '0.2.0',
      steward: async (word: string) => {
        if (refusals-- > 0) throw new Failure('REFUSED', 'Nobody there listens.')
        words.push(word)
      },
      reboot: async () => void words.push('reboot'),
    }
    await standTrial({
      board,
      vitals: [well],
      log: silentLog,
      clock: testClock(),
      signal: new AbortController().signal,
    })
    assert.deepEqual(words, ['healthy'])
  })

  test('is not judged any more when the server stops', async () => {
    const stopping = new AbortController()
    const words: string[] = []
    const board = {
      trial: { left: 2, from: 'a' as const },
      version: '0.2.0',
      steward: async (word: string) => void words.push(word),
      reboot: async () => void words.push('reboot'),
    }
    const stops: Vital = async () => {
      stopping.abort()
      return 'The server is gone.'
    }
    await standTrial({ board, vitals: [stops], log: silentLog, clock: testClock(), signal: stopping.signal })
    assert.deepEqual(words, [])
  })

  test('that is over needs nothing', async () => {
    const board = {
      trial: undefined,
      version: '0.2.0',
      steward: () => assert.fail('nobody is to be asked'),
      reboot: () => assert.fail('nobody is to be asked'),
    }
    await standTrial({ board, vitals: [ill], log: silentLog, clock: testClock(), signal: new AbortController().signal })
  })
})
