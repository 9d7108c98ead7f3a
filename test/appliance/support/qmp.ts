/** What QEMU says about its machine, and is asked, over its own socket (QMP). */
import { connect, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { setTimeout } from 'node:timers/promises'

type Said = {
  readonly event?: string
  readonly data?: { readonly reason?: string }
  readonly return?: unknown
  readonly error?: { readonly desc?: string }
}

const retryMs = 20
const patienceMs = 20_000

export class Qmp {
  /** Events and, for the end, their reason: `SHUTDOWN guest-reset`. */
  readonly events: string[] = []
  readonly #socket: Socket
  readonly #asked: PromiseWithResolvers<unknown>[] = []

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.on('error', () => {}) // It ends with the machine.
    socket.on('close', () => {
      for (const { reject } of this.#asked.splice(0)) reject(new Error('The machine is off.'))
    })
    createInterface({ input: socket }).on('line', line => this.#hear(JSON.parse(line)))
  }

  /** @param path of its socket, which QEMU makes when it starts */
  static async open(path: string): Promise<Qmp> {
    const qmp = new Qmp(await patientConnect(path))
    await qmp.ask('qmp_capabilities')
    return qmp
  }

  async ask(execute: string, words: Readonly<Record<string, string>> = {}): Promise<unknown> {
    const answer = Promise.withResolvers<unknown>()
    this.#asked.push(answer)
    this.#socket.write(`${JSON.stringify({ execute, arguments: words })}\n`)
    return await answer.promise
  }

  /** The loopback ports that lead to ports of the guest. */
  async forwards(): Promise<ReadonlyMap<number, number>> {
    const shown = String(await this.ask('human-monitor-command', { 'command-line': 'info usernet' }))
    const rows = shown.matchAll(/^ *TCP\[HOST_FORWARD\] +\S+ +\S+ +(\d+) +\S+ +(\d+)/gm)
    return new Map(Array.from(rows, ([, here, there]) => [Number(there), Number(here)]))
  }

  #hear({ event, data, error, ...said }: Said): void {
    if (event !== undefined) this.events.push(data?.reason === undefined ? event : `${event} ${data.reason}`)
    else if (error) this.#asked.shift()?.reject(new Error(error.desc))
    else if ('return' in said) this.#asked.shift()?.resolve(said.return)
  }
}

async function patientConnect(path: string): Promise<Socket> {
  const end = performance.now() + patienceMs
  for (;;) {
    const socket = connect({ path })
    const open = await new Promise<boolean>(resolve => {
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    })
    if (open) return socket
    if (performance.now() > end) throw new Error('QEMU does not answer.')
    await setTimeout(retryMs)
  }
}
