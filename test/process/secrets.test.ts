/** What the log never holds, nor the journal that keeps it: passwords, in whatever form they come, and mail. */
import assert from 'node:assert/strict'
import { mkdtempDisposable, readdir, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { Dialogue, deliver } from '../support/dialogue.ts'
import { configPath, ServerProcess } from '../support/process.ts'

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

/** The same where mail is handed in. */
const submissions = [
  { lines: [plain('alice', right)], answer: /^235 / },
  { lines: ['AUTH LOGIN', base64('bob'), base64(right)], answer: /^235 / },
  { lines: [plain('dave', wrong)], answer: /^535 / },
  { lines: [`AUTH ${wrong}`], answer: /^50/ },
]

const config = `
listen = { smtp = ["127.0.0.1:0"], submission = ["127.0.0.1:0"], submissions = [], pop3 = ["127.0.0.1:0"], pop3s = [] }
login = { plaintext = "loopback" }
log = { format = "json", level = "debug" }
`

test('no password is in the log, however a login goes, and no mail', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'porchlight-'))
  const data = join(folder.path, 'data')
  await writeFile(configPath(data), config)
  await using server = await ServerProcess.start({ data })
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
  for (const { lines, answer } of submissions) {
    using smtp = await Dialogue.open(server.port('submission'))
    await smtp.answer()
    let last = await smtp.say('EHLO laptop')
    for (const line of lines) last = await smtp.say(line)
    assert.match(last, answer, lines[0])
  }
  assert.match(await deliver(server.port('smtp'), 'alice@home.example', `Subject: ${mail}\r\n\r\n${mail}\r\n`), /^250 /)
  const ring = await server.command(['log', '--json', '--lines', '1000'])
  await server.stop()
  const journal = await readJournal(join(data, 'journal'))

  const log = JSON.stringify(server.log)
  assert.equal(server.log.filter(({ msg }) => msg === 'login failed').length, 4)
  assert.equal(server.log.filter(({ msg }) => msg === 'maildrop opened').length, 3)
  // What is looked through is the same, line for line.
  const last = server.log.findIndex(({ msg }) => msg === 'message accepted')
  for (const { msg } of server.log.slice(0, last + 1)) assert.ok(ring.out.includes(`"${msg}"`), msg)
  assert.equal(journal.trimEnd().split('\n').length, server.log.length)
  for (const secret of [right, wrong, mail]) {
    // Base64 of a text begins in one of three ways, as the octets before it divide by three.
    const coded = [0, 1, 2].map(before => base64(' '.repeat(before) + secret).slice(before === 0 ? 0 : 4, -4))
    for (const form of [secret, encodeURIComponent(secret), Buffer.from(secret).toString('hex'), ...coded]) {
      for (const text of [log, ring.out, journal]) assert.ok(!text.includes(form), `${form} is in the log`)
    }
  }
})

async function readJournal(directory: string): Promise<string> {
  const names = await readdir(directory)
  const texts = await Promise.all(names.map(name => readFile(join(directory, name), 'utf8')))
  return texts.join('')
}
