/** What else may happen before a killed server starts again: an index that is out of date or lost, a start killed too. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { cp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { configPath, program } from '../support/process.ts'
import type { Random } from './random.ts'

/** A process that says nothing for so long has hung. */
const patienceMs = 60_000

/**
 * A kill loses nothing that was written; a power cut takes from the index what is not synced. It is put back to how the
 * kill before left it, or taken away: the log alone must then bring it up to date.
 * @param data of a server that has been killed
 * @param killed called at the moment when a start is killed
 * @returns what was done
 */
export async function setBack(data: string, random: Random, killed: () => void = () => {}): Promise<string> {
  const index = join(data, 'index')
  const before = `${data}-index-before`
  const setback = random.pick(['as it was', 'as it was', 'index older', 'index lost', 'start killed'])
  if (setback === 'index older') await replace(index, before)
  if (setback === 'index lost') await rm(index, { recursive: true })
  if (setback === 'start killed') await killWhileOpening(data, random, {}, killed)
  await replace(before, index)
  return setback
}

/** Before the first kill there was no index, so that an older one may be none. */
async function replace(target: string, source: string): Promise<void> {
  await rm(target, { recursive: true, force: true })
  if (existsSync(source)) await cp(source, target, { recursive: true })
}

/**
 * Kills a server soon after its first sign of life, which comes just before it opens its store.
 * @param environment variables beside those of this process
 */
export async function killWhileOpening(
  data: string,
  random: Random,
  environment: NodeJS.ProcessEnv = {},
  killed: () => void = () => {},
): Promise<void> {
  const [file = '', ...words] = [...program, 'serve', '--data', data, '--config', configPath(data)]
  const env = { ...process.env, ...environment }
  const child = spawn(file, words, { stdio: 'pipe', env, timeout: patienceMs, killSignal: 'SIGKILL' })
  const afterMs = random.pick([0, random.below(50), random.below(200)])
  const kill = () => {
    child.kill('SIGKILL')
    killed()
  }
  child.stderr.once('data', () => setTimeout(kill, afterMs))
  await once(child, 'exit')
}
