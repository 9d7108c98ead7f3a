/** The reader of mail: console/reader*.ts, on a real store. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import type { Household } from '../../src/commands/command.ts'
import { commands } from '../../src/commands/commands.ts'
import { parseCall } from '../../src/commands/parse.ts'
import { flags } from '../../src/store/flags.ts'
import type { Store } from '../../src/store/store.ts'
import { columnsOf, harmless } from '../../src/terminal/width.ts'
import { deliver, inbox } from '../store/letters.ts'
import { deskOf, openHousehold, temporaryDirectory } from './household.ts'
import { ctrlC, ctrlD, Person, reads, type Typed } from './reader-person.ts'

type Room = {
  readonly household: Household
  readonly store: Store
  put(...letters: readonly (string | Buffer)[]): Promise<void>
  read(...typed: readonly Typed[]): Promise<Person>
}

async function room(work: (room: Room) => Promise<void>, settings = ''): Promise<void> {
  await using directory = await temporaryDirectory()
  await using household = await openHousehold(directory.path, settings)
  for (const name of ['alice', 'bob', 'carol']) await household.accounts.add(name, 'hash')
  const { store } = household
  const put = async (...letters: readonly (string | Buffer)[]) => {
    for (const letter of letters) await deliver(store, ['alice'], Buffer.from(letter))
  }
  await work({ household, store, put, read: (...typed) => reads(household, typed) })
}

const corpus = (name: string) => readFileSync(join(import.meta.dirname, '../corpus', `${name}.eml`))

const letter = (subject: string, body = 'hello', more: readonly string[] = []) =>
  ['From: Bob <bob@away.example>', 'To: alice@home.example', `Subject: ${subject}`, ...more, '', body, ''].join('\r\n')

const alice = 1

async function flagsOf(store: Store): Promise<readonly number[]> {
  const [account] = store.accounts.list()
  return (await store.entries(account?.id ?? alice, 100)).map(entry => entry.flags).reverse()
}

describe('the list', () => {
  test('shows the newest first, in columns, and says how many there are', () =>
    room(async ({ put, read }) => {
      await put(letter('first'), corpus('utf8-headers'), corpus('multipart-attachments'))
      const { lines } = await read('quit')
      assert.equal(lines[0], '3 messages for alice. Type help to see what can be done, quit to leave.')
      assert.match(
        lines[1] ?? '',
        /^3 N {2}2026-11-21 22:15 Bob Example {3}Photos from the garden .* +1\.7 KiB$|^3 N {2}/,
      )
      assert.match(lines[2] ?? '', /^2 N {2}\S+ \S+ J\u00f6rg M\u00fcller +Gr\u00fc\u00dfe \u2013 \u4f60\u597d/)
      assert.match(lines[3] ?? '', /^1 N {2}2026-11-2\d \d\d:\d\d Bob +first +\d+ B$/)
      for (const line of lines.slice(1, 4)) assert.equal(columnsOf(harmless(line)), 79)
    }))

  test('says so when there is nothing', () =>
    room(async ({ read }) => {
      const { lines } = await read('list', 'read 1', 'next')
      assert.equal(lines[0], '0 messages for alice. Type help to see what can be done, quit to leave.')
      assert.ok(lines.includes('There are no messages.'))
    }))

  test('goes on page by page, and again from the top', () =>
    room(async ({ household, put }) => {
      await put(...Array.from({ length: 12 }, (_, i) => letter(`no ${i + 1}.`)))
      const small = (person: Person) => {
        person.rows = 8
      }
      const { lines } = await reads(household, ['more', 'more', 'more', 'list 3', 'l', 'quit'], small)
      const shown = lines.map(line => /^ ?(\d+) N/.exec(line)?.[1] ?? line.replace(/^\d+ messages.*/, '')).join(' ')
      assert.equal(
        shown,
        ' 12 11 10 9 8 7 older; to see them: more alice> more 7 6 5 4 3 2 older; to see them: more alice> more 2 1 alice> more There are no older messages. alice> list 3 3 2 1 alice> l 12 11 10 9 8 7 older; to see them: more alice> quit',
      )
    }))

  const terminals: readonly (readonly [columns: number, unicode: boolean])[] = [
    [80, true],
    [80, false],
    [40, true],
    [40, false],
    [132, true],
  ]
  for (const [columns, unicode] of terminals) {
    test(`fits a terminal of ${columns} columns${unicode ? '' : ' in ASCII'}, whatever strangers have written`, () =>
      room(async ({ household, put }) => {
        const hostile = [
          '\x1b[2J\x1b]0;x\x07',
          '\u202e\u2066evil',
          '\u4f60\u597d'.repeat(60),
          'x'.repeat(5000),
          '\u{1f337}e\u0301'.repeat(50),
          '\u00df\u00e4\u20ac\u2026'.repeat(30),
        ]
        for (const text of hostile) {
          await put(Buffer.from(`From: "${text}" <a@b.example>\r\nSubject: ${text}\r\n\r\n`))
          await put(
            `From: =?utf-8?B?${Buffer.from(text).toString('base64')}?= <a@b.example>\r\nSubject: =?utf-8?B?${Buffer.from(text).toString('base64')}?=\r\n\r\n`,
          )
        }
        const { lines } = await reads(household, ['quit'], person => Object.assign(person, { columns, unicode }))
        assert.equal(lines.length, 14)
        for (const line of lines.slice(1, 13)) {
          assert.doesNotMatch(line, /[\p{Cc}\u202a-\u202e\u2066-\u2069]/u)
          assert.ok(columnsOf(line) < columns, line)
          if (!unicode) assert.match(line, /^[ -~]*$/)
        }
      }))
  }

  test('shows an address where a name pretends to be another one', () =>
    room(async ({ put, read }) => {
      await put('From: "ceo@bank.example" <eve@evil.example>\r\n\r\n', 'Subject: nobody\r\n\r\n', '\r\n')
      const { text } = await read('quit')
      assert.match(text, / eve@evil\.exam/)
      assert.match(text, /\(nobody\) +nobody/)
      assert.match(text, /\(nobody\) +\(no subject\)/)
    }))
})

describe('numbers', () => {
  test('stay, whatever comes and goes; what comes is said', () =>
    room(async ({ household, store, put }) => {
      await put(letter('one'), letter('two'), letter('three'))
      const person = await reads(household, ['read 3', 'read 2', 'read 4', 'read 5', 'list', 'quit'], person => {
        person.onPrint = async line => {
          if (!line.startsWith('Subject: three')) return
          person.onPrint = () => {}
          await store.remove(1, [2])
          await put(letter('four'), letter('five'))
        }
      })
      const { text } = person
      assert.match(
        text,
        /2 new messages\. To see: list\nalice> read 2\nMessage 2 has gone: it was removed by somebody else\./,
      )
      assert.match(text, /read 4\nFrom: {4}Bob <bob@away\.example>\nTo: {6}alice@home\.example\nSubject: four\n/)
      assert.match(text, /read 5\n[^>]*>\n[^\n]*\nSubject: five\n/)
      assert.match(text, /list\n5 .*\n4 .*\n3 .*\n1 .*\nalice> quit/)
    }))

  test('that are none are refused in words', () =>
    room(async ({ put, read }) => {
      await put(letter('one'))
      const asked = [
        'read 2',
        'read 0',
        'read x',
        'read',
        'read 1 2',
        '99999999999',
        'delete',
        'delete 3-1',
        'delete 1-5000',
        'flag 1-2',
        'save 1 1',
        'save 1 x',
        'reply 1 some',
      ]
      const { lines } = await read(...asked, 'quit')
      assert.deepEqual(
        lines.slice(2).filter(line => !line.startsWith('alice>')),
        [
          'There is no message 2; the newest is 1.',
          'There is no message 0; the newest is 1.',
          '"x" is no number; write for instance 3.',
          'Write the number of one message, for instance: read 1',
          'Write the number of one message, for instance: read 1',
          '"99999999999" is no number; write for instance 3.',
          'Write the numbers of messages, for instance: delete 1',
          '3-1 is no range of at most 1000 messages; write for instance 3-7.',
          '1-5000 is no range of at most 1000 messages; write for instance 3-7.',
          'There is no message 2; the newest is 1.',
          'Message 1 has nothing attached; to see its list: read 1',
          '"x" is no number; write for instance 3.',
          'Write for instance: reply 3, or reply 3 all',
        ],
      )
    }))
})

const readings: readonly (readonly [name: string, octets: string | Buffer, shown: readonly string[]])[] = [
  ['plain text', letter('a', 'one\r\n\r\n\ttwo'), ['one', '', '        two']],
  [
    'alternatives, the plain one',
    corpus('multipart-attachments'),
    ['The tulips are out \u2013 and ', '.the dots.', '..too', '', 'Attached:'],
  ],
  ['Japanese', corpus('iso-2022-jp'), ['\u3053\u3093\u306b\u3061\u306f']],
  [
    'HTML',
    letter('a', '<p>Hello <a href="https://x.example/a">here</a></p>', ['Content-Type: text/html']),
    ['Hello here [1]', '', '[1] https://x.example/a'],
  ],
  [
    'messages inside',
    corpus('forwarded'),
    ['---------- Message inside ----------', 'From:    carol@away.example', 'Subject: Re: Fwd: two deep'],
  ],
]

describe('reading', () => {
  for (const [name, octets, shown] of readings) {
    test(`shows ${name}`, () =>
      room(async ({ put, read }) => {
        await put(octets)
        const { lines } = await read('read 1', 'quit')
        const from = lines.indexOf('', 2) + 1
        assert.deepEqual(lines.slice(from, from + shown.length), shown)
      }))
  }

  test('shows who, to whom, when and what, decoded, and what is attached', () =>
    room(async ({ put, read }) => {
      await put(corpus('multipart-attachments'))
      const { lines } = await read('1', 'quit')
      assert.deepEqual(lines.slice(3, 8), [
        'From:    Bob Example <bob@away.example>',
        'To:      Alice <alice@home.example>',
        'Date:    2026-11-21 22:15:52',
        'Subject: Photos from the garden \u{1f337}',
        '',
      ])
      assert.deepEqual(lines.slice(-6), [
        '',
        'Attached:',
        '  1  70 B     image/png        tulip.png',
        '  2  2.9 KiB  application/pdf  ein sehr langer Name f\u00fcr eine Datei.pdf',
        'To keep one on USB storage, for instance the first: save 1 1',
        'alice> quit',
      ])
    }))

  test('marks as seen, also what was left in the middle; headers and raw do not', () =>
    room(async ({ household, store, put }) => {
      await put(letter('one'), letter('two', 'line\r\n'.repeat(100)), letter('three'))
      const person = await reads(household, ['read 1', 'read 2', 'headers 3', 'raw 3', 'quit'], person => {
        person.onPrint = line => {
          if (line === 'line') person.interrupt()
        }
      })
      assert.deepEqual(await flagsOf(store), [flags.seen, flags.seen, 0])
      assert.match(person.text, /read 2\n(?:.*\n)*?.*\nStopped\.\nalice> headers 3\n/)
      assert.ok(!person.lines.includes('line'))
    }))

  test('goes down and up the list', () =>
    room(async ({ put, read }) => {
      await put(letter('one'), letter('two'), letter('three'))
      const { text } = await read('next', 'next', 'previous', 'next', 'next', 'next', 'prev', 'prev', 'prev', 'quit')
      const said = text
        .split('\n')
        .flatMap(line => /^Subject: (.*)|^(There is no .*)/.exec(line)?.slice(1).join('') ?? [])
      assert.deepEqual(said, [
        'three',
        'two',
        'three',
        'two',
        'one',
        'There is no older message.',
        'two',
        'three',
        'There is no newer message.',
      ])
    }))

  test('shows every header field, those of the receipt too', () =>
    room(async ({ put, read }) => {
      await put(letter('=?utf-8?Q?=C3=BC?=', 'x', ['X-Long: a', '\tb', 'DKIM-Signature: v=1']))
      const { lines } = await read('headers 1', 'quit')
      assert.deepEqual(lines.slice(3, -1), [
        'Return-Path: <bob@away.example>',
        'Received: from away.example by mail.home.example; Sat, 21 Nov 2026 22:15:52 +0000',
        'From: Bob <bob@away.example>',
        'To: alice@home.example',
        'Subject: \u00fc',
        'X-Long: a b',
        'DKIM-Signature: v=1',
      ])
    }))

  test('shows every octet, as text', () =>
    room(async ({ store, put, read }) => {
      const octets = Buffer.from(letter('=?x?=', 'Gr\u00fc\u00dfe'))
      await put(octets)
      const { lines } = await read('raw 1', 'quit')
      const [message] = await inbox(store, 'alice')
      const expected = `${message?.trace}${octets.toString()}`.replaceAll('\t', '        ').split('\r\n')
      assert.deepEqual(lines.slice(3, -1), expected.slice(0, -1))
    }))

  test('of 20 MB stops where the person stops, and no line is longer than it may be', () =>
    room(async ({ household, put }) => {
      await put(
        letter('large', 'x'.repeat(20_000_000)),
        letter('html', `<p>${'word '.repeat(100_000)}`, ['Content-Type: text/html']),
      )
      let longest = 0
      const person = await reads(household, ['raw 1', 'read 2', 'read 1', 'quit'], person => {
        let printed = 0
        person.onPrint = line => {
          longest = Math.max(longest, line.length)
          printed += 1
          if (printed % 100 === 0) person.interrupt()
        }
      })
      assert.deepEqual(person.lines.filter(line => line === 'Stopped.').length, 3)
      assert.ok(longest < 10_000, `${longest}`)
    }))

  test('of what is hostile does not end the reader', () =>
    room(async ({ put, read }) => {
      const nested = Array.from(
        { length: 10_000 },
        (_, i) => `Content-Type: multipart/mixed; boundary=b${i}\r\n\r\n--b${i}\r\n`,
      ).join('')
      await put(
        nested,
        `Subject: ${'x'.repeat(1_000_000)}\r\n\r\nend`,
        corpus('controls'),
        corpus('broken-mime'),
        '',
        letter('html', '<div>'.repeat(10_000), ['Content-Type: text/html']),
      )
      const { text } = await read('1', '2', '3', '4', '5', '6', 'headers 2', 'raw 5', 'quit')
      assert.match(text, /\(The rest of this text cannot be shown\.\)/)
      assert.ok(text.endsWith('alice> quit'))
    }))
})

describe('marks', () => {
  test('are set and taken, and the list shows them', () =>
    room(async ({ store, put, read }) => {
      await put(...['a', 'b', 'c', 'd', 'e'].map(subject => letter(subject)))
      const { text } = await read('delete 1 3-4', 'undelete 3', 'flag 5', 'flag 2', 'unflag 2', 'list', ctrlC, {
        key: 'ctrl-c',
      })
      assert.match(text, /3 messages marked as deleted\./)
      assert.match(text, /5 NF .*\n4 ND .*\n3 N {2}.*\n2 N {2}.*\n1 ND /)
      // Nobody has left by quit, so that nothing is removed.
      assert.deepEqual(await flagsOf(store), [flags.deleted, 0, 0, flags.deleted, flags.flagged])
    }))

  for (const leave of ['quit', 'q', 'exit', ctrlD] as const) {
    test(`D are removed on ${typeof leave === 'string' ? leave : 'Ctrl-D'}, also those of another day that were seen`, () =>
      room(async ({ store, put, read }) => {
        await put(letter('one'), letter('two'), letter('three'))
        await store.mark(1, [1], { add: flags.deleted })
        const { lines } = await read('delete 2', leave)
        assert.equal(lines.at(-1), '2 deleted messages removed.')
        assert.deepEqual(
          (await inbox(store, 'alice')).map(({ uid }) => uid),
          [3],
        )
      }))
  }

  test('D stay while a mail program has the mailbox open, and that is said', () =>
    room(async ({ household, store, put }) => {
      await put(letter('one'))
      const busy = { ...household, config: household.config, mail: { ...household.mail, expunge: async () => false } }
      const { lines } = await reads(busy, ['delete 1', 'quit'])
      assert.deepEqual(lines.slice(-2), [
        'A mail program has this mailbox open, so 1 deleted message could not be removed.',
        'The mark D stays. To remove them later: mail alice, and leave with quit.',
      ])
      assert.deepEqual(await flagsOf(store), [flags.deleted])
    }))

  test('D stay when the line is gone', () =>
    room(async ({ store, put, read }) => {
      await put(letter('one'))
      const { lines } = await read('delete 1')
      assert.equal(lines.at(-1), '(Given up.)')
      assert.deepEqual(await flagsOf(store), [flags.deleted])
    }))
})

describe('the prompt', () => {
  test('takes words that are shortened, and says what it does not know', () =>
    room(async ({ put, read }) => {
      await put(letter('one'))
      const { text } = await read('r 1', 'he', 'foo', '', 'raed 1', 'constructor', 'hea 1', 'quit')
      assert.match(text, /"r" may be read or raw or reply\./)
      assert.match(text, /"he" may be headers or help\./)
      assert.match(text, /There is no command foo here\. To see what there is: help\. To leave: quit/)
      assert.match(
        text,
        /There is no command raed here; did you mean read\? To see what there is: help\. To leave: quit/,
      )
      assert.match(text, /hea 1\nReturn-Path/)
    }))

  test('helps, completes and explains', () =>
    room(async ({ read }) => {
      const { text, asked } = await read('help', '?', 'quit')
      assert.equal(text.match(/^ {2}read NUMBER +Read a message/gm)?.length, 2)
      const { asking } = asked[0] ?? {}
      assert.ok(Array.from((await asking?.complete?.('re')) ?? []).includes('reply'))
      assert.deepEqual(await asking?.complete?.('reply 3 '), ['all'])
      assert.equal(asking?.help?.('un').length, 2)
      assert.equal(asking?.remembered, true)
    }))

  test('is there again after Ctrl-C', () =>
    room(async ({ read }) => {
      const { lines } = await read(ctrlC, ctrlC, 'quit')
      assert.equal(lines.at(-1), 'alice> quit')
    }))
})

describe('search', () => {
  test('finds words in senders and subjects, the newest first', () =>
    room(async ({ put, read }) => {
      await put(
        letter('The Garden'),
        letter('x', 'garden'),
        'From: gardener@x.example\r\nSubject: y\r\n\r\n',
        letter('=?utf-8?Q?g=61rden?='),
      )
      const { lines } = await read('search GARDEN', 'search the garden', 'search', 'search nothing', 'quit')
      const said = lines.slice(5).map(line => (/^\d N/.test(line) ? line.slice(0, 1) : line))
      assert.deepEqual(said, [
        ...['alice> search GARDEN', '4', '3', '1', '3 messages found, 4 looked at.'],
        ...['alice> search the garden', '1', '1 message found, 4 looked at.'],
        ...['alice> search', 'Write the word to look for, for instance: search garden'],
        ...['alice> search nothing', 'No message found, 4 looked at.', 'alice> quit'],
      ])
    }))
})

describe('the command mail', () => {
  const carryOut = async (words: readonly string[], household: Household, dialogue: Person | undefined) => {
    const told = { password: undefined, dialogue, signal: new AbortController().signal, seen: undefined }
    return deskOf(household).carryOut(parseCall(words, commands), { ...told, print: async () => {} })
  }

  test('opens the mailbox before a person', () =>
    room(async ({ household, put }) => {
      await put(letter('one'))
      const person = new Person(['delete 1', 'quit'])
      assert.deepEqual(await carryOut(['mail', 'alice'], household, person), ['1 deleted message removed.'])
      assert.match(person.text, /^1 message for alice\./)
    }))

  test('refuses where nobody is, and for an account that is none', () =>
    room(async ({ household }) => {
      await assert.rejects(carryOut(['mail', 'alice'], household, undefined), { name: 'Failure' })
      await assert.rejects(carryOut(['mail', 'nobody'], household, new Person([])), { message: /nobody/ })
    }))
})
