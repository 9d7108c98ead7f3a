/** Which way the mail of a domain goes. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { readConfig } from '../../src/base/config.ts'
import { hopKey, type NextHop, nextHop } from '../../src/flow/nexthop.ts'

const smarthost = 'host = "smtp.provider.example"'
const mx = (domain: string): NextHop => ({ kind: 'mx', domain })
const through: NextHop = { kind: 'smarthost' }
const fixed: NextHop = { kind: 'fixed', host: 'mail.example.net', port: 2525 }
const route = 'routes = ["b.example=mail.example.net:2525"]'

const cases: readonly (readonly [relay: string, domain: string, blocked: boolean, hop: NextHop])[] = [
  ['', 'b.example', false, mx('b.example')],
  ['', 'b.example', true, mx('b.example')],
  [smarthost, 'b.example', false, mx('b.example')],
  [smarthost, 'b.example', true, through],
  [`mode = "direct"\n${smarthost}`, 'b.example', true, mx('b.example')],
  [`mode = "smarthost"\n${smarthost}`, 'b.example', false, through],
  [`mode = "smarthost"\n${smarthost}`, '[192.0.2.1]', false, through],
  [`mode = "direct"\n${smarthost}\ndomains = ["b.example"]`, 'b.example', false, through],
  [`mode = "direct"\n${smarthost}\ndomains = ["b.example"]`, 'sub.b.example', false, mx('sub.b.example')],
  [`mode = "smarthost"\n${smarthost}\n${route}`, 'b.example', true, fixed],
  [`${route}`, 'b.example', false, fixed],
  [`${route}`, 'sub.b.example', false, mx('sub.b.example')],
  ['', '[192.0.2.1]', false, { kind: 'literal', address: '192.0.2.1' }],
  ['', '[ipv6:2001:db8::1]', false, { kind: 'literal', address: '2001:db8::1' }],
  ['', '[x-net:something]', false, { kind: 'literal', address: undefined }],
]

describe('the next hop', () => {
  for (const [relay, domain, blocked, hop] of cases) {
    test(`of ${domain}${blocked ? ', direct mail being blocked,' : ''} with ${relay || 'nothing set'}`, () => {
      assert.deepEqual(nextHop(domain, readConfig(`[relay]\n${relay}`, '.'), blocked), hop)
    })
  }

  test('has one key for each way', () => {
    const hops = [...new Set(cases.map(([, , , hop]) => JSON.stringify(hop)))]
    const keys = new Set(hops.map(hop => hopKey(JSON.parse(hop))))
    assert.equal(keys.size, hops.length)
  })
})
