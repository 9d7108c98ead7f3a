/** The row of the command table that is the installer of a board: `install_update` in deeds.sh starts it. */
import { installerLine } from '../board/installer.ts'
import { keyPath, makersKey } from '../update/key.ts'
import { writeSlot } from '../update/write.ts'
import type { Call, Command, Lines } from './command.ts'
import type { World } from './world.ts'

/** @param makersKeyPath the key that updates are checked with */
export function writingSlots(makersKeyPath = keyPath): Command {
  return {
    name: 'write-slot',
    operands: 'DEVICE VERSION',
    options: [],
    group: 'The box',
    unlisted: true,
    summary: 'Write an update into a slot',
    details: [
      'The update comes on standard input. The boot scripts call this, as a user who may do nothing else. Use porchlight update.',
    ],
    examples: [],
    runs: 'here',
    run: (call, world) => write(call, world, makersKeyPath),
  }
}

async function write({ operands: [device = '', version = ''] }: Call, world: World, key: string): Promise<Lines> {
  let last = ''
  await writeSlot(world.terminal.input, {
    device,
    version,
    key: await makersKey(key),
    signal: new AbortController().signal,
    progress: async (stage, part) => {
      const line = installerLine(stage, part)
      if (line !== last) world.print(line)
      last = line
    },
  })
  return []
}
