/** One line typed at a terminal in raw mode and not shown: its keys, without any input or output. */
import { StringDecoder } from 'node:string_decoder'
import { budget } from '../base/budget.ts'

export type Typed =
  | { readonly kind: 'need-input' }
  | { readonly kind: 'line'; readonly text: string }
  | { readonly kind: 'given-up' } // Ctrl-C, or Ctrl-D on an empty line

type Key = 'enter' | 'give-up' | 'end' | 'erase' | 'clear'

const keys: Readonly<Record<string, Key>> = {
  '\r': 'enter',
  '\n': 'enter',
  '\x03': 'give-up', // Ctrl-C
  '\x04': 'end', // Ctrl-D
  '\x7f': 'erase', // Backspace
  '\b': 'erase',
  '\x15': 'clear', // Ctrl-U
}

export class HiddenLine {
  readonly #decoder = new StringDecoder('utf8')
  #arrived: string[] = []
  /** Characters; one more than a password may have octets, so that what is too long stays too long. */
  #typed: string[] = []
  /** Inside the octets of a key such as an arrow: ESC, then [ or O, then up to a letter or ~. */
  #escape: 'none' | 'begun' | 'inside' = 'none'

  feed(chunk: Buffer): void {
    this.#arrived.push(...this.#decoder.write(chunk))
  }

  /** What was typed behind the end of a line stays for the next one. */
  next(): Typed {
    for (let at = 0; at < this.#arrived.length; at++) {
      const typed = this.#press(this.#arrived[at] ?? '')
      if (!typed) continue
      this.#arrived = this.#arrived.slice(at + 1)
      this.#typed = []
      return typed
    }
    this.#arrived = []
    return { kind: 'need-input' }
  }

  #press(character: string): Typed | undefined {
    if (this.#inEscape(character)) return undefined
    const key = keys[character]
    switch (key) {
      case 'enter':
        return { kind: 'line', text: this.#typed.join('') }
      case 'give-up':
        return { kind: 'given-up' }
      case 'end':
        return this.#typed.length === 0 ? { kind: 'given-up' } : undefined
      case 'erase':
        this.#typed.pop()
        return undefined
      case 'clear':
        this.#typed = []
        return undefined
      case undefined:
        if (character >= ' ' && this.#typed.length <= budget.password) this.#typed.push(character)
        return undefined
      default:
        return key satisfies never
    }
  }

  #inEscape(character: string): boolean {
    const before = this.#escape
    if (before === 'none') this.#escape = character === '\x1b' ? 'begun' : 'none'
    else if (before === 'begun') this.#escape = character === '[' || character === 'O' ? 'inside' : 'none'
    else this.#escape = /[@-~]/.test(character) ? 'none' : 'inside'
    return before !== 'none' || this.#escape !== 'none'
  }
}
