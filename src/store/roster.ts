/** Accounts, aliases and settings as the index knows them, in memory: a household has few, and every RCPT asks. */

/** One person's account. Its number never returns, its name may. */
export type Account = {
  readonly id: number
  readonly name: string
  /** Hashed; the string says how (`auth/password.ts`). */
  readonly password: string
  /** ms since the epoch */
  readonly created: number
}

export type Alias = { readonly address: string; readonly targets: readonly string[] }

/** Bounded by `budget.accounts`, `budget.aliases` and `budget.settings`, which those who add keep to. */
export class Roster {
  readonly #byId = new Map<number, Account>()
  readonly #byName = new Map<string, Account>()
  readonly #aliases = new Map<string, readonly string[]>()
  readonly #settings = new Map<string, string>()

  /** In the order in which they were made. */
  accounts(): readonly Account[] {
    return [...this.#byId.values()].sort((a, b) => a.id - b.id)
  }

  account(key: number | string): Account | undefined {
    return typeof key === 'number' ? this.#byId.get(key) : this.#byName.get(key)
  }

  /** In the order of their addresses. */
  aliases(): readonly Alias[] {
    return [...this.#aliases].map(([address, targets]) => ({ address, targets })).sort(byAddress)
  }

  get aliasCount(): number {
    return this.#aliases.size
  }

  alias(address: string): readonly string[] | undefined {
    return this.#aliases.get(address)
  }

  putAccount(account: Account): void {
    this.#byId.set(account.id, account)
    this.#byName.set(account.name, account)
  }

  dropAccount(id: number): void {
    const account = this.#byId.get(id)
    if (!account) return
    this.#byId.delete(id)
    this.#byName.delete(account.name)
  }

  /** Without targets the alias is gone. */
  putAlias(address: string, targets: readonly string[]): void {
    if (targets.length === 0) this.#aliases.delete(address)
    else this.#aliases.set(address, targets)
  }

  /** Of what was set at the console, by name; undefined for what was not. */
  setting(name: string): string | undefined {
    return this.#settings.get(name)
  }

  /** Those whose names begin so, in their order. */
  settings(prefix: string): readonly (readonly [name: string, value: string])[] {
    return [...this.#settings].filter(([name]) => name.startsWith(prefix)).sort(([a], [b]) => (a < b ? -1 : 1))
  }

  /** Without a value it is gone. */
  putSetting(name: string, value: string): void {
    if (value === '') this.#settings.delete(name)
    else this.#settings.set(name, value)
  }
}

function byAddress(a: Alias, b: Alias): number {
  return a.address < b.address ? -1 : 1
}
