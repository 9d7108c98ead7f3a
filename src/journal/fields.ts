/** The fields of a line of the log as words in a sentence. Strangers have a say in most of them: nothing here acts on a terminal. */
import { budget } from '../base/budget.ts'
import { roundSize } from '../base/units.ts'
import { harmless } from '../base/words.ts'

/** Writes a moment, ms since the epoch. */
export type When = (ms: number) => string

type Fields = Readonly<Record<string, unknown>>

/** How a field is written where its template says so: `{octets:size}`. */
const forms = {
  size: value => roundSize(Number(value) || 0),
  time: (value, when) => {
    const ms = typeof value === 'number' ? value : Date.parse(String(value))
    return Number.isNaN(new Date(ms).getTime()) ? plain(value) : when(ms)
  },
  plain: value => plain(value),
} as const satisfies Record<string, (value: unknown, when: When) => string>

/** `{name}` or `{name:form}`. */
const slot = /\{(\w+)(?::(\w+))?\}/g

/** @param template a sentence with slots for fields; one that is missing becomes `?` */
export function fill(template: string, fields: Fields, when: When): string {
  return template.replace(slot, (_slot, name: string, form = 'plain') => {
    const write = Object.entries(forms).find(([known]) => known === form)?.[1] ?? plain
    return write(fields[name], when)
  })
}

/** Every field that a sentence has no place for, as `name=value`. */
export function allFields(fields: Fields): string {
  return Object.entries(fields)
    .map(([name, value]) => `${harmless(name)}=${plain(value)}`)
    .join(' ')
}

/** A value in words, without the full stop that would stand beside another one. */
export function plain(value: unknown): string {
  const text = harmless(textOf(value)).trim().replace(/\.$/, '')
  if (text === '') return '?'
  return text.length > budget.journalValue ? `${text.slice(0, budget.journalValue - 1)}…` : text
}

function textOf(value: unknown): string {
  if (value === undefined || value === null) return ''
  if (Array.isArray(value)) return value.map(textOf).join(', ')
  if (typeof value !== 'object') return String(value)
  return 'message' in value ? String(value.message) : JSON.stringify(value)
}
