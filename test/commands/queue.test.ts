/** The commands for mail that waits: console/queue-*.ts, on a real store. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Failure } from '../../src/base/failure.ts'
import type { Call, Context } from '../../src/commands/command.ts'
import { listQueue } from '../../src/commands/queue-list.ts'
import type { AttemptRecord } from '../../src/store/attempt.ts'
import { forwarded, notify } from '../../src/store/message.ts'
import type { Waiting } from '../../src/store/queue.ts'
import type { Store } from '../../src/store/store.ts'
import { attempt, envelope, inbox, letter, submit, waiting } from '../store/letters.ts'
import { type Outcome, openHousehold, run, temporaryDirectory } from './household.ts'

const minute = 60_000
const hour = 60 * minute

type Opened = Awaited<ReturnType<typeof openHousehold>>
type Room = { household: Opened; store: Store; say(words: string): Promise<Outcome> }

/** Runs command lines on one store that stays open. */
async function room(work: (room: Room) => Promise<void>, changes: (household: Opened) => object = () => ({})) {
  await using directory = await temporaryDirectory()
  await using household = await openHousehold(directory.path)
  await household.accounts.add('alice', 'hash')
  const shown = Object.assign({}, household, changes(household), { [Symbol.asyncDispose]: async () => {} })
  const say = (words: string) => run([...words.split(' '), '--data', directory.path], '', { open: async () => shown })
  await work({ household, store: household.store, say })
}

/** One that waits, after an attempt that was put off. */
async function putOff(store: Store, text: string, changes: Partial<AttemptRecord> = {}): Promise<void> {
  const one = (await waiting(store)).at(-1)
  assert.ok(one)
  const answer = { code: 451, enhanced: '4.2.0', text }
  const results = one.pending.map(recipient => ({ recipient, outcome: 'deferred' as const, answer }))
  await store.outbound.settle([attempt(one, 'deferred', { results, date: Date.now(), ...changes })])
}

const only = async (store: Store): Promise<Waiting> => {
  const [one, ...others] = await waiting(store)
  assert.deepEqual(others, [])
  assert.ok(one)
  return one
}

const printed = (...lines: readonly string[]): Outcome => ({ exit: 0, printed: [...lines], complained: [] })
const refused = (...lines: readonly string[]): Outcome => ({ exit: 1, printed: [], complained: [...lines] })

describe('queue list', () => {
  test('says so when nothing waits', () =>
    room(async ({ say }) => assert.deepEqual(await say('queue list'), printed('Nothing waits to be sent.'))))

  test('has a line for each destination, what was answered last, and a sum', () =>
    room(async ({ store, say }) => {
      const now = Date.now()
      const first = await submit(store, ['bob@away.example', 'ann@away.example', 'eve@away.example'], {
        date: now - 3.5 * hour,
        body: letter(5000),
      })
      await putOff(store, 'Greylisted', { due: now + 2.5 * hour })
      const second = await submit(store, ['a@one.example', `${'x'.repeat(40)}@${'y'.repeat(30)}.example`], {
        date: now - 1.5 * minute,
      })
      const [, , last] = await waiting(store)
      assert.ok(last)
      await store.outbound.decide([last], { kind: 'hold' }, now)
      assert.deepEqual(
        await say('queue list'),
        printed(
          'ID                AGE   SIZE       SENDER                  RECIPIENTS        DOMAIN              TRIES  NEXT',
          `${first}  3h    4.9 KiB    alice@home.example      bob +2            away.example        1      in 2h`,
          '  451 4.2.0 Greylisted',
          `${second}  1m    100 B      alice@home.example      a                 one.example         0      now`,
          `${second}  1m    100 B      alice@home.example      xxxxxxxxxxxxxxx…  yyyyyyyyyyyyyyyyy…  0      held`,
          '',
          '2 messages to 3 destinations, 5.0 KiB; the oldest for 3h; 1 held; next attempt now.',
        ),
      )
      await store.settings.set('delivery:suspended', 'yes')
      assert.equal((await say('queue list')).printed.at(-1), 'Delivery is suspended. To go on: porchlight queue resume')
    }))

  test('fits a screen and shows nothing that a terminal would act on, whatever hosts have said', () =>
    room(async ({ store, say }) => {
      await submit(store, ['bob@away.example'])
      await putOff(store, `\x1b[2J\u202e${'long '.repeat(100)}`)
      const lines = (await say('queue list')).printed
      for (const line of lines) assert.ok(line.length <= 110 && !/[\p{Cc}\p{Cf}]/u.test(line), line)
      assert.match(lines[2] ?? '', /^ {2}451 4\.2\.0 \?\[2J\?long .*…$/)
    }))

  test('reads no further than its reader', () =>
    room(async ({ household, store }) => {
      const entries = 1000
      const to = Array.from({ length: 100 }, (_, i) => `a@d${i}.example`)
      for (let i = 0; i < entries; i += to.length) await submit(store, to)
      let [read, lines] = [0, 0]
      const message: Opened['message'] = seq => {
        read += 1
        return household.message(seq)
      }
      const stuck = Promise.withResolvers<void>()
      const half = Promise.withResolvers<void>()
      const context: Context = {
        household: { ...household, message },
        running: true,
        password: undefined,
        dialogue: undefined,
        house: undefined,
        width: Number.POSITIVE_INFINITY,

        seen: undefined,
        signal: new AbortController().signal,
        print: async () => {
          lines += 1
          if (lines < entries / 2) return
          half.resolve()
          await stuck.promise
        },
      }
      const call: Call = { command: { name: '' } as Call['command'], operands: [], options: {} }
      const listed = listQueue(call, context)
      await half.promise
      assert.equal(lines, entries / 2)
      assert.ok(read <= entries / to.length / 2, `${read} messages read`)
      stuck.resolve()
      await listed
      assert.equal(lines, entries + 1)
    }))
})

describe('an ID', () => {
  test('may be shortened, has no case, and is told from others', () =>
    room(async ({ store, say }) => {
      const id = await submit(store, ['bob@away.example'])
      for (const text of [id, id.slice(0, 4), id.slice(0, 9).toUpperCase()]) {
        assert.deepEqual(
          await say(`queue hold ${text}`),
          text === id
            ? printed(`${id} is held until you let it go on: porchlight queue release ${id}`)
            : printed(`${id} is held already.`),
        )
      }
      const rule = 'they have 16 letters and digits, of which the first 4 will do.'
      for (const bad of ['abc', `${id}x`, 'ab%cd', 'a@b.example']) {
        assert.deepEqual(await say(`queue show ${bad}`), refused(`"${bad}" is no ID: ${rule}`))
      }
      const none = 'No message zzzzz waits. What became of it: porchlight trace zzzzz'
      assert.deepEqual(await say('queue show zzzzz'), refused(none))
    }))

  test('that several messages share has to be longer', () =>
    room(async ({ store, say }) => {
      // Of some 1,300 ids two have the same front.
      const fronts = new Map<string, string>()
      const shared = { a: '', b: '' }
      while (shared.a === '') {
        const ids = await Promise.all(Array.from({ length: 100 }, () => submit(store, ['bob@away.example'])))
        for (const id of ids) {
          const other = fronts.get(id.slice(0, 4))
          if (other !== undefined) Object.assign(shared, { a: other, b: id })
          fronts.set(id.slice(0, 4), id)
        }
      }
      const { a, b } = shared
      const [complaint = ''] = (await say(`queue show ${a.slice(0, 4)}`)).complained
      assert.match(complaint, /^Several messages begin so: \w{16}, \w{16}\. Give more of the ID\.$/)
      for (const id of [a, b]) assert.ok(complaint.includes(id), complaint)
      assert.equal((await say(`queue show ${a}`)).exit, 0)
    }))

  test('is found when the traces have forgotten the message', () =>
    room(async ({ store, say }) => {
      const id = await submit(store, ['bob@away.example'])
      await store.outbound.trimTraces(Date.now() + 400 * 24 * hour)
      assert.deepEqual(await Array.fromAsync(store.outbound.traces()), [])
      assert.equal((await say(`queue show ${id.slice(0, 6)}`)).printed[0], `ID          ${id}`)
    }))

  test('of a message that cannot be read any more is good enough to drop it', () =>
    room(
      async ({ store, say }) => {
        const id = await submit(store, ['bob@away.example'])
        assert.match((await say('queue list')).printed[1] ?? '', new RegExp(`^${id} .* away\\.example +0 +now$`))
        const hint = `To take it out of the queue: porchlight queue drop ${id} --silent`
        assert.deepEqual(await say(`queue show ${id}`), refused(`${id} cannot be read any more. ${hint}`))
        assert.deepEqual(
          await say(`queue drop ${id}`),
          refused(`${id} cannot be read any more, so that nobody can be told. Add --silent.`),
        )
        assert.deepEqual(await say(`queue drop ${id} --silent`), printed(`${id} is withdrawn; nobody is told.`))
        assert.deepEqual(await waiting(store), [])
      },
      () => ({ message: async () => Promise.reject(new Failure('STORE_DAMAGED', 'a block is missing')) }),
    ))

  test('of a message that is done is no longer one that waits', () =>
    room(async ({ store, say }) => {
      const id = await submit(store, ['bob@away.example'])
      await store.outbound.settle([attempt(await only(store), 'delivered')])
      assert.equal((await say(`queue drop ${id}`)).exit, 1)
    }))
})

test('queue show tells everything of a message', () =>
  room(async ({ store, say }) => {
    const now = Date.now()
    const id = await submit(store, ['bob@away.example', 'ann@away.example', 'eve@other.example'], {
      names: ['alice'],
      date: now - 2.5 * hour,
    })
    const [one] = await waiting(store)
    assert.ok(one)
    const date = Date.UTC(2026, 10, 22, 8, 10, 22)
    const results = [
      { recipient: 0, outcome: 'delivered' as const, answer: { code: 250, enhanced: '2.0.0', text: 'Kept' } },
      { recipient: 1, outcome: 'deferred' as const, answer: { code: 452, enhanced: '', text: 'Full\x07' } },
    ]
    await store.outbound.settle([attempt(one, 'deferred', { date, results, due: now + 5.5 * minute })])
    const [, other] = await waiting(store)
    assert.ok(other)
    await store.outbound.decide([other], { kind: 'hold' }, date + 1000)
    const accepted = new Date(now - 2.5 * hour).toISOString().slice(0, 19).replace('T', ' ')
    assert.deepEqual(
      await say(`queue show ${id}`),
      printed(
        `ID          ${id}`,
        'sender      alice@home.example',
        `accepted    ${accepted} UTC, 2h ago`,
        'size        100 B',
        'Message-ID  <1@away.example>',
        'here        in 1 mailbox',
        'For away.example: 1 attempt, next attempt in 5m.',
        'For other.example: 0 attempts, held.',
        '',
        'bob@away.example   taken: 250 2.0.0 Kept',
        'ann@away.example   waits: 452 Full?',
        'eve@other.example  waits',
        '',
        '2026-11-22 08:10:22  bob@away.example taken by mx.away.example: 250 2.0.0 Kept',
        '2026-11-22 08:10:22  ann@away.example put off by mx.away.example: 452 Full?',
        '2026-11-22 08:10:23  changed by hand',
      ),
    )
  }))

const later = 'It happens when the server runs.'

describe('a message', () => {
  test('is held, released and tried again', () =>
    room(async ({ store, say }) => {
      const id = await submit(store, ['bob@away.example'])
      await putOff(store, 'later', { due: Date.now() + hour })
      await say(`queue hold ${id}`)
      assert.deepEqual([(await only(store)).held, (await only(store)).attempts], [true, 1])
      assert.deepEqual(await say(`queue retry ${id}`), refused(`${id} is held. First: porchlight queue release ${id}`))
      assert.deepEqual(await say(`queue release ${id}`), printed(`${id} goes on.`, later))
      assert.deepEqual(await say(`queue release ${id}`), printed(`${id} is not held.`))
      assert.ok((await only(store)).due <= Date.now())
      await putOff(store, 'later', { due: Date.now() + hour })
      assert.deepEqual(await say(`queue retry ${id}`), printed(`${id} is tried again.`, later))
      const { due, attempts } = await only(store)
      assert.ok(due <= Date.now())
      assert.equal(attempts, 2)
    }))

  test('that is held while an attempt is under way stays held, and the attempt counts', () =>
    room(async ({ store, say }) => {
      const id = await submit(store, ['bob@away.example'])
      const before = await only(store)
      await say(`queue hold ${id}`)
      await store.outbound.settle([attempt(before, 'deferred', { due: Date.now() + hour })])
      assert.deepEqual([(await only(store)).held, (await only(store)).attempts], [true, 1])
      // And the other way round: a word spoken of what was there before forgets no attempt.
      await store.outbound.decide([before], { kind: 'release', now: Date.now() }, Date.now())
      assert.deepEqual([(await only(store)).held, (await only(store)).attempts], [false, 1])
    }))

  test('that is forwarded says so; dropped, it is reported to postmaster, and the rest of it to its sender', () =>
    room(async ({ household, store, say }) => {
      const outside = {
        path: 'joe@away.example',
        notify: forwarded | notify.failure,
        orcpt: 'rfc822;club@home.example',
      }
      const to = ['club@home.example', outside, 'eve@away.example']
      const id = await submit(store, to, { names: ['alice'], reversePath: 'bob@other.example' })
      const said = (await say(`queue show ${id}`)).printed
      const recipients = said.slice(said.indexOf('') + 1)
      assert.deepEqual(recipients, [
        'club@home.example             leads outside',
        'joe@away.example (forwarded)  waits',
        'eve@away.example              waits',
      ])
      assert.equal((await waiting(store)).length, 2)
      assert.equal((await say(`queue drop ${id}`)).exit, 0)
      const account = household.accounts.find('alice')?.id ?? 0
      const maildrop = await store.maildrop(account)
      const report = await store.message(maildrop.seq(1))
      assert.deepEqual([maildrop.count, report.record.recipients[0]?.path], [2, 'postmaster@home.example'])
      const [other, ...more] = await waiting(store)
      assert.equal(more.length, 0)
      assert.equal((await store.message(other?.seq ?? 0)).record.recipients[0]?.path, 'bob@other.example')
    }))

  test('is dropped, and its sender gets a report', () =>
    room(async ({ store, say }) => {
      const id = await submit(store, ['bob@away.example', 'eve@other.example'])
      assert.deepEqual(await say(`queue drop ${id}`), printed(`${id} is withdrawn; alice@home.example is told.`))
      assert.deepEqual(await waiting(store), [])
      const [report, ...others] = await inbox(store, 'alice')
      assert.deepEqual(others, [])
      const text = report?.octets.toString() ?? ''
      for (const part of ['multipart/report', 'bob@away.example', 'eve@other.example', 'Action: failed', '5.7.0']) {
        assert.ok(text.includes(part), `${part}: ${text}`)
      }
    }))

  test('is dropped without a word', () =>
    room(async ({ store, say }) => {
      const id = await submit(store, ['bob@away.example'])
      assert.deepEqual(await say(`queue drop ${id} --silent`), printed(`${id} is withdrawn; nobody is told.`))
      assert.deepEqual([await waiting(store), await inbox(store, 'alice')], [[], []])
    }))

  const mute: readonly (readonly [name: string, reversePath: string, wishes: number])[] = [
    ['a report', '', 0],
    ['one whose sender wants to hear nothing', 'alice@home.example', notify.never],
    ['one whose sender wants to hear of success only', 'alice@home.example', notify.success],
  ]
  for (const [name, reversePath, wishes] of mute) {
    test(`that is ${name} is dropped without a word`, () =>
      room(async ({ store, say }) => {
        await using incoming = store.incoming(0)
        await incoming.append(letter(10))
        const recipients = [{ path: 'bob@away.example', notify: wishes, orcpt: '' }]
        await incoming.commit({ ...envelope([]), reversePath, recipients, queued: [0] })
        const words = (await say('queue list')).printed[1]?.slice(0, 16)
        assert.deepEqual(await say(`queue drop ${words}`), printed(`${words} is withdrawn; nobody is told.`))
        assert.deepEqual([await waiting(store), await inbox(store, 'alice')], [[], []])
      }))
  }

  test('of somebody elsewhere is dropped with a report that waits in its place', () =>
    room(async ({ store, say }) => {
      await using incoming = store.incoming(0)
      await incoming.append(letter(10))
      const recipients = [{ path: 'bob@friend.example', notify: 0, orcpt: '' }]
      await incoming.commit({ ...envelope([]), reversePath: 'ann@away.example', recipients, queued: [0] })
      const id = (await say('queue list')).printed[1]?.slice(0, 16)
      assert.deepEqual(await say(`queue drop ${id}`), printed(`${id} is withdrawn; ann@away.example is told.`))
      assert.equal((await only(store)).domain, 'away.example')
    }))
})

describe('queue retry all', () => {
  test('tries all but what is held, and leaves the held alone', () =>
    room(async ({ store, say }) => {
      assert.deepEqual(await say('queue retry all'), printed('Nothing waits to be sent.', later))
      for (let i = 0; i < 120; i++) {
        await submit(store, [`a@d${i % 7}.example`])
        await putOff(store, 'later', { due: Date.now() + hour })
      }
      await store.outbound.decide((await waiting(store)).slice(0, 3), { kind: 'hold' }, Date.now())
      assert.deepEqual(
        await say('queue retry all'),
        printed('Tried again: mail to 117 destinations; 3 held, and left so.', later),
      )
      const all = await waiting(store)
      assert.equal(all.filter(({ held, due }) => held && due > Date.now()).length, 3)
      assert.equal(all.filter(({ held, due }) => !held && due <= Date.now()).length, 117)
    }))

  test('has domains looked at that were put off as a whole', () =>
    room(async ({ store, say }) => {
      await submit(store, ['a@away.example'])
      const taken: string[] = []
      const take = (domain: string) => {
        taken.push(domain)
        return 'struck' as const
      }
      await store.outbound.takeDue(Date.now(), take)
      await store.outbound.wake('away.example', Date.now() + hour)
      await say('queue retry all')
      await store.outbound.takeDue(Date.now(), take)
      assert.deepEqual(taken, ['away.example', 'away.example'])
    }))

  test('forgets what rests before it changes the schedule', async () => {
    const order: string[] = []
    await room(
      async ({ store, say }) => {
        await submit(store, ['bob@away.example'])
        await putOff(store, 'later', { due: Date.now() + hour })
        store.outbound.onChange = () => order.push('changed')
        await say('queue retry all')
        assert.deepEqual(order.slice(0, 2), ['forgotten', 'changed'])
      },
      ({ delivery }) => ({ delivery: { ...delivery, forgetRests: () => order.push('forgotten') } }),
    )
  })
})

test('delivery is suspended and goes on, also over a restart', async () => {
  await using directory = await temporaryDirectory()
  const say = (words: string) => run([...words.split(' '), '--data', directory.path])
  assert.deepEqual(await say('queue resume'), printed('Delivery is not suspended.'))
  const words = 'Delivery is suspended. To go on: porchlight queue resume'
  const stopped = 'Nothing more is sent, beyond what is on its way this moment. Mail is taken and waits.'
  assert.deepEqual(await say('queue suspend'), printed(stopped, words))
  {
    await using household = await openHousehold(directory.path)
    assert.ok(household.delivery.suspended)
  }
  assert.deepEqual(await say('queue resume'), printed('Delivery goes on; nothing waits.', later))
  await using household = await openHousehold(directory.path)
  assert.ok(!household.delivery.suspended)
})
