/** The story of a household at a serial line: from the first set-up to the log, at a VT100 and at a printer on paper. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { runProgram } from '../support/process.ts'
import { Box, command, type Exchange, leaf, prompt, talk } from './box.ts'

const secrets = { alice: 'Kapuziner 9', bob: 'correct horse', console: 'battery staple' } as const

/** A host that takes no connections. */
const settings = 'relay.routes = ["away.example=127.0.0.1:1"]\n'

const setUp: readonly Exchange[] = [
  [/Step 1 of 12: Date and time[\s\S]*Number \[1\]: /, '2'],
  [/Step 2 of 12: Time zone[\s\S]*Time zone \[.*\]: /, 'berlin'],
  [/It is \d\d\.\d\d\.\d{4} [\s\S]*Step 3 of 12[\s\S]*Name \[mail\.home\.example\]: /, 'nowhere'],
  [/"nowhere" cannot be such a name[\s\S]*: /, 'mail.smith.example'],
  ['Domains [smith.example]: ', 'back'],
  ['Name [mail.smith.example]: ', ''],
  ['Domains [smith.example]: ', ''],
  [/Step 5 of 12: Account[\s\S]*Name, for instance alice: /, 'alice'],
  [/A good password is [-\w]{15,}\.[\s\S]*Password: /, secrets.alice],
  ['The same again: ', secrets.alice],
  [/alice is ready: alice@smith\.example\r\n[\s\S]*Step 6 of 12[\s\S]*Number \[1\]: /, ''],
  [/Step 7 of 12: How mail goes out[\s\S]*Number \[1\]: /, '2'],
  [/Step 8 of 12: A letter as a trial[\s\S]*> /, 'friend@away.example'],
  [/Not yet: 451 4\.4\.1 127\.0\.0\.1 takes no connections[\s\S]*Step 9 of 12[\s\S]*Number \[1\]: /, ''],
  [/Step 10 of 12: Certificate[\s\S]*Number \[1\]: /, ''],
  [/Step 11 of 12[\s\S]*Password of the console: /, secrets.console],
  ['The same again: ', secrets.console],
]

const letter: readonly Exchange[] = [
  ['To: ', 'bob'],
  ['Cc: ', ''],
  ['Subject: ', 'Grüße aus der Küche'],
  ['ends it', 'Dear Bob,'],
  ['', ''],
  ['', '..the oven is on: 200 °C 🔥'],
  ['', '.'],
  [/From: {4}alice@smith\.example\r\nTo: {6}bob@smith\.example\r\n[\s\S]*Send it\? \(yes\/no\/edit\) /, 'yes'],
]

/** Fetches the one message there, and takes it apart as a mail program does. */
const fetchOne = `
import email, email.policy, json, poplib, ssl, sys
port, certificate, name, password = sys.argv[1:5]
client = poplib.POP3_SSL('localhost', int(port), context=ssl.create_default_context(cafile=certificate))
client.user(name)
client.pass_(password)
assert client.stat()[0] == 1, client.stat()
octets = b'\\r\\n'.join(client.retr(1)[1]) + b'\\r\\n'
client.quit()
message = email.message_from_bytes(octets, policy=email.policy.default)
assert not message.defects, message.defects
text = message.get_content().replace('\\r\\n', '\\n')
print(json.dumps({**{field: message[field] for field in ['From', 'To', 'Subject']}, 'text': text}))
`

describe('at a serial line', () => {
  for (const kind of ['vt100', 'paper'] as const) {
    test(`a household sets its box up, writes, reads and looks after it: ${kind}`, async () => {
      await using box = await Box.open({ lines: [kind], settings })
      const person = box.at(0)
      await talk(person, [['Porchlight 0.1.0, mail.home.example\r\nPress Enter.', ''], ...setUp])
      const end = await leaf(person)
      assert.match(end, /smith\.example\. IN MX 10 mail\.smith\.example\./)
      assert.match(end, new RegExp(`Incoming mail  POP3, mail\\.smith\\.example, port ${box.ports.pop3s}, TLS\r\n`))
      assert.match(end, new RegExp(`pop://alice@mail\\.smith\\.example:${box.ports.pop3s}\r\n`))
      assert.match(end, /██ ▄▄▄▄▄ █[\s\S]*The box is set up\. What may come next:\r\n {2}user add NAME/)

      person.type('user add bob\r')
      await talk(person, [
        ['New password: ', secrets.bob],
        ['The same again: ', 'corect horse'],
        [/The two are not the same\.\r\nNew password: /, secrets.bob],
        ['The same again: ', secrets.bob],
      ])
      await person.shows(`bob is ready: bob@smith.example\r\n${prompt}`)
      person.type('logout\r')

      // Alice comes, with the password that was chosen.
      await talk(person, [
        [/Good-bye\.\r\n\r\nPorchlight 0\.1\.0, mail\.smith\.example\r\nPress Enter\./, ''],
        ['Password: ', 'batery staple'],
        [/That is not it\.\r\nPassword: /, secrets.console],
      ])
      await person.shows(prompt)
      const lists = await command(person, 'user list')
      assert.match(lists, /alice +0 +0 B[\s\S]*bob +0 +0 B/)

      assert.match(await command(person, 'mail alice', 'alice> '), /0 messages for alice\./)
      person.type('compose\r')
      await talk(person, letter)
      await person.shows(/Sent\.[\s\S]*: trace \w{16}\r\nalice> /)
      person.type('compose\r')
      await talk(person, [['To: ', 'carol@away.example'], ...letter.slice(1, -1), ['Send it?', 'yes']])
      await person.shows(/Sent\.[\s\S]*alice> /)
      await command(person, 'quit')

      const list = await command(person, 'mail bob', 'bob> ')
      assert.match(list, /\r\n1 N {2}\d\d\.\d\d\.\d{4} \d\d:\d\d alice@smith\.\S+ +Grüße aus der Küche +\d+ B\r\n/)
      const read = await command(person, 'read 1', 'bob> ')
      assert.match(read, /^From: {4}alice@smith\.example\r\nTo: {6}bob@smith\.example\r\nDate: {4}[\d.]+ [\d:]+\r\n/)
      assert.match(read, /Subject: Grüße aus der Küche\r\n\r\nDear Bob,\r\n\r\n\.\.the oven is on: 200 °C 🔥\r\nbob> /)
      assert.doesNotMatch(await command(person, 'list', 'bob> '), /1 N /)
      await command(person, 'quit')

      const queue = await command(person, 'queue list')
      const [, id = ''] = /^(\w+)… .* friend +away\.example +\d+ +in /m.exec(queue) ?? []
      for (const row of queue.split('\r\n')) assert.ok(row.length < 80, row)
      assert.match(queue, /127\.0\.0\.1 takes no connections[\s\S]*2 messages to 2 destinations/)

      assert.match(await command(person, `queue show ${id}`), /friend@away\.example/)

      const set = await command(person, 'config set limits.message 20 MiB')
      assert.match(set, /limits\.message is "20 MiB" now\.\r\n/)
      assert.match(await box.config(), /^hostname = "mail\.smith\.example"$[\s\S]*^\[limits\]\nmessage = "20 MiB"$/m)
      assert.match(await command(person, 'log'), /Mail from alice@smith\.example[\s\S]*was taken/)
      assert.match(await command(person, 'log takes no connections'), /has to wait:\s+451 4\.4\.1/)
      person.type('logout\r')
      await person.shows(/Good-bye\.\r\n[\s\S]*Press Enter\./)

      await fetched(box)
      assert.equal(await box.server.stop(), 0)
      const said = `${person.shown}${await box.journal()}`
      for (const secret of Object.values(secrets)) assert.ok(!said.includes(secret), `${secret} is shown`)
      if (kind === 'paper') assert.deepEqual(person.shown.match(/\x1b.{0,3}/g), ['\x1b[6n'])
    })
  }
})

async function fetched({ data, ports }: Box): Promise<void> {
  const places = [String(ports.pop3s), join(data, 'cert.pem'), 'bob', secrets.bob]
  const { exit, out, complaint } = await runProgram(['python3', '-c', fetchOne, ...places])
  assert.equal(exit, 0, complaint)
  assert.deepEqual(JSON.parse(out), {
    From: 'alice@smith.example',
    To: 'bob@smith.example',
    Subject: 'Grüße aus der Küche',
    text: 'Dear Bob,\n\n..the oven is on: 200 °C 🔥\n',
  })
}
