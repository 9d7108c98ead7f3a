/**
 * What a domain's SPF record says of an address: RFC 7208. As a receiver weighs it, but for macros, which need a whole
 * message to be filled in: the answer is then that it cannot be told.
 */
import { budget } from '../base/budget.ts'
import { addressesOf } from '../dns/addresses.ts'
import { mailHosts } from '../dns/mx.ts'
import type { Names } from '../dns/record.ts'
import { isWithin } from './address.ts'

export type SpfVerdict =
  /** `by`: the term that decides; '' when none fits. */
  | { readonly kind: 'pass' | 'fail' | 'softfail' | 'neutral'; readonly by: string }
  /** There is no such record. */
  | { readonly kind: 'none' }
  /** It is written wrongly, so that receivers ignore it or refuse the mail. `why` is the rest of a sentence. */
  | { readonly kind: 'error'; readonly why: string }
  | { readonly kind: 'unclear'; readonly why: string }

type Stop = Extract<SpfVerdict, { kind: 'error' | 'unclear' }>

type Term = {
  readonly text: string
  readonly qualifier: '+' | '-' | '~' | '?'
  readonly name: string
  /** Behind `:` or `=`; '' when there is none. Lengths of networks stay with `ip4` and `ip6` only. */
  readonly value: string
  /** Bits of an IPv4 and of an IPv6 network. */
  readonly bits: readonly [four: number, six: number]
}

const verdicts = { '+': 'pass', '-': 'fail', '~': 'softfail', '?': 'neutral' } as const
const mechanisms = ['all', 'include', 'a', 'mx', 'ptr', 'ip4', 'ip6', 'exists'] as const

/** The SPF records of a domain; more than one is an error (§4.5). @throws Failure NETWORK or DNS */
export async function spfTexts(domain: string, names: Names): Promise<readonly string[]> {
  const { records } = await names.query(domain, 'TXT')
  return records.map(({ text }) => text).filter(text => /^v=spf1(?: |$)/i.test(text))
}

/** @throws Failure NETWORK or DNS */
export function spfVerdict(address: string, domain: string, names: Names): Promise<SpfVerdict> {
  return new Evaluation(address, names).check(domain, undefined)
}

/** One evaluation, with what it may still ask for. */
class Evaluation {
  readonly #address: string
  readonly #names: Names
  #lookups = 0
  #void = 0

  constructor(address: string, names: Names) {
    this.#address = address
    this.#names = names
  }

  /** @param by the term that led here, which is told in its stead */
  async check(domain: string, by: string | undefined): Promise<SpfVerdict> {
    const texts = await spfTexts(domain, this.#names)
    const [text] = texts
    if (text === undefined) return { kind: 'none' }
    if (texts.length > 1) return { kind: 'error', why: `${domain} has ${texts.length} SPF records, and may have one` }
    const words = text
      .split(' ')
      .slice(1)
      .filter(word => word !== '')
    // A wrong term anywhere makes the whole record wrong (§4.6).
    const terms = words.map(readTerm)
    const wrong = words.find((_, i) => terms[i] === undefined)
    if (wrong !== undefined) return { kind: 'error', why: `"${wrong}" is no term of an SPF record` }
    for (const term of terms) {
      if (term === undefined || !isMechanism(term)) continue
      const matches = await this.#matches(term, domain)
      if (typeof matches === 'object') return matches
      if (matches) return { kind: verdicts[term.qualifier], by: by ?? term.text }
    }
    const redirect = terms.find(term => term?.name === 'redirect')
    return redirect ? this.#redirected(redirect) : { kind: 'neutral', by: '' }
  }

  /** §6.1 */
  async #redirected({ value, text }: Term): Promise<SpfVerdict> {
    const stop = this.#count(value)
    if (stop) return stop
    const verdict = await this.check(value, text)
    return verdict.kind === 'none' ? { kind: 'error', why: `"${text}" leads to no SPF record` } : verdict
  }

  async #matches(term: Term, domain: string): Promise<boolean | Stop> {
    const { name, value, text } = term
    switch (name) {
      case 'all':
        return true
      case 'ip4':
      case 'ip6':
        return isWithin(this.#address, value) === true
      case 'include': {
        const stop = this.#count(value)
        if (stop) return stop
        const verdict = await this.check(value, text)
        if (verdict.kind === 'none') return { kind: 'error', why: `"${text}" leads to no SPF record` }
        return 'why' in verdict ? verdict : verdict.kind === 'pass'
      }
      case 'a':
        return this.#count(value) ?? this.#isHost(value || domain, term)
      case 'mx':
        return this.#count(value) ?? this.#isMailHost(value || domain, term)
      default:
        // `exists` without a macro says the same of everybody; `ptr` is not to be used (§5.5).
        return this.#count(value) ?? { kind: 'unclear', why: `"${text}" can be weighed only by who gets the mail` }
    }
  }

  /** One more name is asked for. @returns why that may not be */
  #count(value: string): Stop | undefined {
    if (value.includes('%')) return { kind: 'unclear', why: `"${value}" can be filled in only by who gets the mail` }
    this.#lookups += 1
    if (this.#lookups <= budget.spfLookups) return undefined
    return { kind: 'error', why: `it asks for more than ${budget.spfLookups} other names` }
  }

  async #isHost(host: string, { bits }: Term): Promise<boolean | Stop> {
    const { addresses } = await addressesOf(this.#names, host)
    if (addresses.length === 0 && ++this.#void > budget.spfVoid)
      return { kind: 'error', why: `it names more than ${budget.spfVoid} hosts that do not exist` }
    return addresses.some(({ address, family }) =>
      isWithin(this.#address, `${address}/${family === 4 ? bits[0] : bits[1]}`),
    )
  }

  async #isMailHost(domain: string, term: Term): Promise<boolean | Stop> {
    const found = await mailHosts(this.#names, domain)
    const hosts = found.kind === 'hosts' && !found.implicit ? found.hosts : []
    if (hosts.length > budget.spfHosts)
      return { kind: 'error', why: `${domain} has more than ${budget.spfHosts} mail hosts` }
    for (const { name } of hosts) {
      const matches = await this.#isHost(name, term)
      if (matches !== false) return matches
    }
    return false
  }
}

function isMechanism({ name }: Term): boolean {
  return mechanisms.some(mechanism => mechanism === name)
}

/** @returns undefined when it is none: §12 */
function readTerm(text: string): Term | undefined {
  const [, sign = '', word = '', separator = '', rest = ''] =
    /^([+?~-]?)([a-z][a-z0-9._-]*)([:=]?)(.*)$/i.exec(text) ?? []
  const name = word.toLowerCase()
  const plain = { text, qualifier: qualifierOf(sign), name } as const
  if (separator === '=') {
    if (sign !== '' || mechanisms.some(mechanism => mechanism === name)) return undefined
    return name === 'redirect' && rest === '' ? undefined : { ...plain, value: rest, bits: [32, 128] }
  }
  const whole: Term = { ...plain, value: rest, bits: [32, 128] }
  const [, host = '', four = '32', six = '128'] = /^(.*?)(?:\/(\d{1,3}))?(?:\/\/(\d{1,3}))?$/.exec(rest) ?? []
  const term =
    name === 'a' || name === 'mx' ? { ...whole, value: host, bits: [Number(four), Number(six)] as const } : whole
  return separator === (term.value === '' ? '' : ':') && fits(term) ? term : undefined
}

function qualifierOf(sign: string): Term['qualifier'] {
  return sign === '-' || sign === '~' || sign === '?' ? sign : '+'
}

/** Whether a mechanism has what it has to have. */
function fits({ name, value, bits: [four, six] }: Term): boolean {
  switch (name) {
    case 'all':
      return value === ''
    case 'include':
    case 'exists':
      return value !== ''
    case 'ptr':
      return true
    case 'a':
    case 'mx':
      return four <= 32 && six <= 128
    case 'ip4':
    case 'ip6':
      return (
        isWithin(name === 'ip4' ? '0.0.0.0' : '::', value) !== undefined && value.includes(':') === (name === 'ip6')
      )
    default:
      return false
  }
}
