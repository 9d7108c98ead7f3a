/** Opens a serial line, where it is there and may be used. */
import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { isatty, ReadStream } from 'node:tty'
import { codeOf, sentence } from '../base/failure.ts'
import { SerialLine } from './serial-line.ts'
import { setLine } from './stty.ts'

export type Opening =
  /** `device` is its number, the same under each of its names. */
  | { readonly kind: 'open'; readonly line: SerialLine; readonly device: number }
  /** Nothing is there; it may come. */
  | { readonly kind: 'absent' }
  /** It cannot be used as it is, and why. */
  | { readonly kind: 'refused'; readonly why: string }

/** What the kernel says of a line that is named and not plugged in. */
const absent: readonly string[] = ['ENOENT', 'ENXIO', 'ENODEV', 'ENOTDIR']
/** Numbers of pseudo-terminals: Documentation/admin-guide/devices.txt. */
const pseudoMajor = { first: 136, last: 143 } as const
/** /dev/tty, whatever terminal that is. */
const ownTerminal = (5 << 8) | 0

/**
 * @param path of the device
 * @param speed bits a second
 * @param taken numbers of devices that are open already
 * @param program that sets the line, for tests
 */
export async function openLine(
  path: string,
  speed: string,
  taken: (device: number) => boolean,
  program?: string,
): Promise<Opening> {
  let fd: number | undefined
  try {
    const found = await stat(path)
    const objection = objectionTo(found.isCharacterDevice(), found.rdev, taken)
    if (objection) return { kind: 'refused', why: objection }
    // Without waiting for a carrier, and without becoming the terminal that Ctrl-C of this process comes from.
    fd = openSync(path, constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK)
    if (!isatty(fd)) return { kind: 'refused', why: 'it is no serial line' }
    const device = fstatSync(fd).rdev
    // Open all the while: there are devices that forget how they were set when nobody has them open.
    const setting = await setLine(path, speed, program)
    const unset = setting.kind === 'failed' ? setting.why : 'there is no program stty to set it with'
    if (setting.kind !== 'set' && !isPseudo(device)) return { kind: 'refused', why: unset }
    if (taken(device)) return { kind: 'refused', why: twice }
    return { kind: 'open', line: new SerialLine(streamOf(fd), Number(speed)), device }
  } catch (error) {
    const code = codeOf(error)
    if (absent.includes(code)) return { kind: 'absent' }
    return { kind: 'refused', why: code === 'EACCES' ? 'Porchlight has no right to open it' : sentence(error) }
  } finally {
    // libuv has opened the device anew for the stream, and left this one alone.
    if (fd !== undefined) closeSync(fd)
  }
}

/** A stream that reads and writes. `tty.WriteStream` is none for us: it has a slow line hold up the whole process. */
function streamOf(fd: number): ReadStream {
  const stream = new ReadStream(fd)
  try {
    stream.setRawMode(true)
    return stream
  } catch (error) {
    // It was hung up in this very moment.
    stream.on('error', () => {}).destroy()
    throw error
  }
}

const twice = 'it is named twice; the other name has it'

function objectionTo(isDevice: boolean, device: number, taken: (device: number) => boolean): string | undefined {
  if (!isDevice) return 'it is a file or a folder, and no serial line'
  if (taken(device)) return twice
  if (device === ownTerminal || device === controllingTerminal()) {
    return 'it is the terminal that Porchlight itself was started from'
  }
  return undefined
}

/** The terminal that this process is controlled from, as a device number: the seventh field of proc_pid_stat(5). */
function controllingTerminal(): number {
  try {
    // The name of the program, in brackets, may hold blanks and brackets itself.
    const text = readFileSync('/proc/self/stat', 'latin1')
    const [, , , , number = '0'] = text.slice(text.lastIndexOf(')') + 2).split(' ')
    return Number(number) || -1
  } catch {
    return -1
  }
}

function isPseudo(device: number): boolean {
  const major = (device >> 8) & 0xfff
  return major >= pseudoMajor.first && major <= pseudoMajor.last
}
