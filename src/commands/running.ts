/** The rows of the command table for what the server is doing now: connections, and the live view of it. */
import { type Command, places } from './command.ts'
import { dropConnection, listConnections } from './connections.ts'
import { watchTop } from './top.ts'

const here = { options: [...places], group: 'Server', runs: 'inside', password: false } as const

export const running: readonly Command[] = [
  {
    ...here,
    name: 'connections',
    operands: '',
    summary: 'Show who is connected',
    details: [
      'A line for each connection: its number, the service, the address it comes from, who has logged in, for how long it has been there, and what it does.',
    ],
    examples: [],
    run: listConnections,
  },
  {
    ...here,
    name: 'connections drop',
    operands: 'NUMBER',
    summary: 'Cut a connection off',
    details: [
      'At once, whatever it is in the middle of; a message that has not come to its end is not kept. NUMBER is the one that connections shows. The other side may come again.',
    ],
    examples: ['porchlight connections drop 17'],
    run: dropConnection,
  },
  {
    ...here,
    name: 'top',
    operands: '',
    summary: 'Watch the server at work',
    details: [
      'One screen, new every two seconds: load, memory, mail, connections and the last lines of the log. q leaves.',
    ],
    examples: [],
    aside: true,
    talks: true,
    run: watchTop,
  },
]
