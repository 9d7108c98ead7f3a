/** The commands for what holds for an account: user quota, vacation, passwd. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { verifyPassword } from '../../src/auth/password.ts'
import { budget } from '../../src/base/budget.ts'
import { commands } from '../../src/commands/commands.ts'
import { parseCall } from '../../src/commands/parse.ts'
import { passwordSetting } from '../../src/commands/passwd.ts'
import { endOfDay, useClock } from '../../src/commands/shown.ts'
import { absenceOf } from '../../src/flow/absence.ts'
import { type Outcome, openHousehold, run, temporaryDirectory } from './household.ts'
import { ScriptedDialogue } from './script.ts'

type Room = {
  readonly household: Awaited<ReturnType<typeof openHousehold>>
  /** Runs a command line as a script does. */
  say(words: string | readonly string[], stdin?: string): Promise<Outcome>
  /** Runs one at a console. @returns what it printed at its end */
  talk(words: string, dialogue: ScriptedDialogue): Promise<readonly string[]>
}

/** A household with alice and bob, on one store that stays open. */
async function room(work: (room: Room) => Promise<void>): Promise<void> {
  await using directory = await temporaryDirectory()
  await using household = await openHousehold(directory.path)
  for (const name of ['alice', 'bob']) await household.accounts.add(name, 'hash')
  const open = async () => Object.assign({}, household, { [Symbol.asyncDispose]: async () => {} })
  const wordsOf = (words: string | readonly string[]) => (typeof words === 'string' ? words.split(' ') : words)
  await work({
    household,
    say: (words, stdin = '') => run([...wordsOf(words), '--data', directory.path], stdin, { open }),
    talk: async (words, dialogue) => {
      const call = parseCall(wordsOf(words), commands)
      const { command } = call
      assert.ok(command.runs === 'inside')
      const { signal } = dialogue
      const print = (line: string) => dialogue.print(line)
      const told = {
        password: undefined,
        dialogue,
        signal,
        print,
        seen: undefined,
        width: Number.POSITIVE_INFINITY,
        house: undefined,
      }
      return command.run(call, { ...told, household, running: true })
    },
  })
}

const printed = (...lines: readonly string[]): Outcome => ({ exit: 0, printed: [...lines], complained: [] })
const refused = (...lines: readonly string[]): Outcome => ({ exit: 1, printed: [], complained: [...lines] })

describe('user quota', () => {
  test('is set, shown in the list of users, lifted, and goes with the account', () =>
    room(async ({ say, household }) => {
      assert.deepEqual(await say('user quota alice'), printed('alice may keep as much mail as the disk holds.'))
      assert.deepEqual(await say('user quota Alice 2gib'), printed('alice may keep 2 GiB of mail, and has 0 B.'))
      assert.deepEqual((await say('user list')).printed, [
        'NAME   MESSAGES  SIZE          ADDRESSES',
        'alice  0         0 B of 2 GiB  alice@home.example, alice@second.example',
        'bob    0         0 B           bob@home.example, bob@second.example',
      ])
      assert.deepEqual(await say('user quota alice none'), printed('alice may keep as much mail as the disk holds.'))
      await say('user quota alice 50MB')
      assert.equal(household.settings.list('quota.').length, 1)
      await say('user remove alice')
      assert.deepEqual(household.settings.list(''), [])
    }))

  for (const [words, why] of [
    ['user quota alice lots', '"lots" is no size. Write 500MiB or 2GiB, or none.'],
    ['user quota alice 0x10', '"0x10" is no size. Write 500MiB or 2GiB, or none.'],
    ['user quota alice 10', '10 is too little for mail. Write 1MiB or more, or none.'],
    ['user quota zoe 1GiB', 'There is no account zoe. To see them: porchlight user list'],
  ] as const) {
    test(`says why not: ${words}`, () =>
      room(async ({ say, household }) => {
        assert.deepEqual(await say(words), refused(why))
        assert.deepEqual(household.settings.list(''), [])
      }))
  }
})

describe('vacation', () => {
  test('is set by a script, shown, and taken back', () =>
    room(async ({ say, household }) => {
      assert.deepEqual(
        await say('vacation alice'),
        printed('alice is not away. To tell senders so: porchlight vacation alice on'),
      )
      const on = ['vacation', 'alice', 'on', '--until', '2099-12-24', '--subject', 'Away', '--text', 'I am away.']
      const shown = printed(
        'Senders are told that alice is away, until 2099-12-24 23:59:59',
        'Subject: Auto: Away',
        '',
        'I am away.',
      )
      assert.deepEqual(await say(on), shown)
      assert.deepEqual(await say('vacation ALICE'), shown)
      const account = household.accounts.find('alice')
      assert.equal(absenceOf({ id: account?.id ?? 0 }, household.settings)?.until, Date.UTC(2099, 11, 24, 23, 59, 59))
      assert.deepEqual(await say('vacation alice off'), printed('Nobody is told any more that alice is away.'))
      assert.deepEqual(household.settings.list(''), [])
    }))

  test('asks a person for what was not given, and takes lines up to a dot', () =>
    room(async ({ talk, household }) => {
      const dialogue = new ScriptedDialogue({ answers: ['Away', 'Dear all,', '', 'I am away.', '.', '24.12.2099'] })
      assert.deepEqual(await talk('vacation alice on', dialogue), [
        'Senders are told that alice is away, until 2099-12-24 23:59:59',
        'Subject: Auto: Away',
        '',
        'Dear all,',
        '',
        'I am away.',
      ])
      assert.deepEqual(dialogue.left, [])
      const again = new ScriptedDialogue({ answers: ['', 'Away again.', '.', ''] })
      assert.deepEqual(await talk('vacation alice on', again), [
        'Senders are told that alice is away, until you write: porchlight vacation alice off',
        'Subject: (Auto: and the subject of their message)',
        '',
        'Away again.',
      ])
      // What was there before stands there to be changed.
      assert.equal(again.asked[0]?.asking?.initial, 'Away')
      assert.equal(household.settings.list('vacation.').length, 1)
    }))

  test('asks again for a day that is none, or over, and keeps what was written', () =>
    room(async ({ talk }) => {
      const answers = ['', 'I am away.', '.', 'Monday', '2001-01-01', '12/24/2099']
      const dialogue = new ScriptedDialogue({ answers })
      const lines = await talk('vacation alice on', dialogue)
      assert.deepEqual(lines.slice(-1), ['I am away.'])
      assert.match(dialogue.text, /"Monday" is no day\. Write for instance 2026-12-24\./)
      assert.match(dialogue.text, /2001-01-01 is over already\./)
      const early = new ScriptedDialogue({ answers: ['never asked for'] })
      await assert.rejects(talk('vacation alice on --until Monday', early), /"Monday" is no day/)
      assert.deepEqual(early.left, ['never asked for'])
    }))

  test('leaves all as it was when the person stops', () =>
    room(async ({ talk, household }) => {
      await assert.rejects(talk('vacation alice on', new ScriptedDialogue({ answers: ['Away', undefined] })))
      assert.deepEqual(household.settings.list(''), [])
    }))

  test('of a person who types without end stops asking', () =>
    room(async ({ talk }) => {
      const line = 'x'.repeat(1000)
      const answers = ['Away', ...Array.from({ length: 17 }, () => line), '']
      await assert.rejects(
        talk('vacation alice on', new ScriptedDialogue({ answers })),
        new RegExp(`at most ${budget.vacationText} octets`),
      )
    }))

  test('goes with the account', () =>
    room(async ({ say, household }) => {
      await say(['vacation', 'bob', 'on', '--text', 'away'])
      await say('user remove bob')
      assert.deepEqual(household.settings.list(''), [])
    }))

  for (const [words, why] of [
    [['zoe', 'on', '--text', 'x'], 'There is no account zoe. To see them: porchlight user list'],
    [['alice', 'maybe'], 'Write on or off behind alice, not "maybe".'],
    [['alice', 'on'], 'Senders need to be told something: --text "I am back on Monday."'],
    [['alice', 'on', '--text', ' '], 'Senders need to be told something: --text "I am back on Monday."'],
    [['alice', 'on', '--text', 'x', '--until', 'Monday'], '"Monday" is no day. Write for instance 2026-12-24.'],
    [['alice', 'on', '--text', 'x', '--until', '2026-02-30'], '"2026-02-30" is no day. Write for instance 2026-12-24.'],
    [['alice', 'on', '--text', 'x', '--until', '2001-01-01'], '2001-01-01 is over already.'],
    [['alice', 'on', '--text', 'x\x1b[2J'], 'The text holds control characters; leave them out.'],
    [['alice', 'on', '--text', 'x', '--subject', 'a\nBcc: b'], 'The subject is one line.'],
    [['alice', 'on', '--text', 'x', '--subject', 'y'.repeat(201)], 'The subject is too long: at most 200 octets.'],
  ] as const) {
    test(`says why not: ${JSON.stringify(words).slice(0, 60)}`, () =>
      room(async ({ say, household }) => {
        assert.deepEqual(await say(['vacation', ...words]), refused(why))
        assert.deepEqual(household.settings.list(''), [])
      }))
  }
})

describe('passwd', () => {
  test('changes that of an account', () =>
    room(async ({ say, household }) => {
      assert.deepEqual(
        await say('passwd Alice --password-stdin', 'correct horse\n'),
        printed('The password of alice is changed.'),
      )
      assert.equal(await verifyPassword('correct horse', household.accounts.find('alice')?.password), 'valid')
      assert.deepEqual(
        await say('passwd zoe --password-stdin', 'correct horse\n'),
        refused('There is no account zoe. To see them: porchlight user list'),
      )
    }))

  test('changes that of the console', () =>
    room(async ({ say, household }) => {
      const said = await say('passwd console --password-stdin', 'correct horse\n')
      assert.deepEqual(said, printed('The password of the console is changed.'))
      assert.equal(await verifyPassword('correct horse', household.settings.get(passwordSetting)), 'valid')
      const generated = await say('passwd console --generate')
      const [, password = ''] = /shown only now: (.*)$/.exec(generated.printed[1] ?? '') ?? []
      assert.equal(await verifyPassword(password, household.settings.get(passwordSetting)), 'valid')
    }))

  test('refuses one that is too short, and keeps the other', () =>
    room(async ({ say, household }) => {
      const said = await say('passwd console --password-stdin', 'short\n')
      assert.deepEqual(said, refused('A password has at least 8 characters.'))
      assert.equal(household.settings.get(passwordSetting), undefined)
    }))
})

test('a day ends where the household is, be it the day on which the clock is set', () => {
  const ends = [
    ['UTC', 2026, 12, 24, '2026-12-24T23:59:59.000Z'],
    ['Europe/Berlin', 2026, 12, 24, '2026-12-24T22:59:59.000Z'],
    ['Europe/Berlin', 2026, 3, 29, '2026-03-29T21:59:59.000Z'],
    ['Europe/Berlin', 2026, 3, 28, '2026-03-28T22:59:59.000Z'],
    ['America/St_Johns', 2026, 7, 1, '2026-07-02T02:29:59.000Z'],
    ['Pacific/Kiritimati', 2026, 7, 1, '2026-07-01T09:59:59.000Z'],
    ['UTC', 2028, 2, 29, '2028-02-29T23:59:59.000Z'],
  ] as const
  try {
    for (const [time_zone, year, month, day, end] of ends) {
      useClock({ clock: 'iso', time_zone })
      assert.equal(new Date(endOfDay(year, month, day) ?? 0).toISOString(), end, time_zone)
      assert.equal(endOfDay(2026, 2, 29), undefined)
      assert.equal(endOfDay(Number.NaN, 2, 29), undefined)
    }
  } finally {
    useClock({ clock: 'iso', time_zone: 'UTC' })
  }
})
