/** The sign of a repair that is not done yet: a small database in the data directory, locked while the repair runs. */
import { rm } from 'node:fs/promises'
import { ClassicLevel } from 'classic-level'
import { isDamage } from './failure.ts'

/** Keeps servers away while it is there, and another repair while this one runs; remembers for the next one what was found. */
export class Marker {
  readonly #db: ClassicLevel
  #hurt: boolean

  private constructor(db: ClassicLevel, hurt: boolean) {
    this.#db = db
    this.#hurt = hurt
  }

  static async take(path: string): Promise<Marker> {
    const db = new ClassicLevel(path)
    try {
      await db.open()
      return new Marker(db, (await db.get('hurt')) !== undefined)
    } catch (error) {
      await db.close()
      if (!isDamage(error)) throw error
      await rm(path, { recursive: true })
      const marker = await Marker.take(path)
      await marker.noteHurt()
      return marker
    }
  }

  /** Something other than the index is damaged. */
  get hurt(): boolean {
    return this.#hurt
  }

  /** To be called before anything is mended that could not be seen afterwards. */
  async noteHurt(): Promise<void> {
    if (this.#hurt) return
    await this.#db.put('hurt', 'yes', { sync: true })
    this.#hurt = true
  }

  close(): Promise<void> {
    return this.#db.close()
  }
}
