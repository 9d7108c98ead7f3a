/** What whoever has taken the server over can do: as a user who reads the mail, and lays nothing that root begins at the next start. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { furnishedDisk } from './support/furnished.ts'
import { Machine } from './support/machine.ts'

/** Each is tried as the server's user. The first ones are allowed: the others fail for want of a right, and not of a file or a program. */
const deeds = [
  ['reads the other slot', 'head -c 512 /dev/vda3 >/dev/null', true],
  ['writes its own folder', 'dd if=/dev/zero of=/data/porchlight/mine bs=512 count=0 conv=notrunc', true],
  ['asks the steward', ': >>/run/board/steward', true],
  ['writes the disk', 'dd if=/dev/zero of=/dev/vda bs=512 count=0 conv=notrunc', false],
  ['writes the first partition', 'dd if=/dev/zero of=/dev/vda1 bs=512 count=0 conv=notrunc', false],
  ['writes the slot that runs', 'dd if=/dev/zero of=/dev/vda2 bs=512 count=0 conv=notrunc', false],
  ['writes the other slot', 'dd if=/dev/zero of=/dev/vda3 bs=512 count=0 conv=notrunc', false],
  ['writes the data partition', 'dd if=/dev/zero of=/dev/vda4 bs=512 count=0 conv=notrunc', false],
  ['changes what the other slot may', 'chmod 666 /dev/vda3', false],
  ['writes what root keeps', ': >>/data/board/had-mail', false],
  ['says what the installer says', ': >/run/board/installing', false],
  ['answers for the steward', ': >/run/board/answers/mine', false],
  ['ends the first process', 'kill -0 1', false],
  ['mounts', 'mount -t tmpfs mine /media', false],
  ['reads what the kernel has in memory', 'head -c 1 /dev/mem', false],
] as const

/** The programs of the system, begun from beside it. */
const asServer =
  '1/root/usr/bin/busybox chroot 1/root /usr/bin/setpriv --reuid=porchlight --regid=porchlight --clear-groups'
const attempt = `
pause 1
while server; [ "$found" = 0 ]; do pause 1; done
pause 25
${deeds
  .map(
    ([deed, words]) => `
if ${asServer} /usr/bin/sh -c '${words}' >/dev/null 2>&1; then echo 'aside: ${deed}: yes' >&8; else echo 'aside: ${deed}: no' >&8; fi`,
  )
  .join('\n')}
echo 'aside: all tried' >&8
`

describe('whoever has taken the server over', () => {
  test('has its rights and no others', async () => {
    await using disk = await furnishedDisk()
    await using machine = await Machine.make({ kind: 'virt', disk, aside: attempt })
    await machine.on()
    const said = await machine.shows('aside: all tried')
    const found = Array.from(said.matchAll(/aside: (.*): (yes|no)\r?\n/g), ([, deed, could]) => [deed, could === 'yes'])
    assert.deepEqual(
      found,
      deeds.map(([deed, , could]) => [deed, could]),
    )
  })
})
