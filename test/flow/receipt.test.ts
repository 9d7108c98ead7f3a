/** Receipt where a transcript cannot look: silence, stopping, being turned away, a store that fails. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { access } from '../../src/flow/access.ts'
import { entrances, receive } from '../../src/flow/receipt.ts'
import type { Connection } from '../../src/net/connection.ts'
import { Listener } from '../../src/net/listener.ts'
import { response } from '../../src/pop3/response.ts'
import { reply } from '../../src/smtp/reply.ts'
import { Dialogue } from '../support/dialogue.ts'
import { Household, openStore } from '../support/household.ts'
import { Caller, deliver } from './caller.ts'

const shuttingDown = '421 4.3.2 This host is stopping; try again later'
const storeTrouble = '451 4.3.0 The message could not be kept; try again later'
const storeFull = '452 4.3.1 No room for the message now; try again later'
const message = 'Subject: one\r\n\r\nhi\r\n'

describe('a server that stops', () => {
  test('tells an idle session at once', async () => {
    await using household = await Household.make()
    const caller = await Caller.smtp(household)
    await caller.ask('EHLO laptop')
    household.stopping.abort()
    assert.equal(await caller.answer(), shuttingDown)
    assert.equal(await caller.answer(), undefined)
  })

  test('tells a session that begins only then', async () => {
    await using household = await Household.make()
    household.stopping.abort()
    const caller = await Caller.smtp(household)
    assert.equal(await caller.answer(), shuttingDown)
  })

  test('waits for the next command of a session in a transaction', async () => {
    await using household = await Household.make('alice')
    const caller = await Caller.smtp(household)
    await caller.ask('EHLO laptop')
    await caller.ask('MAIL FROM:<bob@away.example>')
    household.stopping.abort()
    await setImmediate()
    assert.ok(!caller.ended)
    assert.equal(await caller.ask('RCPT TO:<alice@home.example>'), shuttingDown)
    assert.equal(await caller.answer(), undefined)
  })

  test('takes a body that is under way, and says so, before it leaves', async () => {
    await using household = await Household.make('alice')
    const caller = await Caller.data(household, 'alice@home.example')
    caller.send('Subject: one\r\n')
    household.stopping.abort()
    await setImmediate()
    caller.send('\r\nhi\r\n.\r\n')
    assert.match((await caller.answer()) ?? '', /^250 2\.0\.0 /)
    assert.equal(await caller.answer(), shuttingDown)
    await caller.done
    assert.equal((await household.inbox('alice'))[0]?.octets.toString(), message)
  })

  test('takes a message that is under way in chunks', async () => {
    await using household = await Household.make('alice')
    const caller = await Caller.smtp(household)
    await caller.ask('EHLO laptop')
    await caller.ask('MAIL FROM:<bob@away.example>')
    await caller.ask('RCPT TO:<alice@home.example>')
    await caller.ask('BDAT 16\r\nSubject: one\r\n')
    household.stopping.abort()
    await setImmediate()
    assert.match((await caller.ask('BDAT 4 LAST\r\nhi')) ?? '', /^250 2\.0\.0 /)
    assert.equal(await caller.answer(), shuttingDown)
    assert.equal((await household.inbox('alice'))[0]?.octets.toString(), message)
  })
})

/** Short, and yet longer than this process may be held up between two of its turns. */
const idleMs = 200

/** Runs a session over a real socket with a short idle time. @returns when the client has done its part */
async function overSocket(
  serve: (connection: Connection) => Promise<void>,
  client: (dialogue: Dialogue) => Promise<void>,
) {
  const listener = await Listener.open({ host: '127.0.0.1', port: 0 }, () => idleMs, serve)
  try {
    using dialogue = await Dialogue.open(Number(listener.name.split(':').at(-1)))
    await client(dialogue)
  } finally {
    listener.close()
  }
}

describe('a client that falls silent', () => {
  const idle = '421 4.4.2 Nothing was heard for too long; closing'

  test('by SMTP is told so, and the connection is closed (RFC 5321 §4.5.3.2)', async () => {
    await using household = await Household.make()
    await overSocket(
      connection => receive(connection, household.receipt, entrances.smtp),
      async client => {
        assert.match(await client.answer(), /^220 /)
        assert.equal(await client.answer(), idle)
        assert.equal(await client.answer(), 'closed')
      },
    )
  })

  test('in the middle of a body has sent no message', async () => {
    await using household = await Household.make('alice')
    await overSocket(
      connection => receive(connection, household.receipt, entrances.smtp),
      async client => {
        const said = [
          'EHLO laptop',
          'MAIL FROM:<bob@away.example>',
          'RCPT TO:<alice@home.example>',
          'DATA',
          'Subject: x',
        ]
        client.send(`${said.join('\r\n')}\r\n`)
        for (const code of [220, 250, 250, 250, 354]) assert.match(await client.answer(), new RegExp(`^${code} `))
        assert.equal(await client.answer(), idle)
        assert.equal(await client.answer(), 'closed')
      },
    )
    assert.equal((await household.inbox('alice')).length, 0)
  })

  test('by POP3 is left without a word (RFC 1939 §3)', async () => {
    await using household = await Household.make()
    await overSocket(
      connection => access(connection, household.access, { implicitTls: false }),
      async client => {
        assert.match(await client.answer(), /^\+OK /)
        assert.equal(await client.answer(), 'closed')
      },
    )
  })
})

describe('a client for whom there is no room', () => {
  test('by SMTP is told so instead of greeted', async () => {
    await using household = await Household.make()
    await overSocket(
      connection => receive(connection, household.receipt, entrances.smtp, reply.tooManyConnections),
      async client => {
        assert.equal(await client.answer(), '421 4.7.0 Too many connections; try again later')
        assert.equal(await client.answer(), 'closed')
      },
    )
  })

  test('by POP3 too', async () => {
    await using household = await Household.make()
    const refusal = response.tooManyConnections
    await overSocket(
      connection => access(connection, household.access, { implicitTls: false, refusal }),
      async client => {
        assert.equal(await client.answer(), '-ERR [SYS/TEMP] too many connections, try again later')
        assert.equal(await client.answer(), 'closed')
      },
    )
  })

  test('over implicit TLS is left before the handshake, which would cost more than it is worth', async () => {
    await using household = await Household.make()
    const refusal = response.tooManyConnections
    await overSocket(
      connection => access(connection, household.access, { implicitTls: true, refusal }),
      async client => assert.equal(await client.answer(), 'closed'),
    )
  })
})

describe('when the store fails', () => {
  test('no transaction is begun, and the client may try again later', async () => {
    await using household = await Household.make('alice')
    await household.store.close()
    assert.equal(await (await transaction(household)).mail, storeTrouble)
  })

  test('during a body, it is read to its end, refused, and the session goes on', async () => {
    await using household = await Household.make('alice')
    const caller = await Caller.data(household, 'alice@home.example')
    caller.send('Subject: one\r\n')
    await household.store.close()
    caller.send(`\r\n${'QUIT\r\n'.repeat(50_000)}.\r\n`)
    assert.equal(await caller.answer(), storeTrouble)
    assert.match((await caller.ask('NOOP')) ?? '', /^250 /)
    await caller.leave()
    household.store = await openStore(household.directory)
    assert.equal((await household.inbox('alice')).length, 0)
  })

  test('during chunks, the one that meets it is refused and ends the transaction', async () => {
    await using household = await Household.make('alice')
    const { caller } = await transaction(household)
    await caller.ask('RCPT TO:<alice@home.example>')
    assert.match((await caller.ask('BDAT 4\r\nab')) ?? '', /^250 /)
    await household.store.close()
    caller.send(`BDAT 200000\r\n${'x'.repeat(200_000)}`)
    assert.equal(await caller.answer(), storeTrouble)
    assert.match((await caller.ask('BDAT 2 LAST\r\n')) ?? '', /^503 /)
    await caller.leave()
  })
})

describe('a disk below its reserve', () => {
  test('takes no mail, long before it is full', async () => {
    await using household = await Household.make('alice')
    await household.store.close()
    household.store = await openStore(household.directory, { reserve: Number.MAX_SAFE_INTEGER })
    assert.equal(await (await transaction(household)).mail, storeFull)
  })

  test('takes no message of a declared size that would touch it, and takes a smaller one', async () => {
    await using household = await Household.make('alice')
    // Far more than other programs on this disk write or delete meanwhile.
    const size = 2 ** 30
    household.config = { ...household.config, limits: { ...household.config.limits, message: size } }
    await household.store.close()
    const free = household.store.space.free
    household.store = await openStore(household.directory, { reserve: free - size / 2 })
    assert.equal(await (await transaction(household, ` SIZE=${size}`)).mail, storeFull)
    assert.match((await (await transaction(household, ' SIZE=1000')).mail) ?? '', /^250 /)
  })
})

/** Begins a transaction. @returns the caller and the answer to MAIL */
async function transaction(
  household: Household,
  parameters = '',
): Promise<{ caller: Caller; mail: string | undefined }> {
  const caller = await Caller.smtp(household)
  await caller.ask('EHLO laptop')
  return { caller, mail: await caller.ask(`MAIL FROM:<bob@away.example>${parameters}`) }
}

test('an account that is removed while mail for it is under way gets none, and the others do', async () => {
  await using household = await Household.make('alice', 'bob')
  const caller = await Caller.smtp(household)
  await caller.ask('EHLO laptop')
  await caller.ask('MAIL FROM:<carol@away.example>')
  for (const name of ['alice', 'bob']) await caller.ask(`RCPT TO:<${name}@home.example>`)
  await household.store.accounts.remove('alice')
  await household.addAccount('alice')
  await caller.ask('DATA')
  assert.match((await caller.ask(`${message}.`)) ?? '', /^250 /)
  assert.equal((await household.inbox('alice')).length, 0)
  assert.equal((await household.inbox('bob')).length, 1)
  assert.match((await deliver(household, 'alice', message)) ?? '', /^250 /)
  assert.equal((await household.inbox('alice')).length, 1)
})
