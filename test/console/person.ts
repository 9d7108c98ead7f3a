/** A person at the far end of a line in memory, for the tests of the console. */
import type { House, Household, Transport } from '../../src/commands/command.ts'
import { Desk } from '../../src/console/desk.ts'
import { Doorkeeper } from '../../src/console/doorkeeper.ts'
import type { Office } from '../../src/console/session.ts'
import { deskOf, pipe } from '../commands/household.ts'
import { Shown } from '../support/shown.ts'

export class Person {
  readonly #far: Transport
  readonly #shown = new Shown()
  readonly served: Promise<void>
  readonly alert: (line: string) => void

  /** @param desk of another house than that of the household */
  constructor(
    household: Household,
    serve: (near: Transport, office: Office) => Promise<void>,
    step = 7,
    { desk = deskOf(household), doorkeeper = new Doorkeeper() }: Partial<Pick<Office, 'desk' | 'doorkeeper'>> = {},
  ) {
    const [far, near] = pipe(step)
    const listeners = new Set<(line: string) => void>()
    const office: Office = {
      desk,
      doorkeeper,
      version: '1.2.3',
      alerts: listener => {
        listeners.add(listener)
        return () => listeners.delete(listener)
      },
      stopping: new AbortController().signal,
    }
    this.#far = far
    this.alert = line => {
      for (const listener of listeners) listener(line)
    }
    this.served = serve(near, office)
    void this.#read()
  }

  async #read(): Promise<void> {
    for (let chunk = await this.#far.read(); chunk !== undefined; chunk = await this.#far.read()) {
      this.#shown.add(chunk.toString('utf8'))
    }
    this.#shown.end()
  }

  get shown(): string {
    return this.#shown.text
  }

  shows(wanted: string | RegExp): Promise<string> {
    return this.#shown.until(wanted)
  }

  type(keys: string | Buffer): Promise<void> {
    return this.#far.write(Buffer.from(keys))
  }

  hangUp(): void {
    this.#far.close()
  }
}

/** The desk of a house whose configuration or household is another one at times. */
export function deskIn(household: Household, differs: Partial<House>): Desk {
  const usual = deskOf(household).house
  return new Desk(Object.defineProperties(usual, Object.getOwnPropertyDescriptors(differs)))
}
