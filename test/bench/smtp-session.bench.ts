/** The receiver's grammar without sockets or store: whole transactions, command by command and pipelined. */
import assert from 'node:assert/strict'
import type { ReceiverEvent } from '../../src/smtp/event.ts'
import { Receiver } from '../../src/smtp/receiver.ts'
import { type Reply, reply } from '../../src/smtp/reply.ts'
import { bench, rate } from './harness.ts'
import { chunks, KB, MB, randomMail } from './mail.ts'

const options = { hostname: 'mail.home.example', messageOctets: 50 * MB, recipients: 100, startTls: true }
const commands = ['MAIL FROM:<bob@away.example>', 'RCPT TO:<alice@home.example>', 'DATA'].map(line => `${line}\r\n`)
/** Fewer than the transactions that one session may have. */
const transactions = 100

/** Answers as a household does in which alice lives. */
function answer(event: ReceiverEvent): Reply | undefined {
  switch (event.type) {
    case 'mail':
      return reply.senderOk
    case 'recipient':
      return reply.recipientOk
    case 'data':
      return reply.startMail
    case 'end':
      return event.malformed || event.tooBig ? reply.bareNewline : reply.accepted('0000000000000000')
    default:
      return undefined
  }
}

/** Runs a session of so many transactions, each in these chunks. */
function converse(transaction: readonly Buffer[], count: number): void {
  const receiver = new Receiver(options)
  let accepted = 0
  const feed = (chunk: Buffer) => {
    receiver.feed(chunk)
    for (let event = receiver.next(); event.type !== 'need-input'; event = receiver.next()) {
      assert.ok(event.type !== 'closed')
      const answered = answer(event)
      if (answered) receiver.answer(answered)
      if (event.type === 'end' && answered?.code === 250) accepted += 1
    }
    receiver.takeOutput()
  }
  receiver.greet()
  feed(Buffer.from('EHLO away.example\r\n'))
  for (let i = 0; i < count; i++) for (const chunk of transaction) feed(chunk)
  assert.equal(accepted, count)
}

await bench('smtp-session', 'SMTP transactions through the grammar alone', async bench => {
  const steps = commands.map(line => Buffer.from(line))
  const small = Buffer.concat([randomMail(10 * KB), Buffer.from('.\r\n')])
  const large = Buffer.concat([randomMail(25 * MB), Buffer.from('.\r\n')])
  const works = {
    '10 KB, a chunk for each command': [...steps, small],
    '10 KB, pipelined': [Buffer.concat([...steps, small])],
    '10 KB, an octet a chunk': [...steps, small].flatMap(part => chunks(part, 1)),
  }
  for (const [name, transaction] of Object.entries(works)) {
    await bench.measure(name, () => ({ 'messages/s': rate(() => converse(transaction, transactions)) * transactions }))
  }
  const cut = [...steps, ...chunks(large)]
  await bench.measure('25 MB, chunks of 64 KiB', () => ({
    'GB/s': (rate(() => converse(cut, 1)) * large.length) / 1e9,
  }))
})
