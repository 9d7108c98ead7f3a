/** How a setting and a section of settings are written down in `config.ts`: the schema and its manual are one value. */
import * as v from 'valibot'
import type { Written } from './toml.ts'

type About = { readonly meaning: string; readonly example: Written }

/** A setting as the reader and the manual see it. */
export type Row = About & { readonly default: Written }

/** One setting: its kind, its default as it is written, what it means, and an example where the default is none. */
export function setting<
  Kind extends v.GenericSchema<unknown, unknown>,
  const Default extends Written & v.InferInput<Kind>,
>(kind: Kind, standard: Default, meaning: string, example: Written = standard) {
  const range = v.getDescription(kind)
  const about: About = { meaning: range === undefined ? meaning : `${meaning} ${range}`, example }
  return { ...v.optional(kind, standard), ...about }
}

/**
 * A table of settings under one heading.
 * @param check compares settings with one another when each by itself is good: gives a complaint or nothing
 */
export function section<Entries extends v.ObjectEntries>(
  meaning: string,
  entries: Entries,
  check: (values: v.InferOutput<v.ObjectSchema<Entries, undefined>>) => string | undefined = () => undefined,
) {
  const table = v.custom<object>(isTable, 'is no section; write its name in [ ] on a line of its own')
  const compare = v.rawCheck<v.InferOutput<v.ObjectSchema<Entries, undefined>>>(({ dataset, addIssue }) => {
    const complaint = dataset.typed ? check(dataset.value) : undefined
    if (complaint !== undefined) addIssue({ message: complaint })
  })
  return v.optional(v.pipe(table, v.object(entries), compare, v.description(meaning)), {})
}

export function isTable(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date)
}
