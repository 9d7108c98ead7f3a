// Any text gives parameters or the reply that refuses it. What was decoded is text without control characters, not longer
// than it was, and written as xtext again it reads the same.
import assert from 'node:assert/strict'
import { budget } from '../../../src/base/budget.ts'
import { mailParameters, parseParameters, rcptParameters } from '../../../src/smtp/parameters.ts'
import { decodeUtf8Address, decodeXtext } from '../../../src/smtp/xtext.ts'
import type { Target } from '../engine.ts'

const refusals = /^(501|555)$/

function encodeXtext(text: string): string {
  return text.replaceAll(/[^!-*,-<>-~]/g, c => `+${c.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`)
}

function encodeUtf8Address(text: string): string {
  return text.replaceAll(/[^!-<>-[\]-~]/gu, c => `\\x{${c.codePointAt(0)?.toString(16).toUpperCase()}}`)
}

export const smtpParameters: Target = {
  seeds: [
    'SIZE=12345 BODY=8BITMIME SMTPUTF8 RET=HDRS ENVID=a+2Bb',
    'NOTIFY=SUCCESS,FAILURE,DELAY ORCPT=rfc822;bob+40away.example',
    'NOTIFY=NEVER ORCPT=utf-8;b\\x{F3}b@away.example',
    'ORCPT=UTF-8;bób@away.example',
    'size=1  body=7bit',
  ],
  words: [
    ...['SIZE=', 'BODY=', 'SMTPUTF8', 'RET=', 'ENVID=', 'NOTIFY=', 'ORCPT=', 'AUTH=<>', '__proto__=', 'CONSTRUCTOR='],
    ...['8BITMIME', '7BIT', 'BINARYMIME', 'FULL', 'HDRS', 'NEVER', 'SUCCESS', 'FAILURE', 'DELAY', 'utf-8;', 'rfc822;'],
    ...['+', '+2B', '+0D', '+00', '+7F', '=', ',', ';', ' ', '0', '9', '-', 'a', 'ü', '\0', '\r', '\n', '\\', '\x7f'],
    ...['\\x{', '}', '\\x{110000}', '\\x{D800}', '\\x{A}', '\\x{5C}', '\\x{1F600}', '\u{1f600}', '\u0085'],
  ],
  most: 2000,
  check(input) {
    const text = input.toString()
    const mail = parseParameters(text, mailParameters)
    const rcpt = parseParameters(text, rcptParameters)
    const kinds = [mail, rcpt].map(read => {
      if (!('code' in read)) return Object.keys(read).sort().join()
      assert.match(String(read.code), refusals)
      return String(read.text)
    })
    if (!('code' in mail) && mail.envid !== undefined) {
      assert.ok(mail.envid.length <= budget.envid)
      assert.match(mail.envid, /^[ -~]+$/)
      assert.equal(decodeXtext(encodeXtext(mail.envid)), mail.envid)
    }
    if (!('code' in rcpt) && rcpt.orcpt) {
      const { type, address } = rcpt.orcpt
      assert.ok(Buffer.byteLength(`${type};${address}`) <= budget.orcpt)
      assert.doesNotMatch(address, /[\p{Cc}\p{Cs}]/u)
      const again = type === 'utf-8' ? decodeUtf8Address(encodeUtf8Address(address)) : decodeXtext(encodeXtext(address))
      assert.equal(again, address)
    }
    return kinds
  },
}
