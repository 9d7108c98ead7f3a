/** What a terminal can show of a text: all of it, or the ASCII that comes nearest. */
import { harmless } from './width.ts'

export type Charset = 'utf-8' | 'ascii'

/** What no decomposition turns into ASCII. */
const fallbacks: Readonly<Record<string, string>> = {
  ...each('‘’‚‛′ʹʼ', "'"),
  ...each('“”„‟″', '"'),
  ...each('‐‑‒–—―−─━┄┅┈┉╌╍═', '-'),
  ...each('│┃┆┇┊┋╎╏║', '|'),
  ...each('•‣·∙●▪■◆', '*'),
  ...each('○◦□◇', 'o'),
  ...each('█▓▇▆▅▄▀▐▌', '#'),
  ...each('▒▃▂', '+'),
  ...each('░▁', '.'),
  ...each('⁄∕', '/'),
  ...each('✓✔☑', 'v'),
  ...each('✗✘✕×☒', 'x'),
  ...each('⚠', '!'),
  ...{ '←': '<-', '→': '->', '↔': '<->', '⇐': '<=', '⇒': '=>', '↑': '^', '↓': 'v' },
  ...{ '▲': '^', '▼': 'v', '◀': '<', '▶': '>', '‹': '<', '›': '>', '«': '<<', '»': '>>' },
  ...{ '≤': '<=', '≥': '>=', '≠': '!=', '≈': '~', '÷': '/', '±': '+-', '°': 'deg', '¦': '|', '¬': '-' },
  ...{
    '€': 'EUR',
    '£': 'GBP',
    '¥': 'JPY',
    '¢': 'c',
    '©': '(c)',
    '®': '(r)',
    '§': 'S.',
    '¶': 'P.',
    '†': '+',
    '‡': '++',
  },
  ...{ ß: 'ss', ẞ: 'SS', æ: 'ae', Æ: 'AE', œ: 'oe', Œ: 'OE', ø: 'o', Ø: 'O', ł: 'l', Ł: 'L', đ: 'd', Đ: 'D' },
  ...{ ð: 'd', Ð: 'D', þ: 'th', Þ: 'Th', ħ: 'h', Ħ: 'H', ı: 'i', ŋ: 'ng', Ŋ: 'NG', '¿': '?', '¡': '!' },
}

const plain = /^[ -~]*$/

/** The text as this terminal shows it: harmless, and within its characters. */
export function shownIn(charset: Charset, text: string): string {
  if (plain.test(text)) return text
  const safe = harmless(text)
  if (charset === 'utf-8') return safe
  return safe.normalize('NFC').replace(/[^ -~]/gu, nearest)
}

/** The ASCII that comes nearest to a character: `?` where nothing does. */
function nearest(character: string): string {
  const fallback = fallbacks[character]
  if (fallback !== undefined) return fallback
  // The corners and crossings of frames.
  if (character >= '\u250c' && character <= '\u256c') return '+'
  let ascii = ''
  for (const part of character.normalize('NFKD')) {
    if (part >= ' ' && part <= '~') ascii += part
    else if (!/\p{M}/u.test(part)) ascii += fallbacks[part] ?? '?'
  }
  return ascii
}

function each(characters: string, ascii: string): Readonly<Record<string, string>> {
  return Object.fromEntries([...characters].map(character => [character, ascii]))
}
