/** The command time: what time it is here, and whether that is right, as far as it can be told. */

import { systemClock } from '../base/clock.ts'
import { Failure, sentence } from '../base/failure.ts'
import { columns, harmless } from '../base/words.ts'
import { addressesOf } from '../dns/addresses.ts'
import { askTime, type TimeAnswer } from '../net/sntp.ts'
import { type Call, type Command, type Context, type Household, type Lines, places } from './command.ts'
import { moment, zoneWords } from './shown.ts'

/** Milliseconds within which two clocks agree for all that mail needs. */
const agreesMs = 2000
/** Milliseconds that the newest message may be ahead: the clock was set back a little. */
const aheadMs = 60_000

export const timekeeping: readonly Command[] = [
  {
    name: 'time',
    operands: '',
    options: [...places],
    group: 'Server',
    summary: 'Show the time, and whether it is right',
    details: [
      'It is compared with the time server of maintenance.time_server, and with the newest message, which cannot have come later than now. The clock is set by the system, not by Porchlight.',
    ],
    examples: [],
    runs: 'inside',
    password: false,
    aside: true,
    run: tellTime,
  },
]

const unset = ['clock', 'not set yet: no time server has answered since the start, so this is a guess']

async function tellTime(_call: Call, context: Context): Promise<Lines> {
  const { household } = context
  const now = household.now()
  const { time_zone: zone } = household.config.console
  const rows = [
    ['now', `${moment(now)}`],
    ...(household.board?.clockSet === false ? [unset] : []),
    ['time zone', `${zone === '' ? 'that of this machine' : zone}, ${zoneWords(now)}`],
    ['time server', await serverWords(context)],
    ['newest message', newestWords(await newestMessage(household), household.now())],
  ]
  return columns(rows, context.width)
}

async function serverWords({ household, signal, print }: Context): Promise<string> {
  const { time_server: server } = household.config.maintenance
  if (server === '') return 'none is set. To set one: porchlight config set maintenance.time_server pool.ntp.org'
  await print(`Asking ${server}...`)
  const { resolver } = household.surroundings
  const addresses = async (name: string) => (await addressesOf(resolver, name)).addresses.map(({ address }) => address)
  try {
    return agreement(server, await askTime(server, { addresses, clock: systemClock, signal }))
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    return `cannot tell: ${harmless(sentence(error))}`
  }
}

/** How a clock stands to a time server's, with how it is known. */
export function agreement(server: string, { offset, roundTrip, address }: TimeAnswer): string {
  const known = `asked at ${address}, right to ${Math.max(1, Math.round(roundTrip / 2))} ms`
  const off = Math.abs(offset)
  if (off < agreesMs) return `agrees with ${server} to ${Math.max(1, Math.round(off))} ms (${known})`
  const side = offset < 0 ? 'ahead of' : 'behind'
  return `this clock is ${spanWords(off)} ${side} ${server} (${known})`
}

/** `3 seconds`, `5 minutes`, `2 days`. */
function spanWords(ms: number): string {
  const units = [
    ['day', 86_400_000],
    ['hour', 3_600_000],
    ['minute', 60_000],
    ['second', 1000],
  ] as const
  const [unit, size] = units.find(([, size]) => ms >= size) ?? ['second', 1000]
  const count = Math.round(ms / size)
  return `${count} ${unit}${count === 1 ? '' : 's'}`
}

/** When the newest message was taken: ms since the epoch; undefined where none is known. */
export async function newestMessage({ outbound }: Pick<Household, 'outbound'>): Promise<number | undefined> {
  for await (const trace of outbound.tracesSince(0)) if (trace.kind === 'accepted') return trace.date
  return undefined
}

export function newestWords(newest: number | undefined, now: number): string {
  if (newest === undefined) return 'none has come in the last weeks'
  const came = `came ${moment(newest)}`
  return newest - now > aheadMs
    ? `${came}, which is still to come: this clock is behind`
    : `${came}; this clock is not before it`
}
