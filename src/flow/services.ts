/** What every flow joins. */
import type { Clock } from '../base/clock.ts'
import type { Config } from '../base/config.ts'
import type { Log } from '../base/log.ts'
import type { Certificate } from '../net/certificate.ts'
import type { Store } from '../store/store.ts'

export type Services = {
  readonly store: Store
  readonly config: () => Config
  readonly certificate: () => Certificate
  readonly clock: Clock
  readonly log: Log
  /** Aborts when the server stops: sessions finish what they are in the middle of, and close. */
  readonly stopping: AbortSignal
}
