/** A call at the mail port of a host: it is greeted, told our name and left, and nothing is sent. */
import type { Connection } from '../net/connection.ts'
import { reach, type Unreached } from '../net/dial.ts'
import { type Answer, AnswerReader } from '../smtp/answer.ts'

/** Who was there. */
export type Called =
  | {
      readonly kind: 'greeted'
      readonly greeting: Answer
      /** What it says to our name; some name the address that they see us at. */
      readonly hello: Answer | undefined
    }
  /** Somebody took the call and said nothing that a mail host says. */
  | { readonly kind: 'mute' }
  | Unreached

/**
 * @param address an IP address
 * @param hostname our name, for EHLO
 * @param ms that connecting may take, and then each answer
 */
export async function call(
  address: string,
  port: number,
  hostname: string,
  { ms, signal }: { readonly ms: number; readonly signal: AbortSignal },
): Promise<Called> {
  const connection = await reach(address, port, ms, signal)
  if ('kind' in connection) return connection
  const hangUp = () => connection.destroy()
  signal.addEventListener('abort', hangUp)
  const late = setTimeout(hangUp, 2 * ms)
  try {
    const hear = listener(connection)
    const greeting = await hear()
    if (greeting === undefined) return { kind: 'mute' }
    await connection.write(`EHLO ${hostname}\r\n`)
    const hello = await hear()
    await connection.write('QUIT\r\n')
    return { kind: 'greeted', greeting, hello }
  } finally {
    clearTimeout(late)
    signal.removeEventListener('abort', hangUp)
    void connection.close()
  }
}

/** @returns gives the next answer; undefined when none comes, or something else */
function listener(connection: Connection): () => Promise<Answer | undefined> {
  const reader = new AnswerReader()
  return async () => {
    for (;;) {
      const reading = reader.next()
      if (reading !== undefined) return reading.kind === 'answer' ? reading.answer : undefined
      const chunk = await connection.read()
      if (typeof chunk === 'string') return undefined
      reader.feed(chunk)
    }
  }
}
