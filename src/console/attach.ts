/** Joins the terminal of this process with a console of the running server. */
import type { Transport } from '../commands/command.ts'
import type { Own } from '../commands/world.ts'
import type { Screen } from './control.ts'
import { endOfInput } from './terminal.ts'

/** Terminals without the escapes of a VT100, by their name in TERM. */
const plain: readonly string[] = ['', 'dumb', 'unknown', 'network', 'dialup']

const LF = 0x0a

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

/** Passes octets on in both directions, until the console is left or the input ends. */
export async function attach(transport: Transport, { input, output }: Own): Promise<void> {
  input.setRawMode?.(true)
  let last: number | undefined
  const typed = (chunk: Buffer) => {
    last = chunk.at(-1)
    input.pause()
    void transport.write(chunk).then(() => input.resume())
  }
  // What was piped in is done in its turn, its last line too where it has no end, and then the console is left.
  const ended = () => void transport.write(Buffer.of(...(last === LF || last === undefined ? [] : [LF]), endOfInput))
  input.on('data', typed).on('end', ended)
  try {
    for (let chunk = await transport.read(); chunk !== undefined; chunk = await transport.read()) {
      if (!output.write(chunk)) await new Promise(resolve => output.once('drain', resolve))
    }
  } finally {
    input.off('data', typed).off('end', ended).pause()
    input.setRawMode?.(false)
    transport.close()
  }
}
