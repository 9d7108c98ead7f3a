/** Whether the clock is right: a board without a battery starts at some day in the past. */
import { Failure, sentence } from '../base/failure.ts'
import { addressesOf } from '../dns/addresses.ts'
import { askTime } from '../net/sntp.ts'
import { advice, type Symptom } from './finding.ts'
import type { Check, Patient, Visit } from './patient.ts'
import { span } from './span.ts'

/** When this was written: no clock that is right shows an earlier time. */
const writtenMs = Date.UTC(2026, 10, 22)
/** Off by so much, mail is dated wrongly for everybody to see; by so much more, certificates and DNS answers begin to fail. */
const noticedMs = 60_000
const harmfulMs = 10 * 60_000

const fix = advice('Let the system set its clock by the network, and see here what it shows:', 'porchlight time')

const unset: Symptom = {
  state: 'warning',
  says: 'The clock is not set yet: no time server has answered since the start. Jobs at fixed times wait for that.',
  knownBy: 'The board has no clock that goes on without power, and asks the network for the time at each start.',
  fix: advice(
    'See whether the network is there, and whether a time server answers:',
    'porchlight net',
    'porchlight time',
  ),
}

export const time: Check = {
  name: 'clock',
  meaning: 'whether the clock is right',
  look: async (visit, signal) => [await look(visit, signal)],
}

async function look(visit: Visit, signal: AbortSignal): Promise<Symptom> {
  const { clock, config } = visit
  if (clock.unset?.() === true) return unset
  const newest = await newestMessage(visit)
  const behind = Math.max(newest, writtenMs) - clock.now()
  if (behind > noticedMs) {
    const knownBy =
      newest > writtenMs
        ? 'The newest message is dated later than now.'
        : 'This release of Porchlight is younger than that.'
    return { state: 'trouble', says: `The clock is at least ${span(behind)} behind.`, knownBy, fix }
  }
  const server = config.maintenance.time_server
  if (server === '') {
    const knownBy = 'The setting maintenance.time_server is empty. The clock is not behind the newest message.'
    return { state: 'unknown', says: 'Whether the clock is right cannot be told: no time server is set.', knownBy }
  }
  return ask(server, visit, signal)
}

async function ask(server: string, visit: Visit, signal: AbortSignal): Promise<Symptom> {
  try {
    return judge(await offsetTo(server, visit, signal), `The time server ${server} was asked.`)
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    const knownBy = `${sentence(error)} The clock is not behind the newest message.`
    return { state: 'unknown', says: 'Whether the clock is right cannot be told now.', knownBy }
  }
}

/** @returns ms that the clock is behind a time server's @throws Failure NETWORK or DNS */
async function offsetTo(server: string, patient: Patient, signal: AbortSignal): Promise<number> {
  const { clock, surroundings, timePort } = patient
  const addresses = async (name: string) => {
    const found = await addressesOf(surroundings.resolver, name)
    return found.addresses.map(({ address }) => address)
  }
  const port = timePort === undefined ? {} : { port: timePort }
  return (await askTime(server, { addresses, clock, signal, ...port })).offset
}

/** @returns ms that the clock is behind that of the time server; undefined when none is set, or it gives no time */
export async function clockOffset(patient: Patient, signal: AbortSignal): Promise<number | undefined> {
  const server = patient.config.maintenance.time_server
  if (server === '') return undefined
  try {
    return await offsetTo(server, patient, signal)
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    return undefined
  }
}

/** @param offset ms that the clock is behind */
function judge(offset: number, knownBy: string): Symptom {
  const off = Math.abs(offset)
  if (off < noticedMs) return { state: 'well', says: 'The clock is right.', knownBy }
  const says = `The clock is ${span(off)} ${offset > 0 ? 'behind' : 'ahead'}.`
  return { state: off < harmfulMs ? 'warning' : 'trouble', says, knownBy, fix }
}

/** When the newest message came; 0 when there is none. Those of a time when the clock was ahead are believed, too. */
async function newestMessage({ store }: Visit): Promise<number> {
  for await (const { date } of store.outbound.tracesSince(0)) return date
  return 0
}
