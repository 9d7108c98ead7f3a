/** How commands write what they show: times, spans, counts, and the words of strangers. */
import type { Answer } from '../store/attempt.ts'

const units = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
] as const

/** A moment in UTC: `2026-11-22 08:10:22`. @param ms since the epoch */
export function moment(ms: number): string {
  return new Date(ms).toISOString().slice(0, 19).replace('T', ' ')
}

/** A span in its largest unit, for a table: `3h`. */
export function roughly(ms: number): string {
  const [unit, size] = units.find(([, size]) => ms >= size) ?? ['s', 1000]
  return `${Math.floor(Math.max(0, ms) / size)}${unit}`
}

/** When something comes: `now`, `in 5m`. */
export function upcoming(due: number, now: number): string {
  return due <= now ? 'now' : `in ${roughly(due - now)}`
}

/** `1 message`, `2 messages`. */
export function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}

export function mailboxes(count: number): string {
  return `${count} ${count === 1 ? 'mailbox' : 'mailboxes'}`
}

/** The words of strangers, without what a terminal would act on: controls, and marks that turn the direction of text. */
export function harmless(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '?')
}

/** @returns a text of at most so many characters */
export function cut(text: string, width: number): string {
  return text.length > width ? `${text.slice(0, width - 1)}…` : text
}

/** A host's answer as it said it: `451 4.4.1 Try again later`. */
export function answerWords({ code, enhanced, text }: Answer): string {
  return harmless([String(code), enhanced, text].filter(word => word !== '').join(' '))
}

/** A reverse-path for people; reports come from the null one. */
export function senderWords(reversePath: string): string {
  return reversePath === '' ? '<> (a report)' : harmless(reversePath)
}
