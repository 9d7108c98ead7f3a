/**
 * A process that installs an update until it is killed: test/crash/update.crash.ts. It says each sign of progress, and what the
 * steward is asked for becomes the choice as on a board, in one step.
 *
 *   node test/crash/installer.ts UPDATE DEVICE CHOICE KEY
 */
import { renameSync, writeFileSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { install } from '../../src/update/install.ts'
import { makersKey } from '../../src/update/key.ts'
import { writeSlot } from '../../src/update/write.ts'

const [, , update = '', device = '', choice = '', key = ''] = process.argv

await install(update, {
  slots: {
    arch: 'arm64',
    version: '0.1.0',
    slot: 'a',
    other: { device, version: undefined, octets: (await stat(device)).size },
    trial: undefined,
    fallback: undefined,
    write: async (octets, version, { progress, signal }) =>
      writeSlot(octets, { device, key: await makersKey(key), version, progress, signal }),
    choose: async slot => {
      writeFileSync(`${choice}.new`, slot)
      renameSync(`${choice}.new`, choice)
    },
    back: async () => {},
    reboot: async () => {},
  },
  key: await makersKey(key),
  schema: 1,
  confirm: async () => {},
  progress: async stage => void process.stdout.write(`${stage}\n`),
  signal: new AbortController().signal,
})
