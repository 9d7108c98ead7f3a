/** The rows of the command table for mail that goes out, and for those who hand it in without a login. */
import { type Command, places } from './command.ts'
import { addDevice, listDeviceTable, removeDevice } from './devices.ts'
import { printRecords } from './dns.ts'
import { drop, hold, release, resumeDelivery, retry, suspendDelivery } from './queue-change.ts'
import { listQueue } from './queue-list.ts'
import { showMessage } from './queue-show.ts'
import { explainRoute } from './route.ts'
import { traceMessages } from './trace.ts'

const idRule = 'ID is the one that queue list shows, or the beginning of it, at least 4 characters.'
const queue = { options: [...places], group: 'Outgoing mail', runs: 'inside', password: false } as const
const device = { options: [...places], group: 'Devices', runs: 'inside', password: false } as const

export const outgoing: readonly Command[] = [
  {
    ...queue,
    name: 'queue list',
    operands: '',
    summary: 'Show what waits to be sent',
    details: [
      'A line for each domain that a message has to go to, and below it what was answered last. AGE is since it was accepted, TRIES are attempts so far, NEXT says when the next one is. The last line sums up.',
    ],
    examples: ['porchlight queue list | less'],
    aside: true,
    run: listQueue,
  },
  {
    ...queue,
    name: 'queue show',
    operands: 'ID',
    summary: 'Show everything about a message that waits',
    details: ['Each recipient with its state, and the answers to the attempts so far.', idRule],
    examples: ['porchlight queue show 7k2m'],
    aside: true,
    run: showMessage,
  },
  {
    ...queue,
    name: 'queue retry',
    operands: 'ID|all',
    summary: 'Try a message, or all of them, at once',
    details: ['Also where nobody could be reached a moment ago. What is held stays held.', idRule],
    examples: ['porchlight queue retry 7k2m', 'porchlight queue retry all'],
    run: retry,
  },
  {
    ...queue,
    name: 'queue hold',
    operands: 'ID',
    summary: 'Put a message aside',
    details: ['It is not tried, and does not come back, until it is released.', idRule],
    examples: ['porchlight queue hold 7k2m'],
    run: hold,
  },
  {
    ...queue,
    name: 'queue release',
    operands: 'ID',
    summary: 'Let a message that was held go on',
    details: ['It is tried at once.', idRule],
    examples: ['porchlight queue release 7k2m'],
    run: release,
  },
  {
    ...queue,
    name: 'queue drop',
    operands: 'ID',
    options: ['silent', ...places],
    summary: 'Take a message out of the queue',
    details: [
      'Its sender gets a report that it was not delivered, unless --silent says otherwise. Recipients that have it already keep it.',
      idRule,
    ],
    examples: ['porchlight queue drop 7k2m', 'porchlight queue drop 7k2m --silent'],
    run: drop,
  },
  {
    ...queue,
    name: 'queue route',
    operands: 'DOMAIN',
    summary: 'Explain how mail for a domain would go now',
    details: [
      'Its hosts with their preferences and addresses, or the host that the configuration names; what each has to prove (DANE, MTA-STS); or why mail could not go. Nothing is sent.',
    ],
    examples: ['porchlight queue route example.org'],
    aside: true,
    run: explainRoute,
  },
  {
    ...queue,
    name: 'queue suspend',
    operands: '',
    summary: 'Send nothing until further notice',
    details: ['Mail is taken all the same, and waits. It holds over a restart.'],
    examples: [],
    run: suspendDelivery,
  },
  {
    ...queue,
    name: 'queue resume',
    operands: '',
    summary: 'Send again after queue suspend',
    details: [],
    examples: [],
    run: resumeDelivery,
  },
  {
    ...queue,
    name: 'trace',
    operands: 'ADDRESS|MESSAGE-ID|ID',
    summary: 'Say where a message is, and what became of it',
    details: [
      'From receipt to outcome, the newest message last, at most 20 of them. ADDRESS is that of the sender or of one of the first 50 recipients; the Message-ID may stand in angle brackets or without; ID is that of the log and of queue list, or its beginning. What is older than 30 days is forgotten.',
    ],
    examples: ['porchlight trace bob@example.org', "porchlight trace '<4711@laptop.example>'"],
    aside: true,
    run: traceMessages,
  },
  {
    ...queue,
    name: 'dns',
    operands: '',
    summary: 'Print the DNS records to publish',
    details: [
      'For every local domain, ready to paste into its zone: where its mail comes in (MX), which hosts send it (SPF), the keys that it is signed with (DKIM, made when they are missing), what others are to make of the rest (DMARC), and where mail programs find the servers (SRV).',
    ],
    examples: ['porchlight dns > records.zone'],
    aside: true,
    run: printRecords,
  },
  {
    ...device,
    name: 'device add',
    operands: 'NAME',
    needs: ['address', 'as', 'to'],
    summary: 'Let a device hand in mail without login',
    details: [
      'A scanner, a camera, a meter: from its address alone, in the name of ADDRESS alone, to these recipients alone, at the port of listen.devices.',
    ],
    examples: [
      'porchlight device add scanner --address 192.168.1.40 \\',
      '  --as alice@home.example --to alice@home.example,bob@home.example',
    ],
    run: addDevice,
  },
  {
    ...device,
    name: 'device list',
    operands: '',
    summary: 'Show the devices',
    details: [],
    examples: [],
    run: listDeviceTable,
  },
  {
    ...device,
    name: 'device remove',
    operands: 'NAME',
    summary: 'Take no more mail from a device',
    details: [],
    examples: ['porchlight device remove scanner'],
    run: removeDevice,
  },
]
