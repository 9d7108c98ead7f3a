/** What the peer can do: the lines of its answer to EHLO, RFC 5321 §4.1.1.1. */
import { budget } from '../base/budget.ts'

const extension = /^([a-z0-9][a-z0-9-]*)(?:[ =]+(.*))?$/i

/** The extensions of one EHLO. Without EHLO, and after STARTTLS until it was said again, there are none. */
export class Extensions {
  readonly #parameters = new Map<string, string>()

  /** @param lines behind the first, which names the host; one that is no extension is passed over */
  constructor(lines: readonly string[] = []) {
    for (const line of lines) {
      const [, keyword = '', parameter = ''] = extension.exec(line.trim()) ?? []
      const name = keyword.toUpperCase()
      const before = this.#parameters.get(name)
      if (name === '') continue
      // Old hosts say AUTH twice, once as `AUTH=LOGIN`; of anything else the first line counts.
      if (before === undefined) this.#parameters.set(name, parameter)
      else if (name === 'AUTH') this.#parameters.set(name, `${before} ${parameter}`)
    }
  }

  /** @param name of the extension, upper case */
  has(name: string): boolean {
    return this.#parameters.has(name)
  }

  /** What stands behind the name; '' when nothing does or the extension is not offered. */
  parameter(name: string): string {
    return this.#parameters.get(name) ?? ''
  }

  /** Octets of the largest message taken (RFC 1870 §4); Infinity when the peer names no limit, which 0 means, too. */
  get sizeLimit(): number {
    const [, digits = ''] = /^(\d{1,20})(?: |$)/.exec(this.parameter('SIZE')) ?? []
    return Number(digits) || Number.POSITIVE_INFINITY
  }

  /** The SASL mechanisms (RFC 4954 §3), upper case, in the peer's order. */
  get authMechanisms(): readonly string[] {
    const names = this.parameter('AUTH').toUpperCase().split(/[ =]+/)
    return [...new Set(names.filter(name => /^[A-Z0-9_-]{1,20}$/.test(name)))]
  }

  /** A number of LIMITS (RFC 9422): `RCPTMAX` recipients of one transaction, `MAILMAX` transactions of one session. */
  limit(name: 'RCPTMAX' | 'MAILMAX'): number | undefined {
    for (const pair of this.parameter('LIMITS').toUpperCase().split(' ')) {
      const [, key, digits] = /^([A-Z]+)=([1-9]\d{0,5})$/.exec(pair) ?? []
      if (key === name) return Number(digits)
    }
    return undefined
  }
}

/** How many recipients one transaction with this peer may have; the others go in further ones. */
export function mostRecipients(extensions: Extensions): number {
  return Math.min(extensions.limit('RCPTMAX') ?? budget.peerRecipients, budget.transactionRecipients)
}
