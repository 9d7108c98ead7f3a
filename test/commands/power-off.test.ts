/** Commands that end something: what they say first, what has to be typed, and what the board is asked for: commands/power.ts. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { deliver, letter } from '../store/letters.ts'
import { athome, ScriptedBoard } from './appliance.ts'
import { type Configured, listensNowhere, openConfigured } from './configured.ts'
import { ScriptedDialogue } from './script.ts'

async function openBox(board: ScriptedBoard): Promise<Configured> {
  const box = await openConfigured(listensNowhere)
  Object.assign(box.household, { board })
  return box
}

const words = ['reboot', 'poweroff'] as const

describe('a box', () => {
  for (const word of words) {
    for (const answer of ['yes', 'y', 'YES ']) {
      test(`does ${word} when somebody says ${answer}`, async () => {
        const board = new ScriptedBoard({ network: athome })
        await using box = await openBox(board)
        const dialogue = new ScriptedDialogue({ answers: [answer] })
        const said = await box.say(word, undefined, dialogue)
        assert.deepEqual(board.asked, [word])
        assert.match(`${dialogue.text}\n${said}`, /^No mail is under way\.\n.*\(yes\/no\) \nThe box /)
      })
    }
    for (const answer of ['', 'no', 'yep', undefined]) {
      test(`does no ${word} when somebody says ${answer}`, async () => {
        const board = new ScriptedBoard({ network: athome })
        await using box = await openBox(board)
        assert.match(
          await box.say(word, undefined, new ScriptedDialogue({ answers: [answer] })),
          /Nothing was done\.|Given up\./,
        )
        assert.deepEqual(board.asked, [])
      })
    }
    test(`does no ${word} for a script that does not say --yes`, async () => {
      const board = new ScriptedBoard({ network: athome })
      await using box = await openBox(board)
      assert.match(await box.say(word), new RegExp(`Nobody can be asked here\\..*: porchlight ${word} --yes$`))
      assert.deepEqual(board.asked, [])
      await box.say(`${word} --yes`)
      assert.deepEqual(board.asked, [word])
    })
  }

  test('tells of mail under way', async () => {
    const board = new ScriptedBoard({ network: athome })
    await using box = await openBox(board)
    const { delivery } = box.household
    Object.assign(box.household, {
      server: { guests: [{}, {}], drop: () => false },
      delivery: { ...delivery, underWay: 1 },
    })
    assert.match(
      await box.say('reboot --yes'),
      /^2 connections are open, and 1 message is being sent\. What cannot be finished in ten seconds/,
    )
  })
})

describe('a factory reset', () => {
  async function full(board: ScriptedBoard): Promise<Configured> {
    const box = await openBox(board)
    for (const name of ['alice', 'bob']) await box.household.accounts.add(name, 'x')
    await deliver(box.store, ['alice', 'bob'], letter(500))
    return box
  }

  test('says what would be lost, and asks for the words', async () => {
    const board = new ScriptedBoard({ network: athome })
    await using box = await full(board)
    const dialogue = new ScriptedDialogue({ answers: ['erase everything'] })
    const said = await box.say('factory-reset', undefined, dialogue)
    assert.match(dialogue.text, /\n {2}2 accounts: alice, bob\n {2}2 messages in their mailboxes \(/)
    assert.match(said, /^The box restarts and erases itself\./)
    assert.deepEqual(board.asked, ['factory-reset'])
  })

  for (const answer of ['', 'yes', 'erase', 'Erase everything', 'erase  everything', undefined]) {
    test(`does nothing for ${JSON.stringify(answer)}`, async () => {
      const board = new ScriptedBoard({ network: athome })
      await using box = await full(board)
      const said = await box.say('factory-reset', undefined, new ScriptedDialogue({ answers: [answer] }))
      assert.match(said, /Nothing was erased\.|Given up\./)
      assert.deepEqual(board.asked, [])
    })
  }

  test('is nothing for a pipe', async () => {
    const board = new ScriptedBoard({ network: athome })
    await using box = await full(board)
    assert.match(await box.say('factory-reset'), /needs a terminal/)
    assert.deepEqual(board.asked, [])
  })
})
