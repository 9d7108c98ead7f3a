/** What an update says of itself: version, board, schemas of the mail that it reads, and the sums of what it brings. */
import * as v from 'valibot'
import { budget } from '../base/budget.ts'
import { sentence } from '../base/failure.ts'
import { damaged } from './refusal.ts'

/** Sectors of any card, and pages: what is read and written past the cache of the kernel comes in whole ones. */
export const pageOctets = 4096

const sum = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/))
const count = (least: number, most: number) => v.pipe(v.number(), v.integer(), v.minValue(least), v.maxValue(most))
const schemaNumber = count(1, 10_000)

/** A version as the boot scripts take it, too. */
export const versionText = v.pipe(v.string(), v.regex(/^\d{1,5}\.\d{1,5}\.\d{1,5}(?:-[0-9a-z.]{1,20})?$/))
export const schemas = v.object({
  reads: v.pipe(v.array(schemaNumber), v.minLength(1), v.maxLength(100), v.readonly()),
  writes: schemaNumber,
})

const part = v.object({
  name: v.literal('slot'),
  /** As it comes, compressed. */
  octets: count(1, budget.updatePart),
  sha256: sum,
  encoding: v.literal('zstd'),
  /** As it lies in the slot. */
  size: v.pipe(count(pageOctets, budget.updateSlot), v.multipleOf(pageOctets)),
  unpacked_sha256: sum,
})

/** Names that are not known are passed over: a newer release may say more. */
const manifest = v.object({
  version: versionText,
  arch: v.picklist(['arm64', 'amd64']),
  /** Seconds since the epoch. */
  built: count(0, 2 ** 40),
  schema: schemas,
  parts: v.strictTuple([part]),
})

export type Manifest = Readonly<v.InferOutput<typeof manifest>>
export type Part = Readonly<v.InferOutput<typeof part>>
export type Schemas = Readonly<v.InferOutput<typeof schemas>>

/** @throws Failure REFUSED */
export function readManifest(octets: Buffer): Manifest {
  try {
    return v.parse(manifest, JSON.parse(octets.toString('utf8')))
  } catch (error) {
    return damaged('its list of contents makes no sense', { cause: sentence(error) })
  }
}
