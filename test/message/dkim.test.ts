/** DKIM signatures: the example of RFC 8463, and a plain verifier's view of what is signed and how it is folded. */
import assert from 'node:assert/strict'
import { createPrivateKey, createPublicKey, generateKeyPairSync, hash, type KeyObject, verify } from 'node:crypto'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { budget } from '../../src/base/budget.ts'
import { BodyHash } from '../../src/message/canonical.ts'
import { type DkimAlgorithm, sign64, signedOctets, signHeader } from '../../src/message/dkim.ts'

/** RFC 8463 appendix A. */
const example = {
  secret: 'nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=',
  ed25519: '11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=',
  rsa: 'MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQiY/J16JYi0Qvx/byYzCNb3W91y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3Ip3G+2kryOTIKT+l/K4w3QIDAQAB',
  header: [
    'From: Joe SixPack <joe@football.example.com>',
    'To: Suzie Q <suzie@shopping.example.net>',
    'Subject: Is dinner ready?',
    'Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)',
    'Message-ID: <20030712040037.46341.5F8J@football.example.com>',
    '',
    '',
  ].join('\r\n'),
  body: 'Hi.\r\n\r\nWe lost the game.  Are you hungry yet?\r\n\r\nJoe.\r\n',
  names: ['from', 'to', 'subject', 'date', 'message-id', 'from', 'subject', 'date'],
  bodyHash: '2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=',
  unsigned: {
    ed25519: [
      'DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;',
      ' d=football.example.com; i=@football.example.com;',
      ' q=dns/txt; s=brisbane; t=1528637909; h=from : to :',
      ' subject : date : message-id : from : subject : date;',
      ' bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;',
      ' b=',
    ].join('\r\n'),
    rsa: [
      'DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;',
      ' d=football.example.com; i=@football.example.com;',
      ' q=dns/txt; s=test; t=1528637909; h=from : to : subject :',
      ' date : message-id : from : subject : date;',
      ' bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;',
      ' b=',
    ].join('\r\n'),
  },
  signature: {
    ed25519: '/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11BusFa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==',
    rsa: 'F45dVWDfMbQDGHJFlXUNB2HKfbCeLRyhDXgFpEL8GwpsRe0IeIixNTe3DhCVlUrSjV4BwcVcOF6+FF3Zo9Rpo1tFOeS9mPYQTnGdaSGsgeefOsk2JzdA+L10TeYt9BgDfQNZtKdN1WO//KgIqXP7OdEFE4LjFYNcUxZQ4FADY+8=',
  },
}

const base64url = (base64: string) => Buffer.from(base64, 'base64').toString('base64url')
const joe = createPrivateKey({
  key: { kty: 'OKP', crv: 'Ed25519', d: base64url(example.secret), x: base64url(example.ed25519) },
  format: 'jwk',
})
const rsa = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey
const keys: Readonly<Record<DkimAlgorithm, KeyObject>> = { 'rsa-sha256': rsa, 'ed25519-sha256': joe }

const signing = {
  bodyHash: example.bodyHash,
  domain: 'football.example.com',
  selector: 'brisbane',
  date: 1_528_637_909_123,
}

/** The tags of a signature's field, without white space. */
function tags(field: string): Record<string, string> {
  const list = field.slice(field.indexOf(':') + 1).replaceAll(/\s/g, '')
  return Object.fromEntries(
    list.split(';').map(tag => [tag.slice(0, tag.indexOf('=')), tag.slice(tag.indexOf('=') + 1)]),
  )
}

/** Checks a signature as RFC 6376 §6.1 says: the b= of the field emptied, the fields named in h= taken from the bottom up. */
function verifies(header: string, field: string): boolean {
  const { a, h = '', b = '' } = tags(field)
  const lines = header.split(/\r\n(?![ \t])/).filter(line => line !== '')
  const relax = (line: string) => {
    const colon = line.indexOf(':')
    const body = line
      .slice(colon + 1)
      .replaceAll('\r\n', '')
      .replaceAll(/[ \t]+/g, ' ')
    return `${line
      .slice(0, colon)
      .replace(/[ \t]+$/, '')
      .toLowerCase()}:${body.replace(/^ /, '').replace(/ $/, '')}`
  }
  const relaxed = lines.map(relax)
  const covered = h.split(':').map(name => {
    const at = relaxed.findLastIndex(line => line.startsWith(`${name}:`))
    return at < 0 ? '' : `${relaxed.splice(at, 1)[0]}\r\n`
  })
  const own = relax(field.replace(/\r\n$/, '').replace(/([\s;])b=[^;]*/, '$1b='))
  const octets = Buffer.from(covered.join('') + own, 'latin1')
  const signature = Buffer.from(b, 'base64')
  if (a === 'rsa-sha256') return verify('sha256', octets, createPublicKey(rsa), signature)
  return verify(null, hash('sha256', octets, 'buffer'), createPublicKey(joe), signature)
}

describe('the example of RFC 8463', () => {
  const octets = (kind: 'ed25519' | 'rsa') =>
    signedOctets(Buffer.from(example.header), example.names, example.unsigned[kind])

  test('its body has its hash', () => {
    const body = new BodyHash()
    body.update(Buffer.from(example.body))
    assert.equal(body.digest(), example.bodyHash)
  })
  test('its Ed25519 signature is the one we make', () => {
    assert.equal(sign64('ed25519-sha256', joe, octets('ed25519')), example.signature.ed25519)
  })
  test('its RSA signature is over the octets that we would sign', () => {
    const key = createPublicKey({ key: Buffer.from(example.rsa, 'base64'), format: 'der', type: 'spki' })
    assert.ok(verify('sha256', octets('rsa'), key, Buffer.from(example.signature.rsa, 'base64')))
  })
})

const headers: readonly (readonly [name: string, header: string, covered: string])[] = [
  [
    'that has what any message has',
    example.header,
    'from:from:reply-to:to:to:cc:subject:subject:date:date:message-id:message-id:content-type',
  ],
  [
    'with fields that are signed only where they are',
    'LIST-ID: x\r\nReferences: a\r\nreferences : b\r\nFrom: a@x\r\nMIME-Version: 1.0\r\nContent-Type: text/plain;\r\n\tcharset=utf-8\r\n\r\n',
    'from:from:reply-to:to:cc:subject:date:message-id:references:references:mime-version:content-type:content-type:list-id',
  ],
  [
    'whose other fields do not matter',
    'Received: x\r\nDKIM-Signature: v=1\r\nFrom: a@x\r\nX-Y: z\r\nReturn-Path: <>\r\n\r\n',
    'from:from:reply-to:to:cc:subject:date:message-id:content-type',
  ],
  [
    'with more fields of one name than are covered',
    `From: a@x\r\n${Array.from({ length: 50 }, (_, i) => `Subject: ${i}\r\n`).join('')}\r\n`,
    `from:from:reply-to:to:cc${':subject'.repeat(budget.signedFields)}:date:message-id:content-type`,
  ],
  [
    'with octets beyond ASCII and odd white space',
    'From :\t\u00c3\u00a9  <a@x> \r\nSubject:\u00a0 x \t y\u00a0\r\n \r\n\tz \r\n\r\n',
    'from:from:reply-to:to:cc:subject:subject:date:message-id:content-type',
  ],
]

describe('a signature', () => {
  for (const algorithm of ['rsa-sha256', 'ed25519-sha256'] as const) {
    const signed = (header: string) =>
      signHeader({ ...signing, header: Buffer.from(header, 'latin1'), algorithm, key: keys[algorithm] })

    for (const [name, header, covered] of headers) {
      test(`with ${algorithm} of a header ${name}`, () => {
        const field = signed(header)
        const { b, ...others } = tags(field)
        assert.deepEqual(others, {
          v: '1',
          a: algorithm,
          c: 'relaxed/relaxed',
          d: 'football.example.com',
          s: 'brisbane',
          t: '1528637909',
          h: covered,
          bh: example.bodyHash,
        })
        assert.ok(verifies(header, field))
        assert.match(field, /^DKIM-Signature: v=1; (?:[ -~]|\r\n\t[^ \t\r])+\r\n$/)
        assert.deepEqual(
          field.split('\r\n').filter(line => line.length > 76),
          [],
        )
      })
    }

    test(`with ${algorithm} breaks when a covered field is changed, taken away or put in, and not with others`, () => {
      const header = headers[1]?.[1] ?? ''
      const field = signed(header)
      assert.ok(verifies(`Received: x\r\n${header}`, field))
      assert.ok(verifies(header.replace('\r\n\tcharset', ' \t\tcharset'), field))
      assert.ok(!verifies(header.replace('a@x', 'b@x'), field))
      assert.ok(!verifies(header.replace('MIME-Version: 1.0\r\n', ''), field))
      for (const name of ['From', 'To', 'Cc', 'Subject', 'Date', 'Message-ID', 'Reply-To', 'Content-Type']) {
        assert.ok(!verifies(`${name}: x\r\n${header}`, field), name)
      }
    })
  }

  test('of any header is one that a plain reading verifies', () => {
    const name = fc.constantFrom('From', 'to', 'SUBJECT ', 'Cc', 'List-Id', 'X-A', 'Content-Type', 'DKIM-Signature')
    const body = fc.array(fc.constantFrom(' ', '\t', 'x', '\r\n ', '\r\n\t', ':', ';', 'b=', '\u00e9', '\u00a0'), {
      maxLength: 8,
    })
    const field = fc.tuple(name, body).map(([name, parts]) => `${name}:${parts.join('')}\r\n`)
    fc.assert(
      fc.property(fc.array(field, { maxLength: 12 }), fields => {
        const header = `${fields.join('')}\r\n`
        const octets = Buffer.from(header, 'latin1')
        assert.ok(verifies(header, signHeader({ ...signing, header: octets, algorithm: 'ed25519-sha256', key: joe })))
      }),
    )
  })

  test('for a domain and a selector longer than a line is folded before and behind them', () => {
    const domain = `${'d'.repeat(63)}.${'d'.repeat(63)}.example`
    const header = Buffer.from(example.header)
    const field = signHeader({ ...signing, domain, header, algorithm: 'ed25519-sha256', key: joe })
    assert.equal(tags(field).d, domain)
    assert.ok(verifies(example.header, field))
    assert.deepEqual(
      field.split('\r\n').filter(line => line.length > 76),
      [`\td=${domain};`],
    )
  })
})
