/** Counts the rows of a page, and keeps what does not fit until a person wants to go on. */
import { budget } from '../base/budget.ts'
import type { Key } from './keys.ts'

export type MoreAnswer = 'page' | 'line' | 'stop' | 'hint'

export const more = '--More--'
export const moreHint = '--More--  space: next page, Enter: next line, q: stop'

const moreKeys: Readonly<Record<string, MoreAnswer>> = {
  ' ': 'page',
  'page-down': 'page',
  enter: 'line',
  down: 'line',
  q: 'stop',
  Q: 'stop',
  'ctrl-c': 'stop',
  'ctrl-d': 'stop',
  escape: 'stop',
}

/** What a key does at --More--. */
export function moreAnswer(key: Key): MoreAnswer {
  if (key.kind === 'character') return moreKeys[key.text] ?? 'hint'
  return moreKeys[key.name] ?? 'hint'
}

export class Pager {
  #on = false
  #left = 0
  #waiting: string[] = []
  #octets = 0

  /** Begins a page of so many rows; undefined ends paging. What was waiting is forgotten. */
  begin(rows: number | undefined): void {
    this.#on = rows !== undefined
    this.turn(rows ?? 0)
  }

  /** A person has read what there is, and wants nothing of what waits: the page begins anew. */
  turn(rows: number): void {
    this.#left = rows
    this.#waiting = []
    this.#octets = 0
  }

  /** Whether rows wait for a person who wants to go on. */
  get full(): boolean {
    return this.#waiting.length > 0
  }

  /** Takes rows in. @returns those that fit */
  take(rows: readonly string[]): readonly string[] {
    if (!this.#on) return rows
    const fitting = this.full ? 0 : Math.min(this.#left, rows.length)
    this.#left -= fitting
    for (const row of rows.slice(fitting)) this.#keep(row)
    return rows.slice(0, fitting)
  }

  /** A person wants so many rows more. @returns those of them that wait */
  goOn(rows: number): readonly string[] {
    const waiting = this.#waiting
    this.turn(rows)
    return this.take(waiting)
  }

  /** Only what one line has too much comes here, unless somebody prints without waiting. */
  #keep(row: string): void {
    if (this.#octets >= budget.consoleHeld) return
    this.#octets += row.length + 1
    this.#waiting.push(row)
  }
}
