/** What the log never holds: passwords, in whatever form they come, and mail. */
import assert from 'node:assert/strict'
import { mkdtempDisposable } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { Dialogue, deliver } from '../support/dialogue.ts'
import { ServerProcess } from '../support/process.ts'

const right = 'Rittersporn-17'
const wrong = 'Akelei-Blau-23'
const mail = 'Liebe Gertrude'

const base64 = (text: string) => Buffer.from(text).toString('base64')
const plain = (user: string, password: string) => `AUTH PLAIN ${base64(`\0${user}\0${password}`)}`

/** Each in a session of its own, and how its last line is answered. */
const logins = [
  { lines: ['USER alice', `PASS ${right}`], answer: /^\+OK / },
  { lines: [plain('bob', right)], answer: /^\+OK / },
  { lines: ['AUTH LOGIN', base64('carol'), base64(right)], answer: /^\+OK / },
  { lines: ['USER dave', `PASS ${wrong}`], answer: /^-ERR \[AUTH\]/ },
  { lines: [plain('erin', wrong)], answer: /^-ERR \[AUTH\]/ },
  { lines: ['AUTH LOGIN', base64('frank'), base64(wrong)], answer: /^-ERR \[AUTH\]/ },
  { lines: [`PASS ${wrong}`], answer: /^-ERR / },
  { lines: [`PASS ${wrong}\0`], answer: /^-ERR / },
  { lines: [`AUTH PLAIN ${base64(wrong)}`], answer: /^-ERR / },
]

test('no password is in the log, however a login goes, and no mail', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'porchlight-'))
  const config = 'login = { plaintext = "loopback" }\n'
  await using server = await ServerProcess.start({ data: join(folder.path, 'data'), config })
  for (const name of ['alice', 'bob', 'carol']) {
    await server.command(['user', 'add', name, '--password-stdin'], `${right}\n`)
  }
  const port = server.port('pop3')
  for (const { lines, answer } of logins) {
    using pop3 = await Dialogue.open(port)
    let last = await pop3.answer()
    for (const line of lines) last = await pop3.say(line)
    assert.match(last, answer, lines[0])
  }
  assert.match(await deliver(server.port('smtp'), 'alice@home.example', `Subject: ${mail}\r\n\r\n${mail}\r\n`), /^250 /)
  await server.stop()

  const log = JSON.stringify(server.log)
  assert.equal(server.log.filter(({ msg }) => msg === 'login failed').length, 3)
  assert.equal(server.log.filter(({ msg }) => msg === 'maildrop opened').length, 3)
  for (const secret of [right, wrong, mail]) {
    // Base64 of a text begins in one of three ways, as the octets before it divide by three.
    const coded = [0, 1, 2].map(before => base64(' '.repeat(before) + secret).slice(before === 0 ? 0 : 4, -4))
    for (const form of [secret, encodeURIComponent(secret), Buffer.from(secret).toString('hex'), ...coded]) {
      assert.ok(!log.includes(form), `${form} is in the log`)
    }
  }
})
