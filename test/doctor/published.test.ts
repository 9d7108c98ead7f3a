/** What the doctor makes of what the DNS says: mx, address, reverse, spf, dmarc, dkim. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Answer } from 'dns-packet'
import { reverseName } from '../../src/doctor/address.ts'
import type { State } from '../../src/doctor/finding.ts'
import { a, aaaa, mx, txt } from '../dns/name-server.ts'
import { Ward } from './ward.ts'

const us = '5.6.7.8'
const six = '2a00:1::8'
const here = a('mail.porch.net', us)
const ptr = (address: string, name: string): Answer => ({
  type: 'PTR',
  name: reverseName(address),
  data: name,
  ttl: 300,
})

/** What a check finds: one thing of this state, that says this and has this in its advice. */
type Row = readonly [
  name: string,
  check: string,
  given: Parameters<typeof Ward.make>[0],
  state: State,
  says: RegExp,
  fix?: RegExp,
]

const smarthost = 'relay.mode = "smarthost"\nrelay.host = "smtp.isp.net"\n'

const rows: readonly Row[] = [
  ['MX names us', 'mx', { records: [here, mx('porch.net', 10, 'mail.porch.net')] }, 'well', /led to this host\.$/],
  [
    'MX names us by another name',
    'mx',
    { records: [here, a('box.porch.net', us), mx('porch.net', 10, 'box.porch.net')] },
    'well',
    /under its other name box\.porch\.net/,
  ],
  [
    'MX names others',
    'mx',
    { records: [here, a('mx.isp.net', '9.9.9.9'), mx('porch.net', 10, 'mx.isp.net')] },
    'trouble',
    /does not come here, but to mx\.isp\.net/,
    /^ {2}porch\.net\. IN MX 10 mail\.porch\.net\.$/m,
  ],
  [
    'MX names others first',
    'mx',
    {
      records: [
        here,
        mx('porch.net', 20, 'mail.porch.net'),
        mx('porch.net', 10, 'mx.isp.net'),
        a('mx.isp.net', '9.9.9.9'),
      ],
    },
    'warning',
    /goes to mx\.isp\.net first/,
  ],
  ['MX names nobody', 'mx', { records: [here, mx('porch.net', 0, '.')] }, 'trouble', /takes no mail at all/],
  [
    'there is no MX',
    'mx',
    { records: [here, a('porch.net', '9.9.9.9')] },
    'trouble',
    /has no MX record\. Mail for it does not/,
  ],
  [
    'there is no MX, but our address',
    'mx',
    { records: [here, a('porch.net', us)] },
    'warning',
    /comes here all the same/,
  ],
  ['there is no domain', 'mx', { records: [here] }, 'trouble', /There is no domain porch\.net/],
  ['the domain is for the house', 'mx', { domains: ['porch.lan'] }, 'warning', /known in this house only/],

  ['the address is the one the line has', 'address', { records: [here] }, 'unknown', /cannot be told from inside/],
  [
    'there is no address',
    'address',
    {},
    'trouble',
    /has no address in the DNS/,
    /mail\.porch\.net\. IN A 192\.0\.2\.1/,
  ],
  [
    'the address is for the house',
    'address',
    { records: [a('mail.porch.net', '192.168.1.2')] },
    'trouble',
    /no public address/,
  ],
  [
    'the address is shared',
    'address',
    { records: [a('mail.porch.net', '100.64.1.2')] },
    'trouble',
    /shares among many/,
  ],
  ['the name is for the house', 'address', { hostname: 'box.lan' }, 'warning', /known in this house only/],

  ['the address has our name', 'reverse', { records: [here, ptr(us, 'mail.porch.net')] }, 'well', /leads back to it/],
  [
    'the IPv6 address has our name',
    'reverse',
    { records: [aaaa('mail.porch.net', six), ptr(six, 'mail.porch.net')] },
    'well',
    /leads back/,
  ],
  [
    'the address has no name',
    'reverse',
    { records: [here] },
    'trouble',
    /has no name/,
    /8\.7\.6\.5\.in-addr\.arpa\. IN PTR mail\.porch\.net\./,
  ],
  [
    'the name leads elsewhere',
    'reverse',
    { records: [here, ptr(us, 'x.isp.net'), a('x.isp.net', '9.9.9.9')] },
    'trouble',
    /does not lead back/,
  ],
  [
    'the name is another one',
    'reverse',
    { records: [here, ptr(us, 'x.isp.net'), a('x.isp.net', us)] },
    'warning',
    /named x\.isp\.net and not/,
  ],
  ['the address does not matter', 'reverse', { records: [here], config: smarthost }, 'well', /does not matter/],
  ['no address is known', 'reverse', {}, 'unknown', /is not known/],

  [
    'SPF covers us',
    'spf',
    { records: [here, txt('porch.net', ['v=spf1 a:mail.porch.net -all'])] },
    'well',
    /covers this host/,
  ],
  [
    'SPF does not cover us',
    'spf',
    { records: [here, txt('porch.net', ['v=spf1 mx -all'])] },
    'trouble',
    /does not cover this host \(5\.6\.7\.8\)/,
    /v=spf1 mx ~all/,
  ],
  [
    'SPF is not there',
    'spf',
    { records: [here, txt('porch.net', ['x=y'])] },
    'trouble',
    /does not say which hosts/,
    /porch\.net\. IN TXT "v=spf1 mx ~all"/,
  ],
  [
    'SPF is there twice',
    'spf',
    { records: [here, txt('porch.net', ['v=spf1 a -all']), txt('porch.net', ['v=spf1 -all'])] },
    'trouble',
    /has 2 SPF records/,
  ],
  [
    'SPF is wrong',
    'spf',
    { records: [here, txt('porch.net', ['v=spf1 ipv4:1.2.3.4 -all'])] },
    'trouble',
    /written wrongly: "ipv4:1\.2\.3\.4"/,
  ],
  [
    'SPF has a macro',
    'spf',
    { records: [here, txt('porch.net', ['v=spf1 exists:%{i}.x.net -all'])] },
    'unknown',
    /cannot be told/,
  ],
  [
    'SPF covers everybody',
    'spf',
    { records: [here, txt('porch.net', ['v=spf1 +all'])] },
    'warning',
    /lets everybody send/,
  ],
  [
    'SPF is there and we are nowhere',
    'spf',
    { records: [txt('porch.net', ['v=spf1 -all'])] },
    'unknown',
    /whether it covers this host cannot/,
  ],
  [
    'SPF names the smarthost',
    'spf',
    { records: [a('smtp.isp.net', '9.9.9.9'), txt('porch.net', ['v=spf1 a:smtp.isp.net -all'])], config: smarthost },
    'well',
    /covers the smarthost/,
  ],
  [
    'SPF includes somebody',
    'spf',
    {
      records: [
        a('smtp.isp.net', '9.9.9.9'),
        txt('porch.net', ['v=spf1 include:isp.net -all']),
        txt('isp.net', ['v=spf1 ip4:9.9.8.0/24 -all']),
      ],
      config: smarthost,
    },
    'unknown',
    /may send from other addresses/,
    /"include:"/,
  ],
  [
    'SPF does not name the smarthost',
    'spf',
    { records: [a('smtp.isp.net', '9.9.9.9'), txt('porch.net', ['v=spf1 mx -all'])], config: smarthost },
    'warning',
    /does not name the smarthost/,
    /"include:"/,
  ],
  [
    'SPF covers us, and not the smarthost of some mail',
    'spf',
    {
      records: [here, a('smtp.isp.net', '9.9.9.9'), txt('porch.net', ['v=spf1 a:mail.porch.net -all'])],
      config: 'relay.host = "smtp.isp.net"',
    },
    'warning',
    /does not name the smarthost/,
  ],

  [
    'DMARC is there',
    'dmarc',
    { records: [txt('_dmarc.porch.net', ['v=DMARC1; p=reject'])] },
    'well',
    /policy "reject"/,
  ],
  [
    'DMARC does nothing',
    'dmarc',
    { records: [txt('_dmarc.porch.net', ['v=DMARC1; p=none'])] },
    'well',
    /to do nothing/,
  ],
  ['DMARC is not there', 'dmarc', {}, 'warning', /does not say/, /_dmarc\.porch\.net\. IN TXT "v=DMARC1;/],
  [
    'DMARC is above',
    'dmarc',
    { domains: ['a.b.porch.net'], records: [txt('_dmarc.porch.net', ['v=DMARC1; p=reject'])] },
    'well',
    /^porch\.net has/,
  ],
  [
    'DMARC is not at the top',
    'dmarc',
    { records: [txt('_dmarc.net', ['v=DMARC1; p=reject'])] },
    'warning',
    /does not say/,
  ],
  [
    'DMARC is wrong',
    'dmarc',
    { records: [txt('_dmarc.porch.net', ['v=DMARC1; p=maybe'])] },
    'trouble',
    /written wrongly/,
  ],
  [
    'DMARC is there twice',
    'dmarc',
    { records: [txt('_dmarc.porch.net', ['v=DMARC1; p=none']), txt('_dmarc.porch.net', ['v=DMARC1;p=reject'])] },
    'trouble',
    /has 2 DMARC/,
  ],

  ['mail is not signed', 'dkim', { config: 'submission.dkim = "off"' }, 'warning', /not signed/],
  [
    'no key is published',
    'dkim',
    {},
    'trouble',
    /porchlight-rsa\._domainkey\.porch\.net is not published, and the record porchlight-ed25519/,
    /IN TXT "v=DKIM1; k=ed25519/,
  ],
]

describe('the doctor knows when', () => {
  for (const [name, check, given, state, says, fix = /^/] of rows) {
    test(name, async () => {
      await using ward = await Ward.make(given)
      const finding = await ward.lone(check)
      assert.equal(finding.state, state, finding.says)
      assert.match(finding.says, says)
      assert.match(finding.fix ?? '', fix)
      assert.notEqual(finding.knownBy, '')
      if (state === 'trouble') assert.ok(finding.fix, 'who has trouble needs advice')
    })
  }
})
