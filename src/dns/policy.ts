/** The texts of MTA-STS (RFC 8461): the record that says there is a policy, the policy, and which hosts it means. */
import { budget } from '../base/budget.ts'
import { canonicalDomain } from '../message/address.ts'

export type Policy = {
  /** `testing` and `none` ask for nothing that could hold mail back. */
  readonly mode: 'enforce' | 'testing' | 'none'
  /** `mail.away.example`, `*.away.example`; lower case. */
  readonly mx: readonly string[]
  /** Milliseconds for which it holds from when it was fetched. */
  readonly ageMs: number
}

/**
 * Reads the TXT records at `_mta-sts` (§3.1). Several records of its kind are as good as none.
 * @returns the policy's id
 */
export function policyId(texts: readonly string[]): string | undefined {
  const [only, ...others] = texts.filter(text => /^v=STSv1[ \t]*(?:;|$)/.test(text))
  if (only === undefined || others.length > 0) return undefined
  const fields = only.split(';').map(field => /^[ \t]*id=([A-Za-z0-9]{1,32})[ \t]*$/.exec(field)?.[1])
  return fields.find(id => id !== undefined)
}

/** Reads the policy's text (§3.2). Of a key that may be there once the first counts. Undefined when it is not a policy. */
export function parsePolicy(text: string): Policy | undefined {
  const lines = text.split(/\r?\n/).filter(line => line.trim() !== '')
  const pairs = lines.map(line => /^([A-Za-z0-9][\w.-]{0,31}):([\t -~\x80-\xff]*)$/.exec(line))
  const first = (key: string) => pairs.find(pair => pair?.[1] === key)?.[2]?.trim()
  const mode = modeOf(first('mode'))
  const age = first('max_age') ?? ''
  const mx = pairs.flatMap(pair => (pair?.[1] === 'mx' ? [pattern(pair[2]?.trim() ?? '')] : []))
  if (pairs.includes(null) || first('version') !== 'STSv1' || mode === undefined || !/^\d{1,10}$/.test(age))
    return undefined
  const named = mx.filter(host => host !== undefined)
  if (named.length < mx.length || named.length > budget.stsPatterns) return undefined
  if (named.length === 0 && mode !== 'none') return undefined
  return { mode, mx: named, ageMs: Math.min(Number(age) * 1000, budget.stsAgeMs) }
}

/** @returns whether a policy allows that mail host: a wildcard stands for one label (§4.1) */
export function matchesMx({ mx }: Policy, host: string): boolean {
  const name = host.toLowerCase()
  const parent = `*${name.slice(name.indexOf('.'))}`
  return mx.includes(name) || (name.includes('.') && mx.includes(parent))
}

function modeOf(text: string | undefined): Policy['mode'] | undefined {
  return text === 'enforce' || text === 'testing' || text === 'none' ? text : undefined
}

function pattern(text: string): string | undefined {
  const wild = text.startsWith('*.')
  const host = canonicalDomain(wild ? text.slice(2) : text)
  return host === undefined ? undefined : `${wild ? '*.' : ''}${host}`
}
