/** How far the first set-up has come: a row of the settings of the store, so that a power cut loses no step. */
import * as v from 'valibot'
import type { Settings } from '../store/settings.ts'

const name = 'setup'
const state = v.object({ step: v.string(), done: v.boolean() })

/** @returns whether the household has been led through the set-up, or needs not be */
export function isSetUp(settings: Pick<Settings, 'get'>): boolean {
  return stateOf(settings).done
}

export async function markSetUp(settings: Settings): Promise<void> {
  await settings.set(name, JSON.stringify({ step: '', done: true }))
}

/** The step at which it goes on; empty at its beginning. */
export function stepOf(settings: Pick<Settings, 'get'>): string {
  return stateOf(settings).step
}

/** Notes the step that comes next. Who has been through it once is set up, however often it is run again. */
export async function markStep(settings: Settings, step: string): Promise<void> {
  await settings.set(name, JSON.stringify({ step, done: stateOf(settings).done }))
}

function stateOf(settings: Pick<Settings, 'get'>): v.InferOutput<typeof state> {
  const read = v.safeParse(v.pipe(v.string(), v.parseJson(), state), settings.get(name) ?? '')
  return read.success ? read.output : { step: '', done: false }
}
