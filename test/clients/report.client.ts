/** Python's email package reads our reports: whole, without defects, and with the fields that programs look for. */
import assert from 'node:assert/strict'
import { mkdtempDisposable, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { beginReport, endReport, type Report } from '../../src/message/report.ts'
import { runProgram } from '../support/process.ts'
import { message } from './house.ts'

const carol: Report['recipients'][number] = {
  path: 'carol@away.example',
  orcpt: 'rfc822;Carol@list.example',
  answer: { code: 550, enhanced: '5.1.1', text: 'No such user here; you may read more about it at our help desk' },
  remote: 'mx.away.example',
  lastAttempt: Date.UTC(2026, 10, 21, 22, 16, 3),
}

const dave = { ...carol, path: '"d <a> ve"@away.example', orcpt: '', remote: '' }

const failed: Report = {
  kind: 'failed',
  hostname: 'mail.home.example',
  id: '0123456789abcdef',
  date: Date.UTC(2026, 10, 21, 22, 16, 4),
  language: 'en',
  to: 'alice@home.example',
  envid: 'QQ314159',
  arrival: Date.UTC(2026, 10, 21, 22, 15, 52),
  recipients: [carol, dave],
  smtputf8: false,
  eightBit: false,
  subject: 'Grüße',
  messageId: '<1@away.example>',
  returned: 'headers',
}

const until = Date.UTC(2026, 10, 26, 22, 15, 52)
const wait = { ...carol, answer: { code: 452, enhanced: '4.2.2', text: 'The mailbox is full' } }
const taken = { ...carol, answer: { code: 250, enhanced: '2.0.0', text: 'Kept as 7' } }
const zoe = { ...carol, path: 'zoë@bücher.example', orcpt: 'utf-8;zoë@bücher.example' }
const evil = {
  ...carol,
  path: 'a\r\n\r\n--=_0\r\n@x',
  orcpt: 'rfc822;(((\r\nStatus: 2.0.0',
  answer: { code: 550, enhanced: '5.7.1', text: `\0\r\n \r\n\r\n--=_0\r\n"<${'x'.repeat(5000)}(` },
}

/** `status` is what each recipient's block says; `types` are those of the second and third part. */
type Case = {
  readonly name: string
  readonly report: Report
  readonly status: readonly string[]
  readonly types: readonly [machine: string, returned: string]
}

const classic = ['message/delivery-status', 'text/rfc822-headers'] as const
const full = ['message/delivery-status', 'message/rfc822'] as const
const global = ['message/global-delivery-status', 'message/global-headers'] as const
const globalFull = ['message/global-delivery-status', 'message/global'] as const

const cases: readonly Case[] = [
  { name: 'failed', report: failed, status: ['5.1.1', '5.1.1'], types: classic },
  {
    name: 'failed, all of it returned',
    report: { ...failed, returned: 'full', eightBit: true },
    status: ['5.1.1', '5.1.1'],
    types: full,
  },
  {
    name: 'delayed',
    report: { ...failed, kind: 'delayed', until, recipients: [wait] },
    status: ['4.2.2'],
    types: classic,
  },
  {
    name: 'delivered',
    report: { ...failed, kind: 'delivered', recipients: [taken] },
    status: ['2.0.0'],
    types: classic,
  },
  { name: 'relayed', report: { ...failed, kind: 'relayed', recipients: [taken] }, status: ['2.0.0'], types: classic },
  { name: 'UTF-8 made ASCII', report: { ...failed, recipients: [zoe] }, status: ['5.1.1'], types: classic },
  {
    name: 'UTF-8',
    report: { ...failed, recipients: [carol, zoe], smtputf8: true, eightBit: true },
    status: ['5.1.1', '5.1.1'],
    types: global,
  },
  {
    name: 'UTF-8, all of it returned',
    report: { ...failed, recipients: [zoe], smtputf8: true, eightBit: true, returned: 'full' },
    status: ['5.1.1'],
    types: globalFull,
  },
  {
    name: 'hostile words',
    report: { ...failed, recipients: [evil, carol, evil], subject: evil.answer.text, envid: evil.answer.text },
    status: ['5.7.1', '5.1.1', '5.7.1'],
    types: classic,
  },
  {
    name: 'a thousand recipients',
    report: { ...failed, recipients: Array.from({ length: 1000 }, () => carol) },
    status: Array.from({ length: 1000 }, () => '5.1.1'),
    types: classic,
  },
]

const script = `
import email, email.policy, email.utils, json, sys

with open(sys.argv[1], 'rb') as file:
    octets = file.read()
with open(sys.argv[2], 'rb') as file:
    expected = json.load(file)
with open(sys.argv[3], 'rb') as file:
    original = file.read()

report = email.message_from_bytes(octets, policy=email.policy.default)
assert report.get_content_type() == 'multipart/report'
assert report.get_param('report-type') == 'delivery-status'
assert report['auto-submitted'] == 'auto-replied'
assert report['to'].addresses[0].addr_spec == 'alice@home.example'
assert report['reply-to'].addresses[0].addr_spec == 'postmaster@mail.home.example'
assert report['references'] == report['in-reply-to'] == '<1@away.example>'
for name, value in report.items():
    assert not value.defects, (name, value, value.defects)

parts = list(report.iter_parts())
assert [part.get_content_type() for part in parts] == ['text/plain', *expected['types']]
for part in report.walk():
    assert not part.defects, (part.get_content_type(), part.defects)

text = parts[0].get_content()
for line in text.splitlines():
    assert len(line) <= 76 or ' ' not in line.strip(), line
for path in expected['paths']:
    assert '  ' + path in text.splitlines(), text

# The package knows no fields in UTF-8: it takes this part for a message in a message.
raw = octets.split(b'--=_0123456789abcdef')[2].split(b'\\r\\n\\r\\n', 1)[1]
blocks = raw.rstrip(b'\\r\\n').split(b'\\r\\n\\r\\n')
groups = [email.message_from_bytes(block, policy=email.policy.default) for block in blocks]
if expected['types'][0] == 'message/delivery-status':
    known = parts[1].get_payload()
    assert [group.items() for group in known] == [group.items() for group in groups]
first, *groups = groups
assert first['reporting-mta'] == 'dns; mail.home.example'
assert email.utils.parsedate_to_datetime(first['arrival-date']).isoformat() == '2026-11-21T22:15:52+00:00'
assert [group['status'] for group in groups] == expected['status']
for group in groups:
    assert not group.defects and group['action'] == expected['action'], group.items()
    assert group['final-recipient'] and not group.get_payload()

returned = parts[2]
if expected['returned'] == 'full':
    octets = octets.split(b'--=_0123456789abcdef')[3].split(b'\\r\\n\\r\\n', 1)[1]
    assert octets == original + b'\\r\\n'
    inner = returned.get_payload()[0]
else:
    inner = email.message_from_bytes(octets.split(b'--=_0123456789abcdef')[3].split(b'\\r\\n\\r\\n', 1)[1])
assert inner['message-id'] == '<1@away.example>'
`

test('Python reads a report', async t => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'porchlight-'))
  const place = (name: string) => join(folder.path, name)
  const program = place('script.py')
  const places = [place('report.eml'), place('expected.json'), place('original')] as const
  const [file, wanted, original] = places
  await writeFile(program, script)
  for (const { name, report, status, types } of cases) {
    await t.test(name, async () => {
      const { kind, returned, recipients } = report
      const octets = returned === 'full' ? message : message.subarray(0, message.indexOf('\r\n\r\n') + 2)
      const paths = recipients
        .slice(0, 1)
        .filter(({ path }) => !path.includes('\r'))
        .map(({ path }) => path)
      await writeFile(file, Buffer.concat([beginReport(report), octets, endReport(report)]))
      await writeFile(wanted, JSON.stringify({ action: kind, returned, status, types, paths }))
      await writeFile(original, octets)
      const { exit, complaint } = await runProgram(['timeout', '60', 'python3', program, ...places])
      assert.equal(exit, 0, complaint)
    })
  }
})
