/** The image on each machine: the line answers, a household moves in over it, mail comes and is read, and a reboot keeps it. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { addUser, comeIn, deliver, fetchAll, say, secrets, setUp } from './support/household.ts'
import type { Kind } from './support/kinds.ts'
import { Machine } from './support/machine.ts'

const letter = 'Subject: the first one\r\n\r\nA lamp is lit.\r\n..and a dot.'

/** Machines, unless one is named. */
const all: readonly Kind[] = ['virt', 'raspi3b', 'q35']
const kinds = all.filter(kind => (process.env.PORCHLIGHT_MACHINES ?? all.join()).split(',').includes(kind))

describe('the image', () => {
  for (const kind of kinds) {
    test(`on ${kind}: first set-up at the line, mail in by SMTP, read by POP3, and a reboot keeps everything`, async () => {
      await using machine = await Machine.make({ kind })
      await machine.on()
      const began = performance.now()
      await setUp(machine)
      const setUpMs = performance.now() - began
      await machine.listens()
      await addUser(machine, 'bob', secrets.bob)
      assert.match(await deliver(machine, 'alice', letter), /^250 2\.0\.0 /)
      assert.match(await deliver(machine, 'bob', letter), /^250 2\.0\.0 /)
      const before = await fetchAll(machine, 'alice')
      assert.equal(before.size, 1)
      assert.match([...before.values()].join(), /\r\n\r\nA lamp is lit\.\r\n\.and a dot\.\r\n$/)
      const memory = /^memory +(.*?)\r$/m.exec(await say(machine, 'status'))?.[1]

      machine.type('reboot --yes\r')
      assert.equal(await machine.ended(1), 'reset')
      await machine.listens()
      const listeningMs = machine.listeningMs
      await comeIn(machine)
      assert.deepEqual(await fetchAll(machine, 'alice'), before)
      assert.equal((await fetchAll(machine, 'bob')).size, 1)
      assert.match(await say(machine, 'user list'), /alice +1 [\s\S]*bob +1 /)
      console.log(
        `${kind}: set up in ${seconds(setUpMs)} s after power; the second time port 25 answered after ${seconds(listeningMs)} s; server ${memory}`,
      )
    })
  }
})

function seconds(ms: number): string {
  return (ms / 1000).toFixed(1)
}
