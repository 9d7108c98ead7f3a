/** Text that travels inside a parameter value: xtext (RFC 3461 §4) and its form for Unicode addresses (RFC 6533 §3). */

const xtext = /^(?:[!-*,-<>-~]|\+[0-9A-F]{2})*$/
const printable = /^[ -~]*$/
const utf8Address = /^(?:[!-<>-[\]-~\u{a0}-\u{d7ff}\u{e000}-\u{10ffff}]|\\x\{[0-9A-F]{1,6}\})+$/u

/** @returns the printable ASCII that was meant, or undefined if it is no xtext or holds anything else */
export function decodeXtext(text: string): string | undefined {
  if (!xtext.test(text)) return undefined
  const decoded = text.replace(/\+(..)/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  return printable.test(decoded) ? decoded : undefined
}

/** @returns the address that was meant by an address of type utf-8, in any of its three forms, or undefined */
export function decodeUtf8Address(text: string): string | undefined {
  if (!utf8Address.test(text)) return undefined
  const points = [...text.matchAll(/\\x\{(\w+)\}/g)].map(([, hex = '']) => Number.parseInt(hex, 16))
  if (!points.every(isText)) return undefined
  return text.replace(/\\x\{(\w+)\}/g, (_, hex: string) => String.fromCodePoint(Number.parseInt(hex, 16)))
}

/**
 * Writes printable ASCII as xtext. Angle brackets, which may stand in it, are encoded as well: nothing then looks like a path.
 * @throws on anything else: what was taken from a peer has been through `decodeXtext`
 */
export function encodeXtext(text: string): string {
  if (!printable.test(text)) throw new Error('xtext holds printable ASCII only')
  return text.replace(/[ +<=>]/g, char => `+${hex(char)}`)
}

/**
 * Writes an address of type utf-8 in its seven-bit form (utf-8-addr-xtext), which may go to every peer.
 * @throws if it holds controls or lone surrogates
 */
export function encodeUtf8Address(address: string): string {
  return address.replace(/[^!-*,-;?-[\]-~]/gu, char => {
    if (!isText(char.codePointAt(0) ?? 0)) throw new Error('an address holds text only')
    return `\\x{${hex(char)}}`
  })
}

function hex(char: string): string {
  return (char.codePointAt(0) ?? 0).toString(16).toUpperCase()
}

/** Neither a control nor a surrogate: a report may come to hold it. */
function isText(point: number): boolean {
  const control = point < 0x20 || (point >= 0x7f && point < 0xa0)
  const surrogate = point >= 0xd800 && point < 0xe000
  return !control && !surrogate && point <= 0x10ffff
}
