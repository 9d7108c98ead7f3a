/** The POP3 server's grammar without sockets or store: RETR one by one and pipelined, and the long listings. */
import assert from 'node:assert/strict'
import { Pop3Server } from '../../src/pop3/server.ts'
import { bench, rate } from './harness.ts'
import { KB, randomMail } from './mail.ts'

const message = randomMail(10 * KB)
const messages = 100_000
const maildrop = {
  count: messages,
  octets: messages * message.length,
  size: () => message.length,
  uidl: (index: number) => index.toString(36).padStart(16, '0'),
}

/** A session past its login. */
class Visit {
  readonly #session = new Pop3Server({ secure: true, stls: false, plaintext: false, mechanisms: () => [] })

  constructor() {
    this.say(Buffer.from('USER alice\r\nPASS secret\r\n'))
  }

  /** @returns the octets of the answers */
  say(octets: Buffer): number {
    const session = this.#session
    let sent = 0
    session.feed(octets)
    for (;;) {
      const event = session.next()
      if (event.type === 'login') session.accept(maildrop)
      if (event.type === 'retrieve') {
        session.begin(message.length)
        session.send(message)
        session.finish()
      }
      if (event.type === 'need-input' || event.type === 'flush') sent += session.takeOutput().length
      if (event.type === 'need-input') return sent
      assert.ok(event.type !== 'closed')
    }
  }
}

await bench('pop3-session', 'POP3 through the grammar alone, 100,000 messages in the maildrop', async bench => {
  for (const pipelined of [1, 50]) {
    const commands = Buffer.from('RETR 4711\r\n'.repeat(pipelined))
    const visit = new Visit()
    assert.ok(visit.say(commands) > pipelined * message.length)
    const name = pipelined === 1 ? 'RETR of 10 KB, one by one' : `RETR of 10 KB, ${pipelined} pipelined`
    await bench.measure(name, () => ({ 'messages/s': rate(() => visit.say(commands)) * pipelined }))
  }
  for (const verb of ['LIST', 'UIDL']) {
    const visit = new Visit()
    const command = Buffer.from(`${verb}\r\n`)
    await bench.measure(verb, () => ({ 'lines/s': rate(() => visit.say(command)) * messages }))
  }
})
