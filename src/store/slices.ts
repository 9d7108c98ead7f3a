/** Reads rows of a database many at a time. */

/** Rows read at a time: enough to make up for the call, and few enough to be garbage before it is collected. */
const rowsAtOnce = 400

/**
 * Reads an iterator a slice at a time, for a promise for each row would cost more than the row; while one slice is looked
 * at, LevelDB reads the next.
 */
export async function* slices<Row>(iterator: {
  nextv(size: number): Promise<Row[]>
  close(): Promise<void>
}): AsyncGenerator<Row[]> {
  let next = iterator.nextv(rowsAtOnce)
  try {
    for (let rows = await next; rows.length > 0; rows = await next) {
      next = iterator.nextv(rowsAtOnce)
      // It may fail while nobody waits for it yet; it is awaited in the next round, or never when the reader has left.
      next.catch(() => {})
      yield rows
    }
  } finally {
    await iterator.close()
  }
}
