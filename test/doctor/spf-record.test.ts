/** How SPF records are weighed: doctor/spf-record.ts, RFC 7208. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Answer } from 'dns-packet'
import fc from 'fast-check'
import { systemClock } from '../../src/base/clock.ts'
import { Resolver } from '../../src/dns/resolver.ts'
import { type SpfVerdict, spfVerdict } from '../../src/doctor/spf-record.ts'
import { a, aaaa, mx, NameServer, txt, zone } from '../dns/name-server.ts'

const us = '5.6.7.8'
const six = '2a00:1::8'

/** What the records of these domains lead to. */
const world: readonly Answer[] = [
  a('here.net', us),
  aaaa('here.net', six),
  a('there.net', '9.9.9.9'),
  mx('mail.net', 10, 'there.net'),
  mx('mail.net', 20, 'here.net'),
  ...Array.from({ length: 11 }, (_, i) => mx('many.net', i, `h${i}.many.net`)),
  txt('pass.net', [`v=spf1 ip4:${us} -all`]),
  txt('fail.net', ['v=spf1 -all']),
  txt('redirected.net', ['v=spf1 redirect=pass.net']),
  txt('void.net', ['no spf here']),
  txt('broken.net', ['v=spf1 ip4:1.2.3']),
  txt('loop.net', ['v=spf1 include:loop.net -all']),
  txt('two.net', ['v=spf1 -all']),
  txt('two.net', ['v=spf1 +all']),
]

type Expected = SpfVerdict['kind']
const records: readonly (readonly [record: string, of4: Expected, of6: Expected])[] = [
  ['v=spf1', 'neutral', 'neutral'],
  ['v=spf1 -all', 'fail', 'fail'],
  ['v=spf1 ~all', 'softfail', 'softfail'],
  ['v=spf1 ?all', 'neutral', 'neutral'],
  ['V=SPF1 ALL', 'pass', 'pass'],
  [`v=spf1 ip4:${us} -all`, 'pass', 'fail'],
  [`v=spf1  ip4:${us}  -all `, 'pass', 'fail'],
  ['v=spf1 ip4:5.6.0.0/16 -all', 'pass', 'fail'],
  ['v=spf1 ip4:5.7.0.0/16 -all', 'fail', 'fail'],
  ['v=spf1 ip6:2a00:1::/32 -all', 'fail', 'pass'],
  ['v=spf1 ip6:2a00:1::8 -all', 'fail', 'pass'],
  ['v=spf1 ip6:2a01::/32 -all', 'fail', 'fail'],
  ['v=spf1 ip6:::/0 -all', 'fail', 'pass'],
  ['v=spf1 a:here.net -all', 'pass', 'pass'],
  ['v=spf1 a:there.net/4 -all', 'pass', 'fail'],
  ['v=spf1 a:there.net/5 -all', 'fail', 'fail'],
  ['v=spf1 a:here.net/32//0 -all', 'pass', 'pass'],
  ['v=spf1 a:nowhere.net -all', 'fail', 'fail'],
  ['v=spf1 a -all', 'fail', 'fail'],
  ['v=spf1 mx:mail.net -all', 'pass', 'pass'],
  ['v=spf1 mx -all', 'fail', 'fail'],
  ['v=spf1 mx:many.net -all', 'error', 'error'],
  ['v=spf1 -ip4:5.6.7.8 +all', 'fail', 'pass'],
  ['v=spf1 include:pass.net ~all', 'pass', 'softfail'],
  ['v=spf1 include:fail.net ~all', 'softfail', 'softfail'],
  ['v=spf1 ?include:pass.net -all', 'neutral', 'fail'],
  ['v=spf1 include:redirected.net -all', 'pass', 'fail'],
  ['v=spf1 include:void.net +all', 'error', 'error'],
  ['v=spf1 include:broken.net +all', 'error', 'error'],
  ['v=spf1 include:two.net +all', 'error', 'error'],
  ['v=spf1 include:loop.net +all', 'error', 'error'],
  ['v=spf1 redirect=pass.net', 'pass', 'fail'],
  ['v=spf1 redirect=pass.net -all', 'fail', 'fail'],
  ['v=spf1 redirect=void.net', 'error', 'error'],
  ['v=spf1 exp=why.net foo=bar -all', 'fail', 'fail'],
  ['v=spf1 exists:%{i}.list.net -all', 'unclear', 'unclear'],
  ['v=spf1 include:%{d}.net -all', 'unclear', 'unclear'],
  ['v=spf1 ptr -all', 'unclear', 'unclear'],
  [`v=spf1 ip4:${us} ptr -all`, 'pass', 'unclear'],
  ['v=spf1 a:a1 a:a2 a:a3 -all', 'error', 'error'],
  [`v=spf1 ${Array.from({ length: 10 }, () => 'a:there.net').join(' ')} -all`, 'fail', 'fail'],
  [`v=spf1 ${Array.from({ length: 11 }, () => 'a:there.net').join(' ')} -all`, 'error', 'error'],
  // A wrong term spoils the record, wherever it is.
  ['v=spf1 +all ip4:1.2.3', 'error', 'error'],
  ['v=spf1 +all ip4:1.2.3.4/33', 'error', 'error'],
  ['v=spf1 +all ip4:2a00::1', 'error', 'error'],
  ['v=spf1 +all ip6:1.2.3.4', 'error', 'error'],
  ['v=spf1 +all ip4', 'error', 'error'],
  ['v=spf1 +all a:', 'error', 'error'],
  ['v=spf1 +all a/33', 'error', 'error'],
  ['v=spf1 +all all:x', 'error', 'error'],
  ['v=spf1 +all include', 'error', 'error'],
  ['v=spf1 +all redirect=', 'error', 'error'],
  ['v=spf1 +all a=x', 'error', 'error'],
  ['v=spf1 +all +foo=bar', 'error', 'error'],
  ['v=spf1 +all ipv4:1.2.3.4', 'error', 'error'],
  ['v=spf1 +all "', 'error', 'error'],
  ['v=spf10 +all', 'none', 'none'],
  ['nothing', 'none', 'none'],
]

describe('an SPF record', () => {
  let server: NameServer
  let resolver: Resolver
  before(async () => {
    const own = records.map(([text], i) => txt(`d${i}.net`, [text.slice(0, 200), text.slice(200)]))
    server = await NameServer.start(zone([...world, ...own]))
    resolver = new Resolver({ servers: [server.address], clock: systemClock })
  })
  after(async () => {
    resolver.close()
    await server[Symbol.asyncDispose]()
  })

  for (const [i, [text, of4, of6]] of records.entries()) {
    test(`${text} gives ${of4} and ${of6}`, async () => {
      const [four, sixth] = [await spfVerdict(us, `d${i}.net`, resolver), await spfVerdict(six, `d${i}.net`, resolver)]
      assert.deepEqual([four.kind, sixth.kind], [of4, of6], JSON.stringify([four, sixth]))
    })
  }

  test('names the term that decides, and the include it came by', async () => {
    const of = (text: string) => spfVerdict(us, `d${records.findIndex(([one]) => one === text)}.net`, resolver)
    assert.deepEqual(await of('v=spf1 ip4:5.6.0.0/16 -all'), { kind: 'pass', by: 'ip4:5.6.0.0/16' })
    assert.deepEqual(await of('v=spf1 include:pass.net ~all'), { kind: 'pass', by: 'include:pass.net' })
    assert.deepEqual(await of('v=spf1 redirect=pass.net'), { kind: 'pass', by: 'redirect=pass.net' })
  })

  test('of two is none', async () => {
    const verdict = await spfVerdict(us, 'two.net', resolver)
    assert.deepEqual(verdict, { kind: 'error', why: 'two.net has 2 SPF records, and may have one' })
  })

  test('of any words has a verdict', async () => {
    const words = fc.oneof(
      fc.constantFrom(
        'all',
        '-a',
        'mx',
        'ip4:5.6.7.8',
        'ip6:::',
        'include:pass.net',
        'redirect=fail.net',
        '%',
        '//',
        'x=y',
      ),
      fc.stringMatching(/^[!-~]{0,8}$/),
    )
    let text = ''
    await using odd = await NameServer.start(asked =>
      asked.name === 'odd.net'
        ? [{ answers: asked.type === 'TXT' ? [txt('odd.net', [text], 0)] : [] }]
        : zone(world)(asked),
    )
    const names = new Resolver({ servers: [odd.address], clock: systemClock })
    await fc.assert(
      fc.asyncProperty(fc.array(words, { maxLength: 12 }), async list => {
        text = `v=spf1 ${list.join(' ')}`
        const { kind } = await spfVerdict(us, 'odd.net', names)
        assert.notEqual(kind, 'none')
      }),
      { numRuns: 50 },
    )
    names.close()
  })
})
