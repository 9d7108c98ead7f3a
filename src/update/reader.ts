/**
 * The format of an update, `porchlight-VERSION-ARCH.update`, without I/O:
 *
 *     porchlight update 1\n
 *     length of the manifest, 4 octets, most significant first
 *     manifest, JSON
 *     Ed25519 signature over everything before it, 64 octets
 *     the slot's file system, zstd
 *
 * Nothing of the manifest is looked at before the signature is found to be right, and that vouches for the sums of the rest.
 */
import { createHash, type Hash, type KeyObject, verify } from 'node:crypto'
import { budget } from '../base/budget.ts'
import { type Manifest, type Part, readManifest } from './manifest.ts'
import { damaged, refuse } from './refusal.ts'

export const magic = Buffer.from('porchlight update 1\n')
const signatureOctets = 64
const lengthOctets = 4

export type UpdateEvent =
  | { readonly kind: 'manifest'; readonly manifest: Manifest }
  /** Of the part as it comes: views into the chunk, valid as long as that is. */
  | { readonly kind: 'octets'; readonly octets: Buffer }

type Body = { readonly part: Part; readonly hash: Hash; rest: number }

export class UpdateReader {
  readonly #key: KeyObject
  /** What has come of the head. */
  #head = Buffer.alloc(0)
  #body: Body | undefined

  /** @param key the public key of whoever makes updates */
  constructor(key: KeyObject) {
    this.#key = key
  }

  /** @throws Failure REFUSED what is wrong with it */
  feed(chunk: Buffer): readonly UpdateEvent[] {
    if (this.#body) return this.#feedBody(this.#body, chunk)
    const before = this.#head.length
    // The most that a head may have, and then the chunk's rest is the part's.
    this.#head = Buffer.concat([this.#head, chunk.subarray(0, mostHead - before)])
    const octets = headOctets(this.#head)
    if (octets === undefined || this.#head.length < octets) return []
    const manifest = this.#manifest(this.#head.subarray(0, octets))
    this.#head = Buffer.alloc(0)
    const [part] = manifest.parts
    this.#body = { part, hash: createHash('sha256'), rest: part.octets }
    return [{ kind: 'manifest', manifest }, ...this.#feedBody(this.#body, chunk.subarray(octets - before))]
  }

  /** To be called at the end of the file. @throws Failure REFUSED when that came too early */
  end(): void {
    if (this.#body?.rest === 0) return
    if (!this.#body && this.#head.length === 0) foreign()
    damaged('it ends too early')
  }

  #manifest(head: Buffer): Manifest {
    const signed = head.subarray(0, -signatureOctets)
    if (!verify(null, signed, this.#key, head.subarray(-signatureOctets))) {
      refuse('The update is not signed by the maker of this Porchlight, or it is damaged. It is not installed.')
    }
    return readManifest(signed.subarray(magic.length + lengthOctets))
  }

  #feedBody(body: Body, octets: Buffer): readonly UpdateEvent[] {
    if (octets.length === 0) return []
    if (octets.length > body.rest) damaged('there is something behind its end')
    body.hash.update(octets)
    body.rest -= octets.length
    if (body.rest === 0 && body.hash.digest('hex') !== body.part.sha256) {
      damaged(`its part "${body.part.name}" is not what was signed`)
    }
    return [{ kind: 'octets', octets }]
  }
}

const mostHead = magic.length + lengthOctets + budget.updateManifest + signatureOctets

/** @returns how long the head is; undefined while that has not come */
function headOctets(head: Buffer): number | undefined {
  if (head.length === 0) return undefined
  if (!isBeginning(head)) {
    if (/^porchlight update \d/.test(head.toString('latin1', 0, magic.length))) {
      refuse('This update is for a newer Porchlight: install one from between the two first.')
    }
    foreign()
  }
  if (head.length < magic.length + lengthOctets) return undefined
  const octets = head.readUInt32BE(magic.length)
  if (octets > budget.updateManifest) damaged('its list of contents is too long')
  return magic.length + lengthOctets + octets + signatureOctets
}

/** Whether it begins as an update does, as far as it has come. */
function isBeginning(head: Buffer): boolean {
  const length = Math.min(head.length, magic.length)
  return head.subarray(0, length).equals(magic.subarray(0, length))
}

function foreign(): never {
  return refuse('This file is no update of Porchlight. Their names are like porchlight-0.2.0-arm64.update.')
}
