/** Saves a message, or what is attached to it, on USB storage. */

import { budget } from '../base/budget.ts'
import { Failure } from '../base/failure.ts'
import { roundSize } from '../base/units.ts'
import { harmless } from '../base/words.ts'
import { textOf } from '../message/header-fields.ts'
import type { MimeSink, Part } from '../message/mime.ts'
import { MimeWalker } from '../message/mime.ts'
import type { StoredMessage } from '../store/store.ts'
import { refuse } from './command.ts'
import type { Reading } from './reader.ts'
import type { Numbered } from './reader-box.ts'
import { headerOf, outlineOf } from './reader-message.ts'
import { octetsOf } from './reader-show.ts'
import { keepFile, safeName, storagePlace } from './storage.ts'

/** @param attachment its number in the list; undefined for the whole message */
export async function save(message: Numbered, attachment: number | undefined, reading: Reading): Promise<void> {
  const { dialogue } = reading
  const household = reading.household()
  const stored = await household.message(message.entry.seq)
  const place = await storagePlace(household.config.console.storage)
  const { name, octets, size } = await whatOf(stored, message, attachment, reading)
  await dialogue.print(`Saving ${harmless(name)}; Ctrl-C stops it.`)
  const path = await keepFile(place, name, watched(octets, size, reading))
  await dialogue.print(`Saved: ${harmless(path)}`)
}

type What = { readonly name: string; readonly octets: AsyncIterable<Buffer>; readonly size: number }

async function whatOf(
  stored: StoredMessage,
  { number, entry }: Numbered,
  attachment: number | undefined,
  { dialogue }: Reading,
): Promise<What> {
  if (attachment === undefined) {
    const subject = textOf(await headerOf(stored), 'subject')
    const name = `${safeName(subject.replaceAll('.', ' '), `message ${number}`)}.eml`
    return { name, octets: octetsOf(stored), size: entry.octets }
  }
  const { outline } = await outlineOf(stored, dialogue.signal)
  const { attachments } = outline
  const found = attachments[attachment - 1]
  if (!found) {
    const has = attachments.length === 0 ? 'has nothing attached' : `has ${attachments.length} attached`
    return refuse(`Message ${number} ${has}; to see its list: read ${number}`)
  }
  const name = safeName(found.part.name, `attachment ${attachment}`)
  return { name, octets: partOctets(stored, found.part.number), size: found.octets }
}

/** The octets of one part, decoded. */
async function* partOctets(stored: StoredMessage, number: number): AsyncGenerator<Buffer> {
  const sink = new PartOctets(number)
  const walker = new MimeWalker(sink)
  for await (const block of stored.blocks()) {
    walker.feed(block)
    yield* sink.take()
    if (sink.ended) return
  }
  walker.end()
  yield* sink.take()
}

/** Copies what a part brings until it is taken: at most what one block decodes to. */
class PartOctets implements MimeSink {
  readonly #number: number
  #chunks: Buffer[] = []
  ended = false

  constructor(number: number) {
    this.#number = number
  }

  take(): readonly Buffer[] {
    return this.#chunks.splice(0)
  }

  begin(): void {}

  octets(part: Part, octets: Buffer): void {
    if (part.number === this.#number) this.#chunks.push(Buffer.from(octets))
  }

  end(part: Part): void {
    if (part.number === this.#number) this.ended = true
  }
}

/** Says how far it is, and stops when the person wants it. */
async function* watched(octets: AsyncIterable<Buffer>, size: number, { dialogue }: Reading): AsyncGenerator<Buffer> {
  let [done, said] = [0, 0]
  for await (const chunk of octets) {
    if (dialogue.signal.aborted) throw new Failure('GIVEN_UP', 'Stopped; nothing was saved.')
    yield chunk
    done += chunk.length
    if (done - said < budget.saveProgress) continue
    said = done
    await dialogue.print(`${roundSize(done)} of ${roundSize(size)}`)
  }
}
