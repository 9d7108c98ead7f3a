/** What each element of HTML does to the text around it. */
import { budget } from '../base/budget.ts'
import { HtmlLayout } from './html-layout.ts'
import { HtmlLinks } from './html-links.ts'

type Element = {
  /** Line ends before and behind it; with two there is an empty line. */
  readonly breaks?: 1 | 2
  /** Nothing of it is shown. */
  readonly dropped?: true
}

const elements: Readonly<Record<string, Element>> = {
  ...every(['p', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'ul', 'ol', 'dl', 'blockquote', 'pre', 'hr'], { breaks: 2 }),
  ...every(['div', 'tr', 'table', 'section', 'article', 'header', 'footer', 'main', 'nav', 'aside'], { breaks: 1 }),
  ...every(['dt', 'dd', 'address', 'center', 'form', 'fieldset', 'figure', 'caption', 'body', 'li'], { breaks: 1 }),
  ...every(['script', 'style', 'title', 'template', 'iframe', 'object', 'svg', 'math', 'canvas'], { dropped: true }),
  ...every(['audio', 'video', 'noembed', 'noframes', 'select', 'textarea', 'datalist'], { dropped: true }),
}

const hiding = /(?:display\s*:\s*none|visibility\s*:\s*hidden)/i
/** Characters of a style that are looked at. */
const styleStart = 1000
const rule = '-'.repeat(20)

type Attributes = Readonly<Record<string, string>>

function every(names: readonly string[], element: Element): Record<string, Element> {
  return Object.fromEntries(names.map(name => [name, element]))
}

/** Hears elements open and close in their order, each as often as the other. */
export class HtmlPage {
  readonly #put: (line: string) => void
  readonly #layout: HtmlLayout
  readonly #links = new HtmlLinks()
  /** The number of the next item of each list that is open; undefined where items have none. */
  readonly #lists: (number | undefined)[] = []
  /** Elements that are open, and of these the ones from the first that is hidden. */
  #depth = 0
  #hidden = 0
  #preserved = 0

  /** @param put gets each line, without its end */
  constructor(put: (line: string) => void) {
    this.#put = put
    this.#layout = new HtmlLayout(put)
  }

  get tooDeep(): boolean {
    return this.#depth > budget.htmlDepth
  }

  open(name: string, attributes: Attributes): void {
    this.#depth += 1
    const { dropped } = elementOf(name)
    if (this.#hidden > 0 || dropped || isHidden(attributes)) {
      this.#hidden += 1
      return
    }
    this.#break(name)
    switch (name) {
      case 'br':
        this.#layout.endLine()
        break
      case 'hr':
        this.#layout.flow(rule)
        break
      case 'a':
        this.#links.begin(attributes.href?.trim() ?? '')
        break
      case 'img':
        this.#image(attributes.alt?.trim() ?? '')
        break
      case 'ul':
      case 'ol':
        this.#layout.end()
        this.#lists.push(name === 'ol' ? 1 : undefined)
        this.#layout.indents = this.#lists.length
        break
      case 'li':
        this.#layout.item(this.#marker())
        break
      case 'td':
      case 'th':
        this.#layout.gap()
        break
      case 'pre':
        this.#preserved += 1
        break
      case 'blockquote':
        this.#layout.end()
        this.#layout.quotes += 1
        break
      default:
    }
  }

  text(text: string): void {
    if (this.#hidden > 0) return
    this.#links.text(text)
    if (this.#preserved > 0) this.#layout.preserve(text)
    else this.#layout.flow(text)
  }

  close(name: string): void {
    this.#depth -= 1
    if (this.#hidden > 0) {
      this.#hidden -= 1
      return
    }
    switch (name) {
      case 'a':
        this.#layout.note(this.#links.end())
        break
      case 'ul':
      case 'ol':
        this.#layout.end()
        this.#lists.pop()
        this.#layout.indents = this.#lists.length
        break
      case 'pre':
        this.#preserved -= 1
        break
      case 'blockquote':
        this.#layout.end()
        this.#layout.quotes -= 1
        break
      default:
    }
    this.#break(name)
  }

  /** @param stopped whether there is more that was not read */
  end(stopped: boolean): void {
    this.#layout.end()
    if (stopped) {
      this.#put('')
      this.#put('(The rest of this text cannot be shown.)')
    }
    const addresses = [...this.#links.list()]
    if (addresses.length === 0) return
    this.#put('')
    for (const line of addresses) this.#put(line)
  }

  /** A list inside another has no empty lines around it. */
  #break(name: string): void {
    const { breaks } = elementOf(name)
    if (breaks) this.#layout.break(breaks === 2 && this.#lists.length > 0 ? 1 : breaks)
  }

  #image(alt: string): void {
    if (alt === '') return
    this.#links.text(alt)
    this.#layout.flow(`[${alt}]`)
  }

  #marker(): string {
    const number = this.#lists.at(-1)
    if (number === undefined) return '* '
    this.#lists[this.#lists.length - 1] = number + 1
    return `${number}. `
  }
}

/** Names are strangers' words: `constructor` is none of the table's. */
function elementOf(name: string): Element {
  return (Object.hasOwn(elements, name) ? elements[name] : undefined) ?? {}
}

function isHidden({ hidden, style = '' }: Attributes): boolean {
  return hidden !== undefined || hiding.test(style.slice(0, styleStart))
}
