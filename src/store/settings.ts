/** What the household sets at the console and is kept with the mail: a value under a name. One change at a time. */
import { budget } from '../base/budget.ts'
import { Failure } from '../base/failure.ts'
import type { Engine } from './engine.ts'
import type { Roster } from './roster.ts'

/** What is needed of the store: both change when it has to be opened anew. */
type Source = { readonly roster: () => Roster; readonly writable: () => Engine }

export class Settings {
  readonly #source: Source

  constructor(source: Source) {
    this.#source = source
  }

  get(name: string): string | undefined {
    return this.#source.roster().setting(name)
  }

  /** Those whose names begin so, in their order. */
  list(prefix: string): readonly (readonly [name: string, value: string])[] {
    return this.#source.roster().settings(prefix)
  }

  /**
   * @param value an empty one removes it
   * @throws Failure REFUSED when there are too many or it is too long; of the store otherwise
   */
  async set(name: string, value: string): Promise<void> {
    if (Buffer.byteLength(value) > budget.settingValue) throw new Failure('REFUSED', `${name} is too long.`)
    if (value !== '' && this.get(name) === undefined && this.list('').length >= budget.settings) {
      throw new Failure('REFUSED', `There are ${budget.settings} settings, and no more are possible.`)
    }
    const engine = this.#source.writable()
    const entries = () => [{ seq: engine.log.take(), record: { kind: 'setting' as const, name, value } }]
    await engine.commit({ entries, octets: 0, claimsBlocks: false })
  }
}
