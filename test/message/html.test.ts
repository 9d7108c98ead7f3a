/** HTML as text: message/html.ts with its page, layout and links, and what is hostile in it. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { budget } from '../../src/base/budget.ts'
import { loadHtml } from '../../src/message/html.ts'
import { cut, places } from '../wire/splits.ts'

const open = await loadHtml()

function read(...pieces: readonly string[]): readonly string[] {
  const lines: string[] = []
  const html = open(line => lines.push(line))
  for (const piece of pieces) html.feed(piece)
  html.end()
  return lines
}

const cases: readonly (readonly [name: string, html: string, lines: readonly string[]])[] = [
  ['nothing', '', []],
  ['words', 'hello\r\n  there', ['hello there']],
  ['paragraphs', '<p>one</p><p>two', ['one', '', 'two']],
  ['breaks', 'a<br>b<br/><br>c<br><br><br>d', ['a', 'b', '', 'c', '', 'd']],
  ['blocks inside one another', '<div><div>a</div><div><div>b</div></div></div>', ['a', 'b']],
  ['headings', '<h1>Title</h1>text<h2>Next</h2>', ['Title', '', 'text', '', 'Next']],
  ['words across elements', 'h<b>el</b>lo <i>there</i>', ['hello there']],
  ['entities', '&lt;b&gt; &amp; &euro;&nbsp;5 &#128516; &nosuch;', ['<b> & \u20ac 5 \u{1f604} &nosuch;']],
  ['a list', '<ul><li>one<li><p>two</p></ul>end', ['* one', '* two', '', 'end']],
  ['a numbered list', '<ol><li>one</li><li>two</li></ol>', ['1. one', '2. two']],
  ['lists inside one another', '<ul><li>a<ul><li>b</li></ul></li><li>c</li></ul>', ['* a', '  * b', '* c']],
  ['an empty item', '<ul><li></li></ul>after', ['after']],
  ['a table', '<table><tr><td>a</td><td>b</td></tr><tr><th>c<td>d</table>', ['a  b', 'c  d']],
  [
    'a quotation',
    'x<blockquote>said<blockquote>before</blockquote></blockquote>y',
    ['x', '', '> said', '', '> > before', '', 'y'],
  ],
  ['lines that are kept', '<pre>a\n  b\r\n\r\nc\td</pre>', ['a', '  b', '', 'c        d']],
  ['a picture', '<img alt="A cat" src=cat.png><img src=dot.gif alt="">', ['[A cat]']],
  [
    'what is not text',
    '<title>T</title><style>p{}</style><script>alert("</p>")</script>ok<!-- c --><?x?><template>t</template>',
    ['ok'],
  ],
  [
    'what is hidden',
    '<p hidden>a</p><div style="color:red; DISPLAY : none">b<br><p>c</p></div><span style="visibility:hidden">d</span>e',
    ['e'],
  ],
  ['fillers', 'Hello&zwnj;&#8203;&shy;&#847;&zwnj; there', ['Hello there']],
  ['what was never closed', '<p>a<b>b<i>c', ['abc']],
  ['names that tables have', '<constructor>a</constructor><p constructor toString>b', ['a', '', 'b']],
]

const links: readonly (readonly [name: string, html: string, lines: readonly string[]])[] = [
  ['a link', '<a href="https://a.example/x">here</a>, see', ['here [1], see', '', '[1] https://a.example/x']],
  [
    'the same twice',
    '<a href="https://a.example/">a</a> <a href="https://a.example">b</a>',
    ['a [1] b [1]', '', '[1] https://a.example/'],
  ],
  ['one that says where it leads', '<a href="https://a.example/">https://a.example</a>', ['https://a.example']],
  ['a mail address', '<a href="mailto:bob@x.example">bob@x.example</a>', ['bob@x.example']],
  [
    'another host than its text',
    '<a href="https://evil.example/">www.bank.example</a>',
    ['www.bank.example [1, leads to evil.example]', '', '[1] https://evil.example/'],
  ],
  [
    'another host than an address in its text',
    '<a href="https://evil.example/">Log in at <b>https://bank.example/login</b> now</a>',
    ['Log in at https://bank.example/login now [1, leads to evil.example]', '', '[1] https://evil.example/'],
  ],
  [
    'a host that begins like another',
    '<a href="https://bank.example.evil.example/">bank.example</a>',
    ['bank.example [1, leads to bank.example.evil.example]', '', '[1] https://bank.example.evil.example/'],
  ],
  [
    'a user that looks like a host',
    '<a href="https://bank.example@evil.example/">bank.example</a>',
    ['bank.example [1, leads to evil.example]', '', '[1] https://bank.example@evil.example/'],
  ],
  [
    'letters that look like others',
    '<a href="https://b\u0430nk.example/">bank.example</a>',
    ['bank.example [1, leads to xn--bnk-6cd.example]', '', '[1] https://xn--bnk-6cd.example/'],
  ],
  [
    'a mail address behind the name of a host',
    '<a href="mailto:eve@evil.example">bank.example</a>',
    ['bank.example [1, leads to mailto:]', '', '[1] mailto:eve@evil.example'],
  ],
  [
    'a host below the one it names',
    '<a href="https://shop.bank.example/">www.bank.example</a>',
    ['www.bank.example [1]', '', '[1] https://shop.bank.example/'],
  ],
  [
    'scripts and places',
    '<a href="javascript:alert(1)">a</a> <a href="#b">b</a> <a name=c>c</a> <a href="data:,x">d</a>',
    ['a b c d'],
  ],
  ['a link that shows nothing', 'a<a href="https://t.example/"><img src=x></a>b', ['ab']],
  [
    'a link around a block',
    '<a href="https://a.example/x"><p>here</p></a>',
    ['here [1]', '', '[1] https://a.example/x'],
  ],
]

describe('HTML as text:', () => {
  for (const [name, html, lines] of [...cases, ...links]) {
    test(name, () => {
      assert.deepEqual(read(html), lines)
      assert.deepEqual(read(...html), lines, 'in single characters')
    })
  }

  test('any cut gives the same lines', () => {
    const piece = fc.constantFrom(
      ...[...cases, ...links].map(([, html]) => html),
      '<',
      '&',
      '&am',
      '"',
      '</',
      '<p ',
      "='",
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), places, (pieces, at) => {
        const html = pieces.join('')
        const cuts = cut(
          Buffer.from(html, 'utf16le'),
          at.map(place => place * 2),
        ).map(part => part.toString('utf16le'))
        assert.deepEqual(read(...cuts), read(html))
      }),
      { numRuns: 500 },
    )
  })
})

describe('HTML that is hostile', () => {
  const endings: readonly (readonly [name: string, html: string])[] = [
    ['100,000 elements inside one another', '<div>'.repeat(100_000)],
    ['100,000 list items inside one another', '<ul><li>'.repeat(100_000)],
    ['a tag that never ends', `<p ${'x'.repeat(3_000_000)}`],
    ['an attribute that never ends', `<p a="${'x'.repeat(3_000_000)}`],
    ['100,000 attributes', `<p ${Array.from({ length: 100_000 }, (_, i) => `a${i}=b`).join(' ')}>`],
    ['a comment that never ends', `<!-- ${'x'.repeat(3_000_000)}`],
    ['more text than is read', 'word '.repeat(1_000_000)],
  ]
  for (const [name, html] of endings) {
    test(`${name} is left in time, and that is said`, () => {
      const began = performance.now()
      const lines = read(`<p>first</p>${html}`)
      assert.equal(lines[0], 'first')
      assert.equal(lines.at(-1), '(The rest of this text cannot be shown.)')
      assert.ok(performance.now() - began < 2000)
      for (const line of lines) assert.ok(line.length <= budget.readLine)
    })
  }

  test('a word of 1 MB is given in lines', () => {
    const lines = read('x'.repeat(1_000_000))
    assert.equal(lines.join('').length, 1_000_000)
    for (const line of lines) assert.ok(line.length <= budget.readLine)
  })

  test('of 1,000 links the first are listed', () => {
    const html = Array.from(
      { length: 1000 },
      (_, i) => `<a href="https://a.example/${i}${'x'.repeat(900)}">l</a>`,
    ).join(' ')
    const lines = read(html)
    assert.equal(lines.at(-1), 'There are more links.')
    assert.equal(lines.filter(line => line.startsWith('[')).length, budget.htmlLinks)
    for (const line of lines.slice(1)) assert.ok(line.length < budget.htmlLink + 10)
  })
})
