/** A body decoded chunk by chunk, for what compares it with the plain words. */
import { DotDecoder } from '../../src/wire/dot.ts'
import { Input } from '../../src/wire/input.ts'
import { LineCheck } from '../../src/wire/lines.ts'

/** @returns the body, octets as characters; what the decoder left for the commands; and what was seen of the lines */
export function decodeDots(chunks: Iterable<Buffer>): { body: string; rest: string; ended: boolean; lines: LineCheck } {
  const decoder = new DotDecoder()
  const lines = new LineCheck()
  const input = new Input()
  let body = ''
  let rest = ''
  for (const chunk of chunks) {
    input.feed(chunk)
    for (let span = decoder.next(input); span; span = decoder.next(input)) {
      lines.check(span)
      body += span.toString('latin1')
    }
    rest += input.octets(chunk.length).toString('latin1')
  }
  return { body, rest, ended: decoder.ended, lines }
}
