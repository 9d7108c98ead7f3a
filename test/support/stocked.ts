/** A data directory with mail of which is known where in LevelDB's files it lies: for tests that hurt it there. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { deliver, openMaildrop } from './dialogue.ts'
import { ServerProcess } from './process.ts'

const password = 'correct horse'

export class Stocked {
  readonly data: string
  /** What was sent, in the order of the maildrop; none of it compresses. */
  readonly messages: readonly string[]

  private constructor(data: string, messages: readonly string[]) {
    this.data = data
    this.messages = messages
  }

  /**
   * @param folder for the data directory and the configuration
   * @param inTables whether the mail lies in tables, not in the file that LevelDB writes ahead
   */
  static async make(folder: string, count: number, inTables = true): Promise<Stocked> {
    const data = join(folder, 'data')
    const text = () => randomBytes(9000).toString('base64url')
    const messages = Array.from({ length: count }, (_, i) => `Subject: ${i + 1}\r\n\r\n${text()}\r\n`)
    await using server = await ServerProcess.start({ data, config: '' })
    await server.command(['user', 'add', 'alice', '--password-stdin'], `${password}\n`)
    for (const message of messages) {
      assert.match(await deliver(server.port('smtp'), 'alice@home.example', message), /^250 /)
    }
    assert.equal(await server.stop(), 0)
    if (inTables) {
      // A start puts what was written last into a table.
      await using next = await ServerProcess.start({ data })
      assert.equal(await next.stop(), 0)
    }
    return new Stocked(data, messages)
  }

  /** @returns the file that holds a message, and where its octets begin there */
  async place(message: number): Promise<{ file: string; at: number }> {
    const log = join(this.data, 'log')
    for (const name of await readdir(log)) {
      const at = (await readFile(join(log, name))).indexOf(this.messages[message - 1]?.slice(0, 1000) ?? '')
      if (at >= 0) return { file: join(log, name), at }
    }
    return assert.fail(`no file holds message ${message}`)
  }

  /** @returns the first line of the answer to each RETR; what follows one that succeeds has to end as it was sent */
  async answers(server: ServerProcess, numbers = this.messages.map((_, i) => i + 1)): Promise<string[]> {
    using pop3 = await openMaildrop(server.port('pop3s'), 'alice', password)
    const answers = []
    for (const number of numbers) {
      const answer = await pop3.say(`RETR ${number}`)
      answers.push(answer)
      if (answer.startsWith('+OK')) assert.ok((await pop3.body()).endsWith(this.messages[number - 1] ?? ''))
    }
    return answers
  }
}
