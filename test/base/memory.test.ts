/** What the kernel says of a process's memory: base/memory.ts. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Memory, memoryInUse, readMemory } from '../../src/base/memory.ts'

const whole = `Name:\tnode
VmPeak:\t 1048576 kB
VmRSS:\t   76000 kB
RssAnon:\t   41000 kB
RssFile:\t   35000 kB
Threads:\t11
`

const cases: readonly (readonly [name: string, text: string, memory: Memory | undefined])[] = [
  ['all is there', whole, { resident: 76_000 * 1024, anonymous: 41_000 * 1024 }],
  ['the kernel is older than 4.5', whole.replace(/^RssAnon.*\n/m, ''), undefined],
  ['it is a thread of the kernel', 'Name:\tkthreadd\nThreads:\t1\n', undefined],
  [
    'the name of the process says something else',
    `Name:\tVmRSS:\t1 kB\n${whole}`,
    { resident: 76_000 * 1024, anonymous: 41_000 * 1024 },
  ],
  ['it is something else', 'nonsense', undefined],
  ['it is empty', '', undefined],
]

describe('the memory of a process, when', () => {
  for (const [name, text, memory] of cases) test(name, () => assert.deepEqual(readMemory(text), memory))

  test('it is this one', async () => {
    const memory = await memoryInUse()
    assert.ok(memory && memory.anonymous > 1024 ** 2 && memory.resident >= memory.anonymous)
  })

  test('the kernel does not say', async () => assert.equal(await memoryInUse('/proc/no/such/file'), undefined))
})
