/** What every flow joins. */
import type { Clock } from '../base/clock.ts'
import type { Config } from '../base/config.ts'
import type { Log } from '../base/log.ts'
import type { Certificate } from '../net/certificate.ts'
import type { Keyring } from '../store/keyring.ts'
import type { Store } from '../store/store.ts'
import type { Quota } from './quota.ts'
import type { Throttle } from './throttle.ts'

export type Services = {
  readonly store: Store
  readonly config: () => Config
  readonly certificate: () => Certificate
  readonly clock: Clock
  readonly log: Log
  /** Of failed logins, whatever they were for. */
  readonly throttle: Throttle
  /** Of recipients, for those who send. */
  readonly quota: Quota
  /** What the household's mail is signed with. */
  readonly keyring: Keyring
  /** Aborts when the server stops: sessions finish what they are in the middle of, and close. */
  readonly stopping: AbortSignal
}
