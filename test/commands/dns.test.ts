/** The command dns: commands/dns.ts. What it prints is a zone that says what is true. */
import assert from 'node:assert/strict'
import { createPublicKey } from 'node:crypto'
import { describe, test } from 'node:test'
import { openHousehold, run, temporaryDirectory } from './household.ts'

type Record = { readonly owner: string; readonly type: string; readonly data: string }

/** Reads the records as a name server would: a line each, comments left out. */
async function zone(
  settings: string,
): Promise<{ records: readonly Record[]; comments: readonly string[]; rsa: string }> {
  await using directory = await temporaryDirectory()
  await using household = await openHousehold(directory.path, settings)
  const open = async () => Object.assign({}, household, { [Symbol.asyncDispose]: async () => {} })
  const { exit, printed, complained } = await run(['dns', '--data', directory.path], '', { open })
  assert.deepEqual([exit, complained], [0, []])
  const records = printed.flatMap(line => {
    if (line === '' || line.startsWith(';')) return []
    const [, owner = '', type = '', data = ''] = /^(\S+\.) IN ([A-Z]+) (.+)$/.exec(line) ?? assert.fail(line)
    return [{ owner, type, data }]
  })
  const { rsa } = await household.keyring.keys('home.example')
  const shown = createPublicKey(rsa.privateKey).export({ type: 'spki', format: 'der' }).toString('base64')
  return { records, comments: printed.filter(line => line.startsWith(';')), rsa: shown }
}

function of(records: readonly Record[], owner: string): readonly string[] {
  return records.filter(record => record.owner === `${owner}.`).map(({ type, data }) => `${type} ${data}`)
}

/** The strings of a TXT record, joined (RFC 7208 §3.3, RFC 6376 §3.6.2.2). */
function text(data: string): string {
  const strings = [...data.matchAll(/"([^"]*)"/g)].map(match => match[1] ?? '')
  for (const string of strings) assert.ok(string.length <= 255)
  return strings.join('')
}

describe('dns', () => {
  test('prints what there is to publish, for every domain', async () => {
    const { records, comments, rsa } = await zone('hostname = "mail.home.example"')
    for (const domain of ['home.example', 'second.example']) {
      assert.deepEqual(of(records, domain), ['MX 10 mail.home.example.', 'TXT "v=spf1 mx ~all"'])
      assert.deepEqual(of(records, `_dmarc.${domain}`), [
        `TXT "v=DMARC1; p=quarantine; rua=mailto:postmaster@${domain}"`,
      ])
      const [ed25519 = ''] = of(records, `porchlight-ed25519._domainkey.${domain}`)
      assert.match(text(ed25519), /^v=DKIM1; k=ed25519; p=[A-Za-z0-9+/]{43}=$/)
    }
    const [published = ''] = of(records, 'porchlight-rsa._domainkey.home.example')
    assert.equal(text(published), `v=DKIM1; k=rsa; p=${rsa}`)
    assert.equal(records.length, 2 * (2 + 2 + 1 + 4))
    for (const type of ['A', 'AAAA'])
      assert.ok(comments.some(line => line.startsWith(`; mail.home.example. IN ${type} `)))
  })

  const senders: readonly (readonly [settings: string, spf: string, comment: RegExp])[] = [
    ['', 'v=spf1 mx ~all', /^; Its mail leaves from this host\.$/],
    [
      'relay.mode = "direct"\nrelay.host = "smtp.isp.example"',
      'v=spf1 mx ~all',
      /^; Its mail leaves from this host\.$/,
    ],
    [
      'relay.host = "smtp.isp.example"',
      'v=spf1 mx a:smtp.isp.example ~all',
      /^; Its mail leaves from this host, or through smtp\.isp\.example\.$/,
    ],
    [
      'relay.mode = "smarthost"\nrelay.host = "smtp.isp.example"',
      'v=spf1 mx a:smtp.isp.example ~all',
      /^; If the provider of smtp\.isp\.example tells you an "include:" to use, put that in place of "a:smtp\.isp\.example"\.$/,
    ],
    [
      'relay.mode = "direct"\nrelay.host = "192.0.2.1"\nrelay.domains = ["away.example"]',
      'v=spf1 mx ip4:192.0.2.1 ~all',
      /or through 192\.0\.2\.1\.$/,
    ],
    [
      'relay.mode = "smarthost"\nrelay.host = "2001:db8::1"',
      'v=spf1 mx ip6:2001:db8::1 ~all',
      /^; Its mail leaves through/,
    ],
  ]
  for (const [settings, spf, comment] of senders) {
    test(`names who sends, with ${JSON.stringify(settings)}`, async () => {
      const { records, comments } = await zone(`submission.dkim = "off"\n${settings}`)
      assert.equal(of(records, 'home.example')[1], `TXT "${spf}"`)
      assert.ok(
        comments.some(line => comment.test(line)),
        comments.join('\n'),
      )
    })
  }

  test('names the ports at which others come in', async () => {
    const listen = `
      hostname = "mail.home.example"
      submission.dkim = "off"
      [listen]
      submission = ["127.0.0.1:2587", "192.168.1.10:1587", "192.168.1.11:1587", "192.168.1.10:587"]
      submissions = ["[::1]:2465"]
      pop3 = []
      pop3s = ["192.168.1.10:0"]
    `
    const { records } = await zone(listen)
    const service = (name: string) => of(records, `_${name}._tcp.home.example`)
    assert.deepEqual(service('submission'), ['SRV 10 1 1587 mail.home.example.', 'SRV 10 1 587 mail.home.example.'])
    assert.deepEqual(service('submissions'), ['SRV 0 1 465 mail.home.example.'])
    assert.deepEqual(service('pop3'), ['SRV 0 0 0 .'])
    assert.deepEqual(service('pop3s'), ['SRV 0 1 995 mail.home.example.'])
  })

  test('names no keys where mail is not signed', async () => {
    const { records, comments } = await zone('submission.dkim = "off"')
    assert.ok(!records.some(({ owner }) => owner.includes('_domainkey')))
    assert.ok(comments.includes('; Its mail is not signed: submission.dkim is "off".'))
  })
})
