/** Asks for a password: at the terminal without showing it, or from the first line of standard input. */
import { isUtf8 } from 'node:buffer'
import type { Readable } from 'node:stream'
import { passwordProblem } from '../auth/password.ts'
import { budget } from '../base/budget.ts'
import { Failure } from '../base/failure.ts'
import type { Terminal } from '../commands/world.ts'
import { HiddenLine } from './hidden.ts'

const attempts = 3

/**
 * Has a new password typed twice.
 * @throws Failure USAGE without a terminal, REFUSED when the person gives up
 */
export async function askNewPassword(terminal: Terminal): Promise<string> {
  if (!terminal.input.isTTY) {
    throw new Failure('USAGE', 'There is no terminal to ask for the password; use --password-stdin or --generate.')
  }
  // Before the first question and until the last answer: what is typed early must not show either.
  terminal.input.setRawMode?.(true)
  try {
    return await choose(terminal)
  } finally {
    terminal.input.setRawMode?.(false)
  }
}

async function choose(terminal: Terminal): Promise<string> {
  const line = new HiddenLine()
  for (let attempt = 0; attempt < attempts; attempt++) {
    const password = await askHidden('New password: ', line, terminal)
    const problem = passwordProblem(password)
    if (problem === undefined && (await askHidden('The same again: ', line, terminal)) === password) return password
    terminal.output.write(`${problem ?? 'The two are not the same.'}\n`)
  }
  throw new Failure('REFUSED', 'No password was chosen; nothing is changed.')
}

/**
 * Reads the password of `--password-stdin`: the first line without its line ending.
 * @throws Failure USAGE when there is none, or it is not UTF-8 text
 */
export async function readPassword(input: AsyncIterable<Buffer>): Promise<string> {
  // One octet more than allowed is kept, so that a password that is too long is refused and not cut.
  const room = Buffer.alloc(budget.password + '\r\n'.length + 1)
  let used = 0
  for await (const chunk of input) {
    used += chunk.copy(room, used)
    if (chunk.includes('\n') || used === room.length) break
  }
  const end = room.subarray(0, used).indexOf('\n')
  const line = room.subarray(0, end < 0 ? used : end)
  const password = line.at(-1) === '\r'.charCodeAt(0) ? line.subarray(0, -1) : line
  if (password.length === 0) throw new Failure('USAGE', 'There is no password on standard input.')
  if (!isUtf8(password)) throw new Failure('USAGE', 'The password on standard input is not UTF-8 text.')
  return password.toString('utf8')
}

async function askHidden(question: string, line: HiddenLine, { input, output }: Terminal): Promise<string> {
  output.write(question)
  for (;;) {
    const typed = line.next()
    if (typed.kind !== 'need-input') output.write('\n')
    if (typed.kind === 'line') return typed.text
    const chunk = typed.kind === 'need-input' ? await readChunk(input) : undefined
    if (chunk === undefined) throw new Failure('REFUSED', 'Given up; nothing is changed.')
    line.feed(chunk)
  }
}

/** The next octets; undefined at the end of the input. The stream stays paused and whole for the next question. */
function readChunk(input: Readable): Promise<Buffer | undefined> {
  return new Promise(resolve => {
    const done = (chunk?: Buffer) => {
      input.off('data', done).off('end', ended).off('error', ended).pause()
      resolve(chunk)
    }
    const ended = () => done()
    input.on('data', done).on('end', ended).on('error', ended)
    if (input.readableEnded) ended()
    else input.resume()
  })
}
