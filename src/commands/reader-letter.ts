/** Writes letters and answers: asks for what they need, shows them, and has them sent. */

import { budget } from '../base/budget.ts'
import { Failure } from '../base/failure.ts'
import { harmless } from '../base/words.ts'
import { route } from '../flow/routing.ts'
import { type Address, formatAddress, parseAddress } from '../message/address.ts'
import { composeLetter } from '../message/letter.ts'
import type { Reading } from './reader.ts'

/** What a letter begins with. */
export type Beginning = {
  /** One of the account's addresses. */
  readonly from: string
  readonly to: readonly string[]
  readonly cc: readonly string[]
  readonly subject: string
  readonly inReplyTo?: string
  readonly references?: readonly string[]
}

type Written = Beginning & { readonly text: readonly string[] }

const typing = 'Write the text. A line with only a dot ends it, as does Ctrl-D.'

/** @returns whether it was sent. @throws Failure GIVEN_UP when the person drops it */
export async function writeLetter(beginning: Beginning, reading: Reading): Promise<boolean> {
  const { dialogue } = reading
  let letter: Written = { ...beginning, text: [] }
  for (;;) {
    letter = await askText(await askHead(letter, reading), reading)
    await show(letter, reading)
    const answer = await askWhetherToSend(reading)
    if (answer === 'no') {
      await dialogue.print('It was not sent.')
      return false
    }
    if (answer === 'yes' && (await send(letter, reading))) return true
  }
}

/** The addresses that the account has, its first domain first. */
export function ownAddresses({ account, household }: Reading): readonly string[] {
  return household().config.domains.map(domain => `${account.name}@${domain}`)
}

async function askHead(letter: Written, reading: Reading): Promise<Written> {
  const from = await askFrom(letter.from, reading)
  const to = await askAddresses('To: ', letter.to, true, reading)
  const cc = await askAddresses('Cc: ', letter.cc, false, reading)
  const subject = (await reading.dialogue.ask('Subject: ', { initial: letter.subject })).trim()
  return { ...letter, from, to, cc, subject }
}

async function askFrom(from: string, reading: Reading): Promise<string> {
  const own = ownAddresses(reading)
  if (own.length < 2) return from
  for (;;) {
    const answer = (await reading.dialogue.ask('From: ', { initial: from, complete: () => own })).trim()
    const chosen = own.find(address => address === answer.toLowerCase())
    if (chosen !== undefined) return chosen
    await reading.dialogue.print(`Take one of these: ${own.join(', ')}`)
  }
}

async function askAddresses(
  question: string,
  before: readonly string[],
  needed: boolean,
  reading: Reading,
): Promise<readonly string[]> {
  const { dialogue } = reading
  for (;;) {
    const complete = () => [
      ...reading.addresses,
      ...reading
        .household()
        .accounts.list()
        .map(({ name }) => name),
    ]
    const answer = await dialogue.ask(question, { initial: before.join(', '), complete })
    const words = answer.split(/[,;\s]+/).filter(word => word !== '')
    const bad = words.find(word => addressOf(word, reading) === undefined)
    const lost = words.find(word => leadsNowhere(word, reading))
    if (bad !== undefined) {
      await dialogue.print(`"${harmless(bad)}" is not an address; write for instance bob@example.org.`)
    } else if (lost !== undefined) {
      await dialogue.print(`There is nobody called ${harmless(lost)} here; write a whole address, as bob@example.org.`)
    } else if (needed && words.length === 0) {
      await dialogue.print('Write an address, or press Ctrl-C to leave the letter.')
    } else {
      return [...new Set(words.flatMap(word => addressOf(word, reading) ?? []))]
    }
  }
}

function addressOf(word: string, reading: Reading): string | undefined {
  const address = parsed(word, reading)
  return address && formatAddress(address)
}

/** Whether it is an address of this household that nobody has: a word in the wrong place, or a slip. */
function leadsNowhere(word: string, reading: Reading): boolean {
  const { config, accounts } = reading.household()
  const address = parsed(word, reading)
  return address !== undefined && route(address, { ...config, accounts }).kind === 'unknown'
}

/** A name alone is one of this household. */
function parsed(word: string, { household }: Reading): Address | undefined {
  const bare = word.replace(/^<|>$/g, '')
  return parseAddress(bare.includes('@') ? bare : `${bare}@${household().config.domains[0] ?? ''}`, { utf8: true })
}

/** Lines that are there already can be changed, one after the other. */
async function askText(letter: Written, { dialogue }: Reading): Promise<Written> {
  const { text: before } = letter
  await dialogue.print(
    before.length === 0 ? typing : `${typing} Enter keeps a line as it is; the dot keeps those that follow.`,
  )
  const text: string[] = []
  let octets = 0
  for (;;) {
    const line = await askLine(before[text.length], dialogue)
    if (line === undefined || line === '.') return { ...letter, text: [...text, ...before.slice(text.length)] }
    octets += Buffer.byteLength(line) + 2
    if (octets > budget.letterText) {
      await dialogue.print('The letter is as long as it can be; the last line is left out.')
      return { ...letter, text }
    }
    text.push(line)
  }
}

/** @returns undefined when the person has pressed Ctrl-D or Ctrl-C: what they have written is not lost, they are asked */
async function askLine(initial: string | undefined, dialogue: Reading['dialogue']): Promise<string | undefined> {
  try {
    return await dialogue.ask('', initial === undefined ? {} : { initial })
  } catch (error) {
    if (error instanceof Failure && error.code === 'GIVEN_UP') return undefined
    throw error
  }
}

async function show({ from, to, cc, subject, text }: Written, { dialogue }: Reading): Promise<void> {
  const rows = [
    ['From', from],
    ['To', to.join(', ')],
    ['Cc', cc.join(', ')],
    ['Subject', subject || '(none)'],
  ]
  await dialogue.print('')
  for (const [label, value] of rows) if (value !== '') await dialogue.print(`${`${label}:`.padEnd(9)}${value}`)
  await dialogue.print('')
  for (const line of text) await dialogue.print(line)
  await dialogue.print('')
}

async function askWhetherToSend({ dialogue }: Reading): Promise<'yes' | 'no' | 'edit'> {
  const answers = ['yes', 'no', 'edit'] as const
  for (;;) {
    const answer = (await dialogue.ask('Send it? (yes/no/edit) ', { complete: () => answers })).trim().toLowerCase()
    const meant = answers.find(word => answer !== '' && word.startsWith(answer))
    if (meant) return meant
    await dialogue.print('Write yes to send it, no to drop it, or edit to change it.')
  }
}

/** @returns false when an address leads nowhere: the letter can be put right */
async function send(
  { from, to, cc, subject, text, inReplyTo, references }: Written,
  reading: Reading,
): Promise<boolean> {
  const { dialogue } = reading
  const household = reading.household()
  const recipients = [...new Set([...to, ...cc])]
  try {
    const content = composeLetter({
      from: { address: from },
      to: to.map(address => ({ address })),
      cc: cc.map(address => ({ address })),
      subject,
      text: text.map(line => `${line}\n`).join(''),
      date: household.now(),
      ...(inReplyTo === undefined ? {} : { inReplyTo }),
      ...(references === undefined ? {} : { references }),
    })
    const { id } = await household.post({ reversePath: from, recipients, content })
    await dialogue.print(`Sent. To see what becomes of it, quit and type: trace ${id}`)
    return true
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== 'REFUSED') throw error
    await dialogue.print(error.message)
    return false
  }
}
