/** What `status` says of the board that the server runs on, and of the storage that its data is on. */
import { roundSize } from '../base/units.ts'
import { harmless } from '../base/words.ts'
import type { Appliance } from '../board/appliance.ts'
import { wornWords } from '../doctor/wear.ts'
import type { Household, Status } from './command.ts'
import { counted } from './shown.ts'

type Row = readonly [label: string, value: string]

export async function applianceStatus({ board, written }: Pick<Household, 'board' | 'written'>): Promise<Status> {
  const octets = await written?.look()
  const worn = board && (await wornWords('/'))
  return [
    ...(board ? boardRows(board) : []),
    ...(octets === undefined ? [] : [['written today', writtenWords(octets, board !== undefined)] as const]),
    ...(worn === undefined ? [] : [['wear', worn] as const]),
  ]
}

function boardRows({ version, slot, trial, fallback, facts, clockSet }: Appliance): readonly Row[] {
  const rows: Row[] = [['system', `version ${version} in slot ${slot}${trial ? `, ${trialWords(trial.left)}` : ''}`]]
  if (fallback !== undefined) rows.push(['went back', harmless(fallback)])
  if (facts.repaired !== undefined) rows.push(['repaired', `the data at this start: ${harmless(facts.repaired)}`])
  if (!clockSet) rows.push(['clock', 'not set yet: no time server has answered since the start'])
  return rows
}

function trialWords(left: number): string {
  return `on trial; ${left === 0 ? 'this is its last start' : `${counted(left, 'start')} left`}`
}

function writtenWords(octets: number, onBoard: boolean): string {
  return `${roundSize(octets)} to the ${onBoard ? 'card' : 'disk'}`
}
