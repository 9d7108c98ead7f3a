/** The commands that look after the store: verify and repair. */
import { systemClock } from '../base/clock.ts'
import { Failure } from '../base/failure.ts'
import { roundSize } from '../base/units.ts'
import { repair } from '../store/repair.ts'
import type { Flaw } from '../store/verify.ts'
import { Aloud } from './aloud.ts'
import { type Call, type Context, type Lines, refuse } from './command.ts'
import { controlPath, findPlaces } from './places.ts'
import { counted, zonedMoment } from './shown.ts'
import type { World } from './world.ts'

/** Milliseconds between two lines that say how far it is. */
const paceMs = 1000

/** Reads every message. @throws Failure STORE_DAMAGED when some are not what was received */
export async function verifyStore(_call: Call, { household, print, signal, dialogue }: Context): Promise<Lines> {
  const due = pacemaker()
  const { messages, octets, flaws } = await household.verify({
    signal,
    progress: async (messages, octets) => {
      if (!due()) return
      dialogue?.working?.()
      await print(`${counted(messages, 'message')}, ${roundSize(octets)} …`)
    },
    flaw: flaw => print(described(flaw)),
  })
  if (flaws > 0) {
    throw new Failure(
      'STORE_DAMAGED',
      `${flaws} of ${counted(messages, 'message')} cannot be read as received. Put back a backup, or stop the server and run: porchlight repair`,
    )
  }
  return [`${counted(messages, 'message')}, ${roundSize(octets)}: all as received.`]
}

/** Repairs the store of a server that is stopped. */
export async function repairStore({ options }: Call, world: World): Promise<Lines> {
  const { data } = findPlaces(options, world.environment)
  const server = await world.dial(controlPath(data))
  server?.close()
  if (server) refuse('Porchlight is running. Stop it first: a repair needs the store for itself.')
  return repairHere(data, line => world.print(line))
}

/** Repairs the store of the running server, which is closed meanwhile. */
export async function repairServed(_call: Call, { house, dialogue, print }: Context): Promise<Lines> {
  if (!house || !dialogue) return refuse('Porchlight is not running.')
  await print(
    'Meanwhile no mail is taken or read. It can take minutes, and cannot be stopped here; a power cut does no harm.',
  )
  if ((await dialogue.ask('Type "repair" to begin: ')).trim() !== 'repair') refuse('Nothing was done.')
  let said: Lines = []
  const aloud = new Aloud(print)
  // Whoever has left the console does not stop it.
  await house.restart(async () => {
    said = await repairHere(house.data, line => aloud.say(line))
  })
  await aloud.end()
  // Whoever has seen enough of the damage should know how it ended.
  dialogue.beginCommand?.()
  return [...said, 'Porchlight is running again.']
}

async function repairHere(data: string, say: (line: string) => void): Promise<Lines> {
  const due = pacemaker()
  const { messages, octets, flaws, hurt } = await repair(data, systemClock.now(), {
    tell: say,
    lost: flaw => say(described(flaw)),
    progress: (doing, done) => {
      if (due()) say(`${done} ${doing} …`)
    },
  })
  return [
    ...(flaws > 0 ? [damagedRemain] : []),
    ...(hurt ? [unknownLosses] : []),
    `The store is in order: ${counted(messages, 'message')}, ${roundSize(octets)}.`,
  ]
}

const damagedRemain =
  'The damaged messages that are left stay in their mailboxes, where reading them is refused. They can be deleted with a mail program, or put back from a backup.'
const unknownLosses =
  'There may be more losses, which leave no trace: messages, deletions, changes to accounts and aliases. So deleted messages may be back. New messages get numbers far above the old ones, so that no number comes twice.'

/** Whether it is time for the next line, which is a second after the one before. */
function pacemaker(): () => boolean {
  let last = performance.now()
  return () => {
    const now = performance.now()
    if (now - last < paceMs) return false
    last = now
    return true
  }
}

function described({ id, accounts, date, why }: Flaw): string {
  const when = date === undefined ? 'at an unknown time' : `on ${zonedMoment(date)}`
  return `Damaged: message ${id}, for ${accounts.join(', ') || 'nobody'}, received ${when}: ${why}.`
}
