/** The index is made again from the log: whatever is lost of it, a start finds everything as it was. */
import assert from 'node:assert/strict'
import { cp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { budget } from '../../src/base/budget.ts'
import type { Outcome } from '../../src/store/attempt.ts'
import { flags } from '../../src/store/flags.ts'
import { encodeLogKey } from '../../src/store/keys.ts'
import { repair } from '../../src/store/repair.ts'
import type { Store } from '../../src/store/store.ts'
import {
  attempt,
  contents,
  databaseEntries,
  deferral,
  deliver,
  envelope,
  inbox,
  letter,
  loseUnsynced,
  numbers,
  openDatabase,
  Postbox,
  submit,
  waiting,
} from './letters.ts'

const names = ['alice', 'bob', 'carol'] as const
const addresses = ['sales', 'info'] as const

/** Octets of the trace fields that every delivery of these tests gets. */
const traceOctets = Buffer.byteLength(`Return-Path: <bob@away.example>\r\n${envelope([]).trace}`)

/** How a store can end. */
const endings: readonly { readonly name: string; readonly end: (postbox: Postbox) => Promise<void> }[] = [
  { name: 'cleanly', end: postbox => postbox.restart() },
  { name: 'at once', end: postbox => postbox.crash() },
  { name: 'and loses its index', end: loseIndex },
  { name: 'and is repaired', end: mendStore },
  { name: 'and loses all that its index was not synced for', end: postbox => postbox.crash(loseUnsynced) },
  {
    name: 'and loses what was last written to its index',
    end: postbox => postbox.crash(directory => tamper(directory, octets => octets.subarray(0, octets.length / 2))),
  },
  {
    name: 'and loses what was written to its index in between',
    end: postbox =>
      postbox.crash(directory => tamper(directory, octets => octets.fill(0, third(octets), 2 * third(octets)))),
  },
]

const third = (octets: Buffer) => Math.floor(octets.length / 3)

function loseIndex(postbox: Postbox): Promise<void> {
  return postbox.crash(directory => rm(join(directory, 'index'), { recursive: true }))
}

async function mendStore(postbox: Postbox): Promise<void> {
  await postbox.close()
  await repair(postbox.directory, 0, { tell: () => {}, lost: () => {}, progress: () => {} })
  await postbox.open()
}

/** Changes the files that the index was last written to: a power cut may leave any of that, and not only its beginning. */
async function tamper(directory: string, change: (octets: Buffer) => Buffer): Promise<void> {
  const index = join(directory, 'index')
  for (const name of (await readdir(index)).filter(name => name.endsWith('.log'))) {
    await writeFile(join(index, name), change(await readFile(join(index, name))))
  }
}

/** What a test does to a store, and to the model. */
type Step =
  | { readonly do: 'deliver'; readonly to: readonly number[]; readonly octets: number }
  | { readonly do: 'remove'; readonly from: number; readonly which: readonly number[] }
  | {
      readonly do: 'mark'
      readonly from: number
      readonly which: readonly number[]
      readonly add: number
      readonly drop: number
    }
  | { readonly do: 'add' | 'drop' | 'password'; readonly account: number }
  | { readonly do: 'alias'; readonly address: number; readonly targets: readonly number[] }
  | { readonly do: 'submit'; readonly to: readonly number[]; readonly local: readonly number[] }
  | { readonly do: 'attempt'; readonly which: readonly number[]; readonly outcome: Outcome }
  | { readonly do: 'sweep' }
  | { readonly do: 'end'; readonly how: number }

const who = fc.nat(names.length - 1)
const several = fc.uniqueArray(who, { minLength: 1, maxLength: names.length })
const octets = fc.oneof({ weight: 9, arbitrary: fc.nat(3000) }, fc.nat(2 * budget.block))
const which = fc.uniqueArray(fc.nat(9))
const bits = fc.nat(15)
const kind = <Kind extends string>(name: Kind) => fc.constant(name)

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 9, arbitrary: fc.record({ do: kind('deliver'), to: several, octets }) },
  { weight: 4, arbitrary: fc.record({ do: kind('remove'), from: who, which }) },
  { weight: 4, arbitrary: fc.record({ do: kind('mark'), from: who, which, add: bits, drop: bits }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('add', 'drop', 'password'), account: who }) },
  { weight: 1, arbitrary: fc.record({ do: kind('alias'), address: fc.nat(1), targets: fc.uniqueArray(who) }) },
  { weight: 3, arbitrary: fc.record({ do: kind('submit'), to: several, local: fc.uniqueArray(who) }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: kind('attempt'), which, outcome: fc.constantFrom('delivered', 'deferred') }),
  },
  { weight: 2, arbitrary: fc.record({ do: kind('sweep') }) },
  { weight: 2, arbitrary: fc.record({ do: kind('end'), how: fc.nat(endings.length - 1) }) },
)

/** The store as it should be: what a person who only ever added and removed would have in mind. */
class Model {
  readonly accounts = new Map<
    string,
    { password: string; next: number; mail: { uid: number; uidl: string; octets: Buffer; flags: number }[] }
  >()
  readonly aliases = new Map<string, string[]>()
  /** What waits to be sent on, in the order in which it came. */
  queue: { readonly id: string; readonly domain: string; readonly attempts: number }[] = []

  async take(step: Step, postbox: Postbox, seed: number): Promise<void> {
    const { store } = postbox
    switch (step.do) {
      case 'deliver': {
        const to = step.to.map(nameOf).filter(name => this.accounts.has(name))
        const body = letter(step.octets, seed)
        const uidl = await deliver(store, to, body)
        for (const name of to) this.#put(name, uidl, body)
        return
      }
      case 'remove': {
        const name = nameOf(step.from)
        if (!this.accounts.has(name)) return
        const box = this.#account(name)
        const gone = box.mail.filter((_, i) => step.which.includes(i))
        box.mail = box.mail.filter((_, i) => !step.which.includes(i))
        return store.remove(
          numbers(store, name)[0] ?? 0,
          gone.map(({ uid }) => uid),
        )
      }
      case 'mark': {
        const name = nameOf(step.from)
        if (!this.accounts.has(name)) return
        const marked = this.#account(name).mail.filter((_, i) => step.which.includes(i))
        for (const message of marked) message.flags = (message.flags & ~step.drop) | step.add
        // In an order of their own, and with one that is not there.
        const uids = [...marked.map(({ uid }) => uid).reverse(), 1_000_000]
        return store.mark(numbers(store, name)[0] ?? 0, uids, { add: step.add, drop: step.drop })
      }
      case 'add': {
        const name = nameOf(step.account)
        if (this.accounts.has(name)) return
        this.accounts.set(name, { password: `${seed}`, next: 1, mail: [] })
        return store.accounts.add(name, `${seed}`)
      }
      case 'drop': {
        const name = nameOf(step.account)
        if (this.accounts.delete(name)) return store.accounts.remove(name)
        return
      }
      case 'password': {
        const name = nameOf(step.account)
        if (!this.accounts.has(name)) return
        this.#account(name).password = `${seed}`
        return store.accounts.setPassword(name, `${seed}`)
      }
      case 'alias': {
        const address = addresses[step.address] ?? ''
        const targets = step.targets.map(nameOf)
        if (targets.length > 0) {
          this.aliases.set(address, targets)
          return store.accounts.setAlias(address, targets)
        }
        if (this.aliases.delete(address)) return store.accounts.removeAlias(address)
        return
      }
      case 'submit': {
        const local = step.local.map(nameOf).filter(name => this.accounts.has(name))
        const domains = step.to.map(each => `${nameOf(each)}.example`)
        const body = letter(50, seed)
        const uidl = await submit(
          store,
          domains.map(domain => `x@${domain}`),
          { names: local, body, reversePath: 'bob@away.example' },
        )
        for (const name of local) this.#put(name, uidl, body)
        this.queue.push(...domains.map(domain => ({ id: uidl, domain, attempts: 0 })))
        return
      }
      case 'attempt': {
        const chosen = (await waiting(store)).filter((_, i) => step.which.includes(i))
        const ended = chosen.map(one => (step.outcome === 'deferred' ? deferral(one) : attempt(one, step.outcome)))
        const isChosen = (id: string, domain: string) => chosen.some(one => one.id === id && one.domain === domain)
        this.queue = this.queue.flatMap(one => {
          if (!isChosen(one.id, one.domain)) return [one]
          return step.outcome === 'deferred' ? [{ ...one, attempts: one.attempts + 1 }] : []
        })
        return store.outbound.settle(ended)
      }
      case 'sweep':
        await store.sweep(0)
        return
      case 'end':
        return endings[step.how]?.end(postbox)
      default:
        step satisfies never
    }
  }

  /** Compares the store with what it should be. */
  async check(postbox: Postbox): Promise<void> {
    const found = await contents(postbox.store)
    assert.deepEqual(
      found.accounts.map(({ id, name, password, next, count, octets, messages }) => ({
        ...{ name, password, next, count, octets },
        mail: messages.map(({ uid, uidl, octets }) => ({ uid, uidl, octets })),
        flags: found.flags[id]?.toReversed(),
      })),
      [...this.accounts].map(([name, { password, next, mail }]) => ({
        ...{ name, password, next },
        count: mail.length,
        octets: mail.reduce((sum, { octets }) => sum + octets.length + traceOctets, 0),
        mail: mail.map(({ flags, ...message }) => message),
        flags: mail.map(({ uid, flags }) => `${uid}:${flags}`),
      })),
    )
    assert.deepEqual(
      found.queue.map(({ id, domain, attempts }) => ({ id, domain, attempts })),
      this.queue,
    )
    assert.equal(found.length, this.queue.length)
    const aliases = [...this.aliases].map(([address, targets]) => ({ address, targets }))
    assert.deepEqual(
      found.aliases,
      aliases.sort((a, b) => (a.address < b.address ? -1 : 1)),
    )
  }

  #put(name: string, uidl: string, octets: Buffer): void {
    const box = this.#account(name)
    box.mail.push({ uid: box.next, uidl, octets, flags: 0 })
    box.next += 1
  }

  #account(name: string) {
    const account = this.accounts.get(name)
    if (!account) throw new Error(`the model has no ${name}`)
    return account
  }
}

test('a store is what was made of it, however often and however badly it ended', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 30 }), async steps => {
      await using postbox = await Postbox.make()
      const model = new Model()
      for (const account of [0, 1]) await model.take({ do: 'add', account }, postbox, account)
      for (const [i, step] of steps.entries()) {
        await model.take(step, postbox, i)
        if (step.do === 'end') await model.check(postbox)
      }
      await model.check(postbox)
      await postbox.crash()
      await model.check(postbox)
      await postbox.restart()
      await model.check(postbox)
    }),
    { numRuns: 10 },
  )
})

for (const { name, end } of endings) {
  test(`a busy store that ends ${name} finds everything again`, async () => {
    await using postbox = await Postbox.make([...names])
    for (const round of [1, 2]) {
      await bustle(postbox.store, round)
      const before = await contents(postbox.store)
      await end(postbox)
      assert.deepEqual(await contents(postbox.store), before)
    }
    // And to the octet, its index is the one that would be made from nothing.
    const index = await indexEntries(postbox)
    await loseIndex(postbox)
    assert.deepEqual(await indexEntries(postbox), index)
  })
}

test('an index far behind the log catches up', async () => {
  await using postbox = await Postbox.make([...names])
  await bustle(postbox.store, 1)
  await postbox.restart()
  const old = join(await postbox.copy(), 'index')
  await bustle(postbox.store, 2)
  await postbox.restart()
  await bustle(postbox.store, 3)
  const before = await contents(postbox.store)
  await postbox.crash(async directory => {
    await rm(join(directory, 'index'), { recursive: true })
    await cp(old, join(directory, 'index'), { recursive: true })
  })
  assert.deepEqual(await contents(postbox.store), before)
})

test('the index keeps a checkpoint, so that a start need not read everything again', async () => {
  await using postbox = await Postbox.make(['alice'])
  const { store } = postbox
  const [alice = 0] = numbers(store, 'alice')
  const messages = budget.checkpoint // of two records each: there is a checkpoint on the way
  await Promise.all(Array.from({ length: messages }, () => deliver(store, ['alice'], Buffer.from('x'))))
  // Nobody reads what lies before the checkpoint, so the start does not see that a message has gone from there.
  await postbox.crash(directory => forget(directory, [2, 3]))
  assert.equal(postbox.store.mailbox(alice).count, messages)
  await loseIndex(postbox)
  assert.equal(postbox.store.mailbox(alice).count, messages - 1)
})

/** Does a bit of everything, and enough of it that the index takes up several blocks of LevelDB's file. */
async function bustle(store: Store, round: number): Promise<void> {
  const mail = Array.from({ length: 200 }, (_, i) => deliver(store, names, letter(20, i * round)))
  await Promise.all(mail)
  await deliver(store, ['alice'], letter(150_000, round))
  for (const [i, name] of names.entries()) {
    const uids = (await inbox(store, name)).map(({ uid }) => uid)
    await store.remove(
      numbers(store, name)[0] ?? 0,
      uids.filter(uid => uid % (5 + i) === round),
    )
    await store.mark(
      numbers(store, name)[0] ?? 0,
      uids.filter(uid => uid % 3 === 0),
      { add: round + i, drop: flags.flagged },
    )
  }
  await store.accounts.remove('carol')
  await store.accounts.add('carol', `round ${round}`)
  await store.accounts.setPassword('bob', `round ${round}`)
  await deliver(store, ['bob', 'carol'], letter(100, round))
  await store.accounts.setAlias('sales', ['bob', `round-${round}`])
}

/** @returns the index of a store, which is closed and opened for it */
async function indexEntries(postbox: Postbox): Promise<string[]> {
  await postbox.close()
  const entries = await databaseEntries(postbox.directory, 'index')
  await postbox.open()
  return entries.map(([key, value]) => `${key.toString('hex')} ${value.toString('hex')}`)
}

/** Deletes records of a closed store's log. */
async function forget(directory: string, seqs: readonly number[]): Promise<void> {
  await using db = await openDatabase(directory, 'log')
  for (const seq of seqs) await db.del(encodeLogKey(seq))
}

function nameOf(i: number): string {
  return names[i] ?? ''
}

/** What a disk may do to a file that was synced long ago. */
const injuries: readonly { readonly name: string; readonly hurt: (octets: Buffer, at: number) => Buffer }[] = [
  { name: 'an octet that has changed', hurt: (octets, at) => octets.fill((octets[at] ?? 0) ^ 0x40, at, at + 1) },
  { name: 'a sector of zeros', hurt: (octets, at) => octets.fill(0, at, Math.min(at + 4096, octets.length)) },
]

for (const { name, hurt } of injuries) {
  test(`${name} in the write-ahead file takes nothing out of the index, wherever it is`, async () => {
    await using postbox = await Postbox.make(['alice'])
    // LevelDB leaves out the rest of a stretch of 32 KiB in which something has changed, and reads on behind it.
    await Promise.all(Array.from({ length: 600 }, (_, i) => deliver(postbox.store, ['alice'], letter(10, i))))
    await postbox.store.remove(numbers(postbox.store, 'alice')[0] ?? 0, [3, 7])
    const before = await contents(postbox.store)
    await postbox.close()
    const whole = await postbox.copy()
    for (let place = 0; place < 1; place += 1 / 20) {
      await rm(postbox.directory, { recursive: true })
      await cp(whole, postbox.directory, { recursive: true })
      await tamper(postbox.directory, octets => hurt(octets, Math.floor(place * octets.length)))
      await postbox.open()
      assert.deepEqual(await contents(postbox.store), before, `at ${place} of the file`)
      await postbox.close()
    }
    await postbox.open()
  })
}
