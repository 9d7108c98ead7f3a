/** Letters written and answered at the console: commands/reader-letter.ts and reader-reply.ts, on a real store. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { answerTo } from '../../src/commands/reader-reply.ts'
import { readFields } from '../../src/message/header-fields.ts'
import { flags } from '../../src/store/flags.ts'
import type { Store } from '../../src/store/store.ts'
import { deliver, inbox, waiting } from '../store/letters.ts'
import { openHousehold, temporaryDirectory } from './household.ts'
import { ctrlC, ctrlD, type Person, reads, type Typed } from './reader-person.ts'

type Room = { readonly store: Store; read(...typed: readonly Typed[]): Promise<Person> }

async function room(work: (room: Room) => Promise<void>): Promise<void> {
  await using directory = await temporaryDirectory()
  await using household = await openHousehold(directory.path)
  for (const name of ['alice', 'bob']) await household.accounts.add(name, 'hash')
  await work({ store: household.store, read: (...typed) => reads(household, typed) })
}

async function last(store: Store, name: string): Promise<string> {
  return (await inbox(store, name)).at(-1)?.octets.toString() ?? ''
}

const own = 'alice@home.example'

describe('compose', () => {
  test('asks, shows, and sends to people here and elsewhere', () =>
    room(async ({ store, read }) => {
      const { text, left } = await read(
        ...[
          'compose',
          own,
          'bob, eve@away.example',
          '',
          'Gr\u00fc\u00dfe',
          'Dear Bob,',
          '',
          '..',
          'Alice',
          '.',
          'yes',
          'quit',
        ],
      )
      assert.deepEqual(left, [])
      assert.match(
        text,
        /\nFrom: {4}alice@home\.example\nTo: {6}bob@home\.example, eve@away\.example\nSubject: Gr\u00fc\u00dfe\n\nDear Bob,\n\n\.\.\nAlice\n/,
      )
      assert.match(text, /\nSent\. To see what becomes of it, quit and type: trace \w{16}\n/)
      const letter = await last(store, 'bob')
      assert.match(
        letter,
        /^Date: .*\r\nFrom: alice@home\.example\r\nTo: bob@home\.example, eve@away\.example\r\nSubject: =\?utf-8\?/,
      )
      assert.match(letter, /\r\nMessage-ID: <\w+@/)
      assert.ok(letter.endsWith('\r\n\r\nDear Bob,\r\n\r\n..\r\nAlice\r\n'))
      const [one, ...others] = await waiting(store)
      assert.deepEqual([one?.domain, others.length], ['away.example', 0])
    }))

  const dropped: readonly (readonly [name: string, typed: readonly Typed[]])[] = [
    ['Ctrl-C at the first question', [ctrlC]],
    ['Ctrl-C at the subject', [own, 'bob', '', ctrlC]],
    ['no', [own, 'bob', '', 's', 'text', '.', 'no']],
    ['Ctrl-C in the text and at the question', [own, 'bob', '', 's', 'text', ctrlC, ctrlC]],
  ]
  for (const [name, typed] of dropped) {
    test(`is dropped by ${name}, and the reader goes on`, () =>
      room(async ({ store, read }) => {
        const { lines, left } = await read('compose', ...typed, 'quit')
        assert.deepEqual([left, lines.at(-1)], [[], 'alice> quit'])
        assert.equal((await inbox(store, 'bob')).length, 0)
      }))
  }

  test('ends the text with Ctrl-D, too', () =>
    room(async ({ store, read }) => {
      await read('write', own, 'bob', '', 's', 'text', ctrlD, 'y', 'quit')
      assert.ok((await last(store, 'bob')).endsWith('\r\n\r\ntext\r\n'))
    }))

  test('asks again for what is no address, names where it leads nowhere, and keeps what is written', () =>
    room(async ({ store, read }) => {
      // Made behind the back of the command, which takes no such alias.
      await store.accounts.setAlias('spin', ['spin'])
      const { text, asked, left } = await read(
        ...[
          'compose',
          'eve@away.example',
          own,
          'a b@',
          '',
          'nobody',
          'spin',
          '',
          's',
          'one',
          'two',
          '.',
          'what?',
          'yes',
        ],
        ...[own, 'bob@home.example', '', 's', 'one', 'TWO', 'three', '.', 'yes', 'quit'],
      )
      assert.deepEqual(left, [])
      assert.match(text, /Take one of these: alice@home\.example, alice@second\.example/)
      assert.match(text, /"b@" is not an address; write for instance bob@example\.org\./)
      assert.match(text, /Write an address, or press Ctrl-C to leave the letter\./)
      assert.match(text, /There is nobody called nobody here; write a whole address, as bob@example\.org\./)
      assert.match(text, /spin@home\.example/)
      assert.match(text, /Write yes to send it, no to drop it, or edit to change it\./)
      assert.deepEqual(
        asked.filter(({ question }) => question === '').map(({ asking }) => asking.initial),
        [...[undefined, undefined, undefined], ...['one', 'two', undefined, undefined]],
      )
      assert.ok((await last(store, 'bob')).endsWith('\r\n\r\none\r\nTWO\r\nthree\r\n'))
    }))

  test('keeps the lines behind the dot when a letter is changed', () =>
    room(async ({ store, read }) => {
      await read(
        'compose',
        own,
        'bob',
        '',
        's',
        'one',
        'two',
        'three',
        '.',
        'edit',
        own,
        'bob',
        '',
        't',
        'ONE',
        '.',
        'yes',
        'quit',
      )
      assert.ok((await last(store, 'bob')).endsWith('\r\n\r\nONE\r\ntwo\r\nthree\r\n'))
    }))

  test('ends a letter that is too long', () =>
    room(async ({ store, read }) => {
      const { text } = await read('compose', own, 'bob', '', 's', 'x'.repeat(60_000), 'y'.repeat(60_000), 'yes', 'quit')
      assert.match(text, /The letter is as long as it can be; the last line is left out\./)
      assert.match(await last(store, 'bob'), /quoted-printable/)
    }))
})

const question = [
  'From: Bob <bob@away.example>',
  'To: Alice <Alice@second.example>, carol@away.example',
  'Cc: dave@away.example, alice@home.example',
  'Subject: Re: AW: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=',
  'Message-ID: <3@away.example>',
  'References: <1@away.example>\r\n <2@away.example>',
  '',
  'hello',
  '',
].join('\r\n')

describe('reply', () => {
  test('answers in the thread, from the address that was written to, and marks', () =>
    room(async ({ store, read }) => {
      await deliver(store, ['alice'], Buffer.from(question.replace('bob@away', 'bob@home')))
      const { asked } = await read(
        'reply 1',
        'alice@second.example',
        'bob@home.example',
        '',
        'Re: Gr\u00fc\u00dfe',
        'Yes.',
        '.',
        'yes',
        'quit',
      )
      assert.deepEqual(
        asked.slice(1, 5).map(({ asking }) => asking.initial),
        ['alice@second.example', 'bob@home.example', '', 'Re: Gr\u00fc\u00dfe'],
      )
      const letter = await last(store, 'bob')
      assert.match(
        letter,
        /\r\nIn-Reply-To: <3@away\.example>\r\nReferences: <1@away\.example> <2@away\.example> <3@away\.example>\r\n/,
      )
      assert.match(letter, /\r\nFrom: alice@second\.example\r\n/)
      const [entry] = await store.entries(1, 1)
      assert.equal(entry?.flags, flags.answered | flags.seen)
    }))

  test('that is not sent marks nothing', () =>
    room(async ({ store, read }) => {
      await deliver(store, ['alice'], Buffer.from(question))
      await read('reply 1 all', own, 'bob', '', 's', '.', 'no', 'quit')
      const [entry] = await store.entries(1, 1)
      assert.equal(entry?.flags, 0)
    }))

  test('offers those who have written', () =>
    room(async ({ store, read }) => {
      await deliver(store, ['alice'], Buffer.from(question))
      const { asked } = await read('compose', own, ctrlC, 'quit')
      assert.deepEqual(await asked[2]?.asking.complete?.(''), ['bob@away.example', 'alice', 'bob'])
    }))

  test('is refused where nobody can be answered', () =>
    room(async ({ store, read }) => {
      await deliver(store, ['alice'], Buffer.from('Subject: x\r\nFrom: somebody\r\n\r\n'))
      const { text } = await read('reply 1', 'quit')
      assert.match(text, /Message 1 does not say who has sent it\. To write to somebody: compose/)
    }))

  const answers: readonly (readonly [name: string, header: string, all: boolean, found: object])[] = [
    ['the sender', question, false, { to: ['bob@away.example'], cc: [], from: 'alice@second.example' }],
    [
      'everybody but oneself',
      question,
      true,
      { to: ['bob@away.example'], cc: ['carol@away.example', 'dave@away.example'] },
    ],
    ['where answers are wanted', `Reply-To: list@x.example\r\n${question}`, false, { to: ['list@x.example'] }],
    [
      'from the first address where it came by another way',
      'From: a@x.example\r\n',
      false,
      { from: own, subject: 'Re:' },
    ],
    [
      'without a thread',
      'From: a@x.example\r\nSubject: [x] re: y\r\n',
      false,
      { references: [], subject: 'Re: [x] re: y' },
    ],
  ]
  for (const [name, header, all, found] of answers) {
    test(`goes to ${name}`, () => {
      const answer = answerTo(readFields(Buffer.from(header)), all, [own, 'alice@second.example'])
      assert.deepEqual({ ...answer, ...found }, answer)
    })
  }
})
