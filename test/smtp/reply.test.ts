import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { encodeReply, type Reply, reply } from '../../src/smtp/reply.ts'

/** Every row; a function is given a value of the kind it holds. */
const rows: [string, Reply][] = Object.entries(reply).map(([name, row]) => {
  if (typeof row !== 'function') return [name, row]
  switch (name) {
    case 'hello':
      return [name, reply.hello(['mail.home.example', 'PIPELINING'])]
    case 'chunk':
      return [name, reply.chunk(1000)]
    default:
      return [name, Reflect.apply(row, undefined, ['a value'])]
  }
})

describe('replies', () => {
  for (const [name, row] of rows) {
    test(`${name} is written as RFC 5321 has it`, () => {
      const lines = encodeReply(row).split('\r\n')
      assert.equal(lines.pop(), '')
      for (const [index, line] of lines.entries()) {
        assert.match(line, index === lines.length - 1 ? /^[2-5]\d\d [ -~]+$/ : /^[2-5]\d\d-[ -~]+$/)
        assert.ok(line.length <= 510)
      }
    })

    test(`${name} has the enhanced code that RFC 2034 asks for`, () => {
      const bare = ['greeting', 'hello', 'startMail'].includes(name)
      assert.equal(row.enhanced === undefined, bare)
      if (!bare) assert.match(String(row.enhanced), new RegExp(`^${String(row.code)[0]}\\.\\d{1,3}\\.\\d{1,3}$`))
    })
  }

  test('every line of a reply has the codes', () => {
    assert.equal(encodeReply({ code: 214, enhanced: '2.0.0', text: ['a', 'b'] }), '214-2.0.0 a\r\n214 2.0.0 b\r\n')
    assert.equal(encodeReply({ code: 250, text: ['a', 'b', 'c'] }), '250-a\r\n250-b\r\n250 c\r\n')
  })
})
