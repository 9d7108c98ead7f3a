/** A client's side of a conversation with a running server: lines out, answers in. */
import { connect as connectPlain, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'

export class Dialogue implements Disposable {
  #socket: Socket
  #held = Buffer.alloc(0)

  private constructor(socket: Socket) {
    this.#socket = socket
    // A connection that breaks is one that has ended.
    socket.on('error', () => {})
  }

  /**
   * Connects to a port of this machine.
   * @param tls whether the conversation begins with the handshake
   * @param from the client's own address, of this machine too
   */
  static async open(port: number, { tls = false, from = '127.0.0.1' } = {}): Promise<Dialogue> {
    const dialogue = new Dialogue(connectPlain({ port, host: '127.0.0.1', localAddress: from }))
    if (tls) await dialogue.secure()
    return dialogue
  }

  /** Goes over to TLS, with whatever certificate there is. @returns the certificate's subject */
  async secure(): Promise<string> {
    const socket = connectTls({ socket: this.#socket, rejectUnauthorized: false })
    this.#socket = socket
    await new Promise((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject))
    socket.on('error', () => {})
    return String(socket.getPeerCertificate().subject?.CN)
  }

  send(octets: Buffer | string): void {
    this.#socket.write(octets)
  }

  /** Says a line. @returns the last line of the answer */
  async say(line: string): Promise<string> {
    this.send(`${line}\r\n`)
    return this.answer()
  }

  /** @returns the last line of an SMTP reply, or the one line of a POP3 response; 'closed' when there is none any more */
  async answer(): Promise<string> {
    for (;;) {
      const line = await this.line()
      if (line === undefined) return 'closed'
      if (!/^\d{3}-/.test(line)) return line
    }
  }

  /** @returns the lines up to a single dot, unstuffed, as POP3 sends a message */
  async body(): Promise<string> {
    let body = ''
    for (;;) {
      const line = await this.line()
      if (line === undefined) throw new Error(`The connection ended in the middle of ${body}`)
      if (line === '.') return body
      body += `${line.startsWith('.') ? line.slice(1) : line}\r\n`
    }
  }

  /** @returns the next line without its CRLF; undefined when the server has closed */
  async line(): Promise<string | undefined> {
    for (;;) {
      const end = this.#held.indexOf('\r\n')
      if (end >= 0) {
        const line = this.#held.toString('latin1', 0, end)
        this.#held = this.#held.subarray(end + 2)
        return line
      }
      const chunk: Buffer | null = this.#socket.read()
      if (chunk !== null) this.#held = Buffer.concat([this.#held, chunk])
      else if (this.#socket.readableEnded || this.#socket.destroyed) return undefined
      else await this.#change()
    }
  }

  [Symbol.dispose](): void {
    this.#socket.destroy()
  }

  #change(): Promise<void> {
    const socket = this.#socket
    return new Promise(resolve => {
      const events = ['readable', 'end', 'close'] as const
      const done = () => {
        for (const event of events) socket.off(event, done)
        resolve()
      }
      for (const event of events) socket.on(event, done)
    })
  }
}

/** Begins an SMTP session and greets. */
export async function greetSmtp(port: number): Promise<Dialogue> {
  const smtp = await Dialogue.open(port)
  await smtp.answer()
  await smtp.say('EHLO client.example')
  return smtp
}

/** Sends a message, which needs no stuffing, from nobody. @returns the reply to it, or the one that refused it before */
export async function deliver(port: number, recipient: string, message: string): Promise<string> {
  using smtp = await greetSmtp(port)
  let answer = ''
  for (const line of ['MAIL FROM:<>', `RCPT TO:<${recipient}>`, 'DATA', `${message}.`]) {
    answer = await smtp.say(line)
    if (!/^[23]/.test(answer)) break
  }
  return answer
}

/** Logs in by POP3 over TLS. */
export async function openMaildrop(port: number, name: string, password: string): Promise<Dialogue> {
  const pop3 = await Dialogue.open(port, { tls: true })
  await pop3.answer()
  await pop3.say(`USER ${name}`)
  const answer = await pop3.say(`PASS ${password}`)
  if (!answer.startsWith('+OK')) throw new Error(`${name} cannot log in: ${answer}`)
  return pop3
}
