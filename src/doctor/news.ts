/** Which troubles are new since the last examination: of each a person at a console should know once, and not every night. */
import { budget } from '../base/budget.ts'
import type { Settings } from '../store/settings.ts'
import { type Finding, nameOf } from './finding.ts'

const setting = 'doctor.troubles'

/**
 * Notes what is in trouble now.
 * @returns the troubles that the last examination had not found
 * @throws Failure of the store
 */
export async function newTroubles(
  findings: readonly Finding[],
  settings: Pick<Settings, 'get' | 'set'>,
): Promise<readonly Finding[]> {
  const known = settings.get(setting) ?? ''
  const troubles = findings.filter(({ state }) => state === 'trouble').slice(0, budget.doctorTold)
  const names = troubles.map(nameOf).join('\n')
  if (names !== known) await settings.set(setting, names)
  const before = known.split('\n')
  return troubles.filter(finding => !before.includes(nameOf(finding)))
}
