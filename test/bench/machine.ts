/** The machine that figures were measured on: without its name they say nothing. */
import { readFileSync } from 'node:fs'
import { availableParallelism, cpus, release } from 'node:os'

export type Machine = {
  readonly cpu: string
  readonly cores: number
  readonly kernel: string
  readonly node: string
  /** What lies under the data that was written, for instance `ext4 on /dev/vda`. */
  readonly fileSystem: string
}

/** @param directory where the work was done */
export function machine(directory: string): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    kernel: release(),
    node: process.version,
    fileSystem: fileSystem(directory),
  }
}

export function machineLine({ cpu, cores, kernel, node, fileSystem }: Machine): string {
  return `${cpu}, ${cores} cores, Linux ${kernel}, Node ${node}, ${fileSystem}`
}

function fileSystem(directory: string): string {
  const mounts = readFileSync('/proc/mounts', 'utf8').trim().split('\n')
  const above = mounts
    .map(line => line.split(' '))
    .filter(([, folder = '']) => `${directory}/`.startsWith(folder === '/' ? '/' : `${folder}/`))
  const [device, , type] = above.toSorted(([, a = ''], [, b = '']) => a.length - b.length).at(-1) ?? []
  return `${type} on ${device}`
}
