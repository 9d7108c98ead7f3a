/** Which name servers are asked. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { budget } from '../../src/base/budget.ts'
import { Failure } from '../../src/base/failure.ts'
import { formatServer, nameServers } from '../../src/dns/server.ts'

describe('a name server', () => {
  const cases = [
    { text: '192.168.1.1', server: { address: '192.168.1.1', family: 4, port: 53, loopback: false } },
    { text: '127.0.0.1:5353', server: { address: '127.0.0.1', family: 4, port: 5353, loopback: true } },
    { text: '127.0.0.53', server: { address: '127.0.0.53', family: 4, port: 53, loopback: true } },
    { text: '::1', server: { address: '::1', family: 6, port: 53, loopback: true } },
    { text: '[::1]:5353', server: { address: '::1', family: 6, port: 5353, loopback: true } },
    { text: '2001:db8::53', server: { address: '2001:db8::53', family: 6, port: 53, loopback: false } },
    { text: 'fe80::1%eth0', server: { address: 'fe80::1%eth0', family: 6, port: 53, loopback: false } },
  ] as const
  for (const { text, server } of cases) {
    test(`is read from ${text}`, () => {
      assert.deepEqual(nameServers([text]), [server])
      assert.equal(formatServer(server), text)
    })
  }

  for (const text of [
    '',
    'ns.example',
    '127.1',
    '127.0.0.1:0',
    '127.0.0.1:65536',
    '127.0.0.1:',
    '[::1',
    '[127.0.0.1]x',
    '::1]:53',
  ])
    test(`is not ${JSON.stringify(text)}`, () =>
      assert.throws(
        () => nameServers([text]),
        (error: unknown) => error instanceof Failure && error.code === 'CONFIG',
      ))

  test('on this host is asked before all others, which are then not asked at all', () => {
    const asked = nameServers(['192.168.1.1', '127.0.0.1', '::1', '192.0.2.1'])
    assert.deepEqual(asked.map(formatServer), ['127.0.0.1', '::1'])
  })

  test('is one of a few', () => {
    const many = Array.from({ length: 20 }, (_, i) => `192.0.2.${i}`)
    assert.deepEqual(nameServers(many).map(formatServer), many.slice(0, budget.dnsServers))
  })

  test('comes from the system where none is named', () => {
    const servers = nameServers([])
    assert.ok(servers.length > 0 && servers.every(({ port }) => port > 0))
  })
})
