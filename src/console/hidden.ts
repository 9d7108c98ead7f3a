/** One line typed at a terminal in raw mode and not shown: its keys, without any input or output. */
import { Editor } from '../terminal/editor.ts'
import { KeyDecoder, type Typed as KeyTyped } from '../terminal/keys.ts'

export type Typed =
  | { readonly kind: 'need-input' }
  | { readonly kind: 'line'; readonly text: string }
  | { readonly kind: 'given-up' } // Ctrl-C, or Ctrl-D on an empty line

export class HiddenLine {
  readonly #decoder = new KeyDecoder()
  #arrived: readonly KeyTyped[] = []
  #editor = new Editor({ hidden: true })

  feed(chunk: Buffer): void {
    this.#arrived = [...this.#arrived, ...this.#decoder.decode(chunk)]
  }

  /** What was typed behind the end of a line stays for the next one. */
  next(): Typed {
    for (const [at, key] of this.#arrived.entries()) {
      const typed = this.#press(key)
      if (!typed) continue
      this.#arrived = this.#arrived.slice(at + 1)
      this.#editor = new Editor({ hidden: true })
      return typed
    }
    this.#arrived = []
    return { kind: 'need-input' }
  }

  #press(key: KeyTyped): Typed | undefined {
    if (key.kind === 'report' || key.kind === 'attributes') return undefined
    switch (this.#editor.press(key, false)) {
      case 'enter':
        return { kind: 'line', text: this.#editor.text }
      case 'interrupt':
      case 'end':
        return { kind: 'given-up' }
      default:
        return undefined
    }
  }
}
