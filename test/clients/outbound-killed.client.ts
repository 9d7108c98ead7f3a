/** The receiver is away and the sender dies: mail waits, and arrives once. */
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { letter } from './house.ts'
import { parted, Town } from './town.ts'

test('mail waits through a kill for a receiver that is down, and arrives exactly once', async () => {
  await using town = await Town.open()
  const b = await town.home('b')
  const smtp = b.server.port('smtp')
  assert.equal(await b.server.stop(), 0)
  const a = await town.home('a', `delivery.port = ${smtp}\ndelivery.retry = ["1s"]\n`)

  const first = letter('alice@a.example', 'alice@b.example').toString()
  const file = join(town.folder, 'letter.eml')
  await writeFile(file, first)
  await a.submit(file, ['alice@b.example'])
  const { said } = await a.server.logs('deferred')
  assert.match(String(said), /^451 4\.4\.1 mx\.b\.example takes no connections$/)
  await a.server.kill()
  await a.start()
  await a.server.logs('deferred')
  await b.start({ smtp })
  await a.server.logs('delivered')

  // What comes after it shows that the first does not come again, also after another kill.
  await a.server.kill()
  await a.start()
  const second = first.replace('<1@away.example>', '<2@away.example>')
  await writeFile(file, second)
  await a.submit(file, ['alice@b.example'])
  await a.server.logs('delivered')
  assert.equal(await a.server.stop(), 0)
  const letters = (await b.mail()).map(fetched => parted(fetched).letter)
  assert.deepEqual(letters, [first, second])
})
