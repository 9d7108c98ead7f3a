/** Names the time since the kernel was started: another one after each start of the machine. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** @param root of the file systems of the kernel; another one in tests @returns undefined where the kernel does not tell */
export async function bootId(root = '/'): Promise<string | undefined> {
  const path = join(root, 'proc/sys/kernel/random/boot_id')
  const text = (await readFile(path, 'latin1').catch(() => '')).trim()
  return /^[\da-f-]{36}$/.test(text) ? text : undefined
}
