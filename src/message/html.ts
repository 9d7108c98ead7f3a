/** HTML as text: what a reader would see of it, in lines. It comes in pieces and is never held whole. */
import { budget } from '../base/budget.ts'
import { HtmlPage } from './html-page.ts'

export type HtmlText = {
  feed(text: string): void
  /** Gives the last lines, and the addresses of the links. */
  end(): void
}

/** Characters given to the parser at once: what it holds is seen in time, and where a tag has no end, each cut comes to the same. */
const step = 4096

/** Begins to read HTML. @param put gets each line, without its end */
export type OpenHtml = (put: (line: string) => void) => HtmlText

type ParserClass = typeof import('htmlparser2').Parser

/** Brings the parser in, which most consoles never need. */
export async function loadHtml(): Promise<OpenHtml> {
  const { Parser } = await import('htmlparser2')
  return put => openHtml(Parser, put)
}

function openHtml(Parser: ParserClass, put: (line: string) => void): HtmlText {
  const page = new HtmlPage(put)
  /** Where the tag began that is not complete, in characters. */
  let tag: number | undefined
  const parser = new Parser({
    onopentagname: () => {
      tag = parser.endIndex
    },
    onopentag: (name, attributes) => {
      tag = undefined
      page.open(name, attributes)
      if (page.tooDeep) parser.pause()
    },
    ontext: text => page.text(text),
    onclosetag: name => page.close(name),
  })
  let [held, fed, stopped] = ['', 0, false]
  const write = (piece: string) => {
    fed += piece.length
    parser.write(piece)
    stopped = page.tooDeep || fed > budget.html || fed - (tag ?? parser.endIndex) > budget.htmlTag
  }
  return {
    feed: text => {
      held += text.replaceAll('\r', '')
      let at = 0
      for (; held.length - at >= step && !stopped; at += step) write(held.slice(at, at + step))
      held = stopped ? '' : held.slice(at)
    },
    end: () => {
      if (!stopped) write(held)
      if (!stopped) parser.end()
      page.end(stopped)
    },
  }
}
