/** Joins the terminal of this process with a console of the running server. */
import { once } from 'node:events'
import type { Transport } from '../commands/command.ts'
import type { Own } from '../commands/world.ts'
import type { Screen } from './control.ts'
import { endOfInput } from './terminal.ts'

/** Terminals without the escapes of a VT100, by their name in TERM. */
const plain: readonly string[] = ['', 'dumb', 'unknown', 'network', 'dialup']

const LF = 0x0a
const CR = 0x0d

/** What the terminal of this process is like. */
export function screenOf({ input, output }: Own, environment: Readonly<Record<string, string | undefined>>): Screen {
  const { TERM = '', LC_ALL, LC_CTYPE, LANG } = environment
  const attended = input.isTTY === true && output.isTTY === true
  return {
    columns: bounded(output.columns, 80),
    rows: bounded(output.rows, 24),
    escapes: attended && !plain.includes(TERM),
    unicode: /utf-?8/i.test(LC_ALL || LC_CTYPE || LANG || ''),
    paged: attended,
  }
}

function bounded(size: number | undefined, standard: number): number {
  return size === undefined || size < 1 ? standard : Math.min(size, 1000)
}

/** Passes octets on in both directions, until the console is left, the input ends or nobody sees the output any more. */
export async function attach(transport: Transport, { input, output }: Own): Promise<void> {
  const over = Promise.withResolvers<undefined>()
  const close = () => over.resolve(undefined)
  let left = false
  let [typedLast, shownLast]: (number | undefined)[] = [LF, LF]
  input.setRawMode?.(true)
  const typed = (chunk: Buffer) => {
    typedLast = chunk.at(-1)
    input.pause()
    void transport.write(chunk).then(() => {
      if (!left) input.resume()
    })
  }
  // What was piped in is done in its turn, its last line too where it has no end, and then the console is left.
  const ended = () => void transport.write(Buffer.of(...(typedLast === LF || typedLast === CR ? [] : [CR]), endOfInput))
  input.on('data', typed).on('end', ended)
  output.on('close', close).on('error', close)
  const next = () => Promise.race([transport.read(), over.promise])
  try {
    for (let chunk = await next(); chunk !== undefined; chunk = await next()) {
      shownLast = chunk.at(-1)
      if (!output.write(chunk)) await Promise.race([once(output, 'drain').catch(close), over.promise])
    }
  } finally {
    left = true
    output.off('close', close).off('error', close)
    input.off('data', typed).off('end', ended).pause()
    input.setRawMode?.(false)
    transport.close()
    // A server that has stopped leaves off anywhere; what comes next begins a row.
    if (shownLast !== LF) output.write('\r\n')
  }
}
