/** The rows of the command table for reading mail at the console. */
import { type Call, type Command, type Context, type Lines, places, refuse } from './command.ts'
import { Reading, readMail } from './reader.ts'
import { existing } from './users.ts'

export const mail: readonly Command[] = [
  {
    name: 'mail',
    operands: 'NAME',
    options: [...places],
    group: 'Mail',
    summary: 'Read and write mail as NAME',
    details: [
      'It opens the mailbox with a prompt of its own; help shows there what can be done: list, read, reply, compose, delete, save and more. Mail programs see the same messages and marks. What is marked D is removed when you leave with quit.',
    ],
    examples: ['porchlight mail alice'],
    runs: 'inside',
    password: false,
    aside: true,
    talks: true,
    run: open,
  },
]

async function open({ operands: [name = ''] }: Call, context: Context): Promise<Lines> {
  const { dialogue, house } = context
  const account = existing(name, context.household)
  if (!dialogue) return refuse('Reading mail needs a terminal with a person at it. At a shell: porchlight console')
  return readMail(new Reading(account, dialogue, () => house?.household ?? context.household))
}
