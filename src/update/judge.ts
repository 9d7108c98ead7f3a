/** Whether an update may be installed, may not, or only if the person wants it all the same. */
import type { OtherSlot, Slots } from '../board/slots.ts'
import type { Manifest } from './manifest.ts'
import { refuse } from './refusal.ts'
import { compareVersions } from './version.ts'

/** @returns the slot that does not run @throws Failure REFUSED why nothing can be installed at all now */
export function slotToWrite({ other, trial, version }: Pick<Slots, 'other' | 'trial' | 'version'>): OtherSlot {
  if (trial) {
    refuse(
      `Version ${version} is still on trial. Wait until it has shown that it works, which takes some minutes, and try again.`,
    )
  }
  return other ?? refuse('This card has no second place for a system, so nothing can be installed beside what runs.')
}

/**
 * @param schema of the mail that is here; undefined where it cannot be opened, for instance since a newer version wrote it
 * @returns what to ask the person before it is installed; undefined when there is nothing to ask
 * @throws Failure REFUSED why it cannot be installed
 */
export function judge(
  { version, arch, schema: { reads }, parts: [{ size }] }: Manifest,
  slots: Pick<Slots, 'arch' | 'version' | 'other' | 'trial'>,
  schema: number | undefined,
): string | undefined {
  const { octets } = slotToWrite(slots)
  if (arch !== slots.arch) {
    refuse(
      `This update is for another kind of board (${arch}); this one needs porchlight-${version}-${slots.arch}.update.`,
    )
  }
  if (schema !== undefined && !reads.includes(schema)) {
    refuse(`Version ${version} could not read your mail: it is kept in a newer form. It is not installed.`)
  }
  if (size > octets) refuse('The update is larger than the slot on this card. It is not installed.')
  const order = compareVersions(version, slots.version)
  if (order === 0) return `Version ${version} is what runs already. Install it once more?`
  return order < 0 ? `Version ${version} is older than ${slots.version}, which runs. Install it?` : undefined
}
