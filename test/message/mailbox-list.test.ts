/** Mailbox lists: what is found in them, and where a domain is missing. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { budget } from '../../src/base/budget.ts'
import { formatAddress } from '../../src/message/address.ts'
import { parseMailboxList } from '../../src/message/mailbox-list.ts'

/** Reads a list given in Unicode. @returns the addresses, and the list with the missing domains put in; undefined for no list */
function read(list: string): { found: string[]; mended: string } | undefined {
  const body = Buffer.from(list).toString('latin1')
  const mailboxes = parseMailboxList(body, { domain: 'home.example' })
  if (!mailboxes) return undefined
  let [mended, copied] = ['', 0]
  for (const { missing } of mailboxes) {
    if (missing === undefined) continue
    mended += `${body.slice(copied, missing)}@home.example`
    copied = missing
  }
  return {
    found: mailboxes.map(({ address }) => formatAddress(address)),
    mended: Buffer.from(mended + body.slice(copied), 'latin1').toString(),
  }
}

const good: { name: string; list: string; found: string[]; mended?: string }[] = [
  { name: 'an address', list: ' bob@away.example\r\n', found: ['bob@away.example'] },
  { name: 'an address in brackets', list: '<bob@away.example>', found: ['bob@away.example'] },
  { name: 'a display name', list: 'Bob Builder <bob@away.example>', found: ['bob@away.example'] },
  { name: 'a name in quotes', list: '"Builder, Bob <x@y.example>" <bob@away.example>', found: ['bob@away.example'] },
  { name: 'an empty name in quotes', list: '"" <bob@away.example>', found: ['bob@away.example'] },
  { name: 'a name with dots', list: 'Mr. Bob B. Builder. <bob@away.example>', found: ['bob@away.example'] },
  { name: 'a name that begins with a dot', list: '.Bob <bob@away.example>', found: ['bob@away.example'] },
  { name: 'an encoded word', list: '=?utf-8?q?B=C3=B3b?= <bob@away.example>', found: ['bob@away.example'] },
  { name: 'a name in Unicode', list: 'Zoë à <zoe@away.example>', found: ['zoe@away.example'] },
  { name: 'an address in Unicode', list: '<zoë@bücher.example>', found: ['zoë@xn--bcher-kva.example'] },
  { name: 'a name whose octets hold 0xA0', list: 'à voilà<a@x.example>', found: ['a@x.example'] },
  {
    name: 'comments everywhere',
    list: '(a)Bob(b(c\\)))(<)<(d)bob(e)@(f)away(g).(h)example(i)>(j)',
    found: ['bob@away.example'],
  },
  { name: 'a comment behind', list: 'bob@away.example (Bob, the <b@x.example>)', found: ['bob@away.example'] },
  { name: 'folds', list: '\r\n Bob\r\n\t<bob@\r\n away.example>\r\n', found: ['bob@away.example'] },
  {
    name: 'several',
    list: 'a@x.example, B <b@x.example>,c@x.example',
    found: ['a@x.example', 'b@x.example', 'c@x.example'],
  },
  { name: 'empty places (§4.4)', list: ',a@x.example,, ,b@x.example,', found: ['a@x.example', 'b@x.example'] },
  { name: 'nothing', list: ' \r\n', found: [] },
  { name: 'only a comment', list: '(nobody)', found: [] },
  { name: 'a quoted local part', list: '"a b\\"c"@x.example', found: ['"a b\\"c"@x.example'] },
  { name: 'a quoted word among others (§4.4)', list: 'a."b c".d@x.example', found: ['"a.b c.d"@x.example'] },
  { name: 'blanks around dots (§4.4)', list: 'a . b @ x . example', found: ['a.b@x.example'] },
  { name: 'a fold in quotes', list: '"a\r\n b"@x.example', found: ['"a b"@x.example'] },
  { name: 'a source route (§4.4)', list: '<@x.example,,@y.example:bob@z.example>', found: ['bob@z.example'] },
  { name: 'an address literal', list: '<bob@[IPv6: 2001:db8::1 ]>', found: ['bob@[ipv6:2001:db8::1]'] },
  { name: 'a group', list: 'We: a@x.example, B <b@x.example>;', found: ['a@x.example', 'b@x.example'] },
  { name: 'an empty group', list: 'undisclosed-recipients:;', found: [] },
  {
    name: 'groups and mailboxes',
    list: 'a@x.example, G: b@x.example;, c@x.example',
    found: ['a@x.example', 'b@x.example', 'c@x.example'],
  },
  {
    name: 'an address where the name should be',
    list: 'a@x.example <b@x.example>',
    found: ['a@x.example', 'b@x.example'],
  },

  { name: 'no domain', list: ' bob', found: ['bob@home.example'], mended: ' bob@home.example' },
  { name: 'no domain in brackets', list: 'B <bob>', found: ['bob@home.example'], mended: 'B <bob@home.example>' },
  {
    name: 'no domain before a comment',
    list: 'bob (B)\r\n , "a b" ,c@x.example',
    found: ['bob@home.example', '"a b"@home.example', 'c@x.example'],
    mended: 'bob@home.example (B)\r\n , "a b"@home.example ,c@x.example',
  },
  {
    name: 'no domain in a group',
    list: 'G:a,b;',
    found: ['a@home.example', 'b@home.example'],
    mended: 'G:a@home.example,b@home.example;',
  },
  { name: 'the postmaster', list: 'postmaster', found: ['postmaster@home.example'], mended: 'postmaster@home.example' },
  { name: 'no domain in Unicode', list: 'é <zoë>', found: ['zoë@home.example'], mended: 'é <zoë@home.example>' },
]

const bad = [
  'Bob Builder',
  'Bob Builder bob@x.example',
  '<>',
  'Bob <>',
  '@x.example',
  'bob@',
  'bob@ <b@x.example>',
  'bob@x example',
  'bob@x.example.',
  'bob@"x.example"',
  'bob@x..example',
  'bob@x@y.example',
  '.bob@x.example',
  'bob.@x.example',
  '<bob@x.example',
  'bob@x.example>',
  '<bob@x.example> <eve@x.example>',
  '<bob@x.example> eve@x.example',
  '<bob@x.example>eve',
  '<<bob@x.example>>',
  '<a@x.example,b@x.example>',
  'a@x.example;b@x.example',
  'a@x.example b@x.example',
  'a@x.example;',
  'G:a@x.example',
  'G:H:a@x.example;;',
  ':a@x.example;',
  'G:a@x.example; b@x.example',
  '"bob@x.example',
  '"bob\\"@x.example',
  'bob@x.example (comment',
  'bob@x.example (comment\\)',
  'bob)@x.example',
  'bob\\@x.example',
  'bob@[192.0.2.1',
  'bob@[192.0.2.1]x',
  'bob@[a@b]',
  '<@x.example bob@y.example>',
  '<@x.example:>',
  'bob@x.example\0',
  '"b\x01"@x.example',
  'b\x7f@x.example',
  `${'l'.repeat(budget.path)}@x.example`,
]

describe('a list of mailboxes', () => {
  for (const { name, list, found, mended = list } of good) {
    test(`with ${name}`, () => assert.deepEqual(read(list), { found, mended }))
  }
  for (const list of bad) {
    test(`is not ${JSON.stringify(list).slice(0, 60)}`, () => assert.equal(read(list), undefined))
  }

  test('whose octets are no UTF-8 is none where that is in an address', () => {
    assert.equal(parseMailboxList('b\xf6b@x.example', { domain: 'home.example' }), undefined)
    assert.equal(parseMailboxList('B\xf6b <bob@x.example>', { domain: 'home.example' })?.length, 1)
  })

  test('holds no more than the budget', () => {
    const list = (count: number) => Array(count).fill('a@x.example').join(',')
    assert.equal(read(list(budget.headerMailboxes))?.found.length, budget.headerMailboxes)
    assert.equal(read(list(budget.headerMailboxes + 1)), undefined)
  })

  test('of any characters is mended to one in which nothing is missing', () => {
    const list = fc.array(
      fc.constantFrom(
        'a',
        'b@x.example',
        '<',
        '>',
        '@',
        ',',
        ';',
        'g:',
        '"',
        '\\',
        '(',
        ')',
        '.',
        ' ',
        '\r\n ',
        '[',
        ']',
        'é',
      ),
      {
        maxLength: 14,
      },
    )
    fc.assert(
      fc.property(list, parts => {
        const once = read(parts.join(''))
        if (!once) return
        assert.deepEqual(read(once.mended), { found: once.found, mended: once.mended })
      }),
      { numRuns: 2000 },
    )
  })

  for (const piece of ['(', '"', '<', 'a.', 'a ', ',', 'g:', '\\', '""', '()', '@a,', '<@', '"\\', '[']) {
    test(`of ${JSON.stringify(piece)} over and over takes no time to speak of`, () => {
      const begun = process.cpuUsage().user
      parseMailboxList(piece.repeat(budget.submittedHeader / piece.length), { domain: 'home.example' })
      assert.ok(process.cpuUsage().user - begun < 1_000_000)
    })
  }
})
