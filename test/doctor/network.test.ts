/** What the doctor says of the box's own network: doctor/network.ts. */
import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import type { Network } from '../../src/board/network.ts'
import { athome } from '../commands/appliance.ts'
import { code, type Say, zone } from '../dns/name-server.ts'
import { Ward } from './ward.ts'

const known = zone([{ type: 'A', name: 'pool.ntp.org', data: '192.0.2.1' }])

const dead: Say = () => [{ code: code.serverFailure }]
const head = 'IP address       HW type     Flags       HW address            Mask     Device\n'
const arp = (address: string, flags: string) =>
  `${head}${address}      0x1         ${flags}         00:00:00:00:00:00     *        eth0\n`

const cases: readonly (readonly [name: string, network: Network | undefined, says: RegExp])[] = [
  ['nothing', undefined, /not set up yet/],
  ['no adapter', { ...athome, interface: '', link: false }, /no adapter/],
  ['no link', { ...athome, link: false }, /Nothing answers at the other end/],
  ['only an address of its own making', { ...athome, addresses: ['fe80::1/64', '169.254.1.2/16'] }, /has no address/],
  ['no gateway', { ...athome, gateway: '' }, /knows no router/],
]

describe('a box on the network', () => {
  test('of somebody else is looked at only for whether names can be looked up', async () => {
    await using ward = await Ward.make({ names: known })
    assert.equal((await ward.lone('network')).state, 'well')
    await using lost = await Ward.make({ names: dead })
    assert.equal((await lost.lone('network')).state, 'unknown')
  })
  test('with all that it needs is well', async () => {
    await using ward = await Ward.make({ names: known })
    const { state, says } = await ward.lone('network', { board: { network: athome } })
    assert.equal(state, 'well', says)
  })
  for (const [name, network, says] of cases) {
    test(`with ${name} is in trouble`, async () => {
      await using ward = await Ward.make({ names: known })
      const finding = await ward.lone('network', { board: { network } })
      assert.equal(finding.state, 'trouble')
      assert.match(finding.says, says)
      assert.match(finding.fix ?? '', /porchlight net$/)
    })
  }

  const silent: readonly (readonly [name: string, table: string | undefined, says: RegExp])[] = [
    ['the router is there', arp('192.168.1.1', '0x2'), /^No name server answers/],
    ['the router is gone', arp('192.168.1.1', '0x0'), /^The router 192\.168\.1\.1 does not answer/],
    ['another machine is gone', arp('192.168.1.11', '0x0'), /^No name server answers/],
    ['nobody knows of the router', undefined, /^No name server answers/],
  ]
  for (const [name, table, says] of silent) {
    test(`without names says why: ${name}`, async () => {
      await using ward = await Ward.make({ names: dead })
      if (table !== undefined) {
        await mkdir(join(ward.root, 'proc/net'), { recursive: true })
        await writeFile(join(ward.root, 'proc/net/arp'), table)
      }
      const finding = await ward.lone('network', { board: { network: athome } })
      assert.equal(finding.state, 'trouble')
      assert.match(finding.says, says)
    })
  }
})
