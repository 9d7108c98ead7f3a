/** Every message of the corpus goes in by SMTP and comes back by POP3 with each of its octets, and LIST knows its size. */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { test } from 'node:test'
import { readConfig } from '../src/base/config.ts'
import { Household, password } from './support/household.ts'
import { OctetClient } from './support/octet-client.ts'

type Message = {
  readonly name: string
  /** The message in pieces that end with a line; made anew each time, so that a large one is never held whole. */
  pieces(): Iterable<Buffer>
}

/** Made or collected by hand, and kept with their CRLFs: see .gitattributes. */
const written = globSync(join(import.meta.dirname, 'corpus/*.eml'))
  .sort()
  .map(path => whole(basename(path), () => readFileSync(path)))

const header = 'From: bob@away.example\r\nTo: alice@home.example\r\n'
/** All 256 but CR and LF, which stand in a message as CRLF only. */
const octets = Array.from({ length: 256 }, (_, octet) => String.fromCharCode(octet)).filter(
  octet => !/[\r\n]/.test(octet),
)

/** What would be too large to keep, or is told in a line. */
const generated = [
  text('no octets at all', () => ''),
  text('one empty line', () => '\r\n'),
  text(
    'a header field of 200,000 octets, folded',
    () => `X-Long:${'\r\n '.padEnd(80, 'long ').repeat(2500)}\r\n\r\nhi\r\n`,
  ),
  text('a header field of 100,000 octets in one line', () => `${header}X-Long: ${'x'.repeat(100_000)}\r\n\r\nhi\r\n`),
  text('a field name of 70,000 octets', () => `${'X-'.repeat(35_000)}: x\r\n\r\nhi\r\n`),
  text('10,000 header fields', () => `${header}${lines(10_000, i => `X-Field-${i}: value ${i}`)}\r\nhi\r\n`),
  text('MIME parts in MIME parts, 1,000 deep', () => nested(1000)),
  text('a line of 1 MB', () => `${header}\r\n${'x'.repeat(1_000_000)}\r\n`),
  text('200,000 empty lines', () => `${header}\r\n${'\r\n'.repeat(200_000)}`),
  text('70,000 lines that begin with dots', () => `${header}\r\n${lines(70_000, i => '.'.repeat(1 + (i % 3)))}`),
  text('every octet', () => `${header}\r\n${octets.join('')}\r\n`),
  text('every octet at the start of a line', () => `${header}\r\n${lines(octets.length, i => octets[i] ?? '')}`),
]

// A block of the store holds 65,534 octets, and a socket hands out 65,536 at a time.
const edges = [65_530, 65_531, 65_532, 65_533, 65_534, 65_535, 65_536, 65_537].map(octets =>
  text(
    `CRLF and a dot behind ${octets} octets`,
    () => `${'x'.repeat(octets)}\r\n.dot\r\n${'y'.repeat(octets - 6)}\r\n..\r\n`,
  ),
)

const template = Buffer.from(lines(12_500, i => `${i % 50 === 0 ? '.' : 'x'}${String(i).padStart(77, ' 123456789')}`))

/** Fifty pieces of 1,000,000 octets, each with its number, so that one in another's place is found. */
const large: Message = {
  name: 'a message of 50 MB',
  *pieces() {
    for (let i = 0; i < 50; i++) {
      const piece = Buffer.from(template)
      piece.write(`piece ${i}`, 100)
      yield piece
    }
  },
}

test('every message of the corpus comes back as it went in', async t => {
  await using household = await Household.make('alice')
  household.config = readConfig('login.plaintext = "loopback"', '.')
  for (const message of [...written, ...generated, ...edges, large]) {
    await t.test(message.name, { timeout: 60_000 }, async () => {
      await send(household, message)
      await retrieve(household, message)
    })
  }
})

function whole(name: string, octets: () => Buffer): Message {
  return { name, pieces: () => [octets()] }
}

/** @param characters each is one octet */
function text(name: string, characters: () => string): Message {
  return whole(name, () => Buffer.from(characters(), 'latin1'))
}

function lines(count: number, line: (i: number) => string): string {
  return Array.from({ length: count }, (_, i) => `${line(i)}\r\n`).join('')
}

function nested(depth: number): string {
  const open = lines(depth, i => `Content-Type: multipart/mixed; boundary="${i}"\r\n\r\n--${i}`)
  return `${header}${open}\r\nhi\r\n${lines(depth, i => `--${depth - 1 - i}--`)}`
}

/** Dot-stuffing, RFC 5321 §4.5.2: written down once more, in another way than in src/wire. */
function stuffed(piece: Buffer): Buffer {
  return Buffer.from(piece.toString('latin1').replace(/^\./gm, '..'), 'latin1')
}

/** Sends a message twice: by DATA, and by BDAT in chunks that end anywhere. */
async function send(household: Household, message: Message): Promise<void> {
  await using client = await OctetClient.dial(household, 'smtp')
  const say = async (octets: Buffer | string, answer: RegExp) => {
    await client.send(octets)
    assert.match(await client.line(), answer)
  }
  assert.match(await client.line(), /^220 /)
  await say('HELO away.example\r\n', /^250 /)
  await say('MAIL FROM:<bob@away.example>\r\n', /^250 /)
  await say('RCPT TO:<alice@home.example>\r\n', /^250 /)
  await say('DATA\r\n', /^354 /)
  for (const piece of message.pieces()) await client.send(stuffed(piece))
  await say('.\r\n', /^250 /)

  await client.send('EHLO away.example\r\n')
  while (!(await client.line()).startsWith('250 '));
  await say('MAIL FROM:<bob@away.example>\r\n', /^250 /)
  await say('RCPT TO:<alice@home.example>\r\n', /^250 /)
  for (const piece of message.pieces()) {
    for (const chunk of sevenths(piece)) {
      await client.send(`BDAT ${chunk.length}\r\n`)
      await say(chunk, /^250 /)
    }
  }
  await say('BDAT 0 LAST\r\n', /^250 /)
}

function sevenths(piece: Buffer): Buffer[] {
  const step = Math.ceil(piece.length / 7)
  return Array.from({ length: 7 }, (_, i) => piece.subarray(i * step, (i + 1) * step))
}

/** Retrieves both copies, compares each octet, and deletes them. */
async function retrieve(household: Household, message: Message): Promise<void> {
  await using client = await OctetClient.dial(household, 'pop3')
  const say = async (line: string) => {
    await client.send(`${line}\r\n`)
    const answer = await client.line()
    assert.match(answer, /^\+OK/, line)
    return answer
  }
  assert.match(await client.line(), /^\+OK/)
  await say('USER alice')
  await say(`PASS ${password}`)
  assert.match(await say('STAT'), /^\+OK 2 /)
  for (const number of [1, 2]) {
    const [, , size] = (await say(`LIST ${number}`)).split(' ')
    let octets = 0
    for (const piece of message.pieces()) octets += piece.length
    await say(`RETR ${number}`)
    const trace = await client.octets(Number(size) - octets)
    assert.match(trace.toString(), /^Return-Path: <bob@away\.example>\r\nReceived: .* \+0000\r\n$/s)
    for (const piece of message.pieces()) {
      const expected = stuffed(piece)
      assert.ok((await client.octets(expected.length)).equals(expected), `copy ${number} differs`)
    }
    assert.equal(await client.line(), '.')
    await say(`DELE ${number}`)
  }
  await say('QUIT')
}
