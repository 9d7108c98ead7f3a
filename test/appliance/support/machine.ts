/** One machine of QEMU with its disk: powered on, at its serial line, reached through its network, and its plug pulled. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { appendFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import type { Random } from '../../crash/random.ts'
import { Dialogue } from '../../support/dialogue.ts'
import { Disk } from './disk.ts'
import { imagePath } from './image.ts'
import { type Kind, kinds } from './kinds.ts'
import { Qmp } from './qmp.ts'
import { Screen } from './screen.ts'
import { WriteLog } from './writes.ts'

/** Ports of the guest that are reached from here. */
const doors = { smtp: 25, submission: 587, submissions: 465, pop3: 110, pop3s: 995 } as const
export type Door = keyof typeof doors

/** Nothing takes longer on a machine that is emulated on two slow cores. */
export const patienceMs = 180_000
/** Between one look and the next at what only looking tells. */
const lookMs = 100
/** For a connection that the guest may not have heard of yet, since its network is not up. */
const knockMs = 2000

/** Where the guest finds what runs here, at any port that `given` names. */
export const outside = '10.0.2.100'

export type MachineOptions = {
  readonly kind: Kind
  readonly disk?: Disk
  readonly mac?: string
  /** Words for the command line of the kernel: whoever holds the board can write them there. */
  readonly append?: readonly string[]
  /** What goes on beside the system (aside.ts). */
  readonly aside?: string
  /** Ports of `outside`, and where they lead to on this machine. */
  readonly given?: ReadonlyMap<number, number>
  /** Whether its card has a cache, which a cut empties. */
  readonly cached?: boolean
}

/** Why a machine ended or began anew. */
export type Ending = 'reset' | 'off' | 'watchdog' | 'cut'

export class Machine implements AsyncDisposable {
  readonly kind: Kind
  readonly disk: Disk
  /** Every end so far. */
  readonly endings: Ending[] = []
  append: readonly string[]
  aside: string
  mac: string
  /** From power to the first 220 of port 25, ms; where somebody has waited for it. */
  listeningMs = 0
  readonly #given: ReadonlyMap<number, number>
  readonly #owned: boolean
  readonly #cached: boolean
  #writes: WriteLog | undefined
  #screen = new Screen(() => {})
  #child: ChildProcessWithoutNullStreams | undefined
  #qmp: Qmp | undefined
  #forwards: ReadonlyMap<number, number> = new Map()
  #over: Promise<Ending> = Promise.resolve('off')
  #cut = false
  #begun = 0

  private constructor(options: MachineOptions, disk: Disk) {
    this.kind = options.kind
    this.disk = disk
    this.mac = options.mac ?? '52:54:00:12:34:56'
    this.append = options.append ?? []
    this.aside = options.aside ?? ''
    this.#given = options.given ?? new Map()
    this.#owned = options.disk === undefined
    this.#cached = options.cached ?? false
  }

  /** Makes it, and leaves it off. @param options.disk somebody else's; otherwise a copy of the image, for this machine alone */
  static async make(options: MachineOptions): Promise<Machine> {
    const { arch, card } = kinds[options.kind]
    return new Machine(options, options.disk ?? (await Disk.copy(imagePath(arch), card)))
  }

  /** Everything shown since the power came on. */
  get shown(): string {
    return this.#screen.text
  }

  /** The power comes on. When the guest starts itself anew, so does QEMU, as the firmware reads anew what to start. */
  async on(): Promise<void> {
    this.#screen = new Screen(keys => this.type(keys))
    this.#cut = false
    await this.#start()
  }

  /** Waits until the line shows this, behind what was waited for before. */
  async shows(wanted: string | RegExp, patience = patienceMs): Promise<string> {
    try {
      return await this.#screen.shows(wanted, patience)
    } catch (error) {
      const path = join(process.env.PORCHLIGHT_BOARD_LOGS ?? '/tmp', `porchlight-${this.kind}-${process.pid}.log`)
      await appendFile(path, this.shown)
      throw new Error(`${this.kind}, after ${this.endings.join(', ') || 'power'}; all of its line is in ${path}.`, {
        cause: error,
      })
    }
  }

  type(keys: string): void {
    this.#child?.stdin.write(keys)
  }

  /** The port of this machine that leads to one of the guest. */
  port(door: Door): number {
    return this.#forwards.get(doors[door]) ?? 0
  }

  /** Waits until the guest answers at a port with these words. */
  async listens(door: Door = 'smtp', greeting = '220', tls = false): Promise<void> {
    await until(`${door} of ${this.kind} answers`, async () => (await this.#knock(door, tls)).startsWith(greeting))
    if (this.listeningMs === 0) this.listeningMs = performance.now() - this.#begun
  }

  /** Pulls the plug: QEMU is killed where it is. */
  async cut(): Promise<void> {
    this.#cut = true
    this.#child?.kill('SIGKILL')
    await this.#over
  }

  /** After a cut: takes from the card what its cache had not brought there. @returns that in words */
  async loseCache(random: Random): Promise<string> {
    if (!this.#writes) return 'a card without a cache'
    const { writes, flushes, lost } = await this.#writes.lose(random)
    return `${lost} of ${writes} writes lost behind the last of ${flushes} flushes`
  }

  /** Waits until it is off by itself. */
  async isOff(): Promise<void> {
    await until(`${this.kind} is off`, () => this.#child === undefined)
  }

  /** Waits until it has ended so often since it was made. */
  async ended(times: number): Promise<Ending> {
    await until(`${this.kind} has ended ${times} times`, () => this.endings.length >= times)
    return this.endings[times - 1] ?? 'off'
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cut()
    if (this.#owned) await this.disk[Symbol.asyncDispose]()
  }

  async #start(): Promise<void> {
    if (this.#cached) this.#writes = await WriteLog.begin(this.disk)
    const socket = join(this.disk.folder, 'qmp')
    const { disk, mac, append, aside } = this
    const { drive, words: making } = kinds[this.kind]
    const [file = '', ...words] = await making({ disk, mac, append, aside })
    const common = [
      ...['-chardev', 'stdio,id=line,signal=off', '-display', 'none', '-monitor', 'none', '-no-reboot'],
      ...['-qmp', `unix:${socket},server=on,wait=off`, '-netdev', this.#network()],
    ]
    this.#begun = performance.now()
    this.listeningMs = 0
    const plugged = this.#writes?.words() ?? [
      '-drive',
      `if=${drive},id=d0,file=${disk.path},format=raw,cache=writeback`,
    ]
    // The plug may have been pulled while it was starting itself anew.
    if (this.#cut) return
    const child = spawn(file, [...words, ...plugged, ...common], { stdio: 'pipe' })
    this.#child = child
    child.stdin.on('error', () => {}) // The machine is off.
    child.stdout.setEncoding('utf8').on('data', (text: string) => this.#screen.add(text))
    let complaint = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      complaint += text
    })
    const closed = new Promise<void>((resolve, reject) => child.on('error', reject).on('close', () => resolve()))
    this.#over = closed.then(() => this.#after(complaint))
    const qmp = await Promise.race([Qmp.open(socket), this.#over.then(() => undefined)])
    if (!qmp) return
    this.#qmp = qmp
    this.#forwards = await qmp.forwards()
  }

  /** QEMU has ended. */
  async #after(complaint: string): Promise<Ending> {
    const events = this.#qmp?.events ?? []
    const ending = this.#cut
      ? 'cut'
      : events.includes('WATCHDOG')
        ? 'watchdog'
        : events.some(event => event === 'SHUTDOWN guest-reset')
          ? 'reset'
          : 'off'
    this.endings.push(ending)
    this.#child = undefined
    this.#qmp = undefined
    if (ending === 'reset' || ending === 'watchdog') await this.#start()
    else {
      this.#screen.add(complaint)
      this.#screen.end()
    }
    return ending
  }

  #network(): string {
    const ports = Object.values(doors).map(port => `hostfwd=tcp:127.0.0.1:0-:${port}`)
    const ways = Array.from(
      this.#given,
      ([from, to]) => `guestfwd=tcp:${outside}:${from}-cmd:socat - TCP:127.0.0.1:${to}`,
    )
    return ['user,id=n0,restrict=on', ...ports, ...ways].join(',')
  }

  /** @returns the first line at a port, or nothing */
  async #knock(door: Door, tls: boolean): Promise<string> {
    if (this.port(door) === 0) return ''
    using dialogue = await Dialogue.open(this.port(door))
    const heard = async () => {
      if (tls) await dialogue.secure()
      return dialogue.answer()
    }
    const late = setTimeout(knockMs, '')
    return await Promise.race([heard().catch(() => ''), late])
  }
}

/** Looks again and again: nothing else tells how far a machine has come. @throws when it takes too long */
export async function until(what: string, holds: () => boolean | Promise<boolean>, ms = patienceMs): Promise<void> {
  const bound = performance.now() + ms
  while (!(await holds())) {
    if (performance.now() > bound) throw new Error(`This did not come about: ${what}.`)
    await setTimeout(lookMs)
  }
}
