/** What CAPA lists (RFC 2449 §5) and the lists beside it: languages (RFC 6856 §3) and SASL mechanisms (RFC 5034). */

/** Every language we can speak, each with its own name for itself; `i-default` is what RFC 2277 §4.5 wants everywhere. */
export const languages: readonly string[] = ['en', 'i-default']

/** What of the session bears on its capabilities. */
type Circumstances = {
  /** Somebody may log in: over TLS, or where the household allows it without. */
  readonly login: boolean
  /** With what, other than USER and PASS. */
  readonly mechanisms: readonly string[]
  /** STLS would be accepted now. */
  readonly stls: boolean
}

type Row = { readonly line: string; readonly when?: 'login' | 'stls' }

/** RFC 2449 §5: what is available before login is announced in both states, all but STLS (RFC 2595 §8). */
const rows = (mechanisms: readonly string[]): readonly Row[] => [
  { line: 'TOP' },
  { line: 'UIDL' },
  { line: 'USER', when: 'login' },
  { line: `SASL ${mechanisms.join(' ')}`, when: 'login' },
  { line: 'STLS', when: 'stls' },
  { line: 'PIPELINING' },
  { line: 'RESP-CODES' },
  { line: 'AUTH-RESP-CODE' },
  { line: 'EXPIRE NEVER' },
  { line: 'UTF8 USER' },
  { line: 'LANG' },
  { line: 'IMPLEMENTATION Porchlight' },
]

export function capabilities(circumstances: Circumstances): string[] {
  return rows(circumstances.mechanisms)
    .filter(({ when }) => when === undefined || circumstances[when])
    .map(({ line }) => line)
}
