/** The reader over a line, with a real terminal at its end: pages, Ctrl-C and Ctrl-D in the reader and in what it does. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Doorkeeper } from '../../src/console/doorkeeper.ts'
import { serveVisitor } from '../../src/console/session.ts'
import { deliver, inbox } from '../store/letters.ts'
import { Shown } from '../support/shown.ts'
import { deskOf, openHousehold, pipe, temporaryDirectory } from './household.ts'

test('the reader ends what Ctrl-C, Ctrl-D or q at a page is meant for, and nothing else', async () => {
  await using directory = await temporaryDirectory()
  await using household = await openHousehold(directory.path)
  for (const name of ['alice', 'bob']) await household.accounts.add(name, 'hash')
  const lines = Array.from({ length: 100 }, (_, i) => `line ${i + 1} of the letter\r\n`).join('')
  await deliver(
    household.store,
    ['alice'],
    Buffer.from(`From: Bob <bob@home.example>\r\nSubject: long\r\n\r\n${lines}`),
  )
  await deliver(household.store, ['alice'], Buffer.from('Subject: \x1b[2Jshort\r\n\r\n\x1b]0;evil\x07 text\r\n'))
  const [far, near] = pipe(3)
  const shown = new Shown()
  const office = {
    desk: deskOf(household),
    doorkeeper: new Doorkeeper(),
    version: '1',
    alerts: () => () => {},
    stopping: new AbortController().signal,
  }
  const screen = { columns: 80, rows: 24, escapes: false, unicode: true, paged: true }
  const served = serveVisitor(near, screen, ['mail', 'alice'], office)
  const reading = (async () => {
    for (let chunk = await far.read(); chunk; chunk = await far.read()) shown.add(chunk.toString())
    shown.end()
  })()
  const type = (keys: string) => far.write(Buffer.from(keys))

  await shown.until('alice> ')
  await type('read 1\r')
  await shown.until('--More--')
  await type('q')
  await shown.until('Stopped.')
  await shown.until('alice> ')
  await type('re\t2\r')
  await type('\x03')
  await shown.until('alice> ')
  await type('read 1\r')
  await shown.until('--More--')
  await type(' ')
  await shown.until('line 30 of')
  await type('\x03')
  await shown.until('alice> ')
  await type('2\r')
  await shown.until('?]0;evil? text')
  await shown.until('alice> ')
  await type('compose\r')
  await shown.until('From: alice@home.example')
  await type('\r')
  await shown.until('To: ')
  await type('bo\t\r')
  await shown.until('Cc: ')
  await type('\r')
  await shown.until('Subject: ')
  await type('hi\r')
  await shown.until('as does Ctrl-D')
  await type('first line\r\x04')
  await shown.until('Send it? (yes/no/edit) ')
  await type('yes\r')
  await shown.until('Sent. To see what becomes of it')
  await shown.until('alice> ')
  await type('delete 2\r')
  await shown.until('1 message marked')
  await type('\x04')
  await served
  await reading
  assert.match(shown.text, /1 deleted message removed\./)
  assert.doesNotMatch(shown.text, /\x1b/)
  assert.deepEqual(
    [(await inbox(household.store, 'alice')).length, (await inbox(household.store, 'bob')).length],
    [1, 1],
  )
})
