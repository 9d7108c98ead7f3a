/** The commands of a POP3 client: RFC 1939 §9, RFC 2449 §5 (CAPA), RFC 2595 §4 (STLS), RFC 5034 §4 (AUTH), RFC 6856. */
import { isUtf8 } from 'node:buffer'
import { type Refusal, response } from './response.ts'

/** Commands without arguments. */
type Bare = 'CAPA' | 'NOOP' | 'QUIT' | 'RSET' | 'STAT' | 'STLS' | 'UTF8'

/** Messages and lines are counted as the client counts them: messages from 1. */
export type Command =
  | { readonly verb: Bare }
  | { readonly verb: 'USER'; readonly name: string }
  | { readonly verb: 'PASS'; readonly password: string }
  | { readonly verb: 'AUTH'; readonly mechanism: string | undefined; readonly response: string | undefined }
  | { readonly verb: 'LIST' | 'UIDL'; readonly message: number | undefined }
  | { readonly verb: 'RETR' | 'DELE'; readonly message: number }
  | { readonly verb: 'TOP'; readonly message: number; readonly lines: number }
  | { readonly verb: 'LANG'; readonly range: string | undefined }

export type Verb = Command['verb']

/** Reads the arguments: what stands behind the keyword's one space, and the same cut into words. */
type Reader = (argument: string, words: readonly string[]) => Command | undefined

const bare =
  (verb: Bare): Reader =>
  (_, words) =>
    words.length === 0 ? { verb } : undefined

const mayName =
  (verb: 'LIST' | 'UIDL'): Reader =>
  (_, words) => {
    if (words.length === 0) return { verb, message: undefined }
    const message = number(words[0])
    return words.length === 1 && message !== undefined ? { verb, message } : undefined
  }

const mustName =
  (verb: 'RETR' | 'DELE'): Reader =>
  (_, words) => {
    const message = number(words[0])
    return words.length === 1 && message !== undefined ? { verb, message } : undefined
  }

const readers: Record<Verb, Reader> = {
  CAPA: bare('CAPA'),
  NOOP: bare('NOOP'),
  QUIT: bare('QUIT'),
  RSET: bare('RSET'),
  STAT: bare('STAT'),
  STLS: bare('STLS'),
  UTF8: bare('UTF8'),
  LIST: mayName('LIST'),
  UIDL: mayName('UIDL'),
  RETR: mustName('RETR'),
  DELE: mustName('DELE'),
  TOP: (_, words) => {
    const message = number(words[0])
    const lines = number(words[1])
    if (words.length !== 2 || message === undefined || lines === undefined) return undefined
    return { verb: 'TOP', message, lines }
  },
  USER: argument => {
    const name = argument.trim()
    return name === '' ? undefined : { verb: 'USER', name }
  },
  // RFC 1939 §7: PASS has one argument, so spaces are part of the password, at its ends too.
  PASS: argument => (argument === '' ? undefined : { verb: 'PASS', password: argument }),
  AUTH: (_, words) => {
    const [mechanism, initial] = words
    if (words.length > 2) return undefined
    // RFC 5034 §4: `=` is an initial response of no octets.
    return { verb: 'AUTH', mechanism: mechanism?.toUpperCase(), response: initial === '=' ? '' : initial }
  },
  LANG: (_, words) => (words.length > 1 ? undefined : { verb: 'LANG', range: words[0] }),
}

/** Digits only. A number too large to be exact is still larger than any message or line count. */
function number(word: string | undefined): number | undefined {
  return word !== undefined && /^[0-9]+$/.test(word) ? Number(word) : undefined
}

/**
 * Reads one command. Keywords have no case; words may stand several spaces apart, as some clients send them.
 * @param line without its CRLF
 * @returns the command, or the answer that says what is wrong with it
 */
export function parseCommand(line: Buffer): Command | Refusal {
  if (!isUtf8(line)) return response.malformedLine
  const text = line.toString()
  if (/[\0\r\n]/.test(text)) return response.malformedLine
  const space = text.indexOf(' ')
  const keyword = space < 0 ? text : text.slice(0, space)
  const argument = space < 0 ? '' : text.slice(space + 1)
  const verb = verbOf(keyword)
  if (verb === undefined) return response.unknownCommand
  const words = argument.split(' ').filter(word => word !== '')
  return readers[verb](argument, words) ?? response.wrongArguments
}

function verbOf(keyword: string): Verb | undefined {
  // Looked at before toUpperCase, which makes ASCII letters of some others (ı, ſ).
  if (!/^[A-Za-z0-9]{3,4}$/.test(keyword)) return undefined
  const upper = keyword.toUpperCase()
  return isVerb(upper) ? upper : undefined
}

function isVerb(keyword: string): keyword is Verb {
  return Object.hasOwn(readers, keyword)
}
