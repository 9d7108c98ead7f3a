/** One examination: the checks, a few at a time, each within its time. A check that fails has an answer, too: it cannot tell. */
import { budget } from '../base/budget.ts'
import { Failure } from '../base/failure.ts'
import { Gate } from '../base/gate.ts'
import { didYouMean } from '../base/words.ts'
import { checks } from './checks.ts'
import type { Finding, Symptom } from './finding.ts'
import { type Check, cannotTell, type Patient, type Visit } from './patient.ts'
import { span } from './span.ts'
import { Whereabouts } from './whereabouts.ts'

type Watch = {
  /** Stops it. */
  readonly signal: AbortSignal
  /** Is told of each check as it ends, in whatever order. */
  readonly found: (check: Check, findings: readonly Finding[]) => void | Promise<void>
}

/** @throws Failure USAGE when one of the names is none of a check */
export function chosenChecks(names: readonly string[]): readonly Check[] {
  const known = checks.map(({ name }) => name)
  for (const name of names) {
    if (known.includes(name)) continue
    throw new Failure(
      'USAGE',
      `There is no check ${name}${didYouMean(name, known)} The checks are: ${known.join(', ')}.`,
    )
  }
  return names.length === 0 ? checks : checks.filter(({ name }) => names.includes(name))
}

/**
 * @param chosen all by itself
 * @returns what was found, in the order of the table
 * @throws Failure GIVEN_UP when the signal stops it
 */
export async function examine(
  patient: Patient,
  { signal, found }: Watch,
  chosen: readonly Check[] = checks,
): Promise<readonly Finding[]> {
  const visit = visitOf(patient, signal)
  const gate = new Gate(budget.doctorChecks, chosen.length)
  const findings = await Promise.all(
    chosen.map(async check => {
      const symptoms = (await gate.run(async () => (signal.aborted ? [] : inTime(check, visit, signal)))) ?? []
      const named = symptoms.map(symptom => ({ ...symptom, check: check.name }))
      if (!signal.aborted) await found(check, named)
      return named
    }),
  )
  if (signal.aborted) throw new Failure('GIVEN_UP', 'The examination was stopped.')
  return findings.flat()
}

function visitOf(patient: Patient, signal: AbortSignal): Visit {
  const { config, surroundings } = patient
  const needs = { names: surroundings.resolver, hostname: config.hostname, port: config.delivery.port, signal }
  return { ...patient, names: surroundings.resolver, whereabouts: new Whereabouts(needs) }
}

async function inTime(check: Check, visit: Visit, signal: AbortSignal): Promise<readonly Symptom[]> {
  const over = new AbortController()
  const either = AbortSignal.any([signal, over.signal])
  const late = visit.clock.sleep(budget.doctorCheckMs, either).then(() => tooLong(check))
  try {
    return await Promise.race([check.look(visit, either), late])
  } catch (error) {
    return [{ ...cannotTell(undefined, error), says: untold(check) }]
  } finally {
    over.abort()
  }
}

function tooLong(check: Check): readonly Symptom[] {
  const knownBy = `The check took longer than ${span(budget.doctorCheckMs)} and was given up.`
  return [{ state: 'unknown', says: untold(check), knownBy }]
}

function untold({ meaning }: Check): string {
  return `It cannot be told now ${meaning}.`
}
