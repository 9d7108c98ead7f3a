/** The rows of the command table for the versions of Porchlight on the box: which ones there are, installing one, going back. */
import { basename, isAbsolute, join } from 'node:path'
import { budget } from '../base/budget.ts'
import { systemClock } from '../base/clock.ts'
import { roundSize } from '../base/units.ts'
import { columns, harmless } from '../base/words.ts'
import type { Appliance } from '../board/appliance.ts'
import { alone } from '../update/alone.ts'
import { downloaded } from '../update/download.ts'
import { readAddress, shownAddress } from '../update/fetch.ts'
import { install, type Stage } from '../update/install.ts'
import { keyPath, makersKey } from '../update/key.ts'
import { inSlot } from '../update/slot.ts'
import { compareVersions } from '../update/version.ts'
import { type Call, type Command, type Context, type Household, type Lines, places, refuse } from './command.ts'
import { boardOf } from './net-words.ts'
import { counted } from './shown.ts'
import { foundUpdates } from './update-found.ts'

const here = { group: 'The box', runs: 'inside', password: false, aside: true } as const

/** @param makersKeyPath the key that updates are checked with */
export function updating(makersKeyPath = keyPath): readonly Command[] {
  return [
    {
      ...here,
      name: 'update',
      operands: '[FILE|URL]',
      options: ['yes', 'stay', ...places],
      summary: 'Show the versions, or install another',
      details: [
        'Without FILE or URL it shows what runs, what to go back to, and what is on a USB stick. FILE is a name on the stick, or a whole path; URL is an address that begins with https or http.',
        'The update is checked first: its signature, and all of what is in it. Then it is written beside the version that runs, read back and compared. Mail goes on meanwhile. The power may fail at any time.',
        'The new version has three starts to show that it works. If it does not, this one comes back by itself and says why.',
      ],
      examples: [
        'porchlight update',
        'porchlight update porchlight-0.2.0-arm64.update',
        'porchlight update https://example.org/porchlight-0.2.0-arm64.update',
      ],
      run: (call: Call, context: Context) => update(call, context, makersKeyPath),
    },
    {
      ...here,
      name: 'update back',
      operands: '',
      options: ['yes', ...places],
      summary: 'Go back to the version before',
      details: ['The box restarts with it. Mail, accounts and settings stay as they are.'],
      examples: [],
      run: goBack,
    },
  ]
}

async function update(call: Call, context: Context, key: string): Promise<Lines> {
  const { household, width } = context
  const board = boardOf(household)
  const [what] = call.operands
  if (what === undefined) return versions(household, board, width)
  const { options } = call
  const version = await alone(board, () => fetchAndInstall(what, { call, context, board, key }))
  if (options.stay || !(await restartsNow(call, context))) {
    return [`Version ${version} is installed. It begins with the next start: porchlight reboot`]
  }
  await board.reboot()
  return [`Version ${version} is installed, and the box restarts with it. It is back in about a minute.`]
}

type Work = { readonly call: Call; readonly context: Context; readonly board: Appliance; readonly key: string }

async function fetchAndInstall(what: string, work: Work): Promise<string> {
  const { board, context } = work
  const { household, house, print, signal } = context
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(what)) return installFile(await fileOf(what, board, household), work)
  if (!house) return refuse('Porchlight is not running.')
  const url = readAddress(what)
  await print(`Fetching ${shownAddress(url)}`)
  const said = new Progress(context)
  const download = {
    data: house.data,
    clock: systemClock,
    signal: context.dialogue?.signal ?? signal,
    reserve: budget.reserve,
    progress: (done: number, part: number | undefined) => said.fetched(done, part),
  }
  return downloaded(what, download, path => installFile(path, work))
}

async function installFile(path: string, { call, context, board, key }: Work): Promise<string> {
  const { household, dialogue, signal } = context
  const said = new Progress(context)
  return install(path, {
    slots: board,
    key: await makersKey(key),
    schema: schemaOf(household),
    confirm: question => agreed(question, call, context),
    progress: (stage, part) => said.at(stage, part),
    signal: dialogue?.signal ?? signal,
  })
}

/** A whole path, or the name of a file on USB storage. */
async function fileOf(what: string, { arch }: Appliance, household: Household): Promise<string> {
  if (isAbsolute(what)) return what
  if (basename(what) !== what)
    refuse('Say the whole path of the file, which begins with /, or a name on the USB stick.')
  const { storage } = household.config.console
  const found = (await foundUpdates(storage, arch)).find(({ name }) => name === what)
  return found?.path ?? join(storage, what)
}

/** Of the mail that is here; a store that cannot be opened does not say, and may need another version for just that. */
function schemaOf(household: Household): number | undefined {
  return household.closed ? undefined : household.patient.store.schema
}

async function versions(household: Household, board: Appliance, width: number): Promise<Lines> {
  const { version, arch, slot, trial, fallback, other } = board
  const before = other && (await inSlot(other.device))
  const found = await foundUpdates(household.config.console.storage, arch)
  const rows = [
    ['runs', `version ${version} (${arch}, slot ${slot})`],
    ['beside it', before ? `version ${before.version}` : 'nothing that could be started'],
    ...(trial ? [['on trial', `${counted(trial.left, 'more start')} to show that it works`]] : []),
    ...(fallback === undefined ? [] : [['last update', harmless(fallback)]]),
    ...found.map(({ name }) => ['on the USB stick', name]),
  ]
  const [newest] = found
  const newer = newest && compareVersions(newest.version, version) > 0 ? newest.name : undefined
  return [
    ...columns(rows, width),
    '',
    newer === undefined
      ? 'To install an update, put it on a USB stick or find its address, and type: porchlight update FILE or URL'
      : `To install the update on the stick: porchlight update ${newer}`,
    ...(before ? [`To start version ${before.version}: porchlight update back`] : []),
  ]
}

async function goBack(call: Call, context: Context): Promise<Lines> {
  const { household } = context
  const board = boardOf(household)
  return alone(board, async () => {
    const before = board.other && (await inSlot(board.other.device))
    if (!before) return refuse('There is no other version on this card that could be started.')
    const { version, schema } = before
    const needed = schemaOf(household)
    if (needed !== undefined && !schema.reads.includes(needed)) {
      refuse(`Version ${version} could not read your mail: it is kept in a newer form. Nothing was done.`)
    }
    await agreed(`The box restarts with version ${version}, in place of ${board.version}. Do it?`, call, context)
    // What a trial began from has shown that it works. Anything else may be what failed last time, and gets a trial itself.
    if (board.trial) await board.back()
    else await board.choose(board.slot === 'a' ? 'b' : 'a', version)
    await board.reboot()
    return [`The box restarts with version ${version}. It is back in about a minute.`]
  })
}

/** @throws Failure REFUSED unless somebody says yes, now or by --yes */
async function agreed(question: string, { options, command }: Call, { dialogue }: Context): Promise<void> {
  if (options.yes) return
  if (!dialogue)
    return refuse(`${question} To do it: porchlight ${command.name} ${command.name === 'update' ? 'FILE ' : ''}--yes`)
  if (!(await saysYes(question, dialogue))) refuse('Nothing was done.')
}

/** Without anybody to ask only what was asked for is done. */
async function restartsNow({ options }: Call, { dialogue }: Context): Promise<boolean> {
  if (options.yes) return true
  if (!dialogue) return false
  return saysYes('The update is installed. Restart the box with it now?', dialogue)
}

async function saysYes(question: string, dialogue: NonNullable<Context['dialogue']>): Promise<boolean> {
  const answer = await dialogue.ask(`${question} (yes/no) `, { complete: () => ['yes', 'no'], remembered: false })
  return /^y(?:es)?$/i.test(answer.trim())
}

const stages = {
  checking: 'Checking it',
  writing: 'Writing it',
  comparing: 'Reading it back',
} as const satisfies Record<Stage, string>

/** Tenths of a stage, and of a download of unknown length the octets after which it says how far it is. */
const steps = 10

/** Says how far it is: a line for each tenth of a stage. */
class Progress {
  readonly #context: Pick<Context, 'print' | 'dialogue'>
  #last = ''

  constructor(context: Pick<Context, 'print' | 'dialogue'>) {
    this.#context = context
  }

  at(stage: Stage, part: number): Promise<void> {
    return this.#say(`${stages[stage]}: ${Math.floor(part * steps) * (100 / steps)} %`)
  }

  fetched(done: number, part: number | undefined): Promise<void> {
    if (part !== undefined) return this.#say(`Fetching it: ${Math.floor(part * steps) * (100 / steps)} %`)
    const step = budget.saveProgress
    return this.#say(`Fetching it: ${roundSize(Math.floor(done / step) * step)}`)
  }

  async #say(line: string): Promise<void> {
    if (line === this.#last) return
    this.#last = line
    const { dialogue, print } = this.#context
    dialogue?.working?.()
    await print(line)
  }
}
