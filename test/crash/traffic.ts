/** Mixed traffic until the server is killed: senders, readers, a hoarder, and keepers who change accounts and aliases. */
import type { ServerProcess } from '../support/process.ts'
import type { Fuse } from './fuse.ts'
import { type Doubtful, expiryWords, type Mailbox, type Message, type Model, sendingDomain } from './model.ts'
import { makeBody, makeHoard, type Random } from './random.ts'
import { command, Lost, Session } from './session.ts'

type Scene = { readonly server: ServerProcess; readonly model: Model; readonly fuse: Fuse }
/** The same for someone who need not know when the server is killed, nor where it runs. */
type QuietScene = {
  readonly server: Parameters<typeof Session.pop3>[0]
  readonly model: Model
  readonly fuse: Pick<Fuse, 'step' | 'acknowledged'>
  readonly tls?: boolean
}

/**
 * Someone who does one thing after the other, over and over. A reader alone deletes from its mailbox, a keeper alone
 * changes its guests and its alias and writes to them: so each knows what must be there.
 */
type Actor = (scene: Scene, random: Random) => Promise<void>

const senders = 5
const keepers = 2
const guestsEach = 2
/** Parts that a body is sent in, at most. */
const mostParts = 100

/** Lets everyone act until the server is gone. @throws what the first one found wrong */
export async function runTraffic(scene: Scene, random: Random): Promise<void> {
  const { model } = scene
  const actors: Actor[] = [
    ...Array.from({ length: senders }, () => send),
    ...model.residents.map(reader),
    hoard,
    ...model.residents.slice(0, keepers).map((owner, i) => keeper(model, `${i + 1}`, owner)),
  ]
  const outcomes = await Promise.allSettled(actors.map(actor => untilKilled(actor, scene, random.fork())))
  const failed = outcomes.find(outcome => outcome.status === 'rejected')
  if (failed) throw failed.reason
}

async function untilKilled(actor: Actor, scene: Scene, random: Random): Promise<void> {
  const { fuse } = scene
  try {
    for (;;) await actor(scene, random)
  } catch (error) {
    if (error instanceof Lost && fuse.burnt) return
    fuse.burn()
    throw error
  }
}

/** Sends some messages to residents in one session. */
async function send(scene: Scene, random: Random): Promise<void> {
  const { server, model, fuse } = scene
  using session = await Session.smtp(server, () => fuse.step())
  for (let left = random.between(1, 10); left > 0; left--) {
    const to = random.some(model.residents)
    const names = to.map(({ name }) => name)
    if (!(await deliver(scene, session, random, names, to))) return
  }
  await session.ask('QUIT', '221')
}

/** @returns false when the client has left in the middle of the message */
async function deliver(
  { model, fuse }: Scene,
  session: Session,
  random: Random,
  names: readonly string[],
  mailboxes: Iterable<Mailbox>,
  body = makeBody(random),
): Promise<boolean> {
  const message = model.compose(body, mailboxes)
  await session.ask(`MAIL FROM:<${message.token}@${sendingDomain}> BODY=8BITMIME`, '250')
  for (const name of names) await session.ask(`RCPT TO:<${name}@home.example>`, '250')
  const transfer = random.percent(40) ? sendChunks : sendData
  const finish = await transfer(session, random, body)
  if (random.percent(8)) return false
  message.kept.attempt(true)
  await finish()
  message.kept.acknowledge()
  fuse.acknowledged('delivery')
  return true
}

/** DATA: sends all but the end. @returns what sends the end and waits for the answer */
async function sendData(session: Session, random: Random, body: Buffer): Promise<() => Promise<string>> {
  await session.ask('DATA', '354')
  for (const part of dataLines(body, random)) await session.send(part)
  return () => session.ask('.', '250')
}

/** A body as it is sent behind DATA, all but its end, in parts. */
export function dataLines(body: Buffer, random: Random): Buffer[] {
  const stuffed = `\r\n${body.toString('latin1')}`.replaceAll('\r\n.', '\r\n..').slice(2)
  return parts(Buffer.from(stuffed, 'latin1'), random)
}

/** BDAT (RFC 3030): sends all chunks but the last. @returns what sends that one and waits for the answer */
async function sendChunks(session: Session, random: Random, body: Buffer): Promise<() => Promise<string>> {
  const chunks = parts(body, random)
  const last = chunks.pop() ?? body
  for (const chunk of chunks) {
    await session.send(`BDAT ${chunk.length}\r\n`)
    await session.send(chunk)
    await session.expect('250', 'BDAT')
  }
  return async () => {
    await session.send(`BDAT ${last.length} LAST\r\n`)
    await session.send(last)
    return session.expect('250', 'BDAT LAST')
  }
}

/** Parts of a chance size; not so many that sending them one by one would outlast the round. */
function parts(octets: Buffer, random: Random): Buffer[] {
  const size = Math.max(random.between(1000, 200_000), Math.ceil(octets.length / mostParts))
  return Array.from({ length: Math.ceil(octets.length / size) }, (_, i) => octets.subarray(i * size, (i + 1) * size))
}

function reader(mailbox: Mailbox): Actor {
  return (scene, random) => read(mailbox, scene, random)
}

/** Opens a maildrop, looks at what is new, marks some messages as deleted, and leaves in one way or another. */
export async function read(
  mailbox: Mailbox,
  { server, model, fuse, tls = false }: QuietScene,
  random: Random,
  share = random.pick([0, 20, 60, 95]),
  farewell = random.pick(['quit', 'quit', 'quit', 'reset', 'drop']),
): Promise<void> {
  const opened = await Session.pop3(server, mailbox.name, mailbox.password.now, () => fuse.step(), { tls })
  // The session before was dropped, and the server has not seen it yet: the next visit comes at once.
  if (typeof opened === 'string' && opened.includes('[IN-USE]')) return
  if (typeof opened === 'string') throw new Error(`${mailbox.name} cannot log in: ${opened}`)
  using session = opened
  const marked: Message[] = []
  const fetched: string[] = []
  for (const [number, uidl] of await session.uidls()) {
    // Of what was fetched for another recipient some is fetched here, too.
    const known = random.percent(10) ? undefined : model.known(uidl)
    if (!known) {
      mailbox.marks.attempt(uidl)
      fetched.push(uidl)
    }
    const message = known ?? model.recognise(mailbox, uidl, await session.retrieve(number))
    if (typeof message === 'string') throw new Error(message)
    if (!mailbox.messages.has(message.token)) throw new Error(`${mailbox.name}: message ${message.token} is back`)
    if (!random.percent(share)) continue
    await session.ask(`DELE ${number}`, '+OK')
    marked.push(message)
  }
  if (farewell === 'drop') return
  if (farewell === 'reset') await session.ask('RSET', '+OK')
  const removed = farewell === 'reset' ? [] : marked
  mailbox.attemptRemoval(removed)
  await session.ask('QUIT', '+OK')
  mailbox.acknowledgeRemoval()
  mailbox.marks.acknowledge(fetched)
  if (fetched.length > 0) fuse.acknowledged('mark')
  if (removed.length > 0) fuse.acknowledged('removal')
}

/** Keeps large messages until they are enough to set off a sweep, and throws them all away. */
async function hoard(scene: Scene, random: Random): Promise<void> {
  const { server, model, fuse } = scene
  const { hoarder } = model
  {
    using session = await Session.smtp(server, () => fuse.step())
    for (let left = 3; left > 0; left--) {
      if (!(await deliver(scene, session, random, [hoarder.name], [hoarder], makeHoard(random)))) return
      fuse.acknowledged('hoard')
    }
  }
  await read(hoarder, scene, random, 100, 'quit')
  fuse.acknowledged('hoard')
}

/** A keeper of some guests, an alias and someone's old mail, who changes one of them at a time or sends mail there. */
function keeper(model: Model, sign: string, owner: Mailbox): Actor {
  const guests = Array.from({ length: guestsEach }, (_, i) => model.guest(`guest-${sign}-${i + 1}`))
  const alias = `team-${sign}`
  return (scene, random) => {
    if (random.percent(10)) return keepExpiry(scene, random, owner)
    return random.percent(50) ? keepAlias(scene, random, alias) : keepGuest(scene, random, random.pick(guests))
  }
}

/** Says how long someone's mail is kept; none of it is that old. */
async function keepExpiry(scene: Scene, random: Random, { name, expiry }: Mailbox): Promise<void> {
  const days = random.pick([0, 30, 90, 365])
  await change(scene, expiry, expiryWords(name, days), ['user', 'expire', name, days === 0 ? 'never' : `${days}d`])
}

async function keepGuest(scene: Scene, random: Random, guest: Mailbox): Promise<void> {
  const { name, password } = guest
  const secret = `secret ${random.below(2 ** 32)}`
  if (password.now === '') return change(scene, password, secret, ['user', 'add', name], secret)
  switch (random.pick(['mail', 'mail', 'password', 'remove'])) {
    case 'mail': {
      const friend = random.pick(scene.model.residents)
      return write(scene, random, [name, friend.name], [guest, friend])
    }
    case 'password':
      return change(scene, password, secret, ['user', 'password', name], secret)
    default:
      await change(scene, password, '', ['user', 'remove', name, '--delete-mail'])
      guest.clear()
  }
}

async function keepAlias(scene: Scene, random: Random, address: string): Promise<void> {
  const { model } = scene
  const targets = model.alias(address)
  const present = targets.now.split(', ').filter(name => name !== '')
  const some = random.some(model.residents).map(({ name }) => name)
  switch (present.length === 0 ? 'add' : random.pick(['add', 'mail', 'mail', 'lessen', 'remove'])) {
    case 'add': {
      const after = [...new Set([...present, ...some])]
      return change(scene, targets, after.join(', '), ['alias', 'add', address, ...some])
    }
    case 'lessen': {
      const after = present.filter(name => !some.includes(name))
      return change(scene, targets, after.join(', '), ['alias', 'remove', address, ...some])
    }
    case 'remove':
      return change(scene, targets, '', ['alias', 'remove', address])
    default: {
      // Whoever gets it by name and by alias still gets one copy.
      const names = [...present, ...some.slice(0, 1)]
      const to = model.residents.filter(({ name }) => names.includes(name))
      return write(scene, random, [address, ...some.slice(0, 1)], to)
    }
  }
}

/** Changes an account or alias by a command. */
async function change(
  { server, fuse }: Scene,
  value: Doubtful<string>,
  after: string,
  words: readonly string[],
  password?: string,
): Promise<void> {
  value.attempt(after)
  fuse.step()
  await command(server, words, password)
  value.acknowledge()
  fuse.acknowledged('change')
}

/** Sends one message in a session of its own. */
async function write(scene: Scene, random: Random, names: readonly string[], to: readonly Mailbox[]): Promise<void> {
  using session = await Session.smtp(scene.server, () => scene.fuse.step())
  if (await deliver(scene, session, random, names, to)) await session.ask('QUIT', '221')
}
