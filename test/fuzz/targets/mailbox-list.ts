// Any octets are a list of mailboxes or none, in bounded time and number. Every address reads as it is written, and where the
// missing domains are put in, the same addresses are read with none missing.
import assert from 'node:assert/strict'
import { budget } from '../../../src/base/budget.ts'
import { formatAddress, parseAddress } from '../../../src/message/address.ts'
import { type Mailbox, parseMailboxList } from '../../../src/message/mailbox-list.ts'
import { stretches, type Target } from '../engine.ts'

const options = { domain: 'home.example' }

function addresses(mailboxes: readonly Mailbox[]): string[] {
  return mailboxes.map(({ address }) => formatAddress(address))
}

export const mailboxList: Target = {
  seeds: [
    ' Alice <alice@home.example>, bob',
    ' "Doe, J." (a (nested) comment) <@a,@b:"j d"@c.example>,, x . y @ z . example',
    ' friends: alice, <bob>;, others:;',
    ' root@localhost <root>',
    ' a@[192.0.2.1], b@[IPv6:::1]',
    ' \r\n folded\r\n\t@ home.example',
  ],
  words: [
    ...[
      'alice',
      'bob@home.example',
      '<',
      '>',
      '@',
      ',',
      ';',
      ':',
      '"',
      '(',
      ')',
      '\\',
      '.',
      ' ',
      '\r\n ',
      '[',
      ']',
      '()',
    ],
    ...['<a>', '"a b"', '\\"', '[192.0.2.1]', '@a:', '\t', '\0', '\n', 'x'.repeat(64), '\u00fc'],
  ],
  check(input) {
    const body = input.toString('latin1')
    const mailboxes = parseMailboxList(body, options)
    if (!mailboxes) return ['none']
    assert.ok(mailboxes.length <= budget.headerMailboxes)
    let [mended, copied] = ['', 0]
    for (const { address, missing } of mailboxes) {
      assert.deepEqual(parseAddress(formatAddress(address), { utf8: true }), address)
      if (missing === undefined) continue
      assert.ok(missing > copied && missing <= body.length)
      mended += `${body.slice(copied, missing)}@${options.domain}`
      copied = missing
    }
    const again = parseMailboxList(mended + body.slice(copied), { domain: 'other.example' })
    assert.deepEqual(again && addresses(again), addresses(mailboxes))
    assert.ok(again?.every(({ missing }) => missing === undefined))
    return stretches(body.replaceAll(/[a-z0-9-]+/gi, 'a'), 4)
  },
}
