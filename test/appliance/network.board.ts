/** The network of the box: given and fixed addresses, another board for the same card, and what a burst of mail needs. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { furnishedDisk, letters } from './support/furnished.ts'
import { comeIn, deliver, fetchLetters, say } from './support/household.ts'
import { Machine } from './support/machine.ts'

/** Says every other second what is in use, MiB, by the kernel's own count. */
const weigh = `
while pause 2; [ -e meminfo ]; do
  while read -r name octets _; do
    case $name in MemTotal:) total=$octets ;; MemAvailable:) free=$octets ;; esac
  done <meminfo
  echo "aside: $(((total - free) / 1024)) of $((total / 1024)) MiB in use" >&8
done
`

const burst = { letters: 120, octets: 50_000, senders: 6 } as const
/** MiB that the whole board may use after it. */
const most = 110

describe('a box', () => {
  test('keeps a fixed address over a start, and gives it back', async () => {
    await using disk = await furnishedDisk()
    await using machine = await Machine.make({ kind: 'virt', disk })
    await machine.on()
    await comeIn(machine)
    // What QEMU leads here is for this address, so that it can be reached all the same.
    assert.match(await say(machine, 'net set 10.0.2.15/24 10.0.2.2'), /address +10\.0\.2\.15\/24, fixed/)
    machine.type('reboot --yes\r')
    await machine.ended(1)
    await machine.listens()
    await comeIn(machine)
    assert.match(await say(machine, 'net'), /address +10\.0\.2\.15\/24, fixed[\s\S]*gateway +10\.0\.2\.2/)
    assert.match(await deliver(machine, 'alice', 'Subject: fixed\r\n\r\nx'), /^250 /)
    assert.match(await say(machine, 'net set dhcp'), /address +10\.0\.2\.15\/24, given by the router/)
    assert.match(await say(machine, 'net set 10.0.2.15/24 10.9.9.9'), /network/)
  })

  test('is the same when its card is put into another board', async () => {
    await using disk = await furnishedDisk()
    for (const [kind, mac] of [
      ['virt', '52:54:00:aa:bb:01'],
      ['raspi3b', '52:54:00:aa:bb:02'],
    ] as const) {
      await using machine = await Machine.make({ kind, disk, mac })
      await machine.on()
      await machine.listens()
      assert.equal((await fetchLetters(machine, 'alice')).size, letters)
      await machine.cut()
    }
  })

  test(`uses at most ${most} MiB after a burst of ${burst.letters} letters`, async () => {
    await using disk = await furnishedDisk()
    await using machine = await Machine.make({ kind: 'virt', disk, aside: weigh })
    await machine.on()
    await machine.listens()
    const { listeningMs } = machine
    const text = `Subject: burst\r\n\r\n${'Another line of the same.\r\n'.repeat(burst.octets / 27)}`
    const began = performance.now()
    const sender = async () => {
      for (let i = 0; i < burst.letters / burst.senders; i++) {
        assert.match(await deliver(machine, 'bob', text), /^250 /)
      }
    }
    await Promise.all(Array.from({ length: burst.senders }, sender))
    const tookMs = performance.now() - began
    const readings = []
    for (let i = 0; i < 3; i++) {
      const said = await machine.shows(/aside: \d+ of \d+ MiB in use\r?\n/)
      readings.push(Number(/aside: (\d+) of/.exec(said)?.[1]))
    }
    const rest = readings.at(-1) ?? 0
    console.log(
      `${burst.letters} letters in ${(tookMs / 1000).toFixed(0)} s; ${rest} MiB in use behind them; port 25 answered ${(listeningMs / 1000).toFixed(1)} s after power`,
    )
    assert.ok(rest <= most, `${rest} MiB are in use`)
  })
})
