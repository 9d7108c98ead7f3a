/** What is looked at every ten seconds of a soak. */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { octetsWritten } from '../bench/proc.ts'
import { type Probe, quantile } from './probe.ts'
import type { Server } from './server.ts'
import type { Traffic } from './traffic.ts'

export type Sample = {
  /** Since the first message. */
  readonly seconds: number
  /** There has been as much mail as there is to be since the sample before, at least. */
  readonly full: boolean
  /** Messages, octets of mail accepted, and octets that the server wrote to disk, all since the first message. */
  readonly messages: number
  readonly received: number
  readonly written: number
  /** Octets of mail in the mailboxes as they were received, and of the data directory. */
  readonly live: number
  readonly disk: number
  readonly files: number
  readonly descriptors: number
  /** Octets of memory: resident, and of that what is no page of a file. */
  readonly rss: number
  readonly anonymous: number
  /** Milliseconds that the event loop left a peer waiting; `answerMaxMs` with what the kernel took. */
  readonly p99Ms: number
  readonly maxMs: number
  readonly answerMaxMs: number
  /** Milliseconds from the end of a message to its 250. */
  readonly acceptP99Ms: number
  readonly acceptMaxMs: number
}

export class Sampler {
  readonly #data: string
  readonly #server: Server
  readonly #traffic: Traffic
  readonly #probe: Probe
  readonly #begun = performance.now()
  readonly #writtenBefore: number
  #full = false

  constructor(data: string, { server, traffic, probe }: { server: Server; traffic: Traffic; probe: Probe }) {
    this.#data = data
    this.#server = server
    this.#traffic = traffic
    this.#probe = probe
    this.#writtenBefore = octetsWritten(server.pid)
  }

  async take(): Promise<Sample> {
    const { pid } = this.#server
    const traffic = this.#traffic
    const acceptMs = traffic.acceptMs
    traffic.acceptMs = []
    const full = this.#full
    this.#full = traffic.full
    return {
      seconds: (performance.now() - this.#begun) / 1000,
      full,
      messages: traffic.messages,
      received: traffic.received,
      written: octetsWritten(pid) - this.#writtenBefore,
      live: traffic.live,
      ...diskUse(this.#data),
      descriptors: readdirSync(`/proc/${pid}/fd`).length,
      ...memory(pid),
      ...(await this.#probe.take()),
      acceptP99Ms: quantile(acceptMs, 0.99),
      acceptMaxMs: quantile(acceptMs, 1),
    }
  }
}

function diskUse(directory: string): { disk: number; files: number } {
  const sizes = readdirSync(directory, { recursive: true, encoding: 'utf8' }).map(name =>
    fileOctets(join(directory, name)),
  )
  const files = sizes.filter(size => size !== undefined)
  return { disk: files.reduce((sum, size) => sum + size, 0), files: files.length }
}

/** @returns undefined of what is no file, or is one no longer: LevelDB removes some all the time */
function fileOctets(path: string): number | undefined {
  const stat = statSync(path, { throwIfNoEntry: false })
  return stat?.isFile() ? stat.size : undefined
}

function memory(pid: number): { rss: number; anonymous: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1')
  const octets = (field: string) => Number(new RegExp(`^${field}:\\s*(\\d+) kB`, 'm').exec(status)?.[1]) * 1024
  return { rss: octets('VmRSS'), anonymous: octets('RssAnon') }
}
