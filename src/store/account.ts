/** Changes to accounts and aliases: checked against the roster, committed to the log. One change at a time. */
import { budget } from '../base/budget.ts'
import type { Clock } from '../base/clock.ts'
import { Failure } from '../base/failure.ts'
import type { Engine } from './engine.ts'
import type { LogRecord } from './record.ts'
import type { Account, Alias, Roster } from './roster.ts'

/** What is needed of the store: both change when it has to be opened anew. */
type Source = { readonly roster: () => Roster; readonly writable: () => Engine; readonly clock: Clock }

export class Accounts {
  readonly #source: Source
  #turn: Promise<void> = Promise.resolve()

  constructor(source: Source) {
    this.#source = source
  }

  /** In the order in which they were made. */
  list(): readonly Account[] {
    return this.#source.roster().accounts()
  }

  /** @param name in lower case */
  find(name: string): Account | undefined {
    return this.#source.roster().account(name)
  }

  /** @param id the number of an account */
  nameOf(id: number): string | undefined {
    return this.#source.roster().account(id)?.name
  }

  aliases(): readonly Alias[] {
    return this.#source.roster().aliases()
  }

  /** @param address in lower case: `sales` for every local domain, or `sales@home.example` */
  alias(address: string): readonly string[] | undefined {
    return this.#source.roster().alias(address)
  }

  /** @throws Failure REFUSED when the name is taken or there are too many accounts */
  add(name: string, password: string): Promise<void> {
    return this.#change(() => {
      if (this.find(name)) throw new Failure('REFUSED', `There is an account ${name} already.`)
      if (this.list().length >= budget.accounts) {
        throw new Failure('REFUSED', `There are ${budget.accounts} accounts, and no more are possible.`)
      }
      const created = this.#source.clock.now()
      return seq => ({ kind: 'account', present: true, account: seq, created, name, password })
    })
  }

  /**
   * @param replaces the password it takes the place of; left out, any
   * @throws Failure REFUSED when there is no such account, or its password is another one by now
   */
  setPassword(name: string, password: string, replaces?: string): Promise<void> {
    return this.#change(() => {
      const { id: account, created, password: present } = this.#existing(name)
      if (present !== (replaces ?? present))
        throw new Failure('REFUSED', `The password of ${name} has changed meanwhile.`)
      return () => ({ kind: 'account', present: true, account, created, name, password })
    })
  }

  /** Removes the account and all its mail. @throws Failure REFUSED when there is no such account */
  remove(name: string): Promise<void> {
    return this.#change(() => {
      const { id: account, created } = this.#existing(name)
      return () => ({ kind: 'account', present: false, account, created, name, password: '' })
    })
  }

  /** Sets what an alias stands for. @throws Failure REFUSED when there are too many */
  setAlias(address: string, targets: readonly string[]): Promise<void> {
    return this.#change(() => {
      if (targets.length > budget.aliasTargets) {
        throw new Failure('REFUSED', `An alias can have ${budget.aliasTargets} targets at most.`)
      }
      if (!this.alias(address) && this.#source.roster().aliasCount >= budget.aliases) {
        throw new Failure('REFUSED', `There are ${budget.aliases} aliases, and no more are possible.`)
      }
      return () => ({ kind: 'alias', address, targets })
    })
  }

  /** @throws Failure REFUSED when there is no such alias */
  removeAlias(address: string): Promise<void> {
    return this.#change(() => {
      if (!this.alias(address)) throw new Failure('REFUSED', `There is no alias ${address}.`)
      return () => ({ kind: 'alias', address, targets: [] })
    })
  }

  #existing(name: string): Account {
    const account = this.find(name)
    if (!account) throw new Failure('REFUSED', `There is no account ${name}.`)
    return account
  }

  /**
   * Commits one record, after the change before it: each is checked against what the last one left.
   * @param check throws a refusal, or gives the record for its sequence number
   */
  #change(check: () => (seq: number) => LogRecord): Promise<void> {
    const change = this.#turn.then(() => {
      const engine = this.#source.writable()
      const record = check()
      const entries = () => {
        const seq = engine.log.take()
        return [{ seq, record: record(seq) }]
      }
      return engine.commit({ entries, octets: 0, claimsBlocks: false })
    })
    this.#turn = change.catch(() => {})
    return change
  }
}
