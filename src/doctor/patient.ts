/** What the doctor looks at, and what a check is. */
import type { Clock } from '../base/clock.ts'
import type { Config } from '../base/config.ts'
import { Failure, sentence } from '../base/failure.ts'
import type { Appliance } from '../board/appliance.ts'
import type { Names } from '../dns/record.ts'
import type { Blocked } from '../flow/blockage.ts'
import type { Surroundings } from '../flow/target.ts'
import type { Throttle } from '../flow/throttle.ts'
import type { Keyring } from '../store/keyring.ts'
import type { Store } from '../store/store.ts'
import type { Symptom } from './finding.ts'
import type { Whereabouts } from './whereabouts.ts'

/** The household with all that is to be looked at. */
export type Patient = {
  readonly config: Config
  readonly clock: Clock
  readonly store: Store
  readonly keyring: Keyring
  readonly surroundings: Surroundings
  readonly delivery: { readonly suspended: boolean; readonly blocked: Blocked | undefined }
  /** Failed logins; undefined where no server runs. */
  readonly throttle: Throttle | undefined
  /** The data directory. */
  readonly directory: string
  /** The folder in which `sys` and `proc` of the kernel lie: `/`. */
  readonly root: string
  /** The board, where it is one of ours. */
  readonly board?: Pick<Appliance, 'network'> | undefined
  /** UDP port of the time server; 123 without it. */
  readonly timePort?: number
}

/** The same during one examination. */
export type Visit = Patient & { readonly names: Names; readonly whereabouts: Whereabouts }

export type Check = {
  /** One word, to ask for it alone. */
  readonly name: string
  /** What it looks at, in a few words. */
  readonly meaning: string
  /** What it throws, and that it takes too long, is an answer, too: it cannot be told. */
  readonly look: (visit: Visit, signal: AbortSignal) => Promise<readonly Symptom[]>
}

/** Domains that nobody outside can know: RFC 2606 §2, RFC 6761, RFC 6762, RFC 8375, and `internal` of ICANN. */
const reserved = /(?:^|\.)(?:example|test|invalid|localhost|local|lan|home|internal|home\.arpa)$/

/** Whether a name is for this house alone, or for examples. */
export function isPrivateName(name: string): boolean {
  return reserved.test(name) || !name.includes('.')
}

/** Looks at each domain of the household that the world can know. What cannot be told of one does not hide the others. */
export async function perDomain(
  { config }: Patient,
  look: (domain: string) => Promise<Symptom>,
): Promise<readonly Symptom[]> {
  const known = config.domains.filter(domain => !isPrivateName(domain))
  return Promise.all(known.map(domain => orUnknown(domain, () => look(domain))))
}

/** @param about as of the symptom */
export async function orUnknown(about: string | undefined, look: () => Promise<Symptom>): Promise<Symptom> {
  try {
    return { ...(about === undefined ? {} : { about }), ...(await look()) }
  } catch (error) {
    return cannotTell(about, error)
  }
}

/** What becomes of a check that failed. A bug is no answer, and is thrown. */
export function cannotTell(about: string | undefined, error: unknown): Symptom {
  if (!(error instanceof Failure)) throw error
  return {
    state: 'unknown',
    ...(about === undefined ? {} : { about }),
    says: `This cannot be told now${about === undefined ? '' : ` for ${about}`}.`,
    knownBy: sentence(error),
  }
}
