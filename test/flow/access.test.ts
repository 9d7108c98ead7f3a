/** Fetching mail where a transcript cannot look: passwords and time, the lock, accounts that vanish, a damaged store. */
import assert from 'node:assert/strict'
import { randomBytes, scryptSync } from 'node:crypto'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { ClassicLevel } from 'classic-level'
import { type Clock, systemClock } from '../../src/base/clock.ts'
import { Household, openStore, password } from '../support/household.ts'
import { Caller, deliver } from './caller.ts'

const loginDelay = '-ERR [LOGIN-DELAY] too many failed logins, wait a while'
const authFailed = '-ERR [AUTH] wrong name or password'
const temporary = '-ERR [SYS/TEMP] that failed here, try again later'
const damaged = '-ERR [SYS/PERM] the message is damaged in the store'

/** Tries to log in. @returns the answer to PASS */
async function guess(
  household: Household,
  user: string,
  guessed: string,
  address?: string,
): Promise<string | undefined> {
  const caller = await Caller.pop3(household, address === undefined ? {} : { address })
  await caller.ask(`USER ${user}`)
  const answer = await caller.ask(`PASS ${guessed}`)
  await caller.leave()
  return answer
}

describe('passwords without TLS', () => {
  const cases = [
    { plaintext: 'never', address: '127.0.0.1', taken: false },
    { plaintext: 'loopback', address: '127.0.0.1', taken: true },
    { plaintext: 'loopback', address: '192.0.2.7', taken: false },
    { plaintext: 'always', address: '192.0.2.7', taken: true },
  ] as const
  for (const { plaintext, address, taken } of cases) {
    test(`are ${taken ? 'taken' : 'refused'} from ${address} where the setting is ${plaintext}`, async () => {
      await using household = await Household.make()
      household.config = { ...household.config, login: { plaintext } }
      const caller = await Caller.pop3(household, { address, tls: false })
      await caller.ask('CAPA')
      assert.equal((await caller.lines()).includes('SASL SCRAM-SHA-256 PLAIN LOGIN'), taken)
      assert.match((await caller.ask('USER alice')) ?? '', taken ? /^\+OK/ : /^-ERR \[AUTH\]/)
      await caller.leave()
    })
  }
})

describe('guessing passwords', () => {
  test('is slowed for the host it comes from, which has a /64 of addresses, and for no other', async () => {
    await using household = await Household.make('alice')
    for (let i = 0; i < 5; i++) assert.equal(await guess(household, `x${i}`, 'wrong', `2001:db8::${i}`), authFailed)
    assert.equal(await guess(household, 'alice', password, '2001:db8::ff'), loginDelay)
    assert.match((await guess(household, 'alice', password, '2001:db8:0:1::1')) ?? '', /^\+OK/)
    await household.clock.sleep(1000, household.stopping.signal)
    assert.match((await guess(household, 'alice', password, '2001:db8::ff')) ?? '', /^\+OK/)
  })

  test('is slowed for the account, by whichever of its addresses', async () => {
    await using household = await Household.make('alice')
    const times = [household.clock.now()]
    for (const [i, user] of ['alice', 'ALICE@home.example', 'alice@home.example'].entries()) {
      assert.equal(await guess(household, user, 'wrong', `192.0.2.${i}`), authFailed)
      times.push(household.clock.now())
    }
    assert.deepEqual(
      times.slice(1).map((time, i) => time - (times[i] ?? 0)),
      [500, 1000, 2000],
    )
  })

  test('does not hold up a server that stops', async () => {
    await using household = await Household.make('alice')
    const asleep = Promise.withResolvers<void>()
    const sleep: Clock['sleep'] = (_, signal) => {
      asleep.resolve()
      return systemClock.sleep(3_600_000, signal)
    }
    const services = { ...household.access, clock: { ...household.clock, sleep } }
    const caller = await Caller.pop3(household, { services })
    await caller.ask('USER alice')
    caller.send('PASS wrong\r\n')
    await asleep.promise
    household.stopping.abort()
    assert.equal(await caller.answer(), authFailed)
    assert.match((await caller.answer()) ?? '', /^-ERR \[SYS\/TEMP\]/)
    await caller.done
  })
})

test('a password hashed with parameters of another time is hashed anew at the login, once', async () => {
  await using household = await Household.make()
  const { accounts } = household.store
  const salt = randomBytes(16)
  const unpadded = (octets: Buffer) => octets.toString('base64').replace(/=+$/, '')
  const hash = scryptSync(password, salt, 32, { N: 2 ** 4, r: 8, p: 1 })
  await accounts.add('alice', `$scrypt$ln=4,r=8,p=1$${unpadded(salt)}$${unpadded(hash)}`)
  const stored = [accounts.find('alice')?.password]
  for (let i = 0; i < 2; i++) {
    const { caller, answer } = await Caller.login(household, 'alice')
    assert.match(answer ?? '', /^\+OK/)
    await caller.leave()
    stored.push(accounts.find('alice')?.password)
  }
  assert.match(stored[1] ?? '', /^\$scrypt\$ln=14,/)
  assert.equal(stored[2], stored[1])
})

describe('the maildrop', () => {
  test('is given back by a session that drops, and no one else has to give his', async () => {
    await using household = await Household.make('alice', 'bob')
    const sessions = [await Caller.login(household, 'alice'), await Caller.login(household, 'bob')]
    const open = [household.open.size]
    for (const { caller } of sessions) {
      await caller.leave()
      open.push(household.open.size)
    }
    assert.deepEqual(open, [2, 1, 0])
  })

  test('is not given back by a session that never had it', async () => {
    await using household = await Household.make('alice')
    const first = await Caller.login(household, 'alice')
    const second = await Caller.login(household, 'alice')
    assert.equal(second.answer, '-ERR [IN-USE] the maildrop is open in another session')
    await second.caller.leave()
    assert.equal(household.open.size, 1)
    await first.caller.leave()
  })

  test('of an account that is removed can be read to the end of the session, and then is gone', async () => {
    await using household = await Household.make('alice')
    await deliver(household, 'alice', 'Subject: one\r\n\r\n')
    const { caller } = await Caller.login(household, 'alice')
    await household.store.accounts.remove('alice')
    await household.addAccount('alice')
    await deliver(household, 'alice', 'Subject: hers\r\n\r\n')
    assert.match((await caller.ask('RETR 1')) ?? '', /^\+OK/)
    assert.ok((await caller.lines()).includes('Subject: one'))
    await caller.ask('DELE 1')
    assert.equal(await caller.ask('QUIT'), '+OK bye, 1 messages deleted')
    await caller.done
    // The new account of that name has nothing to do with the old one's session.
    const held = await household.inbox('alice')
    assert.deepEqual(
      held.map(({ octets }) => octets.toString()),
      ['Subject: hers\r\n\r\n'],
    )
  })
})

describe('when the store fails', () => {
  test('messages are refused for now, nothing is deleted, and the session goes on', async () => {
    await using household = await Household.make('alice')
    await deliver(household, 'alice', 'Subject: one\r\n\r\n')
    const { caller } = await Caller.login(household, 'alice')
    await caller.ask('DELE 1')
    await caller.ask('RSET')
    await household.store.close()
    assert.equal(await caller.ask('RETR 1'), temporary)
    assert.equal(await caller.ask('TOP 1 0'), temporary)
    assert.match((await caller.ask('LIST 1')) ?? '', /^\+OK 1 /)
    await caller.ask('DELE 1')
    assert.equal(await caller.ask('QUIT'), temporary)
    await caller.done
    household.store = await openStore(household.directory)
    assert.equal((await household.inbox('alice')).length, 1)
  })

  test('a disk below its reserve still lets mail be read and deleted', async () => {
    await using household = await Household.make('alice')
    await deliver(household, 'alice', 'Subject: one\r\n\r\n')
    await household.store.close()
    household.store = await openStore(household.directory, { reserve: Number.MAX_SAFE_INTEGER })
    const { caller } = await Caller.login(household, 'alice')
    assert.match((await caller.ask('RETR 1')) ?? '', /^\+OK/)
    await caller.lines()
    await caller.ask('DELE 1')
    assert.equal(await caller.ask('QUIT'), '+OK bye, 1 messages deleted')
    assert.equal((await household.inbox('alice')).length, 0)
  })
})

/** Writes over body blocks of the closed store, those whose octets hold `mark`. */
async function damage(household: Household, mark: string): Promise<void> {
  await household.store.close()
  const options = { keyEncoding: 'buffer', valueEncoding: 'buffer' } as const
  const log = new ClassicLevel<Buffer, Buffer>(join(household.directory, 'log'), options)
  for await (const [key, value] of log.iterator()) if (value.includes(mark)) await log.put(key, Buffer.from('?'))
  await log.close()
  household.store = await openStore(household.directory)
}

describe('a damaged block', () => {
  test('makes its message unreadable, by name, and no other', async () => {
    await using household = await Household.make('alice')
    for (const word of ['one', 'two', 'three']) await deliver(household, 'alice', `Subject: ${word}\r\n\r\n`)
    await damage(household, 'Subject: two')
    const { caller, answer } = await Caller.login(household, 'alice')
    assert.match(answer ?? '', /^\+OK .* 3 messages/)
    assert.equal(await caller.ask('RETR 2'), damaged)
    assert.equal(await caller.ask('TOP 2 0'), damaged)
    for (const number of [1, 3]) {
      assert.match((await caller.ask(`RETR ${number}`)) ?? '', /^\+OK/)
      assert.ok(!(await caller.lines()).includes(undefined))
    }
    await caller.ask('DELE 2')
    assert.equal(await caller.ask('QUIT'), '+OK bye, 1 messages deleted')
  })

  test('in the middle of a message ends the connection without the final dot', async () => {
    await using household = await Household.make('alice')
    await deliver(household, 'alice', `Subject: long\r\n\r\n${'x'.repeat(98)}\r\n${'y'.repeat(70_000)}torn\r\n`)
    await damage(household, 'torn')
    const { caller } = await Caller.login(household, 'alice')
    assert.match((await caller.ask('RETR 1')) ?? '', /^\+OK/)
    const lines = await caller.lines()
    assert.ok(lines.includes('Subject: long'))
    assert.equal(lines.at(-1), undefined)
    await caller.done
    assert.equal(household.open.size, 0)
  })

  test('behind the lines that TOP asks for does no harm', async () => {
    await using household = await Household.make('alice')
    await deliver(household, 'alice', `Subject: long\r\n\r\n${'x'.repeat(98)}\r\n${'y'.repeat(70_000)}torn\r\n`)
    await damage(household, 'torn')
    const { caller } = await Caller.login(household, 'alice')
    await caller.ask('TOP 1 1')
    assert.deepEqual((await caller.lines()).slice(-3), ['Subject: long', '', 'x'.repeat(98)])
    assert.equal(await caller.ask('QUIT'), '+OK bye')
  })
})
