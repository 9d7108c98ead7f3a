/** When a message is tried again, when its sender hears of it, and when it goes back: RFC 5321 §4.5.4.1. */
import type { Config } from '../base/config.ts'

type Delivery = Config['delivery']

/** Part of a wait by which it is longer or shorter, so that what was deferred together does not come back together. */
const jitter = 0.1

/**
 * @param attempts made so far, at least one
 * @param now ms since the epoch
 * @param random 0 ≤ n < 1
 * @returns when to try again, ms since the epoch
 */
export function nextAttempt(attempts: number, now: number, { retry }: Delivery, random: number): number {
  const wait = retry[Math.min(attempts, retry.length) - 1] ?? retry[0] ?? 0
  return now + Math.round(wait * (1 - jitter + 2 * jitter * random))
}

/**
 * When the sender of a message is to hear of it, which is not put off to the next attempt: with long waits that is hours away.
 * @param date when the message was accepted, ms since the epoch
 * @returns ms since the epoch; Infinity when all has been said
 */
export function nextNews(date: number, now: number, { notice, give_up }: Delivery): number {
  return Math.min(...[date + notice, date + give_up].filter(moment => moment > now))
}

/** @param date when the message was accepted, ms since the epoch */
export function givesUp(date: number, now: number, { give_up }: Delivery): boolean {
  return now - date >= give_up
}

export function tellsOfDelay(date: number, now: number, { notice }: Delivery): boolean {
  return now - date >= notice
}
