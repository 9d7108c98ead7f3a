/** How worn the storage is, where it tells: eMMC does (JEDEC JESD84-B51 §7.4.103 to §7.4.105), cards and most disks do not. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Symptom } from './finding.ts'
import type { Check, Visit } from './patient.ts'

const knownBy = 'The storage counts its own wear, and the kernel shows that under /sys/block.'
const fix = 'Make a backup now, and plan to replace the storage.'

/** `pre_eol_info`: how much of the spare blocks is used up. */
const spare: Readonly<Record<number, string>> = {
  2: 'More than 80% of the spare blocks are used.',
  3: 'Nearly all spare blocks are used.',
}
/** From this share of the life on somebody should know, and from that on act. */
const [noticed, urgent] = [80, 100]

export const wear: Check = {
  name: 'wear',
  meaning: 'how worn the storage is',
  look,
}

async function look({ root }: Visit): Promise<readonly Symptom[]> {
  const told = await symptoms(root)
  return told.length > 0 ? told : [silent]
}

/** Of those devices that tell. */
async function symptoms(root: string): Promise<readonly Symptom[]> {
  const folder = join(root, 'sys/block')
  const devices = (await readdir(folder).catch(() => [])).filter(name => /^mmcblk\d+$/.test(name))
  const found = await Promise.all(devices.map(device => lookAt(device, join(folder, device, 'device'))))
  return found.filter(symptom => symptom !== undefined)
}

/** The same in a few words, where the storage tells; undefined where it does not. */
export async function wornWords(root: string): Promise<string | undefined> {
  const told = (await symptoms(root)).map(({ says }) => says)
  return told.length === 0 ? undefined : told.join(' ')
}

const silent: Symptom = {
  state: 'unknown',
  says: 'The storage does not say how worn it is. Cards wear out after some years: keep a backup.',
  knownBy: 'No storage under /sys/block tells of its wear; only eMMC does without further programs.',
}

/** @returns undefined where the device says nothing */
async function lookAt(device: string, folder: string): Promise<Symptom | undefined> {
  const [life, left] = await Promise.all([readText(join(folder, 'life_time')), readText(join(folder, 'pre_eol_info'))])
  const used = lifeUsed(life)
  const words = spare[Number(left)]
  if (used === undefined && words === undefined) return undefined
  const lived = used === undefined ? '' : ` It has lived about ${Math.min(used, 100)}% of its life.`
  const about = { about: device, knownBy }
  const says = `${words ?? ''}${lived}`.trim()
  if (words !== undefined || (used ?? 0) >= noticed) {
    return {
      ...about,
      state: Number(left) === 3 || (used ?? 0) >= urgent ? 'trouble' : 'warning',
      says: `The storage ${device} is worn. ${says}`,
      fix,
    }
  }
  return { ...about, state: 'well', says: `The storage ${device} is in order. ${says}` }
}

/** `0x02 0x01`: two kinds of cells, each in steps of 10%; 0 says nothing, 11 is beyond the end. @returns percent at most */
function lifeUsed(text: string): number | undefined {
  const steps = text.split(/\s+/).map(Number)
  const most = Math.max(...steps.filter(step => Number.isInteger(step) && step >= 1 && step <= 11))
  return Number.isFinite(most) ? most * 10 : undefined
}

async function readText(path: string): Promise<string> {
  return (await readFile(path, 'utf8').catch(() => '')).trim()
}
