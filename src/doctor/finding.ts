/** What a check of the doctor says: how something is, how that is known, and what to do about it. */

/** `unknown`: it cannot be told, which is an answer. */
export const states = ['trouble', 'warning', 'unknown', 'well'] as const
export type State = (typeof states)[number]

/** One thing that was looked at. */
export type Symptom = {
  readonly state: State
  /** What it is about, where a check looks at several: a domain, an address, a list. */
  readonly about?: string
  /** A sentence or two. */
  readonly says: string
  /** How that is known, as a sentence. */
  readonly knownBy: string
  /** What to do. Lines that begin with two spaces are to be copied as they are: commands, records of the DNS. */
  readonly fix?: string
}

export type Finding = Symptom & { readonly check: string }

/** What to do, in words, and below it what is to be copied. */
export function advice(words: string, ...copied: readonly string[]): string {
  return [words, ...copied.map(line => `  ${line}`)].join('\n')
}

/** The same finding on another day has the same name. */
export function nameOf({ check, about }: Finding): string {
  return about === undefined ? check : `${check} ${about}`
}

/** What needs a person first comes first; the order among equals stays. */
export function sorted(findings: readonly Finding[]): readonly Finding[] {
  return findings.toSorted((a, b) => states.indexOf(a.state) - states.indexOf(b.state))
}

/** The words of a stranger as they may be quoted: on one line, short, without what a terminal would act on. */
export function quoted(text: string): string {
  const plain = text.toWellFormed().replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '?')
  return plain.length > 120 ? `${plain.slice(0, 119)}…` : plain
}
