/** Packs numbers and strings into octets and reads them back; every read is checked against the end. */

const start = 256

/** A buffer that grows as values are put into it. Integers are big-endian, so that sorted keys are sorted numbers. */
export class OctetWriter {
  #octets = Buffer.allocUnsafe(start)
  #used = 0

  #room(octets: number): number {
    const offset = this.#used
    this.#used += octets
    if (this.#used > this.#octets.length) {
      const grown = Buffer.allocUnsafe(Math.max(this.#octets.length * 2, this.#used))
      grown.set(this.#octets.subarray(0, offset))
      this.#octets = grown
    }
    return offset
  }

  u8(value: number): this {
    const offset = this.#room(1)
    this.#octets[offset] = value
    return this
  }

  u16(value: number): this {
    const offset = this.#room(2)
    this.#octets.writeUInt16BE(value, offset)
    return this
  }

  u32(value: number): this {
    const offset = this.#room(4)
    this.#octets.writeUInt32BE(value, offset)
    return this
  }

  u48(value: number): this {
    const offset = this.#room(6)
    this.#octets.writeUIntBE(value, offset, 6)
    return this
  }

  /** A non-negative safe integer, seven bits an octet, least significant first; the top bit says that more follow. */
  varint(value: number): this {
    let rest = value
    while (rest > 0x7f) {
      this.u8((rest % 0x80) | 0x80)
      rest = Math.floor(rest / 0x80)
    }
    return this.u8(rest)
  }

  raw(octets: Uint8Array): this {
    const offset = this.#room(octets.length)
    this.#octets.set(octets, offset)
    return this
  }

  /** A string in UTF-8 behind its length in octets. */
  text(value: string): this {
    const octets = Buffer.byteLength(value)
    this.varint(octets)
    const offset = this.#room(octets)
    this.#octets.write(value, offset)
    return this
  }

  /** @returns what was put in; a view, so the writer must not be used again */
  finish(): Buffer {
    return this.#octets.subarray(0, this.#used)
  }
}

/** Reads what `OctetWriter` wrote. Every method throws a RangeError when the octets end too early or make no sense. */
export class OctetReader {
  readonly #octets: Buffer
  #offset: number

  constructor(octets: Buffer, offset = 0) {
    this.#octets = octets
    this.#offset = offset
  }

  /** Where the next octets are taken. */
  get offset(): number {
    return this.#offset
  }

  /** True when nothing is left. */
  get ended(): boolean {
    return this.#offset === this.#octets.length
  }

  #take(octets: number): number {
    const offset = this.#offset
    this.#offset += octets
    if (this.#offset > this.#octets.length) throw new RangeError('octets end too early')
    return offset
  }

  u8(): number {
    return this.#octets.readUInt8(this.#take(1))
  }

  u16(): number {
    return this.#octets.readUInt16BE(this.#take(2))
  }

  u32(): number {
    return this.#octets.readUInt32BE(this.#take(4))
  }

  u48(): number {
    return this.#octets.readUIntBE(this.#take(6), 6)
  }

  /** @param most the largest number that makes sense */
  varint(most = Number.MAX_SAFE_INTEGER): number {
    let value = 0
    let scale = 1
    for (;;) {
      const octet = this.u8()
      value += (octet & 0x7f) * scale
      if (!(value <= most)) throw new RangeError('number out of range') // NaN too, after too many octets
      if (octet < 0x80) return value
      scale *= 0x80
    }
  }

  /** @returns a view of the next octets */
  raw(octets: number): Buffer {
    const offset = this.#take(octets)
    return this.#octets.subarray(offset, offset + octets)
  }

  text(): string {
    return this.raw(this.varint()).toString()
  }

  /**
   * Reads a counted list.
   * @param item reads one item; each takes at least one octet, so a false count ends at the octets' end
   */
  list<Item>(item: (reader: OctetReader) => Item): Item[] {
    const count = this.varint()
    const items: Item[] = []
    for (let i = 0; i < count; i++) items.push(item(this))
    return items
  }
}
