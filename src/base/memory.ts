/** How much memory this process takes, as the kernel counts it: /proc/self/status, proc(5). */
import { readFile } from 'node:fs/promises'

export type Memory = {
  /** Octets that are in memory: its own, and pages of files that the kernel can take back at any time. */
  readonly resident: number
  /** Octets of it that are no pages of files. */
  readonly anonymous: number
}

/** @returns undefined where the kernel does not say */
export async function memoryInUse(path = '/proc/self/status'): Promise<Memory | undefined> {
  try {
    return readMemory(await readFile(path, 'latin1'))
  } catch {
    return undefined
  }
}

/** Reads the text of /proc/PID/status. */
export function readMemory(text: string): Memory | undefined {
  const [resident, anonymous] = [octets(text, 'VmRSS'), octets(text, 'RssAnon')]
  return resident === undefined || anonymous === undefined ? undefined : { resident, anonymous }
}

function octets(text: string, name: string): number | undefined {
  const [, kilobytes] = new RegExp(`^${name}:\\s*(\\d{1,12}) kB$`, 'm').exec(text) ?? []
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1024
}
