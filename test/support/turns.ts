/** How often others had their turn while something was done. */

/** @returns turns of the event loop meanwhile */
export async function turnsDuring(work: () => Promise<void>): Promise<number> {
  let turns = 0
  let over = false
  const look = () => {
    turns += 1
    if (!over) setImmediate(look)
  }
  setImmediate(look)
  await work()
  over = true
  return turns
}
