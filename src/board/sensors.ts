/**
 * What the board says of itself: what it is, how warm it is, whether its power does, how busy it is. Each is left out where
 * nobody tells: a rented machine has no thermometer.
 */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

export type Sensors = {
  /** As its maker calls it: `Raspberry Pi 4 Model B Rev 1.4`. */
  readonly model?: string
  /** Degrees Celsius, of the warmest place that has a thermometer. */
  readonly temperature?: number
  /** What is wrong with its power or its cooling, now or since it was switched on; nothing where all is well. */
  readonly strains?: readonly Strain[]
  /** Processes that wanted to run, on average over the last 1, 5 and 15 minutes. */
  readonly load?: readonly [number, number, number]
}

/** What a board suffers from. */
export type Strain = 'power-low' | 'power-was-low' | 'slowed' | 'was-slowed'

/** The bits of the firmware's `get_throttled` (Raspberry Pi): now, and at some time since it was switched on. */
const throttledBits: readonly (readonly [mask: number, strain: Strain])[] = [
  [0x1, 'power-low'],
  [0x1_0000, 'power-was-low'],
  // Slowed down for its frequency, throttled, and at its soft limit of temperature.
  [0xe, 'slowed'],
  [0xe_0000, 'was-slowed'],
]

/** Where the kernel of the Raspberry Pi shows it. */
const throttledFile = 'sys/devices/platform/soc/soc:firmware/get_throttled'

/** Reads all that is told. @param root of the file systems of the kernel; another one in tests */
export async function readSensors(root = '/'): Promise<Sensors> {
  const [model, temperature, strains, load] = await Promise.all([
    read(root, 'proc/device-tree/model').then(readModel),
    warmest(root),
    readStrains(root),
    read(root, 'proc/loadavg').then(readLoad),
  ])
  return {
    ...(model === undefined ? {} : { model }),
    ...(temperature === undefined ? {} : { temperature }),
    ...(strains === undefined ? {} : { strains }),
    ...(load === undefined ? {} : { load }),
  }
}

/** The device tree's text ends in a NUL. */
export function readModel(text: string | undefined): string | undefined {
  const [told] = text?.split('\0') ?? []
  const name = told
    ?.replace(/[^ -~]/g, '?')
    .trim()
    .slice(0, 80)
  return name === '' ? undefined : name
}

/** @param text thousandths of a degree Celsius, as `temp` of a thermal zone says @returns degrees; undefined for what no board survives */
export function readTemperature(text: string | undefined): number | undefined {
  if (text === undefined || !/^-?\d{1,6}\s*$/.test(text)) return undefined
  const degrees = Number(text) / 1000
  // A thermometer that is switched off says 0 or far below.
  return degrees > -40 && degrees < 150 && degrees !== 0 ? degrees : undefined
}

/** @param text the bits as hexadecimal, with 0x or without: get_throttled */
export function readThrottled(text: string | undefined): readonly Strain[] | undefined {
  const [, digits] = /^(?:0x)?([0-9a-f]{1,8})\s*$/i.exec(text ?? '') ?? []
  if (digits === undefined) return undefined
  const bits = Number.parseInt(digits, 16)
  const strains = throttledBits.flatMap(([mask, strain]) => ((bits & mask) === 0 ? [] : [strain]))
  // What is so now need not be told as what was.
  return strains.filter(
    strain =>
      !(strain === 'power-was-low' && strains.includes('power-low')) &&
      !(strain === 'was-slowed' && strains.includes('slowed')),
  )
}

/** @param text 1 while the voltage is too low: in0_lcrit_alarm of rpi_volt */
export function readVoltageAlarm(text: string | undefined): readonly Strain[] | undefined {
  if (text === undefined || !/^[01]\s*$/.test(text)) return undefined
  return text.startsWith('1') ? ['power-low'] : []
}

/** @param text `0.20 0.18 0.12 1/80 11206`: proc(5) */
export function readLoad(text: string | undefined): Sensors['load'] {
  const [, one, five, fifteen] = /^(\d+\.\d+) (\d+\.\d+) (\d+\.\d+) /.exec(text ?? '') ?? []
  return fifteen === undefined ? undefined : [Number(one), Number(five), Number(fifteen)]
}

async function warmest(root: string): Promise<number | undefined> {
  const folder = 'sys/class/thermal'
  const zones = (await list(root, folder)).filter(name => name.startsWith('thermal_zone'))
  const texts = await Promise.all(zones.map(zone => read(root, `${folder}/${zone}/temp`)))
  const degrees = texts.map(readTemperature).filter(one => one !== undefined)
  return degrees.length === 0 ? undefined : Math.max(...degrees)
}

/** The Pi's own kernel tells all; the kernel of the other distributions tells of the voltage. */
async function readStrains(root: string): Promise<readonly Strain[] | undefined> {
  const throttled = readThrottled(await read(root, throttledFile))
  if (throttled !== undefined) return throttled
  const folder = 'sys/class/hwmon'
  for (const sensor of await list(root, folder)) {
    const name = await read(root, `${folder}/${sensor}/name`)
    if (name?.trim() === 'rpi_volt') return readVoltageAlarm(await read(root, `${folder}/${sensor}/in0_lcrit_alarm`))
  }
  return undefined
}

/** @returns undefined where there is no such file, or it cannot be read now: a sensor may be asleep */
async function read(root: string, path: string): Promise<string | undefined> {
  try {
    return await readFile(join(root, path), 'latin1')
  } catch {
    return undefined
  }
}

async function list(root: string, path: string): Promise<readonly string[]> {
  try {
    return (await readdir(join(root, path))).sort()
  } catch {
    return []
  }
}
