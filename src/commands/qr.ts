/** A QR code (ISO/IEC 18004) in characters, dark on light: what is light is drawn, as terminals are dark. */
import type { Lines } from './command.ts'

/** Light modules around it, of which readers want some. */
const border = 2

/** What can be shown. */
type Page = { readonly columns: number; readonly unicode: boolean }

/** @returns the lines; undefined where they are wider than the terminal */
export async function qrLines(text: string, { columns, unicode }: Page): Promise<Lines | undefined> {
  // Needed once in the life of a box.
  const { encode } = await import('uqr')
  const { data } = encode(text, { ecc: 'L', border })
  const width = unicode ? data.length : 2 * data.length
  if (width >= columns) return undefined
  return unicode ? halves(data) : data.map(row => row.map(dark => (dark ? '  ' : '##')).join(''))
}

/** Two modules a character, one above the other: so they are about square. */
function halves(data: readonly (readonly boolean[])[]): Lines {
  const lines: string[] = []
  for (let y = 0; y < data.length; y += 2) {
    const [upper = [], lower] = [data[y], data[y + 1]]
    lines.push(upper.map((dark, x) => half(!dark, !(lower?.[x] ?? true))).join(''))
  }
  return lines
}

function half(upper: boolean, lower: boolean): string {
  if (upper) return lower ? '█' : '▀'
  return lower ? '▄' : ' '
}
