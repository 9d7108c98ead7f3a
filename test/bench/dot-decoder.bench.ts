/** The dot decoder and the check of every CR and LF, as a receiver runs them over a body, in chunks of 64 KiB. */
import assert from 'node:assert/strict'
import { DotDecoder } from '../../src/wire/dot.ts'
import { Input } from '../../src/wire/input.ts'
import { LineCheck } from '../../src/wire/lines.ts'
import { bench, rate } from './harness.ts'
import { chunks, MB, randomLines } from './mail.ts'

const bodyOctets = 8 * MB
const end = '.\r\n'

/** The same lines, of which one in twenty begins with a stuffed dot. */
function dotted(lines: string): string {
  let line = 0
  return lines.replace(/\r\n(?=[^\r])/g, () => (line++ % 20 === 0 ? '\r\n..' : '\r\n'))
}

const bodies = {
  'lines of 76 octets': randomLines(bodyOctets),
  'lines of 76 octets, each 20th with a dot': dotted(randomLines(bodyOctets)),
  'lines of 998 octets': randomLines(bodyOctets, 998),
}

/** @returns octets of the body without its stuffed dots */
function decode(body: readonly Buffer[], check: LineCheck): number {
  const input = new Input()
  const decoder = new DotDecoder()
  let octets = 0
  for (const chunk of body) {
    input.feed(chunk)
    for (let span = decoder.next(input); span; span = decoder.next(input)) {
      check.check(span)
      octets += span.length
    }
  }
  assert.ok(decoder.ended && !check.malformed)
  return octets
}

await bench('dot-decoder', 'the dot decoder with full CR and LF strictness', async bench => {
  for (const [name, text] of Object.entries(bodies)) {
    const body = Buffer.from(text + end, 'latin1')
    const cut = chunks(body)
    assert.ok(decode(cut, new LineCheck()) <= body.length - end.length)
    await bench.measure(name, () => ({ 'GB/s': (rate(() => decode(cut, new LineCheck())) * body.length) / 1e9 }))
  }
})
