/** What the boot scripts say of the board, once and before the server is started: `facts.json`. */
import { join } from 'node:path'
import * as v from 'valibot'
import { sentence } from '../base/failure.ts'
import type { Log } from '../base/log.ts'
import { readBounded } from './bounded.ts'

const slot = v.picklist(['a', 'b'])
const short = v.pipe(v.string(), v.maxLength(100))
const device = v.pipe(v.string(), v.regex(/^\/dev\/[\w/.-]{1,60}$/))
const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0))
/** Text of strangers or of programs: what is too long is cut, and what is missing says nothing. */
const words = v.pipe(v.optional(v.nullable(v.pipe(v.string(), v.transform(cut))), null), v.transform(nothing))

/** Null and missing are the same. Unknown names are passed over: newer boot scripts may say more. */
const schema = v.object({
  model: v.fallback(short, 'a board that does not say its name'),
  arch: short,
  slot,
  version: short,
  /** Seconds since the epoch. */
  built: count,
  other: orNothing(v.object({ device, version: orNothing(short), octets: count })),
  /** The partition of the data, and the name of the disk that it is on. */
  data: orNothing(device),
  disk: orNothing(v.pipe(v.string(), v.regex(/^[\w-]{1,30}$/))),
  watchdog: orNothing(device),
  /** The name of a LED, below /sys/class/leds. */
  led: orNothing(v.pipe(v.string(), v.regex(/^(?!\.)[\w:.+-]{1,60}$/))),
  trial: orNothing(v.object({ left: count, from: slot })),
  fallback: words,
  grown: v.fallback(v.boolean(), false),
  /** What e2fsck said when it had to repair something. */
  repaired: words,
})

export type Facts = Readonly<v.InferOutput<typeof schema>>

/**
 * Where the boot scripts cannot be understood: mail is served all the same, and the watchdog fed. Nothing that is on trial can
 * be declared healthy then, and nothing is written into a slot.
 */
const guessed: Facts = {
  model: 'a board that does not say what it is',
  arch: process.arch,
  slot: 'a',
  version: 'unknown',
  built: 0,
  other: undefined,
  data: undefined,
  disk: undefined,
  watchdog: '/dev/watchdog0',
  led: undefined,
  trial: undefined,
  fallback: undefined,
  grown: false,
  repaired: undefined,
}

/** Reads what is said in this directory. What makes no sense is logged, and guessed. */
export async function readFacts(directory: string, log: Log): Promise<Facts> {
  try {
    return v.parse(schema, JSON.parse((await readBounded(join(directory, 'facts.json'))) ?? 'null'))
  } catch (error) {
    log.error({ reason: sentence(error) }, 'what the board says of itself cannot be understood')
    return guessed
  }
}

function orNothing<T extends v.GenericSchema>(of: T) {
  return v.pipe(v.optional(v.nullable(of), null), v.transform(nothing))
}

function nothing<T>(value: T | null | undefined): T | undefined {
  return value ?? undefined
}

function cut(text: string): string {
  return text.slice(0, 1000)
}
