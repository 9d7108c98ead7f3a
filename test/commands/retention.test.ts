/** user expire, on a real store: commands/retention.ts. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '../../src/base/clock.ts'
import { keptFor } from '../../src/flow/retention.ts'
import { envelope, numbers } from '../store/letters.ts'
import { openStore } from '../support/household.ts'
import { openHousehold, run, temporaryDirectory } from './household.ts'

const day = 86_400_000

test('user expire says what will go, and keeps to what it was told last', async () => {
  await using directory = await temporaryDirectory()
  // Alice is there since long, and her one message is a hundred days old.
  const past = { ...systemClock, now: () => Date.now() - 200 * day }
  {
    const store = await openStore(directory.path, { clock: past })
    await store.accounts.add('alice', 'hash')
    const incoming = store.incoming(2)
    await incoming.append(Buffer.from('a\n'))
    await incoming.commit(envelope(numbers(store, 'alice'), past.now() + 100 * day))
    await store.close()
  }
  await using household = await openHousehold(directory.path)
  const { settings } = household
  const [alice = 0] = numbers(household.store, 'alice')
  const open = async () => ({ ...household, [Symbol.asyncDispose]: async () => {} })
  const expire = async (words: string) => {
    const outcome = await run(['user', 'expire', ...words.split(' '), '--data', directory.path], '', { open })
    return outcome.exit === 0 ? outcome.printed : outcome.complained.map(line => line.split('\n')[0])
  }
  const stays = ['The mail of alice stays until somebody deletes it.']
  const old = /^Next night 1 message \(\d+ B\) will go\. To keep them: porchlight user expire alice never$/
  assert.deepEqual(await expire('alice'), stays)
  const [first, second = ''] = await expire('Alice 90d')
  assert.equal(first, 'Messages to alice are removed when they are older than 90 days.')
  assert.match(second, old)
  assert.match((await expire('alice'))[1] ?? '', old)
  assert.deepEqual(await expire('alice 365D'), [
    'Messages to alice are removed when they are older than 365 days.',
    'None is that old yet.',
  ])
  assert.equal((await expire('alice 1d12h'))[0], 'Messages to alice are removed when they are older than 1d12h.')
  for (const [words, complaint] of [
    ['alice 23h', 'Mail is kept for a day at least. Write 1d or more, or never.'],
    ['alice 0d', 'Mail is kept for a day at least. Write 1d or more, or never.'],
    ['alice 90', '"90" is no age. Write 90d for 90 days, or never.'],
    ['alic 90d', 'There is no account alic; did you mean alice? To see them: porchlight user list'],
    ['alice 90 days', 'user expire has no use for "days".'],
  ] as const) {
    assert.deepEqual(await expire(words), [complaint])
  }
  assert.equal(keptFor(settings, alice), 1.5 * day)
  assert.deepEqual(await expire('alice NEVER'), stays)
  assert.equal(keptFor(settings, alice), undefined)
  await expire('alice 90d')
  await run(['user', 'remove', 'alice', '--delete-mail', '--data', directory.path], '', { open })
  assert.deepEqual(settings.list('expire.'), [])
})
