/** How long the event loop was held: meanwhile nobody else is served. */

/** What a work took, and the longest time for which nothing else had its turn, ms. */
export type Held<Value> = { readonly ms: number; readonly stall: number; readonly value: Value }

/** Does a work, and looks at every turn of the event loop how long the last one took. */
export async function watched<Value>(work: () => Promise<Value>): Promise<Held<Value>> {
  let last = performance.now()
  let stall = 0
  let over = false
  const turned = Promise.withResolvers<void>()
  const look = () => {
    const now = performance.now()
    stall = Math.max(stall, now - last)
    last = now
    if (over) turned.resolve()
    else setImmediate(look)
  }
  setImmediate(look)
  const begun = performance.now()
  try {
    const value = await work()
    const ms = performance.now() - begun
    over = true
    // What the work did last is in it, too.
    await turned.promise
    return { ms, stall, value }
  } finally {
    over = true
  }
}
