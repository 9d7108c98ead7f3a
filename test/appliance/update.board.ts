/** An update fetched over the network, on trial and healthy; and two that do not come up, after which the old version is back. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Disk, partitions } from './support/disk.ts'
import { chosenSlot } from './support/firmware.ts'
import { furnishedDisk, letters } from './support/furnished.ts'
import { comeIn, fetchAll, fetchLetters, say } from './support/household.ts'
import { Machine, outside, until } from './support/machine.ts'
import { makeUpdate, Shop } from './support/updates.ts'

const next = '0.2.0'
const shopPort = 8080

/** Kills the server at once, each time, where the second slot runs. */
const murder = `
read -r line <cmdline
case $line in *porchlight.slot=b*) ;; *) return ;; esac
while :; do
  server
  [ "$found" = 0 ] || kill -KILL "$found"
  pause 1
done
`

/** A board with an update to fetch. */
async function withUpdate(work: (machine: Machine, disk: Disk) => Promise<void>): Promise<void> {
  await using disk = await furnishedDisk()
  await makeUpdate(disk, disk.folder, 'arm64', next)
  await using shop = await Shop.open(disk.folder)
  await using machine = await Machine.make({ kind: 'virt', disk, given: new Map([[shopPort, shop.port]]) })
  await machine.on()
  await machine.listens()
  await comeIn(machine)
  await work(machine, disk)
}

/** @returns what was said on the way */
async function install(machine: Machine, options: string): Promise<string> {
  const began = performance.now()
  const said = await say(machine, `update http://${outside}:${shopPort}/porchlight-${next}-arm64.update ${options}`)
  console.log(`fetched, checked, written and compared in ${((performance.now() - began) / 1000).toFixed(0)} s`)
  return said
}

/** @returns what has come since the card was furnished: news about the box */
async function keepsMail(machine: Machine): Promise<string> {
  const [mail, kept] = [await fetchAll(machine, 'alice'), await fetchLetters(machine, 'alice')]
  assert.equal(kept.size, letters)
  return Array.from(mail, ([uidl, text]) => (kept.has(uidl) ? '' : text)).join('')
}

describe('an update', () => {
  test('is installed from an address, starts, shows itself healthy, and stays', () =>
    withUpdate(async (machine, disk) => {
      assert.match(await install(machine, '--stay'), /Reading it back[\s\S]*Version 0\.2\.0 is installed/)
      assert.equal(await chosenSlot(disk), 'b')
      machine.type('reboot --yes\r')
      await machine.ended(1)
      await machine.listens()
      await comeIn(machine)
      await until('the trial is over', async () => (await disk.read(partitions.select, 'trial')) === undefined)
      assert.match(await say(machine, 'update'), /runs +version 0\.2\.0 \(arm64, slot b\)/)
      assert.equal(await keepsMail(machine), '')
      // And back by hand, since its mail is of the same form.
      machine.type('update back --yes\r')
      await machine.ended(2)
      await machine.listens()
      await comeIn(machine)
      assert.match(await say(machine, 'update'), /runs +version 0\.1\.0 \(arm64, slot a\)/)
      assert.equal(await keepsMail(machine), '')
    }))

  test('whose system cannot be read does not start; the version before says so', () =>
    withUpdate(async (machine, disk) => {
      await install(machine, '--stay')
      machine.type('poweroff --yes\r')
      await machine.isOff()
      const system = await disk.read(partitions.b, 'root.sqs')
      assert.ok(system)
      await disk.write(partitions.b, 'root.sqs', system.subarray(0, system.length / 2))
      await machine.on()
      await machine.listens()
      await comeIn(machine)
      assert.equal(await chosenSlot(disk), 'a')
      assert.match(await say(machine, 'update'), /runs +version 0\.1\.0 [\s\S]*last update +0\.2\.0/)
      assert.match(await keepsMail(machine), /0\.2\.0 did not come up/)
    }))

  test('whose server ends again and again gets three starts; then the version before is back and says why', () =>
    withUpdate(async (machine, disk) => {
      machine.aside = murder
      await install(machine, '--yes')
      await until(
        'the old version is chosen',
        async () => machine.endings.length >= 4 && (await chosenSlot(disk)) === 'a',
      )
      await machine.listens()
      await comeIn(machine)
      assert.match(await say(machine, 'update'), /runs +version 0\.1\.0 [\s\S]*last update +0\.2\.0 did not come up/)
      assert.match(await keepsMail(machine), /0\.2\.0 did not come up/)
    }))
})
