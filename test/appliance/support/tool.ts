/** Programs of the host that look into an image: run to their end, by their octets in and out. */
import { spawn } from 'node:child_process'
import { buffer, text } from 'node:stream/consumers'

/** mtools ask for a drive letter's geometry otherwise, and e2fsprogs for a clock that goes on. */
const environment = { ...process.env, MTOOLS_SKIP_CHECK: '1', LC_ALL: 'C' }

export type Outcome = { readonly exit: number; readonly out: Buffer; readonly complaint: string }

/** Runs it, whatever comes of it. */
export async function runTool([file = '', ...words]: readonly string[], input?: Buffer): Promise<Outcome> {
  const child = spawn(file, words, { env: environment, stdio: 'pipe' })
  child.stdin.on('error', () => {}) // It need not read all of it.
  child.stdin.end(input)
  const exit = new Promise<number>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', code => resolve(code ?? -1))
  })
  const [out, complaint, code] = await Promise.all([buffer(child.stdout), text(child.stderr), exit])
  return { exit: code, out, complaint }
}

/** Runs it. @returns what it wrote @throws what it complained of */
export async function tool(words: readonly string[], input?: Buffer): Promise<Buffer> {
  const { exit, out, complaint } = await runTool(words, input)
  if (exit !== 0) throw new Error(`${words.join(' ')} ended with ${exit}: ${complaint || out}`)
  return out
}
