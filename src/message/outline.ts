/** What a message consists of, for the one who reads it: which of its parts are its text, and which are attachments. */
import type { MimeSink, Part } from './mime.ts'

/** A part, once it has gone by. */
export type Outlined = { readonly part: Part /** Without the transfer encoding. */; octets: number }

/** A text that holds no more than this many octets says nothing: some programs put an empty one beside the HTML. */
const emptyText = 4

/** Hears a message go by. Holds what is known of its parts, which are bounded, and nothing of what they hold. */
export class Outline implements MimeSink {
  readonly parts: Outlined[] = []

  begin(part: Part): void {
    this.parts[part.number] = { part, octets: 0 }
  }

  octets(part: Part, octets: Buffer): void {
    const outlined = this.parts[part.number]
    if (outlined) outlined.octets += octets.length
  }

  end(): void {}

  /** The header fields of the message itself. */
  get fields(): Part['fields'] {
    return this.parts[0]?.part.fields ?? []
  }

  /** Numbers of the leaves that are the text: of alternatives one (RFC 2046 §5.1.4), the plain one if there is one. */
  get text(): ReadonlySet<number> {
    const dropped = new Set<number>()
    for (const { part } of this.parts) {
      if (part.type !== 'multipart/alternative' || part.kind !== 'multipart') continue
      const inside = this.parts.filter(other => other.part.within === part.number)
      const chosen = this.#choose(inside)
      for (const other of inside) if (other !== chosen) dropped.add(other.part.number)
    }
    const texts = this.parts.filter(({ part }) => isText(part) && !this.#isInside(part, dropped))
    return new Set(texts.map(({ part }) => part.number))
  }

  /** The leaves that are no text, in their order. */
  get attachments(): readonly Outlined[] {
    return this.parts.filter(({ part }) => part.kind === 'leaf' && !isText(part))
  }

  #choose(inside: readonly Outlined[]): Outlined | undefined {
    const full = inside.filter(({ part, octets }) => part.kind !== 'leaf' || octets > emptyText)
    const plain = full.find(({ part }) => part.type === 'text/plain' && isText(part))
    return plain ?? full.findLast(({ part }) => this.#holdsText(part)) ?? full.at(-1)
  }

  #holdsText(part: Part): boolean {
    if (part.kind === 'leaf') return isText(part)
    return this.parts.some(other => other.part.within === part.number && this.#holdsText(other.part))
  }

  #isInside(part: Part, numbers: ReadonlySet<number>): boolean {
    for (let at: Part | undefined = part; at; at = this.parts[at.within ?? -1]?.part) {
      if (numbers.has(at.number)) return true
    }
    return false
  }
}

/** Other texts than the two common ones are shown only where they are the whole message. */
function isText({ kind, type, number, attached }: Part): boolean {
  if (kind !== 'leaf' || attached) return false
  return type === 'text/plain' || type === 'text/html' || (type.startsWith('text/') && number === 0)
}
