/** What lies in the slot that does not run, as its own list of contents says: nobody's memory of it is asked. */
import * as v from 'valibot'
import { budget } from '../base/budget.ts'
import { readFatFile } from './fat.ts'
import { type Schemas, schemas, versionText } from './manifest.ts'

const slotManifest = v.object({ name: v.literal('porchlight'), version: versionText, schema: schemas })

export type InSlot = { readonly version: string; readonly schema: Schemas }

/** @param device of the slot @returns undefined when nothing that can be started lies in it */
export async function inSlot(device: string): Promise<InSlot | undefined> {
  const text = await readFatFile(device, 'manifest.json', budget.updateManifest)
  if (!text) return undefined
  const found = v.safeParse(slotManifest, readJson(text))
  return found.success ? found.output : undefined
}

function readJson(text: Buffer): unknown {
  try {
    return JSON.parse(text.toString('utf8'))
  } catch {
    return undefined
  }
}
