/** How long the event loop was held: meanwhile nobody else is served. */

/** Milliseconds. */
export type Held = {
  /** What the work took. */
  readonly ms: number
  /** The longest time for which nothing else had its turn. What else the machine does is in it. */
  readonly stall: number
  /** The most processor time that one turn of the event loop took. What is waited for in it, such as a disk, is not. */
  readonly work: number
}

/** Does a work, and looks at every turn of the event loop how long the last one took. */
export async function watched(work: () => Promise<unknown>): Promise<Held> {
  let last = performance.now()
  let lastWork = workMs()
  let over = false
  const held = { ms: 0, stall: 0, work: 0 }
  const turned = Promise.withResolvers<void>()
  const look = () => {
    const [now, nowWork] = [performance.now(), workMs()]
    held.stall = Math.max(held.stall, now - last)
    held.work = Math.max(held.work, nowWork - lastWork)
    last = now
    lastWork = nowWork
    if (over) turned.resolve()
    else setImmediate(look)
  }
  setImmediate(look)
  const begun = performance.now()
  try {
    await work()
    held.ms = performance.now() - begun
    over = true
    // What the work did last is in it, too.
    await turned.promise
    return held
  } finally {
    over = true
  }
}

/** Processor time of this thread. */
function workMs(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}
