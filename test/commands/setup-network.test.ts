/** The step of the set-up that an appliance begins with: commands/setup-network.ts. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Network } from '../../src/board/network.ts'
import { stepOf } from '../../src/commands/setup-state.ts'
import { athome, ScriptedBoard } from './appliance.ts'
import { listensNowhere, openConfigured } from './configured.ts'
import { ScriptedDialogue } from './script.ts'

/** Goes through the step with these answers, and leaves the set-up at the next one. @returns what was shown */
async function walk(
  board: ScriptedBoard,
  answers: readonly string[],
  after = 'clock',
  heard: (line: string) => void = () => {},
): Promise<string> {
  await using box = await openConfigured(listensNowhere)
  Object.assign(box.household, { board, local: { name: 'porchlight.local', rename: () => {} } })
  const dialogue = new (class extends ScriptedDialogue {
    override async print(line: string) {
      heard(line)
      await super.print(line)
    }
  })({ answers: [...answers, undefined], columns: 100 })
  await box.say('setup', undefined, dialogue)
  assert.deepEqual(dialogue.left, [])
  assert.equal(stepOf(box.household.settings), after)
  return dialogue.text
}

const asking: Network = { ...athome, addresses: ['fe80::1/64'] }
const unplugged: Network = { ...asking, link: false }
const fixed: Network = { ...athome, how: 'fixed', addresses: ['192.168.1.7/24'] }

describe('the set-up of an appliance', () => {
  test('says first by which address the box is found, and Enter goes on', async () => {
    const shown = await walk(new ScriptedBoard({ network: athome }), [''])
    assert.match(shown, /\nStep 1 of 13: Network\n/)
    assert.match(shown, /\nThe box can be reached at 192\.168\.1\.5 or porchlight\.local\.\n/)
    assert.match(shown, /\nStep 2 of 13: Date and time\n/)
  })
  for (const network of [undefined, asking]) {
    test(`waits for an address that may come, knowing ${JSON.stringify(network)}`, async () => {
      const board = new ScriptedBoard({ network })
      const shown = await walk(board, [''], 'network', line => {
        if (line.startsWith('Waiting')) setImmediate(() => board.become(unplugged))
      })
      assert.match(shown, /\nWaiting for the network\.\.\.\n/)
      assert.match(shown, /sits firmly/)
    })
  }
  test('without a cable looks again at Enter, and does not go on by it', async () => {
    const board = new ScriptedBoard({ network: unplugged })
    const shown = await walk(board, ['', ''], 'network')
    assert.equal(shown.match(/sits firmly on both sides/g)?.length, 3)
    assert.doesNotMatch(shown, /can be reached/)
  })
  test('goes on without a network when somebody wants it to', async () => {
    assert.match(await walk(new ScriptedBoard({ network: unplugged }), ['1']), /Go on without a network, for now/)
  })
  test('has the router give an address', async () => {
    const board = new ScriptedBoard({ network: fixed, obey: () => athome })
    const shown = await walk(board, ['3', ''])
    assert.deepEqual(board.asked, ['network dhcp'])
    assert.match(shown, /can be reached at 192\.168\.1\.7[\s\S]*can be reached at 192\.168\.1\.5/)
  })
  test('fixes an address: what is wrong is said, and asked again', async () => {
    const board = new ScriptedBoard({ network: athome, obey: () => fixed })
    const shown = await walk(board, [
      'fixed',
      '192.168.1.7',
      '',
      '',
      '4',
      '192.168.1.7/24',
      '',
      '9.9.9.9, 1.1.1.1,',
      '',
    ])
    assert.match(shown, /In most homes it is \/24/)
    assert.deepEqual(board.asked, ['network fixed 192.168.1.7/24 192.168.1.1 9.9.9.9,1.1.1.1'])
    assert.match(shown, /\[192\.168\.1\.5\/24\]: /)
  })
  test('tells what the board has against it', async () => {
    const board = new ScriptedBoard({ network: athome, obey: () => 'There is no adapter.' })
    assert.match(await walk(board, ['dhcp', '']), /\nThere is no adapter\.\n/)
  })
  test('goes back from the questions to the choice, and from the choice to nowhere', async () => {
    const board = new ScriptedBoard({ network: athome })
    const shown = await walk(board, ['4', 'back', '4', '192.168.1.7/24', 'back', 'back', ''])
    assert.match(shown, /This is the first step\./)
    assert.deepEqual(board.asked, [])
  })
})
