/**
 * A data directory as full as the budget allows: `node test/bench/full-house.ts DIR [SCALE]`. A process of its own makes it, so
 * that the one which measures has no garbage of it.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { budget } from '../../src/base/budget.ts'
import { systemClock } from '../../src/base/clock.ts'
import { Journal } from '../../src/journal/journal.ts'
import type { Incoming } from '../../src/store/spool.ts'
import type { Store } from '../../src/store/store.ts'
import { randomLines } from './mail.ts'
import { openStore } from './stock.ts'

const [directory = '', scale = '1'] = process.argv.slice(2)
const scaled = (count: number) => Math.ceil(count * Number(scale))

/** What is in it; the mailbox is alice's, and the last account and the last alias are not taken. */
const messages = scaled(100_000)
const accounts = scaled(budget.accounts) - 1
const aliases = scaled(budget.aliases) - 1
const queued = scaled(10_000)
const domains = scaled(500)
const journalOctets = scaled(8 * 1024 * 1024)

const atOnce = 200
const hourMs = 60 * 60_000
const dayMs = 24 * hourMs
const body = randomLines(700)
const subjects = ['holiday pictures', '=?utf-8?Q?Gr=C3=BC=C3=9Fe_aus_dem_Garten?=', 'Re: the bill of last month']

mkdirSync(directory, { recursive: true })
const store = await openStore(directory)
const account = await addPeople(store)
const now = Date.now()
const incoming = scaled(30_000)
await each(messages - incoming, i => deliver(store, i, [account], now - 2 * dayMs))
await each(queued, i => deliver(store, i, [], now - hourMs))
await putOff(store)
await store.outbound.trimTraces(now)
await each(incoming, i => deliver(store, i, [account], now))
await store.close()
await writeJournal()

async function addPeople(store: Store): Promise<number> {
  await store.accounts.add('alice', '')
  await each(accounts - 1, i => store.accounts.add(`user${i}`, ''))
  await each(aliases, i => store.accounts.setAlias(`alias${i}`, [`user${i % (accounts - 1)}`, 'alice']))
  const { id = 0 } = store.accounts.find('alice') ?? {}
  return id
}

async function each(count: number, one: (i: number) => Promise<void>): Promise<void> {
  for (let i = 0; i < count; i += atOnce) {
    await Promise.all(Array.from({ length: Math.min(atOnce, count - i) }, (_, j) => one(i + j)))
  }
}

/** @param accounts none for a message that is queued */
async function deliver(store: Store, i: number, accounts: readonly number[], date: number): Promise<void> {
  const path = accounts.length === 0 ? `bob${i}@domain${i % domains}.example` : 'alice@home.example'
  const header = [
    `From: "Friend ${i % 1000}" <friend${i % 1000}@away.example>`,
    `To: <${path}>`,
    `Subject: ${subjects[i % subjects.length]}`,
    `Message-ID: <${i}.${accounts.length}@away.example>`,
    '',
    '',
  ].join('\r\n')
  await using incoming = store.incoming(0)
  await incoming.append(Buffer.from(header + body))
  await incoming.commit(envelope(path, header.length, i, accounts, date))
}

function envelope(
  path: string,
  headerOctets: number,
  i: number,
  accounts: readonly number[],
  date: number,
): Parameters<Incoming['commit']>[0] {
  return {
    reversePath: accounts.length === 0 ? `user${i % 100}@home.example` : `friend${i % 1000}@away.example`,
    recipients: [{ path, notify: 0, orcpt: '' }],
    accounts,
    trace: 'Received: from away.example ([192.0.2.1])\r\n\tby mail.home.example with ESMTP id 0000000000000000\r\n',
    ret: '',
    envid: '',
    eightBit: false,
    smtputf8: false,
    requireTls: false,
    tlsOptional: false,
    messageId: `<${i}.${accounts.length}@away.example>`,
    queued: accounts.length === 0 ? [0] : [],
    dotted: false,
    headerOctets,
    date,
  }
}

/** Everything that waits was tried once, and is tried again in a year. */
async function putOff(store: Store): Promise<void> {
  const answer = { code: 451, enhanced: '4.7.1', text: 'Greylisted, please try again in a while; see our pages' }
  for await (const waiting of store.outbound.all()) {
    const attempts = waiting.map(({ seq, dispatch, domain, pending }) => ({
      kind: 'attempt' as const,
      message: seq,
      dispatch,
      date: now - hourMs,
      due: now + 365 * dayMs,
      attempts: 1,
      held: false,
      noticed: false,
      remote: `mx.${domain}`,
      results: pending.map(recipient => ({ recipient, outcome: 'deferred' as const, answer })),
    }))
    await store.outbound.settle(attempts)
  }
}

async function writeJournal(): Promise<void> {
  const keep = journalOctets + budget.journalRing
  await using journal = await Journal.open({ directory: join(directory, 'journal'), keep, clock: systemClock })
  for (let octets = 0, i = 0; octets < journalOctets; i++) {
    const line = journalLine(i)
    octets += line.length
    journal.write(line)
    if (i % 50 === 0) await journal.flush()
  }
}

function journalLine(i: number): string {
  const time = new Date(now - hourMs + i * 10).toISOString()
  const common = { level: 30, time, id: `${i}`.padStart(16, '0') }
  const taken = {
    ...common,
    client: '192.0.2.1',
    from: `friend${i % 1000}@away.example`,
    accounts: ['alice'],
    copies: 1,
    queued: 0,
    octets: 2000 + i,
    msg: 'message accepted',
  }
  const put = { ...common, host: `mx.domain${i % domains}.example`, said: '451 4.7.1 Greylisted', msg: 'deferred' }
  const warned = { ...common, level: 40, client: '198.51.100.7', user: 'root', msg: 'login failed' }
  return `${JSON.stringify([taken, taken, put, warned][i % 4])}\n`
}
