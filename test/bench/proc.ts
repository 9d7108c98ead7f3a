/** What the kernel knows of processes: their memory and what they have written. */
import { readdirSync, readFileSync } from 'node:fs'

/**
 * Octets that a process and its children that have ended caused to be written to a disk (proc(5)): pages dirtied, less
 * those that were deleted before they reached it. What the file system writes for itself, such as its journal, is not in it.
 */
export function octetsWritten(pid: number | 'self'): number {
  const io = read(pid, 'io')
  return field(io, /^write_bytes: (\d+)$/m) - field(io, /^cancelled_write_bytes: (\d+)$/m)
}

/**
 * Memory of a process in octets. `pss` is its proportional set size: what it has alone, and its share of what it has in
 * common with others. `anonymous` is the part of it that no file stands behind, which the kernel cannot just let go.
 */
export function memory(pid: number): { readonly pss: number; readonly anonymous: number } {
  const rollup = read(pid, 'smaps_rollup')
  const octets = (pattern: RegExp) => field(rollup, pattern) * 1024
  return { pss: octets(/^Pss: +(\d+) kB$/m), anonymous: octets(/^Pss_Anon: +(\d+) kB$/m) }
}

/** Milliseconds of processor time of a process and its children that have ended. */
export function cpuMs(pid: number): number {
  // After the name in brackets: state, and from the 12th on utime, stime, cutime, cstime in ticks of 10 ms.
  const fields = read(pid, 'stat').split(') ').at(-1)?.split(' ') ?? []
  return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks) * 10, 0)
}

/** @returns these processes and all that descend from them */
export function family(roots: readonly number[]): number[] {
  const parents = new Map<number, number>()
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    parents.set(Number(name), field(read(Number(name), 'status'), /^PPid:\s+(\d+)$/m))
  }
  const found = new Set(roots)
  for (let size = 0; size < found.size; ) {
    size = found.size
    for (const [pid, parent] of parents) if (found.has(parent)) found.add(pid)
  }
  return [...found]
}

/** Empty when the process has ended meanwhile. */
function read(pid: number | 'self', file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch {
    return ''
  }
}

function field(text: string, pattern: RegExp): number {
  return Number(pattern.exec(text)?.[1] ?? 0)
}
