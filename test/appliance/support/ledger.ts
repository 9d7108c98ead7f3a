/** What was asked of a board and how far each thing got, kept outside of it: test/crash/ has the books that this one opens. */
import { Doubtful, type Mailbox, Model } from '../../crash/model.ts'
import { Postbag } from '../../crash/postbag.ts'
import { secrets } from './household.ts'

/** The setting that is changed, as `config set` takes it; nothing else depends on it. */
export const sizeSetting = 'limits.message'

export class Ledger {
  /** Mail from the world, and who gets it. */
  readonly model = new Model()
  /** What alice hands in for the world. */
  readonly postbag = new Postbag()
  /** MiB of `limits.message`. */
  readonly size = new Doubtful('50')
  /** Bob and Carol fetch their mail. Alice, who hands mail in, gets only what comes back. */
  readonly readers: readonly Mailbox[]

  constructor() {
    this.readers = this.model.residents.filter(({ name }) => name !== 'alice')
    for (const { name, password } of this.readers) password.settle(passwordOf(name))
  }

  /** Who may be in `user list`, but for alice. */
  get mailboxes(): readonly Mailbox[] {
    return [...this.readers, ...this.model.guests]
  }

  /** What was sent and not answered. */
  get doubts(): number {
    const letters = this.postbag.letters.filter(({ kept }) => kept.inDoubt).length
    return this.model.doubts + letters + (this.size.inDoubt ? 1 : 0)
  }
}

/** What somebody who stays has as a password from the beginning. */
export function passwordOf(name: string): string {
  return name === 'alice' ? secrets.alice : `the word of ${name}`
}
