/** A program of the household that hands in mail: it insists on being answered, or the server is gone. */
import { Dialogue } from '../support/dialogue.ts'
import { type Letter, sender } from './postbag.ts'
import type { Random } from './random.ts'
import { Lost } from './session.ts'
import { dataLines } from './traffic.ts'

export class Submitter implements Disposable {
  readonly #dialogue: Dialogue
  readonly #step: () => void

  private constructor(dialogue: Dialogue, step: () => void) {
    this.#dialogue = dialogue
    this.#step = step
  }

  /**
   * Connects and logs in.
   * @param step called when octets have left, so that the server may be anywhere in what it does
   * @param tls whether the port begins with the handshake
   */
  static async open(
    port: number,
    password: string,
    step: () => void = () => {},
    { tls = false } = {},
  ): Promise<Submitter> {
    const dialogue = await Dialogue.open(port, { tls }).catch(error => {
      throw new Lost('submission: the server went away in the handshake', { cause: error })
    })
    const submitter = new Submitter(dialogue, step)
    await submitter.#expect('220')
    await submitter.#ask('EHLO laptop.home.example', '250')
    const login = Buffer.from(`\0${sender}\0${password}`).toString('base64')
    await submitter.#ask(`AUTH PLAIN ${login}`, '235')
    return submitter
  }

  /** Hands in a message. @throws Lost when the server went away */
  async hand({ to, octets, kept }: Letter, random: Random): Promise<void> {
    await this.#ask(`MAIL FROM:<${sender}@home.example> BODY=8BITMIME`, '250')
    for (const path of to) await this.#ask(`RCPT TO:<${path}>`, '250')
    await this.#ask('DATA', '354')
    for (const part of dataLines(octets, random)) this.#send(part)
    kept.attempt(true)
    await this.#ask('.', '250')
    kept.acknowledge()
  }

  [Symbol.dispose](): void {
    this.#dialogue[Symbol.dispose]()
  }

  #send(octets: Buffer | string): void {
    this.#dialogue.send(octets)
    this.#step()
  }

  async #ask(line: string, expected: string): Promise<void> {
    this.#send(`${line}\r\n`)
    await this.#expect(expected, line)
  }

  async #expect(expected: string, line = 'connecting'): Promise<void> {
    const answer = await this.#dialogue.answer()
    if (answer === 'closed') throw new Lost('submission: the server closed the connection')
    if (!answer.startsWith(expected)) throw new Error(`submission: "${line}" was answered "${answer}"`)
    this.#step()
  }
}
