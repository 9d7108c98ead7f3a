/** The one table of commands: name, operands, help, where it runs, and what it does. Those for mail that goes out: `outgoing.ts`. */
import { describeConfig } from '../base/config.ts'
import { Failure } from '../base/failure.ts'
import { columns } from '../base/words.ts'
import { addAlias, listAliases, removeAlias } from './aliases.ts'
import { allowances } from './allowances.ts'
import { certificate } from './certificate.ts'
import { timekeeping } from './clock.ts'
import { type Command, type Context, type Lines, places } from './command.ts'
import { configuring } from './config.ts'
import { doctoring } from './doctor.ts'
import { describe, overview } from './help.ts'
import { working } from './jobs.ts'
import { logs } from './logs.ts'
import { mail } from './mail.ts'
import { networking } from './net.ts'
import { outgoing } from './outgoing.ts'
import { passwd } from './passwd.ts'
import { findPlaces, loadConfig } from './places.ts'
import { power } from './power.ts'
import { retention } from './retention.ts'
import { running } from './running.ts'
import { settingUp } from './setup.ts'
import { updating } from './update.ts'
import { repairStore, verifyStore } from './upkeep.ts'
import { addUser, changePassword, existing, listUsers, newName, removeUser } from './users.ts'
import { vacation } from './vacation.ts'
import { writingSlots } from './write-slot.ts'

const passwordWays = [
  'The password is asked for twice at the terminal without showing it, unless an option says otherwise.',
]

export const commands: readonly Command[] = [
  {
    name: 'serve',
    operands: '',
    options: [...places, 'board'],
    group: 'Server',
    summary: 'Run the server',
    details: [
      'It stays in the foreground and logs to standard error. SIGHUP reads the certificate and the configuration again; SIGTERM or Ctrl-C stops it.',
    ],
    examples: ['porchlight serve --data ~/mail'],
    runs: 'here',
    run: ({ options }, world) => world.serve(findPlaces(options, world.environment)),
  },
  {
    name: 'status',
    operands: '',
    options: [...places],
    group: 'Server',
    summary: 'Show how the server and the store are',
    details: [
      'Where it listens, who is connected, memory, certificate, accounts, disk, the mail of today and what waits.',
    ],
    examples: [],
    runs: 'inside',
    password: false,
    run: async (_call, context) => status(context),
  },
  {
    name: 'console',
    operands: '',
    options: [...places],
    group: 'Server',
    summary: 'Open the console of the running server',
    details: [
      'It is the one of the serial line: all commands, with help and completion, the reader of mail, and the first set-up. logout leaves it.',
    ],
    examples: [],
    runs: 'console',
  },
  {
    name: 'restart',
    operands: '',
    options: [...places],
    group: 'Server',
    summary: 'Close the server and open it anew',
    details: ['Settings that need it take effect. Sessions under way are finished first, within ten seconds.'],
    examples: [],
    runs: 'inside',
    password: false,
    run: (_call, context) => restart(context),
  },
  ...logs,
  ...certificate,
  {
    name: 'check-config',
    operands: '',
    options: [...places],
    group: 'Server',
    summary: 'Check the configuration file',
    details: ['Every problem is named, each with an example of what is right.'],
    examples: ['porchlight check-config --config /etc/porchlight.toml'],
    runs: 'here',
    run: async ({ options }, world) => {
      const places = findPlaces(options, world.environment)
      const { file } = await loadConfig(places)
      return [file === undefined ? `There is no ${places.config}; the defaults hold.` : `${file} is good.`]
    },
  },
  {
    name: 'selftest',
    operands: '',
    options: [],
    group: 'Server',
    summary: 'Receive and read back a message',
    details: ['It opens a fresh store in a temporary directory, listens on free ports and leaves nothing behind.'],
    examples: [],
    runs: 'here',
    run: (_call, world) => world.selftest(),
  },
  ...running,
  ...timekeeping,
  ...doctoring,
  ...working,
  ...networking,
  ...power,
  ...updating(),
  writingSlots(),
  {
    name: 'verify',
    operands: '',
    options: [...places],
    group: 'Store',
    summary: 'Read every message and look for damage',
    details: [
      'It works beside the running server, or on the store when none runs, and changes nothing. What is damaged is named: its id, its accounts, when it came and what is wrong. Ctrl-C stops it.',
    ],
    examples: [],
    runs: 'inside',
    password: false,
    aside: true,
    run: verifyStore,
  },
  {
    name: 'repair',
    operands: '',
    options: [...places],
    group: 'Store',
    summary: 'Put a damaged store in order',
    details: [
      'The server has to be stopped. The files of the database are repaired where they are damaged, what cannot be read is taken out, and the index is made anew: messages keep their numbers and ids, deletions and accounts stay as they are. What is lost is named. Ctrl-C stops it at any time; to run it again goes on.',
    ],
    examples: ['porchlight repair --data ~/mail'],
    runs: 'here',
    run: repairStore,
  },
  {
    name: 'user add',
    operands: 'NAME',
    options: ['generate', 'password-stdin', ...places],
    group: 'Accounts',
    summary: 'Make an account',
    details: ['It has the address NAME@ in every local domain.', ...passwordWays],
    examples: ['porchlight user add alice', 'porchlight user add alice --generate'],
    runs: 'inside',
    password: true,
    ready: ({ operands: [name = ''] }, household) => void newName(name, household),
    run: addUser,
  },
  {
    name: 'user list',
    operands: '',
    options: [...places],
    group: 'Accounts',
    summary: 'Show the accounts',
    details: ['Each with its messages, their size and its addresses.'],
    examples: [],
    runs: 'inside',
    password: false,
    run: listUsers,
  },
  {
    name: 'user remove',
    operands: 'NAME',
    options: ['delete-mail', ...places],
    group: 'Accounts',
    summary: 'Remove an account',
    details: ['One that still has mail is removed only with --delete-mail.'],
    examples: ['porchlight user remove alice --delete-mail'],
    runs: 'inside',
    password: false,
    run: removeUser,
  },
  {
    name: 'user password',
    operands: 'NAME',
    options: ['generate', 'password-stdin', ...places],
    group: 'Accounts',
    summary: 'Change the password of an account',
    details: passwordWays,
    examples: ['porchlight user password alice'],
    runs: 'inside',
    password: true,
    ready: ({ operands: [name = ''] }, household) => void existing(name, household),
    run: changePassword,
  },
  ...retention,
  ...allowances,
  ...vacation,
  ...passwd,
  {
    name: 'alias add',
    operands: 'ADDRESS TARGET…',
    options: [...places],
    group: 'Aliases',
    summary: 'Let an address lead to accounts or aliases',
    details: [
      'ADDRESS is a name in every local domain, or a whole address in one of them. The targets are added to those it has. They are accounts, aliases or local addresses, or addresses outside, which the mail is forwarded to.',
      'What is forwarded leaves in the name of postmaster here, since other hosts would take it for forged otherwise; its author and its text stay as they are.',
    ],
    examples: [
      'porchlight alias add family alice bob',
      'porchlight alias add info@home.example alice',
      'porchlight alias add club alice joe@example.org',
    ],
    runs: 'inside',
    password: false,
    run: addAlias,
  },
  {
    name: 'alias list',
    operands: '[ADDRESS]',
    options: [...places],
    group: 'Aliases',
    summary: 'Show the aliases',
    details: [],
    examples: [],
    runs: 'inside',
    password: false,
    aside: true,
    run: listAliases,
  },
  {
    name: 'alias remove',
    operands: 'ADDRESS [TARGET…]',
    options: [...places],
    group: 'Aliases',
    summary: 'Remove an alias, or some of its targets',
    details: [],
    examples: ['porchlight alias remove family bob', 'porchlight alias remove family'],
    runs: 'inside',
    password: false,
    run: removeAlias,
  },
  ...mail,
  ...outgoing,
  ...configuring,
  ...settingUp,
  {
    name: 'version',
    operands: '',
    options: [],
    group: 'About',
    summary: 'Show the version',
    details: [],
    examples: [],
    runs: 'here',
    run: async (_call, world) => [`Porchlight ${world.version}`],
  },
  {
    name: 'help',
    operands: '[COMMAND…]',
    options: [],
    group: 'About',
    summary: 'Show help; for config every setting',
    details: [],
    examples: ['porchlight help user', 'porchlight help config > porchlight.toml'],
    runs: 'here',
    run: async ({ operands }) => help(operands),
  },
]

function help(words: Lines): Lines {
  if (words.length === 0) return overview(commands)
  return words.join(' ') === 'config' ? [describeConfig().trimEnd()] : describe(words, commands)
}

async function restart({ house }: Pick<Context, 'house'>): Promise<Lines> {
  if (!house) throw new Failure('REFUSED', 'Porchlight is not running.')
  await house.restart()
  return ['Porchlight is started anew.']
}

async function status({ household, running, width }: Context): Promise<Lines> {
  const rows = await household.status()
  return [running ? 'Porchlight is running.' : 'Porchlight is not running.', ...columns(rows, width)]
}
