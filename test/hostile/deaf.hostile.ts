/** Peers that ask and ask and never read an answer: what they are owed is not gathered, and others are served. */
import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { describe, test } from 'node:test'
import { deliver } from '../support/dialogue.ts'
import { password, Siege } from './siege.ts'

const peers = 20
/** KiB a peer: 64 in, 64 out as text and as octets, 64 read ahead; the rest is old answers, until V8 cleans up. */
const each = 2048
const messages = 200

/** Octets that Node takes from the kernel without being asked; with these, the kernel's own buffers are full. */
const unasked = 60_000

/** Asks for as long as the server listens, and reads nothing. */
function ask(socket: Socket, question: string): void {
  socket.pause()
  const questions = Buffer.alloc(64 * 1024, question)
  const on = () => void (socket.writable && socket.write(questions))
  socket.on('drain', on)
  on()
}

/** The server has given answers, and stopped. */
function assertAnswered(sockets: readonly Socket[]): void {
  for (const { bytesRead } of sockets) assert.ok(bytesRead > unasked, `${bytesRead} octets of answers`)
}

describe('peers that read no answer', () => {
  for (const [service, question] of [
    ['smtp', 'HELP\r\n'],
    ['pop3', 'CAPA\r\n'],
  ] as const) {
    test(`to ${question.trim()}, without end`, async () => {
      await using siege = await Siege.begin()
      const sockets = await siege.crowd(service, peers, peers)
      for (const socket of sockets) ask(socket, question)
      for (let i = 0; i < 5; i++) await siege.serves()
      assertAnswered(sockets)
      await siege.holds(peers, each)
      await siege.lift()
    })
  }

  for (const question of ['UIDL\r\n', 'RETR 1\r\n']) {
    test(`to ${question.trim()}, in a large maildrop, without end`, async () => {
      await using siege = await Siege.begin('login = { plaintext = "always" }')
      const { server } = siege
      await server.command(['user', 'add', 'bob', '--password-stdin'], `${password}\n`)
      await deliver(server.port('smtp'), 'bob@home.example', 'a line of the message\r\n'.repeat(1_000_000))
      for (let i = 0; i < messages; i++) await deliver(server.port('smtp'), 'bob@home.example', 'Subject: x\r\n\r\n')
      const sockets = await siege.crowd('pop3', 1, 1)
      for (const socket of sockets) {
        socket.write(`USER bob\r\nPASS ${password}\r\n`)
        ask(socket, question)
      }
      for (let i = 0; i < 5; i++) await siege.serves()
      assertAnswered(sockets)
      await siege.holds(peers, each)
      await siege.lift()
    })
  }
})
