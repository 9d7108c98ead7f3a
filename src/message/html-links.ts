/** The links of HTML: numbered, and compared with what their text promises. */
import { budget } from '../base/budget.ts'

/** A link that is open. */
type Open = { readonly address: URL | undefined; text: string }

const namedHost = /(?:https?:\/\/|\bwww\.)([a-z0-9.-]+)/i
/** The whole text is a host, perhaps with a path. */
const onlyHost = /^([a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,})(?:[/:?#]\S*)?$/i
const protocols: readonly string[] = ['http:', 'https:', 'mailto:', 'ftp:', 'tel:']

/** Holds the first addresses and the text of the link that is open. */
export class HtmlLinks {
  readonly #addresses: string[] = []
  #open: Open | undefined
  #more = false

  begin(href: string): void {
    const address = URL.canParse(href) ? new URL(href) : undefined
    this.#open = { address: address && protocols.includes(address.protocol) ? address : undefined, text: '' }
  }

  /** Text inside the link. */
  text(text: string): void {
    if (!this.#open) return
    this.#open.text = `${this.#open.text}${text}`.trimStart().slice(0, budget.htmlLinkText)
  }

  /** @returns what stands behind the text of the link; '' where nothing has to */
  end(): string {
    const { address, text = '' } = this.#open ?? {}
    this.#open = undefined
    const shown = text.trim()
    // A link that shows nothing is there to be counted, not to be followed.
    if (!address || shown === '') return ''
    const promised = promisedHost(shown)
    const lie = promised !== undefined && !isSameHost(promised, address.hostname)
    const warning = lie ? `leads to ${address.hostname || address.protocol}` : ''
    if (!lie && says(shown, address)) return ''
    const number = this.#number(written(address))
    const notes = [number === undefined ? '' : String(number), warning].filter(note => note !== '')
    return notes.length === 0 ? '' : `[${notes.join(', ')}]`
  }

  /** What is listed below the text. */
  *list(): Generator<string> {
    for (const [i, address] of this.#addresses.entries()) yield `[${i + 1}] ${address}`
    if (this.#more) yield 'There are more links.'
  }

  #number(address: string): number | undefined {
    const known = this.#addresses.indexOf(address)
    if (known >= 0) return known + 1
    if (this.#addresses.length === budget.htmlLinks) {
      this.#more = true
      return undefined
    }
    return this.#addresses.push(address)
  }
}

/** In ASCII: a name in letters that only look like those of another shows as what it is (RFC 5890). */
function written({ href }: URL): string {
  return href.length > budget.htmlLink ? `${href.slice(0, budget.htmlLink - 3)}...` : href
}

/** Whether the text of a link is its address already. */
function says(text: string, { href, protocol, pathname }: URL): boolean {
  if (protocol === 'mailto:' || protocol === 'tel:') return text === pathname
  return text === href || `${text}/` === href
}

function promisedHost(text: string): string | undefined {
  const [, host] = onlyHost.exec(text) ?? namedHost.exec(text) ?? []
  return host !== undefined && URL.canParse(`http://${host}`) ? new URL(`http://${host}`).hostname : undefined
}

/** A host above or below the other belongs to the same people, as far as can be told. */
function isSameHost(promised: string, host: string): boolean {
  const [a, b] = [promised, host].map(name => name.replace(/^www\./, ''))
  return a === b || (a?.endsWith(`.${b}`) ?? false) || (b?.endsWith(`.${a}`) ?? false)
}
