/** The rows of the command table that end something: reboot, poweroff, factory-reset. */
import { roundSize } from '../base/units.ts'
import type { Word } from '../board/appliance.ts'
import { type Call, type Command, type Context, type Household, type Lines, places, refuse } from './command.ts'
import type { Dialogue } from './dialogue.ts'
import { boardOf } from './net-words.ts'
import { counted } from './shown.ts'

/** What has to be typed before everything is erased. */
const erasingWords = 'erase everything'

const here = { operands: '', group: 'The box', runs: 'inside', password: false, aside: true, examples: [] } as const

export const power: readonly Command[] = [
  {
    ...here,
    name: 'reboot',
    options: ['yes', ...places],
    summary: 'Restart the box',
    details: [
      'Mail under way gets ten seconds to be finished. What is not finished by then is sent again by the other side; nothing is lost. To restart only the mail server, which is faster: porchlight restart',
    ],
    run: (call: Call, context: Context) => end('reboot', call, context),
  },
  {
    ...here,
    name: 'poweroff',
    options: ['yes', ...places],
    summary: 'Switch the box off',
    details: [
      'Mail under way gets ten seconds to be finished. While the box is off, other hosts keep mail for it and try again for some days.',
    ],
    run: (call: Call, context: Context) => end('poweroff', call, context),
  },
  {
    ...here,
    name: 'factory-reset',
    options: [...places],
    summary: 'Erase all mail, accounts and settings',
    details: [
      'The box is then as it was when its card was written: everything on it is gone for good. It says first what would be lost, and begins only when that is typed out. The version of Porchlight stays.',
    ],
    talks: true,
    run: eraseAll,
  },
]

const endings = {
  reboot: {
    question: 'Restart the box now? (yes/no) ',
    done: 'The box restarts. It is back in about a minute.',
  },
  poweroff: {
    question: 'Switch the box off now? (yes/no) ',
    done: 'The box switches itself off. Wait half a minute before you pull the plug. To start it again, pull the plug and put it back in.',
  },
} as const satisfies Partial<Record<Word, object>>

async function end(word: keyof typeof endings, { options }: Call, context: Context): Promise<Lines> {
  const { household, dialogue, print } = context
  const board = boardOf(household)
  const { question, done } = endings[word]
  for (const line of underWay(household)) await print(line)
  if (!options.yes) await agreed(question, word, dialogue)
  await board.steward(word)
  return [done]
}

/** @throws Failure REFUSED unless somebody says yes */
async function agreed(question: string, word: string, dialogue: Dialogue | undefined): Promise<void> {
  if (!dialogue) refuse(`Nobody can be asked here. To do it all the same: porchlight ${word} --yes`)
  const answer = await dialogue.ask(question, { complete: () => ['yes', 'no'], remembered: false })
  if (!/^y(?:es)?$/i.test(answer.trim())) refuse('Nothing was done.')
}

/** What is not finished, and what becomes of it. */
function underWay({ server, delivery, closed }: Household): Lines {
  if (closed) return []
  const open = server?.guests.length ?? 0
  const sending = delivery.underWay
  if (open === 0 && sending === 0) return ['No mail is under way.']
  const parts = [
    ...(open === 0 ? [] : [`${counted(open, 'connection')} ${open === 1 ? 'is' : 'are'} open`]),
    ...(sending === 0 ? [] : [`${counted(sending, 'message')} ${sending === 1 ? 'is' : 'are'} being sent`]),
  ]
  return [`${parts.join(', and ')}. What cannot be finished in ten seconds is done again later; nothing is lost.`]
}

async function eraseAll(_call: Call, { household, dialogue, print }: Context): Promise<Lines> {
  const board = boardOf(household)
  if (!dialogue) return refuse('factory-reset needs a terminal.')
  for (const line of losses(household)) await print(line)
  const typed = await dialogue.ask(`Type "${erasingWords}" to begin: `, { remembered: false })
  if (typed.trim() !== erasingWords) refuse('Nothing was erased.')
  await board.steward('factory-reset')
  return ['The box restarts and erases itself. In a minute or two it asks for the first set-up, here at this console.']
}

function losses(household: Household): Lines {
  return [
    'This erases for good, and nobody can bring it back:',
    ...(household.closed ? uncounted : counts(household)),
    ...rest,
  ]
}

/** While the store is closed. */
const uncounted = ['  all accounts and their mail, which cannot be counted now']

const rest = [
  '  mail that waits to be sent, aliases, devices and passwords',
  '  all settings, those of the network too, and the log',
  '  the certificate and the keys that sign your mail: their DNS records have to be made anew',
]

function counts({ accounts, mailbox }: Household): Lines {
  const names = accounts.list().map(({ name }) => name)
  const boxes = names.map(name => mailbox(name))
  const messages = boxes.reduce((sum, box) => sum + box.messages, 0)
  const octets = boxes.reduce((sum, box) => sum + box.octets, 0)
  return [
    `  ${counted(names.length, 'account')}${names.length === 0 ? '' : `: ${someOf(names)}`}`,
    `  ${counted(messages, 'message')} in their mailboxes (${roundSize(octets)})`,
  ]
}

/** Names for one line. */
function someOf(names: readonly string[]): string {
  const shown = names.slice(0, 10).join(', ')
  return names.length > 10 ? `${shown} and ${names.length - 10} more` : shown
}
