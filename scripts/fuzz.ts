/**
 * Fuzzes grammars and decoders side by side: `npm run fuzz -- [NAME…] [--seconds N] [--seed S]`, each target for so many
 * seconds (20). A finding is printed, and its input kept in test/fuzz/corpus/, where `npm test` replays it from then on.
 */
import { createHash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { inspect, parseArgs } from 'node:util'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { fuzz } from '../test/fuzz/engine.ts'
import { targets } from '../test/fuzz/targets.ts'

type Task = { readonly name: string; readonly seconds: number; readonly seed: number }
type Report = { readonly inputs: number; readonly signs: number; readonly failed: boolean }

const corpus = join(import.meta.dirname, '../test/fuzz/corpus')
/** Heap of one target: what needs more is not bounded. */
const heapMb = 256
/** Beyond its time and this a target hangs on one input. */
const graceMs = 60_000

/** In a worker: fuzzes one target. */
async function run({ name, seconds, seed }: Task): Promise<Report> {
  const target = targets[name]
  if (!target) throw new Error(`There is no target ${name}.`)
  const end = performance.now() + seconds * 1000
  const { inputs, signs, finding } = await fuzz(target, seed, () => performance.now() > end)
  if (finding) {
    const file = join(corpus, name, createHash('sha256').update(finding.input).digest('hex').slice(0, 12))
    mkdirSync(join(corpus, name), { recursive: true })
    writeFileSync(file, finding.input)
    const input = inspect(finding.input.toString('latin1'), { maxStringLength: 2000 })
    console.error(
      `\n${name}: input ${inputs} of seed ${seed}, made smaller and kept under a name that should say more:\n${file}\n${input}`,
    )
    console.error(finding.error)
  }
  return { inputs, signs, failed: finding !== undefined }
}

/** In the main thread: hands a target to a worker. @returns whether the invariant held */
function supervise(task: Task): Promise<boolean> {
  return new Promise(resolve => {
    const worker = new Worker(import.meta.filename, {
      workerData: task,
      resourceLimits: { maxOldGenerationSizeMb: heapMb },
    })
    const tell = (passed: boolean, words: string) => {
      clearTimeout(deadline)
      console.log(`${passed ? 'held  ' : 'BROKEN'}  ${task.name.padEnd(16)} ${words}`)
      resolve(passed)
    }
    const deadline = setTimeout(
      () => {
        void worker.terminate()
        tell(false, `hangs on one input; run it again with --seed ${task.seed}`)
      },
      task.seconds * 1000 + graceMs,
    )
    worker.once('message', ({ inputs, signs, failed }: Report) =>
      tell(!failed, `${inputs.toLocaleString('en')} inputs, ${signs.toLocaleString('en')} signs`),
    )
    worker.once('error', error => tell(false, `${error}; seed ${task.seed}`))
  })
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    options: { seconds: { type: 'string', default: '20' }, seed: { type: 'string' } },
    allowPositionals: true,
  })
  const seconds = Number(values.seconds)
  const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 32))
  const unknown = positionals.filter(name => !Object.hasOwn(targets, name))
  if (unknown.length > 0 || !(seconds > 0) || !Number.isInteger(seed)) {
    console.error('npm run fuzz -- [NAME…] [--seconds N] [--seed S], with a number above 0 and a whole number.')
    console.error(`The names are: ${Object.keys(targets).join(', ')}`)
    process.exitCode = 2
    return
  }
  console.log(`Seed ${seed}, ${seconds} s for each target.`)
  const waiting = positionals.length > 0 ? positionals : Object.keys(targets)
  const lane = async () => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
      if (!(await supervise({ name, seconds, seed }))) process.exitCode = 1
    }
  }
  await Promise.all(Array.from({ length: availableParallelism() }, lane))
}

if (isMainThread) await main()
else parentPort?.postMessage(await run(workerData))
