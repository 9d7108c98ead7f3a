/**
 * Whether mail can go out directly. Many lines at home have port 25 closed, or an address that other hosts will not take mail
 * from; it shows in hosts of several domains that do not answer at all, or in one that says so.
 */
import type { Log } from '../base/log.ts'
import type { Settings } from '../store/settings.ts'

/** Domains whose hosts must all have been silent, with no other one answering in between. */
const silentDomains = 3
/** After so long it is tried again: providers open the port when asked, and addresses change. */
const againMs = 24 * 60 * 60_000
const setting = 'delivery:blocked'

/** What other hosts say to those who send from where people live. */
const policy = /\b(?:spamhaus|pbl|block ?list|black ?list|dnsbl|rbl|dynamic|residential|dial-?up|end[- ]user)\b/i

/** What a direct attempt has shown. */
export type Evidence =
  | { readonly kind: 'silent'; readonly domain: string }
  | { readonly kind: 'answered' }
  | {
      readonly kind: 'refused'
      readonly domain: string
      readonly answer: { code: number; enhanced: string; text: string }
    }

type Options = {
  readonly settings: () => Settings
  readonly log: Log
  readonly now: () => number
  /** Whether there is a smarthost to go through instead. */
  readonly smarthost: () => boolean
}

/** Why mail does not go out directly, since when (ms since the epoch). */
export type Blocked = { readonly since: number; readonly why: string }

/** What was found out before and still holds. @param now ms since the epoch */
export function blockedSince(settings: Settings, now: number): Blocked | undefined {
  const [, since = '', why = ''] = /^(\d+) (.*)$/s.exec(settings.get(setting) ?? '') ?? []
  // A moment that is still to come was noted under a clock that was ahead.
  return since !== '' && Math.abs(now - Number(since)) < againMs ? { since: Number(since), why } : undefined
}

export class Blockage {
  readonly #options: Options
  readonly #silent = new Set<string>()
  #complained = false

  constructor(options: Options) {
    this.#options = options
  }

  /** Why mail does not go out directly, since when (ms since the epoch); undefined when it does. */
  get present(): Blocked | undefined {
    return blockedSince(this.#options.settings(), this.#options.now())
  }

  /** @throws Failure of the store */
  async note(evidence: Evidence): Promise<void> {
    switch (evidence.kind) {
      case 'answered':
        this.#silent.clear()
        return
      case 'silent':
        this.#silent.add(evidence.domain)
        if (this.#silent.size >= silentDomains) {
          await this.#conclude(
            `the hosts of ${[...this.#silent].join(', ')} do not answer: port 25 is closed on this line`,
          )
        }
        return
      case 'refused': {
        const { code, enhanced, text } = evidence.answer
        // 5.7.1 alone is any policy; the words say whose.
        if (code < 400 || !policy.test(text) || !(enhanced === '' || /^[45]\.7\./.test(enhanced))) return
        await this.#conclude(`${evidence.domain} takes no mail from this address: ${code} ${enhanced} ${text}`)
        return
      }
      default:
        evidence satisfies never
    }
  }

  async #conclude(why: string): Promise<void> {
    this.#silent.clear()
    const { settings, log, now, smarthost } = this.#options
    if (!smarthost()) {
      if (!this.#complained) log.warn({ why }, 'mail cannot go out directly; set relay.host to a smarthost')
      this.#complained = true
      return
    }
    if (this.present) return
    log.warn({ why }, 'mail goes through the smarthost from now on; tomorrow it is tried directly again')
    await settings().set(setting, `${now()} ${why.slice(0, 500)}`)
  }
}
