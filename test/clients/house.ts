/** A household for a mail program: a running server with two accounts, a message that tries a program, and how it comes back. */
import assert from 'node:assert/strict'
import { mkdtempDisposable, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Finished, runProgram, ServerProcess } from '../support/process.ts'

/** Of both accounts, alice and bob. */
export const password = 'correct horse'

/** Lines that begin with dots, empty lines, letters beyond ASCII, a line near the limit, and no line at the end but the last. */
export function letter(from: string, to: string): Buffer {
  return Buffer.from(
    [
      `From: Bob <${from}>`,
      `To: ${to}`,
      'Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=',
      'Message-ID: <1@away.example>',
      'Date: Sat, 21 Nov 2026 22:15:52 +0000',
      'MIME-Version: 1.0',
      'Content-Type: text/plain; charset=utf-8',
      'Content-Transfer-Encoding: 8bit',
      '',
      '.',
      '..',
      '. a dot and a space',
      '',
      'Grüße, 你好, 🔑',
      'x'.repeat(990),
      'From here on an mbox would be cut',
      ' \t trailing blanks \t ',
      '',
      '',
      'the end',
      '',
    ].join('\r\n'),
  )
}

export const message = letter('bob@home.example', 'alice@home.example')

export class House implements AsyncDisposable {
  readonly server: ServerProcess
  /** A folder for the files of the program under test. */
  readonly folder: string
  /** The message as a file. */
  readonly messageFile: string
  /** The certificate, to be trusted. */
  readonly certificate: string
  readonly #dispose: () => Promise<void>

  private constructor(server: ServerProcess, folder: string, messageFile: string, dispose: () => Promise<void>) {
    this.server = server
    this.folder = folder
    this.messageFile = messageFile
    this.certificate = join(server.data, 'cert.pem')
    this.#dispose = dispose
  }

  static async open(config = ''): Promise<House> {
    const folder = await mkdtempDisposable(join(tmpdir(), 'porchlight-'))
    const server = await ServerProcess.start({ data: join(folder.path, 'data'), config })
    for (const name of ['alice', 'bob']) {
      await server.command(['user', 'add', name, '--password-stdin'], `${password}\n`)
    }
    const messageFile = join(folder.path, 'message.eml')
    await writeFile(messageFile, message)
    return new House(server, folder.path, messageFile, () => folder.remove())
  }

  /** Runs a program that must succeed, at home in the folder. @returns what it printed */
  async run(...words: readonly string[]): Promise<string> {
    const { exit, out, complaint } = await this.attempt(...words)
    assert.equal(exit, 0, `${words.join(' ')}\n${out}\n${complaint}`)
    return out
  }

  attempt(...words: readonly string[]): Promise<Finished> {
    return runProgram(['env', `HOME=${this.folder}`, 'LC_ALL=C.UTF-8', ...words])
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server[Symbol.asyncDispose]()
    await this.#dispose()
  }
}

/** What was fetched into a file, without the trace fields that Porchlight put before it. */
export async function received(path: string): Promise<string> {
  return withoutTrace(await readFile(path, 'utf8'))
}

/** For programs that end lines as Unix does, too. */
export function withoutTrace(fetched: string): string {
  const crlf = fetched.replaceAll(/\r?\n/g, '\r\n')
  const [trace = ''] = /^Return-Path: <[^>]*>\r\nReceived: (?:[^\r\n]|\r\n\t)+\r\n/.exec(crlf) ?? []
  assert.match(trace, /\tby mail\.home\.example \(Porchlight\) with E?SMTPS?\s/, crlf)
  return crlf.slice(trace.length)
}
