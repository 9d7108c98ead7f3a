/** Postfix takes what we send: a real one, which keeps it as it was, and its smtp-sink, which misbehaves at every stage. */
import assert from 'node:assert/strict'
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { freePort, listening, stop } from '../bench/peer/product.ts'
import { letter } from './house.ts'
import { Postfix } from './postfix.ts'
import { launchBounded, parted, Town } from './town.ts'

const header = 'From: alice@a.example\r\nDate: Sat, 21 Nov 2026 22:15:52 +0000\r\nMessage-ID: <1@away.example>\r\n'
const plain = `${header}Subject: plain\r\n\r\n.\r\n..\r\nhello\r\n`
const eightBit = letter('alice@a.example', 'someone@sink.example').toString()

/** Dots, lines of many lengths, and every octet that a line may have, over and over, as latin1. */
function everything(octets: number): string {
  const any = String.fromCharCode(...Array.from({ length: 256 }, (_, octet) => octet))
  const lines = ['.', '..', '', '.dot', any.replaceAll(/[\0\r\n]/g, ''), 'x'.repeat(998), 'y'.repeat(70_000), '. ', '']
  const round = lines.join('\r\n')
  return round.repeat(Math.ceil(octets / round.length))
}

const zoë = { from: 'zoë@a.example', to: 'zoë@p.example' }
const greeting = header.replace('alice@a.example', zoë.from)

const letters: readonly Letter[] = [
  { name: 'nothing but a header', octets: Buffer.from(`${header}\r\n`) },
  { name: '5 MB of everything', octets: Buffer.from(`${header}\r\n${everything(5e6)}`, 'latin1') },
  { name: 'lines of one dot', octets: Buffer.from(`${header}\r\n${'.\r\n'.repeat(100_000)}`) },
  { name: 'names beyond ASCII', octets: Buffer.from(`${greeting}Subject: Grüße\r\n\r\n你好\r\n`), ...zoë },
]

type Letter = { readonly name: string; readonly octets: Buffer; readonly from?: string; readonly to?: string }

test('Postfix keeps what it is sent as it was handed in, and one unknown recipient does not keep it from the others', async () => {
  await using town = await Town.open()
  const keeps = ['alice@p.example', zoë.to]
  const postfix = await Postfix.start(town, { domain: 'p.example', keeps })
  const a = await town.home('a', `delivery.port = ${postfix.port}\n`)
  await a.server.command(['alias', 'add', 'zoë', 'alice'])
  const file = join(town.folder, 'letter.eml')
  for (const { octets, from, to = 'alice@p.example' } of letters) {
    await writeFile(file, octets)
    await a.submit(file, [to, 'nobody@p.example'], from)
  }
  const outcomes = await a.says(['delivered', 'bounced'], 2 * letters.length)
  const bounced = outcomes.filter(({ msg }) => msg === 'bounced')
  assert.equal(bounced.length, letters.length)
  for (const { said } of bounced) assert.match(String(said), /^550 5\.1\.1 <nobody@p\.example>: .* rejected/)
  const files = await postfix.holds(letters.length)
  const kept = files.map(octets => parted(octets.toString('latin1').replaceAll('\n', '\r\n')))
  for (const { trace } of kept) assert.match(trace, /^\tby mail\.p\.example \(Postfix\) with (?:UTF8SMTP|ESMTP)S id /m)
  const found = kept.map(({ letter }) => letter)
  for (const { name, octets } of letters) assert.ok(found.includes(octets.toString('latin1')), name)
})

/** What smtp-sink is told to do, and what becomes of a message then. */
const sinks = [
  { name: 'good', words: [], becomes: 'delivered', said: /^250 2\.0\.0 Ok$/ },
  { name: 'no-pipelining', words: ['-p'], becomes: 'delivered', said: /^250 / },
  { name: 'no-esmtp', words: ['-e'], becomes: 'delivered', said: /^250 / },
  { name: 'firewall', words: ['-P'], becomes: 'delivered', said: /^250 / },
  { name: 'no-codes', words: ['-E', '-N', '-8'], becomes: 'delivered', said: /^250 / },
  { name: 'eight-bit', words: [], text: eightBit, becomes: 'delivered', said: /^250 / },
  { name: 'no-eight-bit', words: ['-8'], text: eightBit, becomes: 'bounced', said: /^554 5\.6\.3 / },
  { name: 'no-esmtp-at-all', words: ['-e'], text: eightBit, becomes: 'bounced', said: /^554 5\.6\.3 / },
  ...['CONNECT', 'MAIL', 'RCPT', 'DATA', '.'].map(stage => ({
    name: `later-${stage === '.' ? 'end' : stage}`,
    words: ['-r', stage],
    becomes: 'deferred',
    said: /^4\d\d 4\.\d\.\d /,
  })),
  ...['MAIL', 'RCPT', 'DATA', '.'].map(stage => ({
    name: `never-${stage === '.' ? 'end' : stage}`,
    words: ['-f', stage],
    becomes: 'bounced',
    said: /^500 5\.3\.0 /,
  })),
  { name: 'never-CONNECT', words: ['-f', 'CONNECT'], becomes: 'deferred', said: /^451 / },
  { name: 'never-EHLO', words: ['-f', 'EHLO,HELO'], becomes: 'deferred', said: /^451 / },
  { name: 'never-EHLO-only', words: ['-f', 'EHLO'], becomes: 'delivered', said: /^250 / },
  ...['CONNECT', 'EHLO', 'MAIL', 'RCPT', 'DATA', '.'].flatMap(stage => [
    {
      name: `drops-${stage === '.' ? 'end' : stage}`,
      words: ['-q', stage],
      becomes: 'deferred',
      said: /^451 4\.4\.2 /,
    },
    {
      name: `leaves-${stage === '.' ? 'end' : stage}`,
      words: ['-Q', stage],
      becomes: 'deferred',
      said: /^4\d\d 4\.\d\.\d /,
    },
  ]),
  { name: 'aborts', words: ['-A', '0'], becomes: 'bounced', said: /^550 / },
]

test('smtp-sink refuses, drops and leaves out at every stage, and each outcome is as it should be', async () => {
  await using town = await Town.open()
  const dumps = join(town.folder, 'dumps')
  await mkdir(dumps)
  await chmod(dumps, 0o777) // smtp-sink works as nobody.
  await chmod(town.folder, 0o755)
  const routes: string[] = []
  for (const { name, words } of sinks) {
    const port = await freePort()
    const options = ['-u', 'nobody', '-D', join(dumps, name)]
    const sink = launchBounded(
      ['/usr/sbin/smtp-sink', ...options, ...words, `127.0.0.1:${port}`, '100'],
      join(town.folder, `${name}.log`),
    )
    town.defer(() => stop(sink))
    await listening(port, sink)
    const host = `${name}.sink.example`.toLowerCase()
    routes.push(`${host}=${host}:${port}`)
  }
  const a = await town.home('a', `relay.routes = ${JSON.stringify(routes)}\ndelivery.retry = ["1h"]\n`)
  for (const text of [plain, eightBit]) {
    const file = join(town.folder, 'letter.eml')
    await writeFile(file, text)
    const here = sinks.filter(sink => ('text' in sink ? sink.text : plain) === text)
    await a.submit(
      file,
      here.map(({ name }) => `someone@${name}.sink.example`),
    )
  }
  const outcomes = await a.says(['delivered', 'deferred', 'bounced'], sinks.length)
  const found = Object.fromEntries(outcomes.map(({ host, msg, said }) => [host, { msg, said }]))
  for (const { name, becomes, said } of sinks) {
    const outcome = found[`${name}.sink.example`.toLowerCase()]
    assert.equal(outcome?.msg, becomes, `${name}: ${outcome?.said}`)
    assert.match(String(outcome?.said), said, name)
  }
  for (const sink of sinks.filter(({ becomes }) => becomes === 'delivered')) {
    const text = ('text' in sink ? sink.text : plain).replaceAll('\r\n', '\n')
    const dump = await readFile(join(dumps, sink.name), 'utf8')
    assert.ok(dump.trimEnd().endsWith(text.trimEnd()), `${sink.name}:\n${dump}`)
    assert.equal(dump.match(/^X-Mail-Args: /gm)?.length, 1, dump)
  }
})
