/** Settings on the first partition, written there by a computer: used at the first start, wiped, and told where they are wrong. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { partitions } from './support/disk.ts'
import { comeIn, deliver, fetchLetters, say, secrets } from './support/household.ts'
import { Machine, until } from './support/machine.ts'

const file = 'porchlight.toml'

/** As an editor of Windows saves it. */
const good = [
  '\ufeffhostname = "mail.home.example"',
  'domains = ["home.example"]',
  '[setup]',
  'account = "alice"',
  `password = "${secrets.alice}"`,
  '[console]',
  'trust = "line"',
  '',
].join('\r\n')

const wrong = good.replace('[console]', '[relay]\r\nport = "many"\r\n[console]')

describe('porchlight.toml on the first partition', () => {
  test('sets the box up without anybody at the line, and has no password afterwards', async () => {
    await using machine = await Machine.make({ kind: 'virt' })
    await machine.disk.write(partitions.select, file, good)
    await machine.on()
    await machine.listens()
    assert.match(await deliver(machine, 'alice', 'Subject: first\r\n\r\nx'), /^250 /)
    assert.equal((await fetchLetters(machine, 'alice')).size, 1)
    await until(
      'the password is wiped',
      async () => !(await machine.disk.text(partitions.select, file)).includes(secrets.alice),
    )
    await comeIn(machine)
    assert.match(await say(machine, 'config show hostname'), /mail\.home\.example/)
    // Once: the next start finds nothing to do, and the mail is still there.
    machine.type('reboot --yes\r')
    await machine.ended(1)
    await machine.listens()
    assert.equal((await fetchLetters(machine, 'alice')).size, 1)
  })

  test('has a comment beside a line that cannot be used; the rest is used', async () => {
    await using machine = await Machine.make({ kind: 'virt' })
    await machine.disk.write(partitions.select, file, wrong)
    await machine.on()
    await machine.listens()
    await until('the reason stands in the file', async () => {
      const text = await machine.disk.text(partitions.select, file)
      return /many.*#.*|# .*\n.*many/.test(text) && !text.includes(secrets.alice)
    })
    assert.equal((await fetchLetters(machine, 'alice')).size, 0)
  })
})
