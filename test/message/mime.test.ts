/** Messages walked: message/mime.ts with boundary.ts, part-header.ts and outline.ts, on the corpus and on what is hostile. */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { budget } from '../../src/base/budget.ts'
import { type MimeSink, MimeWalker, type Part } from '../../src/message/mime.ts'
import { Outline } from '../../src/message/outline.ts'
import { cut, everySplit, places } from '../wire/splits.ts'

/** Writes down what it hears, a line for each part. */
class Scribe implements MimeSink {
  readonly heard: string[] = []
  readonly bodies = new Map<number, string>()
  #open: number[] = []

  begin({ number, depth, within, kind, type, charset, name, attached }: Part): void {
    assert.equal(depth, this.#open.length)
    assert.equal(within, this.#open.at(-1))
    assert.equal(number, this.bodies.size)
    this.#open.push(number)
    this.bodies.set(number, '')
    const more = [charset, name, attached ? 'attached' : ''].filter(word => word !== '')
    this.heard.push([`${'  '.repeat(depth)}${number}`, kind, type, ...more].join(' '))
  }

  octets({ number, kind }: Part, octets: Buffer): void {
    assert.equal(kind, 'leaf')
    assert.equal(number, this.#open.at(-1))
    this.bodies.set(number, this.bodies.get(number) + octets.toString('latin1'))
  }

  end({ number }: Part): void {
    assert.equal(this.#open.pop(), number)
  }

  /** Everything, once the message has ended. */
  get all(): readonly string[] {
    assert.deepEqual(this.#open, [])
    return [...this.heard, ...Array.from(this.bodies, ([number, body]) => `${number}: ${body}`)]
  }
}

function scribe(chunks: readonly Buffer[]): Scribe {
  const heard = new Scribe()
  const walker = new MimeWalker(heard)
  for (const chunk of chunks) {
    const borrowed = Buffer.from(chunk)
    walker.feed(borrowed)
    borrowed.fill('!')
  }
  walker.end()
  return heard
}

const text = (lines: readonly string[]) => Buffer.from(lines.join('\r\n'), 'latin1')

const cases: readonly (readonly [name: string, lines: readonly string[], heard: readonly string[]])[] = [
  ['nothing at all', [], ['0 leaf text/plain', '0: ']],
  ['a text', ['Subject: a', '', 'hello', ''], ['0 leaf text/plain', '0: hello\r\n']],
  ['a text without header', ['hello there', 'a: b', ''], ['0 leaf text/plain', '0: hello there\r\na: b\r\n']],
  ['an empty line first', ['', 'hello'], ['0 leaf text/plain', '0: hello']],
  [
    'parts with preamble and epilogue',
    [
      'Content-Type: multipart/mixed; boundary=b',
      '',
      'pre',
      '--b',
      '',
      'one',
      '--b',
      'Content-Type: a/b',
      '',
      'two',
      '',
      '--b--',
      'epi',
      '--b',
      'x',
    ],
    ['0 multipart multipart/mixed', '  1 leaf text/plain', '  2 leaf a/b', '0: ', '1: one', '2: two\r\n'],
  ],
  [
    'a boundary right behind the header',
    ['Content-Type: multipart/mixed; boundary=b', '', '--b', '', '--b', '', '', '--b--'],
    ['0 multipart multipart/mixed', '  1 leaf text/plain', '  2 leaf text/plain', '0: ', '1: ', '2: '],
  ],
  [
    'a part that ends in its header',
    ['Content-Type: multipart/mixed; boundary=b', '', '--b', 'Content-Type: a/b', '--b', '', 'two', '--b--', ''],
    ['0 multipart multipart/mixed', '  1 leaf a/b', '  2 leaf text/plain', '0: ', '1: ', '2: two'],
  ],
  [
    'lines that only look like boundaries',
    [
      'Content-Type: multipart/mixed; boundary=b',
      '',
      '--b',
      '',
      '--',
      '-',
      '--bb',
      '--b-',
      ' --b',
      '--b--b',
      '---',
      '--b  \t',
      '',
      'x',
      '--b-- ',
      '',
    ],
    [
      '0 multipart multipart/mixed',
      '  1 leaf text/plain',
      '  2 leaf text/plain',
      '0: ',
      '1: --\r\n-\r\n--bb\r\n--b-\r\n --b\r\n--b--b\r\n---',
      '2: x',
    ],
  ],
  [
    'a multipart that never ends',
    ['Content-Type: multipart/mixed; boundary=b', '', '--b', '', 'one', ''],
    ['0 multipart multipart/mixed', '  1 leaf text/plain', '0: ', '1: one\r\n'],
  ],
  [
    'an outer boundary that ends an inner multipart',
    [
      ...['Content-Type: multipart/mixed; boundary=o', '', '--o', 'Content-Type: multipart/mixed; boundary=i', ''],
      ...['--i', '', 'inner', '--o', '', 'outer', '--i', '--o--'],
    ],
    [
      '0 multipart multipart/mixed',
      '  1 multipart multipart/mixed',
      '    2 leaf text/plain',
      '  3 leaf text/plain',
      '0: ',
      '1: ',
      '2: inner',
      '3: outer\r\n--i',
    ],
  ],
  [
    'the same boundary inside and outside',
    [
      ...[
        'Content-Type: multipart/mixed; boundary=b',
        '',
        '--b',
        'Content-Type: multipart/alternative; boundary=b',
        '',
      ],
      ...['--b', '', 'in', '--b--', '--b', '', 'out', '--b--'],
    ],
    [
      '0 multipart multipart/mixed',
      '  1 multipart multipart/alternative',
      '    2 leaf text/plain',
      '  3 leaf text/plain',
      '0: ',
      '1: ',
      '2: in',
      '3: out',
    ],
  ],
  [
    'a message inside, with its own parts',
    [
      ...['Content-Type: message/rfc822', '', 'Subject: in', 'Content-Type: multipart/mixed; boundary=b', ''],
      ...['--b', 'Content-Transfer-Encoding: base64', '', 'aGVs', 'bG8=', '--b--', ''],
    ],
    ['0 message message/rfc822', '  1 multipart multipart/mixed', '    2 leaf text/plain', '0: ', '1: ', '2: hello'],
  ],
  [
    'a message inside that is encoded',
    ['Content-Type: message/rfc822', 'Content-Transfer-Encoding: base64', '', 'aGk='],
    ['0 leaf message/rfc822', '0: hi'],
  ],
  [
    'a digest',
    ['Content-Type: multipart/digest; boundary=b', '', '--b', '', 'Subject: one', '', 'text', '--b--'],
    ['0 multipart multipart/digest', '  1 message message/rfc822', '    2 leaf text/plain', '0: ', '1: ', '2: text'],
  ],
  [
    'a multipart without boundary',
    ['Content-Type: multipart/mixed', '', '--b', 'x'],
    ['0 leaf multipart/mixed', '0: --b\r\nx'],
  ],
  [
    'a boundary of octets beyond ASCII, and one that looks encoded',
    [
      ...[
        'Content-Type: multipart/mixed; boundary="\xfc=?a?q?=41?="',
        '',
        '--\xfc=?a?q?=41?=',
        '',
        'x',
        '--\xfc=?a?q?=41?=--',
      ],
    ],
    ['0 multipart multipart/mixed', '  1 leaf text/plain', '0: ', '1: x'],
  ],
  [
    'names and charsets',
    [
      ...[
        'Content-Type: multipart/mixed; boundary=b',
        '',
        '--b',
        'Content-Type: text/html; charset=koi8-r; name=a.html',
        '',
        'x',
      ],
      ...['--b', "Content-Disposition: ATTACHMENT; filename*=utf-8''%C3%A4.txt", '', 'y', '--b--'],
    ],
    [
      '0 multipart multipart/mixed',
      '  1 leaf text/html koi8-r a.html',
      '  2 leaf text/plain \u00e4.txt attached',
      '0: ',
      '1: x',
      '2: y',
    ],
  ],
]

describe('the walk through', () => {
  for (const [name, lines, heard] of cases) {
    test(name, () => {
      for (const chunks of everySplit(text(lines))) assert.deepEqual(scribe(chunks).all, heard)
    })
  }

  test('lines that end in LF only comes to the same', () => {
    for (const [name, lines, heard] of cases) {
      const wire = Buffer.from(lines.join('\n'), 'latin1')
      const unix = heard.map(line => line.replaceAll('\r\n', '\n'))
      assert.deepEqual(scribe([wire]).all, unix, name)
    }
  })

  test('any octets says the same at any split', () => {
    const line = fc.constantFrom(
      ...[
        'Content-Type: multipart/mixed; boundary=b',
        'Content-Type: multipart/alternative; boundary=c',
        'Content-Type: message/rfc822',
      ],
      ...[
        'Content-Transfer-Encoding: base64',
        '',
        '',
        '--b',
        '--c',
        '--b--',
        '--c--',
        '--',
        '-',
        'x',
        'a: b',
        ' folded',
        `--b${' '.repeat(300)}`,
      ],
    )
    const ends = fc.constantFrom('\r\n', '\r\n', '\n', '\r')
    fc.assert(
      fc.property(fc.array(fc.tuple(line, ends), { maxLength: 25 }), places, (lines, at) => {
        const wire = Buffer.from(lines.flat().join(''))
        assert.deepEqual(scribe(cut(wire, at)).all, scribe([wire]).all)
      }),
      { numRuns: 2000 },
    )
  })

  for (const path of globSync(join(import.meta.dirname, '../corpus/*.eml'))) {
    test(`${path.slice(path.lastIndexOf('/') + 1)} says the same octet by octet`, () => {
      const wire = readFileSync(path)
      assert.deepEqual(scribe(Array.from(wire, octet => Buffer.of(octet))).all, scribe([wire]).all)
    })
  }
})

function outlineOf(wire: Buffer | readonly string[]): { outline: Outline; incomplete: boolean } {
  const outline = new Outline()
  const walker = new MimeWalker(outline)
  walker.feed(Buffer.isBuffer(wire) ? wire : text(wire))
  walker.end()
  return { outline, incomplete: walker.incomplete }
}

describe('of what is hostile', () => {
  test('10,000 parts inside one another are walked in time, the first ones entered', () => {
    const lines = Array.from({ length: 10_000 }, (_, i) => [
      `Content-Type: multipart/mixed; boundary=b${i}`,
      '',
      `--b${i}`,
    ]).flat()
    const began = performance.now()
    const { outline } = outlineOf([...lines, '', 'deep'])
    assert.equal(outline.parts.length, budget.mimeDepth + 1)
    assert.equal(outline.parts.at(-1)?.part.kind, 'leaf')
    assert.ok(performance.now() - began < 2000)
  })

  test('so are 10,000 messages inside one another', () => {
    const { outline } = outlineOf([
      ...Array.from({ length: 10_000 }, () => ['Content-Type: message/rfc822', '']).flat(),
      'deep',
    ])
    assert.equal(outline.parts.length, budget.mimeDepth + 1)
  })

  test('of 10,000 parts side by side the first ones are heard of', () => {
    const parts = Array.from({ length: 10_000 }, (_, i) => [
      '--b',
      `Content-Type: text/plain; name=${i}`,
      '',
      'x',
    ]).flat()
    const { outline, incomplete } = outlineOf(['Content-Type: multipart/mixed; boundary=b', '', ...parts, '--b--'])
    assert.equal(outline.parts.length, budget.mimeParts)
    assert.ok(incomplete)
  })

  test('a header section of 1 MB is passed over, and the text behind it found', () => {
    for (const long of [
      `X-Long: ${'x'.repeat(1_000_000)}`,
      'X: y\r\n'.repeat(150_000).trimEnd(),
      `X:${'\r\n y'.repeat(250_000)}`,
    ]) {
      const heard = scribe([text(['Subject: a', long, '', 'text'])])
      assert.deepEqual(heard.all, ['0 leaf text/plain', '0: text'])
    }
  })

  test('a boundary line of 1 MB is text', () => {
    const long = `--b${' '.repeat(1_000_000)}`
    const heard = scribe([text(['Content-Type: multipart/mixed; boundary=b', '', '--b', '', long, '--b--'])])
    assert.equal(heard.bodies.get(1)?.length, long.length)
  })

  test('a first line that is long is a field or text by its beginning', () => {
    const long = `${'x'.repeat(budget.boundaryLine)}:`
    for (const chunks of [[Buffer.from(long)], Array.from(Buffer.from(long), octet => Buffer.of(octet))]) {
      assert.deepEqual(scribe(chunks).all, ['0 leaf text/plain', `0: ${long}`])
    }
  })

  test('names and fields are bounded', () => {
    const long = 'x'.repeat(10_000)
    const { outline } = outlineOf([
      `Content-Type: message/rfc822; name=${long}`,
      '',
      `Subject: ${long}`,
      `X: ${long}`,
      '',
      'a',
    ])
    const [outer, inner] = outline.parts
    assert.equal(outer?.part.name.length, budget.partName)
    assert.deepEqual(inner?.part.fields, [{ name: 'Subject', body: long.slice(0, budget.partName) }])
  })
})

const shapes: readonly (readonly [
  name: string,
  file: string,
  text: readonly string[],
  attachments: readonly string[],
])[] = [
  ['plain', 'plain.eml', ['text/plain'], []],
  [
    'alternatives and attachments',
    'multipart-attachments.eml',
    ['text/plain'],
    ['image/png tulip.png 70', 'application/pdf ein sehr langer Name f\u00fcr eine Datei.pdf 3009'],
  ],
  ['something signed', 'signed.eml', ['text/plain'], ['application/pgp-signature signature.asc 315']],
  ['an invitation alone', 'calendar.eml', ['text/calendar'], []],
  ['a report', 'delivery-report.eml', ['text/plain'], ['message/delivery-status  241', 'text/rfc822-headers  68']],
  ['a forwarded message', 'forwarded.eml', ['text/plain'], []],
  ['what was made in a hurry', 'broken-mime.eml', ['text/plain'], ['image/gif  41']],
]

describe('the outline of', () => {
  const shape = ({ outline }: { outline: Outline }) => ({
    text: outline.parts.flatMap(({ part }) => (outline.text.has(part.number) ? [part.type] : [])),
    attachments: outline.attachments.map(({ part, octets }) => `${part.type} ${part.name} ${octets}`),
  })

  for (const [name, file, texts, attachments] of shapes) {
    test(name, () => {
      const found = shape(outlineOf(readFileSync(join(import.meta.dirname, '../corpus', file))))
      assert.deepEqual(found, { text: texts, attachments })
    })
  }

  const alternatives = (...parts: readonly (readonly [type: string, body: string])[]) => [
    ...['Content-Type: multipart/alternative; boundary=b', ''],
    ...parts.flatMap(([type, body]) => ['--b', `Content-Type: ${type}`, '', body]),
    '--b--',
  ]

  test('alternatives takes the plain one, and the HTML where the plain one is empty', () => {
    const html = ['text/html', '<p>a</p>'] as const
    assert.deepEqual(shape(outlineOf(alternatives(html, ['text/plain', 'hello']))).text, ['text/plain'])
    assert.deepEqual(shape(outlineOf(alternatives(['text/plain', ''], html))).text, ['text/html'])
    assert.deepEqual(shape(outlineOf(alternatives(['text/plain; x', '\r\n'], html))).text, ['text/html'])
  })

  test('alternatives takes HTML with its pictures', () => {
    const related = [
      '--r',
      'Content-Type: text/html',
      '',
      '<p>hello</p>',
      '--r',
      'Content-Type: image/gif',
      '',
      'GIF',
      '--r--',
    ].join('\r\n')
    const found = shape(outlineOf(alternatives(['text/plain', ''], ['multipart/related; boundary=r', related])))
    assert.deepEqual(found, { text: ['text/html'], attachments: ['image/gif  3'] })
  })

  test('a text that is attached lists it', () => {
    const found = shape(outlineOf(['Content-Type: text/plain; name=a.txt', 'Content-Disposition: attachment', '', 'x']))
    assert.deepEqual(found, { text: [], attachments: ['text/plain a.txt 1'] })
  })
})
