/** The terminal of a process, joined with a console of the server: console/attach.ts. */
import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { describe, test } from 'node:test'
import type { Transport } from '../../src/commands/command.ts'
import { attach } from '../../src/console/attach.ts'
import { pipe } from '../commands/household.ts'
import { Shown } from '../support/shown.ts'

/** Somebody's terminal, which notes whether it is raw. */
function own() {
  const raw: boolean[] = []
  const input = Object.assign(new PassThrough(), { isTTY: true, setRawMode: (on: boolean) => raw.push(on) })
  return { input, output: new PassThrough(), raw }
}

/** What the server gets. */
function heard(transport: Transport): Shown {
  const shown = new Shown()
  const read = async () => {
    for (let chunk = await transport.read(); chunk; chunk = await transport.read()) shown.add(chunk.toString('latin1'))
    shown.end()
  }
  void read()
  return shown
}

describe('a terminal at a console', () => {
  test('passes octets on in both directions, and is as it was in the end', async () => {
    const [client, server] = pipe()
    const { input, output, raw } = own()
    const attached = attach(client, { input, output })
    const shown = heard(server)
    input.write('status\r')
    await shown.until('status\r')
    await server.write(Buffer.from('well'))
    server.close()
    await attached
    assert.equal(String(output.read()), 'well\r\n')
    assert.deepEqual(raw, [true, false])
    assert.ok(input.isPaused())
  })

  test('is left when nobody sees any more what is shown', async () => {
    const [client, server] = pipe()
    const { input, output, raw } = own()
    const attached = attach(client, { input, output })
    output.destroy()
    await server.write(Buffer.from('well'))
    await attached
    assert.deepEqual(raw, [true, false])
  })

  test('is left when that happens while it cannot be shown fast enough', async () => {
    const [client, server] = pipe()
    const { input, output } = own()
    output.on('error', () => {})
    const attached = attach(client, { input, output })
    await server.write(Buffer.alloc(100_000))
    await new Promise(resolve => setImmediate(resolve))
    output.destroy(new Error('EPIPE'))
    await attached
  })

  test('reads nothing more once it is left', async () => {
    const [client, server] = pipe()
    const { input, output } = own()
    const written = Promise.withResolvers<void>()
    const slow: Transport = { ...client, open: true, write: () => written.promise }
    const attached = attach(slow, { input, output })
    input.write('x')
    await new Promise(resolve => setImmediate(resolve))
    server.close()
    await attached
    written.resolve()
    await written.promise
    assert.ok(input.isPaused())
  })

  for (const [name, typed, wanted] of [
    ['whole lines', 'status\n', /^status\n\x04+$/],
    ['a line without its end', 'status', /^status\r\x04+$/],
    ['nothing', '', /^\x04+$/],
  ] as const) {
    test(`does what was piped in, and leaves: ${name}`, async () => {
      const [client, server] = pipe()
      const { input, output } = own()
      const attached = attach(client, { input, output })
      const shown = heard(server)
      input.end(typed)
      await shown.until(wanted)
      server.close()
      await attached
    })
  }
})
