// Any text is a path or is none. An address that was read holds no control character, is written back as one that reads the
// same, and its domain is in its one form already.
import assert from 'node:assert/strict'
import { budget } from '../../../src/base/budget.ts'
import { canonicalDomain, formatAddress, parseAddress } from '../../../src/message/address.ts'
import { parsePath } from '../../../src/smtp/path.ts'
import { stretches, type Target } from '../engine.ts'

export const smtpPath: Target = {
  seeds: [
    '<>',
    '<postmaster>',
    '<alice@home.example> SIZE=10',
    '<"al ice\\"\\\\"@home.example>',
    '<@a.example,@b.example:user@c.example>',
    '<user@[127.0.0.1]>',
    '<user@[IPv6:2001:db8::1]>',
    '<user@[x-tag:content]>',
    '<zoë@bücher.example>',
    '<a%b@home.example>',
  ],
  words: [
    ...[
      '<',
      '>',
      '@',
      '"',
      '\\',
      '.',
      ',',
      ':',
      '[',
      ']',
      ' ',
      '  ',
      '\0',
      '\r',
      '\n',
      '\t',
      '\x7f',
      '-',
      '_',
      '%',
      '+',
    ],
    ...['[IPv6:', '::', '[127.0.0.1]', '1', 'f', 'xn--', 'xn--bcher-kva', 'a.', 'a', 'home.example', '@a,@b:', '""'],
    ...['postmaster', 'ü', 'u\u0308', '\u{1f600}', '\u00ad', '。', 'ß', 'İ', '\u0085', '\ufffd', '\u200d', '٠', '\\"'],
  ],
  most: 1200,
  check(input) {
    const text = input.toString()
    const path = parsePath(text)
    if (!path) return ['none']
    const { mailbox, rest } = path
    if (!mailbox) return [rest === '' ? 'null' : 'null and parameters']
    const written = formatAddress(mailbox)
    assert.doesNotMatch(written, /[\p{Cc}\p{Cs}]/u)
    assert.ok(Buffer.byteLength(mailbox.localPart) <= budget.path && mailbox.domain.length <= budget.domain)
    if (Buffer.byteLength(written) <= budget.path - 2) {
      assert.deepEqual(parseAddress(written, { utf8: true }), mailbox)
    }
    if (/^[^[]/.test(mailbox.domain)) assert.equal(canonicalDomain(mailbox.domain), mailbox.domain)
    return stretches(written.replaceAll(/\w+/g, 'x'), 4)
  },
}
