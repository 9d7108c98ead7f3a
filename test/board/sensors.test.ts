/** What the board says of itself, read from trees like those of real boards: board/sensors.ts. */
import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describe, test } from 'node:test'
import {
  readLoad,
  readModel,
  readSensors,
  readTemperature,
  readThrottled,
  readVoltageAlarm,
  type Sensors,
} from '../../src/board/sensors.ts'
import { temporaryDirectory } from '../commands/household.ts'

type Text = string | undefined

function table<Value>(
  name: string,
  read: (text: Text) => Value,
  rows: readonly (readonly [text: Text, value: Value])[],
): void {
  describe(name, () => {
    for (const [text, value] of rows) {
      test(`${JSON.stringify(text)} is ${JSON.stringify(value)}`, () => assert.deepEqual(read(text), value))
    }
  })
}

table('the temperature', readTemperature, [
  ['48312\n', 48.312],
  ['105000', 105],
  ['-5000\n', -5],
  ['0\n', undefined],
  ['-273200\n', undefined],
  ['200000\n', undefined],
  ['warm\n', undefined],
  ['', undefined],
  [undefined, undefined],
])

table('get_throttled', readThrottled, [
  ['0\n', []],
  ['0x0\n', []],
  ['50005\n', ['power-low', 'slowed']],
  ['50000\n', ['power-was-low', 'was-slowed']],
  ['50001\n', ['power-low', 'was-slowed']],
  ['80008\n', ['slowed']],
  ['20002\n', ['slowed']],
  ['fffffff0\n', ['power-was-low', 'was-slowed']],
  ['\n', undefined],
  ['throttled=0x0\n', undefined],
  ['123456789', undefined],
  [undefined, undefined],
])

table('the alarm of the voltage', readVoltageAlarm, [
  ['0\n', []],
  ['1\n', ['power-low']],
  ['2\n', undefined],
  ['', undefined],
  [undefined, undefined],
])

table('the model', readModel, [
  ['Raspberry Pi 4 Model B Rev 1.4\0', 'Raspberry Pi 4 Model B Rev 1.4'],
  ['a\x1b[2Jb\0', 'a?[2Jb'],
  ['x'.repeat(1000), 'x'.repeat(80)],
  ['\0', undefined],
  ['', undefined],
  [undefined, undefined],
])

table('the load', readLoad, [
  ['0.20 0.18 0.12 1/80 11206\n', [0.2, 0.18, 0.12]],
  ['12.00 8.50 100.25 3/300 7\n', [12, 8.5, 100.25]],
  ['0.20 0.18\n', undefined],
  ['', undefined],
  [undefined, undefined],
])

const throttled = 'sys/devices/platform/soc/soc:firmware/get_throttled'

const boards: readonly (readonly [name: string, files: Readonly<Record<string, string>>, board: Sensors])[] = [
  ['a rented machine', {}, {}],
  [
    'a Raspberry Pi with the kernel of its maker',
    {
      'proc/device-tree/model': 'Raspberry Pi 3 Model B Plus Rev 1.3\0',
      'proc/loadavg': '0.00 0.01 0.05 1/90 700\n',
      'sys/class/thermal/thermal_zone0/temp': '51540\n',
      'sys/class/thermal/cooling_device0/type': 'cpufreq\n',
      [throttled]: '10001\n',
      'sys/class/hwmon/hwmon0/name': 'rpi_volt\n',
      'sys/class/hwmon/hwmon0/in0_lcrit_alarm': '0\n',
    },
    {
      model: 'Raspberry Pi 3 Model B Plus Rev 1.3',
      temperature: 51.54,
      strains: ['power-low'],
      load: [0, 0.01, 0.05],
    },
  ],
  [
    'the same with the kernel of a distribution',
    {
      'sys/class/hwmon/hwmon0/name': 'cpu_thermal\n',
      'sys/class/hwmon/hwmon1/name': 'rpi_volt\n',
      'sys/class/hwmon/hwmon1/in0_lcrit_alarm': '1\n',
    },
    { strains: ['power-low'] },
  ],
  [
    'a board with several thermometers, one of which is asleep',
    {
      'sys/class/thermal/thermal_zone0/temp': '41000\n',
      'sys/class/thermal/thermal_zone1/temp': '',
      'sys/class/thermal/thermal_zone2/temp': '63500\n',
      'sys/class/hwmon/hwmon0/name': 'gpu_thermal\n',
    },
    { temperature: 63.5 },
  ],
]

describe('what is read of', () => {
  for (const [name, files, board] of boards) {
    test(name, async () => {
      await using root = await temporaryDirectory()
      for (const [path, text] of Object.entries(files)) {
        await mkdir(dirname(join(root.path, path)), { recursive: true })
        await writeFile(join(root.path, path), text)
      }
      assert.deepEqual(await readSensors(root.path), board)
    })
  }

  test('this machine has a load', async () => assert.equal((await readSensors()).load?.length, 3))
})
