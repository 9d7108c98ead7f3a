/** The commands for devices: commands/devices.ts. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { deviceAt } from '../../src/flow/device.ts'
import { openHousehold, run, temporaryDirectory } from './household.ts'

/** A command line, what it must print or complain about, and its exit code when that is not 0. */
type Step = readonly [words: string, said: readonly string[], exit?: number]

const door = 'listen.devices = ["192.168.1.10:2526"]'
const add = (name: string, address: string, as = 'alice@home.example', to = 'alice@home.example') =>
  `device add ${name} --address ${address} --as ${as} --to ${to}`

async function dialogue(steps: readonly Step[], settings = door): Promise<void> {
  await using directory = await temporaryDirectory()
  await using household = await openHousehold(directory.path, settings)
  await household.accounts.add('alice', 'hash')
  await household.accounts.setAlias('office', ['alice'])
  const open = async () => Object.assign({}, household, { [Symbol.asyncDispose]: async () => {} })
  for (const [words, said, exit = 0] of steps) {
    const outcome = await run([...words.split(' '), '--data', directory.path], '', { open })
    const expected = exit === 0 ? { exit, printed: said, complained: [] } : { exit, printed: [], complained: said }
    assert.deepEqual(outcome, expected, words)
  }
}

describe('devices', () => {
  test('are named, listed and removed', () =>
    dialogue([
      [
        'device list',
        ['There are no devices. To name one: porchlight device add NAME --address IP --as ADDRESS --to ADDRESS'],
      ],
      [
        add(
          'Scanner',
          '192.168.1.40',
          'office@home.example',
          'alice@home.example,bob@Away.example --to ann@away.example',
        ),
        [
          'scanner, at 192.168.1.40, sends as office@home.example to alice@home.example, bob@away.example, ann@away.example.',
        ],
      ],
      [add('meter', '2001:DB8:0::1'), ['meter, at 2001:db8::1, sends as alice@home.example to alice@home.example.']],
      [
        'device list',
        [
          'NAME     ADDRESS       SENDS AS             TO',
          'meter    2001:db8::1   alice@home.example   alice@home.example',
          'scanner  192.168.1.40  office@home.example  alice@home.example, bob@away.example, ann@away.example',
        ],
      ],
      ['device remove scaner', ['There is no device scaner; did you mean scanner?']],
      ['device remove SCANNER', ['scanner is removed.']],
      ['device remove scanner', ['There is no device scanner.']],
    ]))

  const refusals: readonly (readonly [words: string, complaint: string])[] = [
    [
      add('a+b', '10.0.0.1'),
      '"a+b" cannot be the name of a device: letters and digits with single . _ - between them, at most 64 characters.',
    ],
    [
      add('scanner', '10.0.0.9'),
      'There is a device scanner already. To change it, first: porchlight device remove scanner',
    ],
    [add('other', '10.0.0.1'), '10.0.0.1 is the device scanner already.'],
    [add('other', '::ffff:10.0.0.1'), '10.0.0.1 is the device scanner already.'],
    ...['scanner.home', '10.0.0', '10.0.0.256', '010.0.0.1', '::g', 'fe80::1%eth0', '[::1]', '10.0.0.1:25'].map(
      address => [add('x', address), `"${address}" is no IP address; write for instance 192.168.1.40.`] as const,
    ),
    [
      add('x', '10.0.0.2', 'alice@away.example'),
      'alice@away.example is outside of this household (home.example, second.example).',
    ],
    [add('x', '10.0.0.2', 'nobody@home.example'), 'nobody@home.example leads to nobody here.'],
    [add('x', '10.0.0.2', 'alice'), '"alice" is no address; write for instance alice@home.example.'],
    [add('x', '10.0.0.2', 'postmaster'), '"postmaster" is no address; write for instance alice@home.example.'],
    [add('x', '10.0.0.2', 'alice@home.example', 'a@b,c'), '"c" is no address; write for instance alice@home.example.'],
    [add('x', '10.0.0.2', 'alice@home.example', 'nobody@home.example'), 'nobody@home.example leads to nobody here.'],
  ]
  for (const [words, complaint] of refusals) {
    test(`${words} is refused`, () =>
      dialogue([
        [add('scanner', '10.0.0.1'), ['scanner, at 10.0.0.1, sends as alice@home.example to alice@home.example.']],
        [words, [complaint], 1],
        [
          'device list',
          ['NAME     ADDRESS   SENDS AS            TO', 'scanner  10.0.0.1  alice@home.example  alice@home.example'],
        ],
      ]))
  }

  const usage = 'Usage: porchlight device add NAME --address IP --as ADDRESS --to ADDRESS [--config FILE] [--data DIR]'
  test('need to be described', () =>
    dialogue([
      ['device add', [`device add needs NAME.\n${usage}`], 2],
      ['device add x', [`device add needs --address IP.\n${usage}`], 2],
      ['device add x --address 10.0.0.1 --as a@b', [`device add needs --to ADDRESS.\n${usage}`], 2],
    ]))

  const doorWords = [
    'No port is open for devices yet. To open one, with the address of this box in your network, and restart:',
    '  porchlight config set listen.devices 192.168.1.10:2526',
    '  porchlight restart',
    'Then set that address and port in the device, without encryption or login.',
  ]
  test('come in only where a port is open for them', () =>
    dialogue(
      [
        [add('x', '10.0.0.2'), ['x, at 10.0.0.2, sends as alice@home.example to alice@home.example.', ...doorWords]],
        [
          'device list',
          [
            'NAME  ADDRESS   SENDS AS            TO',
            'x     10.0.0.2  alice@home.example  alice@home.example',
            ...doorWords,
          ],
        ],
      ],
      '',
    ))

  test('are named when they lose the account that they send for', () =>
    dialogue([
      [add('x', '10.0.0.2'), ['x, at 10.0.0.2, sends as alice@home.example to alice@home.example.']],
      ['alias remove office', ['office is removed.']],
      [
        'user remove alice',
        [
          'alice is removed.',
          'The device x sends as alice@home.example, which leads to nobody now: its mail is refused.',
        ],
      ],
    ]))

  test('are known to the server by their address', async () => {
    await using directory = await temporaryDirectory()
    await using household = await openHousehold(directory.path, door)
    await household.accounts.add('alice', 'hash')
    const open = async () => Object.assign({}, household, { [Symbol.asyncDispose]: async () => {} })
    await run([...add('scanner', '10.0.0.1').split(' '), '--data', directory.path], '', { open })
    assert.equal(deviceAt('10.0.0.1', household.settings)?.as, 'alice@home.example')
    assert.equal(deviceAt('10.0.0.2', household.settings), undefined)
  })
})
