/** Passwords from a person: console/hidden.ts and console/prompt.ts. */
import assert from 'node:assert/strict'
import { PassThrough, Writable } from 'node:stream'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { Failure } from '../../src/base/failure.ts'
import { HiddenLine, type Typed } from '../../src/console/hidden.ts'
import { askNewPassword, readPassword } from '../../src/console/prompt.ts'

/** What these keys give, in steps of so many octets. */
function type(keys: string | Buffer, step: number): Typed[] {
  const line = new HiddenLine()
  const octets = Buffer.from(keys)
  const seen: Typed[] = []
  for (let at = 0; at < octets.length; at += step) {
    line.feed(octets.subarray(at, at + step))
    for (let typed = line.next(); typed.kind !== 'need-input'; typed = line.next()) seen.push(typed)
  }
  return seen
}

describe('keys', () => {
  const line = (text: string): Typed => ({ kind: 'line', text })
  const givenUp: Typed = { kind: 'given-up' }
  const rows: readonly (readonly [name: string, keys: string, seen: Typed[]])[] = [
    ['letters and Enter', 'secret\r', [line('secret')]],
    ['a line feed', 'secret\n', [line('secret')]],
    ['spaces and Unicode', ' zoë 🔑 \r', [line(' zoë 🔑 ')]],
    ['backspace takes one character, whatever its octets', 'a🔑\x7f\x7f\x7fb\x08c\r', [line('c')]],
    ['Ctrl-U takes all', 'wrong\x15right\r', [line('right')]],
    ['Ctrl-C gives up', 'sec\x03', [givenUp]],
    ['Ctrl-D on an empty line gives up', '\x04', [givenUp]],
    ['Ctrl-D inside a line is nothing', 'a\x04b\r', [line('ab')]],
    ['Ctrl-D on a line that was emptied gives up', 'a\x7f\x04', [givenUp]],
    ['arrows and other keys are nothing', 'a\x1b[D\x1b[3~\x1bOA\x1b[1;5Cb\tc\x00\r', [line('abc')]],
    ['two lines at once are two lines', 'one\rtwo\r', [line('one'), line('two')]],
    ['nothing yet', 'sec', []],
  ]
  for (const [name, keys, seen] of rows) {
    test(name, () => {
      for (const step of [1, 2, 7, 65_536]) assert.deepEqual(type(keys, step), seen)
    })
  }
  test('what is too long for a password stays too long, and does not grow', () => {
    const [typed] = type(`${'x'.repeat(100_000)}\r`, 65_536)
    assert.deepEqual(typed, line('x'.repeat(257)))
  })
  test('any octets give lines without controls', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.integer({ min: 1, max: 9 }), (octets, step) => {
        for (const typed of type(Buffer.from(octets), step)) {
          if (typed.kind === 'line') assert.doesNotMatch(typed.text, /[\x00-\x1f\x7f]/)
        }
      }),
    )
  })
})

/** A terminal on which these keys are typed; remembers what it showed and when it was in raw mode. */
function terminal(...keys: string[]) {
  const shown: string[] = []
  const setRawMode = (raw: boolean) => shown.push(raw ? '<raw>' : '<plain>')
  const input = Object.assign(new PassThrough(), { isTTY: true, setRawMode })
  const output = new Writable({
    write: (chunk, _encoding, done) => {
      shown.push(String(chunk))
      done()
    },
  })
  for (const key of keys) input.write(key)
  return { shown, terminal: { input, output } }
}

describe('asking at the terminal', () => {
  test('a password typed twice is taken, and never shown', async () => {
    const { shown, terminal: at } = terminal('correct ', 'horse\r', 'correct horse\r')
    assert.equal(await askNewPassword(at), 'correct horse')
    assert.equal(shown.join(''), '<raw>New password: \nThe same again: \n<plain>')
  })
  test('a second one that differs and one that is too short are asked for again', async () => {
    const { shown, terminal: at } = terminal(
      'correct horse\rcorrect house\r',
      'short\r',
      'battery staple\rbattery staple\r',
    )
    assert.equal(await askNewPassword(at), 'battery staple')
    assert.match(
      shown.join(''),
      /The two are not the same\.\nNew password: \nA password has at least 8 characters\.\nNew/,
    )
  })
  const given: readonly (readonly [name: string, keys: string])[] = [
    ['Ctrl-C', 'correct\x03'],
    ['Ctrl-C at the second question', 'correct horse\r\x03'],
    ['three bad ones', 'a\rb\rc\r'],
  ]
  for (const [name, keys] of given) {
    test(`${name}: refused, and the terminal is as it was`, async () => {
      const { shown, terminal: at } = terminal(keys)
      await assert.rejects(askNewPassword(at), (error: unknown) => error instanceof Failure && error.code === 'REFUSED')
      assert.equal(shown.at(-1), '<plain>')
    })
  }
  test('a terminal that goes away gives up', async () => {
    const { terminal: at } = terminal('correct')
    at.input.end()
    await assert.rejects(askNewPassword(at), (error: unknown) => error instanceof Failure && error.code === 'REFUSED')
  })
})

describe('--password-stdin', () => {
  const read = (chunks: readonly (string | Buffer)[]) => readPassword(chunksOf(chunks))
  async function* chunksOf(chunks: readonly (string | Buffer)[]) {
    for (const chunk of chunks) yield Buffer.from(chunk)
  }
  const good: readonly (readonly [chunks: string[], password: string])[] = [
    [['secret\n'], 'secret'],
    [['secret\r\n'], 'secret'],
    [['secret'], 'secret'],
    [['sec', 'ret\r', '\nmore\n'], 'secret'],
    [[' a b \nc'], ' a b '],
    [['zoë🔑'], 'zoë🔑'],
    [['a\rb\n'], 'a\rb'],
    [['x'.repeat(100_000)], 'x'.repeat(259)],
  ]
  for (const [chunks, password] of good) {
    test(JSON.stringify(chunks).slice(0, 40), async () => assert.equal(await read(chunks), password))
  }
  for (const chunks of [[], [''], ['\n'], ['\r\n'], ['\nsecret\n'], [Buffer.from([0x66, 0xff, 0x0a])]]) {
    test(`${JSON.stringify(chunks)} is no password`, async () => {
      await assert.rejects(read(chunks), (error: unknown) => error instanceof Failure && error.code === 'USAGE')
    })
  }
  test('what comes after the first line is not waited for', async () => {
    async function* endless() {
      yield Buffer.from('secret\n')
      assert.fail('it read on')
    }
    assert.equal(await readPassword(endless()), 'secret')
  })
})
