/**
 * What waits to be sent on, as the rest of the house sees it: read from the index, changed through the log. All of it throws
 * Failure of the store and nothing else.
 */
import { Failure } from '../base/failure.ts'
import type { AttemptRecord, Result } from './attempt.ts'
import type { Engine } from './engine.ts'
import { storeFailure } from './failure.ts'
import type { Index } from './index.ts'
import type { LogEntry } from './log.ts'
import type { Waiting } from './queue.ts'
import type { DispatchValue } from './row.ts'
import type { Trace } from './trace.ts'

/** What is needed of the store: both change when it has to be opened anew. */
type Source = { readonly engine: () => Engine; readonly writable: () => Engine }

/** A person's word about a dispatch. */
export type Decision =
  | { readonly kind: 'retry'; readonly now: number }
  | { readonly kind: 'hold' }
  | { readonly kind: 'release'; readonly now: number }

export class Outbound {
  readonly #source: Source
  /** Called when something may have come to be due sooner than was known. */
  onChange: () => void = () => {}

  constructor(source: Source) {
    this.#source = source
  }

  /** Dispatches that are not done. */
  get length(): number {
    return this.#source.engine().index.queue.length
  }

  /** As `Queue.takeDue`. */
  takeDue(now: number, take: (domain: string) => 'taken' | 'left' | 'struck'): Promise<number | undefined> {
    return this.#read(({ queue }) => queue.takeDue(now, take))
  }

  /** As `Queue.wake`. */
  async wake(domain: string, due: number): Promise<void> {
    // Nothing more is written after a write that failed; when the store is opened anew the schedule is made anew.
    if (this.#source.engine().failure) return
    await this.#read(({ queue }) => queue.wake(domain, due))
  }

  /** As `Queue.firstOf`. */
  firstOf(domain: string): Promise<number | undefined> {
    return this.#read(({ queue }) => queue.firstOf(domain))
  }

  /** As `Queue.waiting`. */
  waiting(domain: string, until: number, most: number): Promise<readonly Waiting[]> {
    return this.#read(({ queue }) => queue.waiting(domain, until, most))
  }

  /** As `Queue.find`. */
  find(seq: number, dispatch: number): Promise<DispatchValue | undefined> {
    return this.#read(({ queue }) => queue.find(seq, dispatch))
  }

  /** The dispatches of a message that are not done. */
  of(seq: number): Promise<readonly Waiting[]> {
    return this.#read(({ queue }) => queue.of(seq))
  }

  /** Walks all that are not done, oldest first, a list at a time. */
  all(): AsyncGenerator<readonly Waiting[]> {
    return this.#walk(({ queue }) => queue.all())
  }

  /** Walks what is known of messages of the last weeks, oldest first. */
  traces(): AsyncGenerator<Trace> {
    return this.#walk(({ traces }) => traces.all())
  }

  /** As `Traces.since`: newest first. */
  tracesSince(since: number): AsyncGenerator<Trace> {
    return this.#walk(({ traces }) => traces.since(since))
  }

  /** Deletes traces that are too old. @param now ms since the epoch */
  async trimTraces(now: number): Promise<void> {
    this.#source.writable()
    await this.#read(({ traces }) => traces.trim(now))
  }

  /**
   * Notes what attempts came to: durable when this resolves.
   * @throws Failure STORE_FULL or STORE_IO
   */
  async settle(attempts: readonly AttemptRecord[]): Promise<void> {
    const engine = this.#source.writable()
    const entries = (): LogEntry[] => attempts.map(record => ({ seq: engine.log.take(), record }))
    await engine.commit({ entries, octets: 0, claimsBlocks: false })
    this.onChange()
  }

  /** @throws Failure STORE_FULL or STORE_IO */
  decide(waiting: readonly Waiting[], decision: Decision, date: number): Promise<void> {
    return this.settle(waiting.map(one => ({ ...attemptOf(one, date), ...changeOf(one, decision) })))
  }

  /**
   * Takes all recipients out of the queue.
   * @throws Failure STORE_FULL or STORE_IO
   */
  withdraw(waiting: readonly Waiting[], date: number): Promise<void> {
    return this.settle(waiting.map(one => ({ ...attemptOf(one, date), results: withdrawn(one) })))
  }

  /** @throws Failure also when the databases are closed meanwhile */
  async #read<Value>(read: (index: Index) => Promise<Value>): Promise<Value> {
    const { index } = this.#source.engine()
    try {
      await index.ready
      return await read(index)
    } catch (error) {
      throw storeFailure(error)
    }
  }

  async *#walk<Item>(walk: (index: Index) => AsyncGenerator<Item>): AsyncGenerator<Item> {
    const { index } = this.#source.engine()
    try {
      await index.ready
      yield* walk(index)
    } catch (error) {
      throw storeFailure(error)
    }
  }
}

/** @returns a record that changes nothing, to be changed */
export function attemptOf({ seq, dispatch, due, attempts, held, noticed }: Waiting, date: number): AttemptRecord {
  return { kind: 'attempt', message: seq, dispatch, date, due, attempts, held, noticed, remote: '', results: [] }
}

function changeOf(one: Waiting, decision: Decision): Partial<AttemptRecord> {
  switch (decision.kind) {
    case 'retry':
      if (one.held) throw new Failure('REFUSED', 'It is held; release it first.')
      return { due: decision.now }
    case 'hold':
      return { held: true }
    case 'release':
      return { held: false, due: decision.now }
    default:
      return decision satisfies never
  }
}

/** @returns the results that take every pending recipient out */
export function withdrawn({ pending }: Waiting): readonly Result[] {
  const answer = { code: 550, enhanced: '5.7.0', text: 'Withdrawn by the administrator of this host' }
  return pending.map(recipient => ({ recipient, outcome: 'withdrawn', answer }))
}
