/**
 * How long the server's event loop leaves a peer waiting: on an SMTP connection that does nothing else, the time of a NOOP's
 * answer, every 20 ms. Measured from outside, so that the server carries no timer for it, and in a thread of its own, so that
 * the soak's other work does not count.
 *
 * A NOOP asks neither disk nor thread pool. What its answer takes is the event loop's delay, and the time for which the
 * kernel kept threads from the processor although they could have gone on: this one, the server's main thread, and V8's
 * workers, which the main thread waits for while garbage is collected. The kernel tells that time (schedstat), and it is
 * taken off: others on the same machine are no fault of the server's.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { Peer } from './peer.ts'
import type { Server } from './server.ts'

const everyMs = 20

/** Of the answers since the last look, all in milliseconds: `answerMaxMs` with what the kernel took, the others without. */
export type Delays = { readonly p99Ms: number; readonly maxMs: number; readonly answerMaxMs: number }

export class Probe implements AsyncDisposable {
  readonly #worker: Worker
  /** Rejects when the server no longer answers. */
  readonly failed: Promise<never>

  constructor({ smtp, pid }: Server) {
    this.#worker = new Worker(new URL(import.meta.url), { workerData: { smtp, pid } })
    this.failed = new Promise((_, reject) => this.#worker.on('error', reject))
    this.failed.catch(() => {})
  }

  /** @returns the delays since the last call */
  take(): Promise<Delays> {
    const answer = new Promise<Delays>(resolve => this.#worker.once('message', resolve))
    this.#worker.postMessage('take')
    return Promise.race([answer, this.failed])
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker.terminate()
  }
}

/** @returns the value that this share of the values does not exceed; 0 of none */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0
}

/** The threads whose waits delay an answer. All of V8's workers run at the same time: the longest wait of theirs counts. */
class Threads {
  readonly #inTurn: readonly string[]
  readonly #atOnce: readonly string[]

  constructor(pid: number) {
    const tasks = readdirSync(`/proc/${pid}/task`).map(task => `/proc/${pid}/task/${task}`)
    this.#inTurn = ['/proc/thread-self', `/proc/${pid}/task/${pid}`]
    this.#atOnce = tasks.filter(task => readFileSync(`${task}/comm`, 'latin1').startsWith('V8Worker'))
  }

  /** Begins to measure. @returns what tells the milliseconds waited since then */
  begin(): () => number {
    const [inTurn, atOnce] = [this.#inTurn.map(waitedMs), this.#atOnce.map(waitedMs)]
    return () => {
      const since = (threads: readonly string[], before: readonly number[]) =>
        threads.map((thread, i) => waitedMs(thread) - (before[i] ?? 0))
      return since(this.#inTurn, inTurn).reduce((sum, ms) => sum + ms, 0) + Math.max(0, ...since(this.#atOnce, atOnce))
    }
  }
}

/** Milliseconds for which a thread was ready to run and did not: the second field (proc(5)), in nanoseconds. */
function waitedMs(thread: string): number {
  return Number(readFileSync(`${thread}/schedstat`, 'latin1').split(' ')[1]) / 1e6
}

async function probe(smtp: number, pid: number): Promise<void> {
  let delays: number[] = []
  let answerMaxMs = 0
  parentPort?.on('message', () => {
    const taken: Delays = { p99Ms: quantile(delays, 0.99), maxMs: quantile(delays, 1), answerMaxMs }
    delays = []
    answerMaxMs = 0
    parentPort?.postMessage(taken)
  })
  using peer = await Peer.open(smtp)
  await peer.expect('220')
  const threads = new Threads(pid)
  for (;;) {
    const waited = threads.begin()
    const begun = performance.now()
    await peer.ask('NOOP', '250')
    const answer = performance.now() - begun
    delays.push(Math.max(0, answer - waited()))
    answerMaxMs = Math.max(answerMaxMs, answer)
    await sleep(everyMs)
  }
}

if (!isMainThread) await probe(workerData.smtp, workerData.pid)
