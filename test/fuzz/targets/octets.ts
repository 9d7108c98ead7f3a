// Any reads of any octets give values or a RangeError and never pass the end; the values written again read the same.
import assert from 'node:assert/strict'
import { OctetReader, OctetWriter } from '../../../src/wire/octets.ts'
import type { Target } from '../engine.ts'

const kinds = ['u8', 'u16', 'u32', 'u48', 'varint', 'text'] as const
type Kind = (typeof kinds)[number]
type Value = { readonly kind: Kind; readonly value: number | string }
type Piece = Value | { readonly kind: 'list'; readonly value: readonly Value[] }

function readValue(from: OctetReader, kind: Kind): Value {
  return { kind, value: from[kind]() }
}

/** The input's first octet says how many reads follow, the next ones which; above the kinds, a list of one. */
function read(octets: Buffer, program: readonly number[]): readonly Piece[] | 'senseless' {
  const from = new OctetReader(octets)
  const pick = (step: number): Kind => kinds[step % kinds.length] ?? 'u8'
  try {
    return program.map((step): Piece => {
      const kind = pick(step)
      return step % 7 === 0 ? { kind: 'list', value: from.list(item => readValue(item, kind)) } : readValue(from, kind)
    })
  } catch (error) {
    assert.ok(error instanceof RangeError, String(error))
    return 'senseless'
  }
}

function put(out: OctetWriter, { kind, value }: Value): void {
  if (typeof value === 'string') out.text(value)
  else if (kind !== 'text') out[kind](value)
}

function write(pieces: readonly Piece[]): Buffer {
  const out = new OctetWriter()
  for (const piece of pieces) {
    if (piece.kind !== 'list') {
      put(out, piece)
      continue
    }
    out.varint(piece.value.length)
    for (const value of piece.value) put(out, value)
  }
  return out.finish()
}

export const octets: Target = {
  seeds: [
    Buffer.of(6, 0, 1, 2, 3, 4, 5, 9, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 2, 0x80, 1, 3, 0x61, 0x62, 0x63),
    Buffer.of(1, 35, 3, 1, 0x61, 0, 2, 0xc3, 0xbc),
    Buffer.of(1, 5, 3, 0x61, 0x62, 0x63),
    Buffer.of(1, 4, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f),
  ],
  words: [
    ...[Buffer.of(0), Buffer.of(1), Buffer.of(0x7f), Buffer.of(0x80), Buffer.of(0xff), Buffer.of(7), Buffer.of(35)],
    ...[
      Buffer.alloc(7, 0xff),
      Buffer.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f),
      Buffer.of(0x80, 0),
      'text',
      'ü',
    ],
  ],
  check(input) {
    const steps = (input[0] ?? 0) % 16
    const program = [...input.subarray(1, 1 + steps)]
    const octets = input.subarray(1 + steps)
    const pieces = read(octets, program)
    if (pieces === 'senseless') return [pieces]
    assert.deepEqual(read(write(pieces), program), pieces)
    // What follows the end changes nothing.
    assert.deepEqual(read(Buffer.concat([octets, Buffer.alloc(16, 0x55)]), program), pieces)
    return [pieces.map(({ kind }) => kind).join()]
  },
}
