/** QR codes in characters: commands/qr.ts, read back into modules; and the address in them: commands/phone.ts. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { encode } from 'uqr'
import { readConfig } from '../../src/base/config.ts'
import { popAddress, programSettings } from '../../src/commands/phone.ts'
import { qrLines } from '../../src/commands/qr.ts'

const text = 'pop://alice@mail.home.example:995'
const { data } = encode(text, { ecc: 'L', border: 2 })

/** Which halves of a character are light. */
const halves: Readonly<Record<string, readonly [boolean, boolean]>> = {
  '█': [true, true],
  '▀': [true, false],
  '▄': [false, true],
  ' ': [false, false],
}

describe('a QR code', () => {
  test('in half blocks has every module', async () => {
    const lines = await qrLines(text, { columns: 80, unicode: true })
    assert.ok(lines)
    for (const [y, row] of data.entries()) {
      for (const [x, dark] of row.entries()) {
        assert.equal(halves[lines[y >> 1]?.[x] ?? '']?.[y & 1], !dark, `${x},${y}`)
      }
    }
  })

  test('in ASCII has every module, and nothing else', async () => {
    const lines = await qrLines(text, { columns: 80, unicode: false })
    assert.deepEqual(
      lines,
      data.map(row => row.map(dark => (dark ? '  ' : '##')).join('')),
    )
  })

  test('is light at its edge, which readers need', async () => {
    const [first = '', ...rest] = (await qrLines(text, { columns: 80, unicode: false })) ?? []
    assert.match(first, /^#+$/)
    for (const line of rest) assert.match(line, /^####.*####$/)
  })

  test('is not shown where it does not fit', async () => {
    assert.equal(await qrLines(text, { columns: data.length, unicode: true }), undefined)
    assert.notEqual(await qrLines(text, { columns: data.length + 1, unicode: true }), undefined)
    assert.equal(await qrLines(text, { columns: 2 * data.length, unicode: false }), undefined)
  })
})

describe('a mail program is told', () => {
  const of = (listen: string) => readConfig(`hostname = "mail.home.example"\nlisten = { ${listen} }\n`, '/')
  test('the ports with TLS from the start before those without', () => {
    const config = of('pop3s = ["*:995"], pop3 = ["*:110"], submission = ["*:587"], submissions = []')
    assert.equal(popAddress('anna-lena', config), 'pop://anna-lena@mail.home.example:995')
    assert.deepEqual(programSettings('alice', config), [
      ['Address', 'alice@home.example'],
      ['User name', 'alice'],
      ['Password', 'the one of the account'],
      ['Incoming mail', 'POP3, mail.home.example, port 995, TLS'],
      ['Outgoing mail', 'SMTP, mail.home.example, port 587, STARTTLS'],
    ])
  })
  test('that it cannot yet, where only the box itself can', () => {
    assert.equal(popAddress('alice', of('')), undefined)
    assert.deepEqual(programSettings('alice', of('')).at(-1), ['Outgoing mail', 'not yet possible'])
  })
  test('names with letters beyond ASCII so that they fit an address', () => {
    assert.equal(popAddress('jürg', of('pop3s = ["*:995"]')), 'pop://j%C3%BCrg@mail.home.example:995')
  })
})
