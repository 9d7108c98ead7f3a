/** The texts of MTA-STS: RFC 8461 §3.1, §3.2 and §4.1. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { budget } from '../../src/base/budget.ts'
import { matchesMx, type Policy, parsePolicy, policyId } from '../../src/dns/policy.ts'

describe('the record', () => {
  const cases: readonly (readonly [texts: readonly string[], id: string | undefined])[] = [
    [['v=STSv1; id=20160831085700Z;'], '20160831085700Z'],
    [['v=STSv1;id=1'], '1'],
    [['v=STSv1 ; id=a1 ; more=x'], 'a1'],
    [['v=spf1 -all', 'v=STSv1; id=1;'], '1'],
    [['v=STSv1; id=1;', 'v=STSv1; id=2;'], undefined],
    [['v=STSv1;'], undefined],
    [['v=STSv1; id=;'], undefined],
    [['v=STSv1; id=a-b;'], undefined],
    [[`v=STSv1; id=${'a'.repeat(33)};`], undefined],
    [['v=STSv10; id=1;'], undefined],
    [['id=1; v=STSv1;'], undefined],
    [['v=stsv1; id=1;'], undefined],
    [[], undefined],
  ]
  for (const [texts, id] of cases)
    test(`${JSON.stringify(texts)} has the id ${id}`, () => assert.equal(policyId(texts), id))
})

const example =
  'version: STSv1\nmode: enforce\nmx: mail.example.com\nmx: *.example.net\nmx: backupmx.example.com\nmax_age: 604800\n'
const policy: Policy = {
  mode: 'enforce',
  mx: ['mail.example.com', '*.example.net', 'backupmx.example.com'],
  ageMs: 604_800_000,
}

describe('the policy', () => {
  const good: readonly (readonly [name: string, text: string, policy: Policy])[] = [
    ['of RFC 8461', example, policy],
    ['with CRLF', example.replaceAll('\n', '\r\n'), policy],
    ['without an end of its last line', example.trimEnd(), policy],
    ['with white space and empty lines', example.replaceAll(': ', ':\t ').replaceAll('\n', ' \n\n'), policy],
    ['with other keys', `${example}later_key.x-1: what \xe4\n`, policy],
    ['with a key said twice', `${example}mode: none\nmax_age: 1\nversion: STSv2\n`, policy],
    [
      'of a host in capitals',
      'version:STSv1\nmode:testing\nmx:M.EXAMPLE\nmax_age:1',
      { mode: 'testing', mx: ['m.example'], ageMs: 1000 },
    ],
    ['that ends another', 'version: STSv1\nmode: none\nmax_age: 0', { mode: 'none', mx: [], ageMs: 0 }],
    ['for longer than a year', example.replace('604800', '9999999999'), { ...policy, ageMs: budget.stsAgeMs }],
  ]
  for (const [name, text, read] of good) test(`is read: ${name}`, () => assert.deepEqual(parsePolicy(text), read))

  const bad: readonly (readonly [name: string, text: string])[] = [
    ['nothing', ''],
    ['a web page', '<!DOCTYPE html>\n<title>Not found</title>'],
    ['of another version', example.replace('STSv1', 'STSv2')],
    ['without a version', example.replace('version: STSv1\n', '')],
    ['of another mode', example.replace('enforce', 'Enforce')],
    ['without a mode', example.replace('mode: enforce\n', '')],
    ['without an age', example.replace('max_age: 604800\n', '')],
    ['of an age that is no number', example.replace('604800', '1e9')],
    ['of an age below none', example.replace('604800', '-1')],
    ['of too many digits', example.replace('604800', '00000604800')],
    ['without a host', example.replaceAll(/^mx:.*\n/gm, '')],
    ['with a host that is none', example.replace('*.example.net', '*example.net')],
    ['with a wildcard within', example.replace('*.example.net', 'a.*.example.net')],
    ['with a wildcard of wildcards', example.replace('*.example.net', '*')],
    ['with a line that is none', `${example}and more\n`],
    ['with controls', `${example}key: \0\n`],
    ['with bare CR', example.replace('\n', '\r')],
    ['with too many hosts', `${example}${'mx: m.example\n'.repeat(budget.stsPatterns)}`],
  ]
  for (const [name, text] of bad) test(`is not read: ${name}`, () => assert.equal(parsePolicy(text), undefined))

  test('is read in time that grows with its length only', () => {
    for (const unit of [' ', '\t', 'a', ':', ' :', 'a:', '\n'])
      assert.equal(parsePolicy(unit.repeat(budget.stsPolicy / unit.length)), undefined)
  })
})

describe('a mail host', () => {
  const cases: readonly (readonly [host: string, allowed: boolean])[] = [
    ['mail.example.com', true],
    ['MAIL.Example.COM', true],
    ['a.example.net', true],
    ['a.b.example.net', false],
    ['example.net', false],
    ['aexample.net', false],
    ['mail.example.org', false],
    ['net', false],
    ['', false],
  ]
  for (const [host, allowed] of cases)
    test(`${JSON.stringify(host)} is ${allowed ? '' : 'not '}allowed`, () =>
      assert.equal(matchesMx(policy, host), allowed))
})
