/**
 * Sets a serial line with the program stty, which Node has no means for: speed, 8 data bits, no parity, 1 stop bit, every octet
 * as it is, and no echo.
 *
 * It has to be done before the line becomes a stream. libuv then opens it once more without O_NONBLOCK, and that would wait for
 * a carrier that three wires never bring; `clocal` says not to.
 */
import { execFile } from 'node:child_process'
import { budget } from '../base/budget.ts'
import { sentence } from '../base/failure.ts'

/** What busybox and coreutils both know. `-hupcl`: the other side must not take the line for dead when we open it anew. */
const modes = ['raw', '-echo', 'clocal', '-crtscts', 'cs8', '-cstopb', '-parenb', '-hupcl']

/** What came of it; `missing` is where there is no stty. */
export type Setting =
  | { readonly kind: 'set' }
  | { readonly kind: 'missing' }
  | { readonly kind: 'failed'; readonly why: string }

/**
 * @param device its path
 * @param speed bits a second
 * @param program another one than stty, for tests
 */
export function setLine(device: string, speed: string, program = 'stty'): Promise<Setting> {
  const limits = { timeout: budget.lineSettingMs, killSignal: 'SIGKILL', maxBuffer: 4096 } as const
  const { promise, resolve } = Promise.withResolvers<Setting>()
  try {
    execFile(program, ['-F', device, speed, ...modes], limits, (error, _output, complaint) => {
      if (!error) return resolve({ kind: 'set' })
      if (error.code === 'ENOENT') return resolve({ kind: 'missing' })
      const [said = ''] = complaint.split('\n')
      resolve({ kind: 'failed', why: error.killed ? 'the line does not let itself be set' : said || error.message })
    })
  } catch (error) {
    // Where there is no memory for another process, say, Node throws at once.
    resolve({ kind: 'failed', why: sentence(error) })
  }
  return promise
}
