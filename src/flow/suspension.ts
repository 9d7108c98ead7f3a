/** The word that stops all delivery until it is taken back. It is kept with the mail, so that it outlives a restart. */
import type { Settings } from '../store/settings.ts'

const setting = 'delivery:suspended'
const value = 'yes'

export function isSuspended(settings: Settings): boolean {
  return settings.get(setting) !== undefined
}

/** @throws Failure of the store */
export function suspend(settings: Settings, suspended: boolean): Promise<void> {
  return settings.set(setting, suspended ? value : '')
}
