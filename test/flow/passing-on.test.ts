/** Whatever is taken from a client can be said to the next host: nothing that was accepted may stop the queue. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { formatAddress, parseAddress } from '../../src/message/address.ts'
import { Extensions } from '../../src/smtp/extensions.ts'
import { mailParameters, parseParameters, rcptParameters } from '../../src/smtp/parameters.ts'
import { objections } from '../../src/smtp/transaction.ts'

const every = new Extensions(['SIZE 0', '8BITMIME', 'SMTPUTF8', 'DSN', 'REQUIRETLS'])
const none = new Extensions([])

// Sent on is only what has a domain; the rest is the household's own.
const pieces = [
  'a',
  'B',
  '.',
  '@',
  '"',
  '\\',
  ' ',
  '<',
  '>',
  '+',
  '=',
  ';',
  '%',
  '\t',
  '\0',
  '\x7f',
  'é',
  '\u0085',
  '\u2028',
  '𝄞',
  '+20',
  '+0A',
  '\\x{41}',
  '\\x{D}',
  'x-y',
  '[',
  ']',
  ':',
  '1',
]
const text = fc.array(fc.constantFrom(...pieces), { maxLength: 12 }).map(list => list.join(''))
const quoted = text.map(text => `"${text}"`)
const path = fc
  .tuple(fc.oneof(text, quoted), fc.constantFrom('b.example', '[192.0.2.1]', 'bücher.example'))
  .map(([local, domain]) => `${local}@${domain}`)
const kind = fc.constantFrom('rfc822', 'utf-8', 'x-y')

test('an envelope that was accepted can be passed on', () => {
  let accepted = 0
  const property = fc.property(
    path,
    path,
    text,
    kind,
    text,
    fc.boolean(),
    (from, to, envid, kind, original, smtputf8) => {
      const reversePath = parseAddress(from, { utf8: smtputf8 })
      const forwardPath = parseAddress(to, { utf8: smtputf8 })
      const mail = parseParameters(envid === '' ? '' : `ENVID=${envid}`, mailParameters)
      const rcpt = parseParameters(`ORCPT=${kind};${original}`, rcptParameters)
      if (!forwardPath || 'code' in mail) return
      accepted += 1
      const orcpt = 'orcpt' in rcpt && rcpt.orcpt ? `${rcpt.orcpt.type};${rcpt.orcpt.address}` : ''
      const transaction = {
        reversePath: reversePath ? formatAddress(reversePath) : '',
        recipients: [{ path: formatAddress(forwardPath), notify: '', orcpt }],
        octets: 100,
        eightBit: false,
        smtputf8,
        requireTls: false,
        dotted: false,
        ret: '' as const,
        envid: 'envid' in mail ? (mail.envid ?? '') : '',
      }
      for (const extensions of [every, none]) assert.equal(objections(transaction, extensions, true).length, 1)
    },
  )
  fc.assert(property, { numRuns: 20_000 })
  assert.ok(accepted > 500, `${accepted} were accepted`)
})
