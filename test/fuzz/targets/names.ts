// Any text has one form as a name of an account, of an alias or of a domain, or is none; the form of a form is itself, and
// it is within the bounds of an address.
import assert from 'node:assert/strict'
import { isAscii } from 'node:buffer'
import { budget } from '../../../src/base/budget.ts'
import { accountName, aliasName, domainName, foldName } from '../../../src/base/name.ts'
import { parseAddress } from '../../../src/message/address.ts'
import { stretches, type Target } from '../engine.ts'

export const names: Target = {
  seeds: [
    'alice',
    'Zoë.O-Brien_2',
    'alice+shop',
    'home.example',
    'BÜCHER.example',
    'xn--bcher-kva.example',
    '日本.example',
  ],
  words: [
    ...['.', '-', '_', '+', '=', '@', 'a', 'Z', '9', ' ', '/', '%41', ':', '#', '?', '\\', '[', '\0', '\n'],
    ...[
      'ü',
      'u\u0308',
      '\u0308',
      'ß',
      'İ',
      'ſ',
      'K',
      'ǆ',
      'ﬁ',
      '\u200d',
      '\u00ad',
      '。',
      '٠',
      '日本',
      '\u{1f600}',
      '\u{10400}',
    ],
    ...['xn--', 'xn--a', 'xn--bcher-kva', '.example', '127.0.0.1', '0x7f', 'Ω', 'ς', 'ΐ', '\ufdfa', 'क्\u200dष'],
  ],
  most: 600,
  check(input) {
    const text = input.toString()
    const [account, alias, domain] = [accountName(text), aliasName(text), domainName(text)]
    assert.equal(foldName(foldName(text)), foldName(text))
    if (account !== undefined) {
      assert.equal(accountName(account), account)
      assert.equal(aliasName(account), account)
    }
    if (alias !== undefined) {
      assert.ok(Buffer.byteLength(alias) <= budget.localPart)
      assert.equal(aliasName(alias), alias)
      // It needs no quotes in an address.
      assert.equal(parseAddress(`${alias}@home.example`, { utf8: true })?.localPart, alias)
    }
    if (domain !== undefined) {
      assert.equal(domainName(domain), domain)
      assert.match(domain, /^[a-z0-9.-]+$/)
      if (isAscii(input)) assert.equal(domain, text.toLowerCase())
      assert.equal(parseAddress(`a@${domain}`)?.domain, domain.length <= budget.path - 4 ? domain : undefined)
    }
    const [name = 'none'] = [account, alias, domain].filter(found => found !== undefined)
    return [...stretches(name.replaceAll(/\p{Ll}+/gu, 'a'), 4), `${account === alias} ${domain === undefined}`]
  },
}
