/** The rows update and update back, with real slots, sticks and web servers: commands/update.ts. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { basename, join } from 'node:path'
import { describe, test } from 'node:test'
import { Failure } from '../../src/base/failure.ts'
import type { Context, House } from '../../src/commands/command.ts'
import { parseCall } from '../../src/commands/parse.ts'
import { updating } from '../../src/commands/update.ts'
import { foundUpdates } from '../../src/commands/update-found.ts'
import { inSlot } from '../../src/update/slot.ts'
import { fatSlot, Maker, RecordedSlots, slotManifest, slotOctets } from '../update/maker.ts'
import { ScriptedBoard } from './appliance.ts'
import { type Configured, listensNowhere, openConfigured } from './configured.ts'
import { ScriptedDialogue } from './script.ts'

/** A box with two slots, the workshop that makes its updates, and a stick. */
class Box implements AsyncDisposable {
  readonly maker: Maker
  readonly board = new ScriptedBoard()
  readonly device: string
  readonly stick: string
  readonly #configured: Configured

  private constructor(maker: Maker, device: string, stick: string, configured: Configured) {
    this.maker = maker
    this.device = device
    this.stick = stick
    this.#configured = configured
    const slots = new RecordedSlots(maker, device)
    Object.assign(this.board, {
      other: { device, version: '0.0.9', octets: slotOctets },
      write: slots.write.bind(slots),
    })
    Object.assign(configured.household, { board: this.board })
  }

  static async open(contents?: Buffer): Promise<Box> {
    const maker = await Maker.open()
    const stick = join(maker.folder, 'stick')
    await mkdir(stick)
    const configured = await openConfigured(`${listensNowhere}console.storage = "${stick}"\n`)
    return new Box(maker, await maker.device(contents), stick, configured)
  }

  /** Puts an update on the stick. @returns its name */
  async put(making?: Parameters<Maker['update']>[0]): Promise<string> {
    const update = await this.maker.update(making)
    await copyFile(update, join(this.stick, basename(update)))
    return basename(update)
  }

  /** Does a command as a console does, or, where there is nobody to ask, as a shell does. @returns what was said */
  async say(line: string, answers?: readonly (string | undefined)[]): Promise<string> {
    const call = parseCall(line.split(' '), updating(this.maker.keyPath))
    if (call.command.runs !== 'inside') return assert.fail('it is for the server')
    const { household, directory } = this.#configured
    const dialogue = answers && new ScriptedDialogue({ answers })
    const lines: string[] = []
    const house: House = {
      data: directory,
      config: household.config,
      household,
      restart: () => assert.fail('no restart'),
    }
    const context: Context = {
      household,
      house,
      width: Number.POSITIVE_INFINITY,
      running: true,
      password: undefined,
      dialogue,
      seen: undefined,
      signal: new AbortController().signal,
      print: async line => void (dialogue ? await dialogue.print(line) : lines.push(line)),
    }
    try {
      lines.push(...(await call.command.run(call, context)))
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      lines.push(error.message)
    }
    return [...(dialogue?.lines ?? []), ...lines].join('\n')
  }

  change(household: object): void {
    Object.assign(this.#configured.household, household)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#configured[Symbol.asyncDispose]()
    await this.maker[Symbol.asyncDispose]()
  }
}

const tenths = (words: string) => Array.from({ length: 11 }, (_, i) => `${words}: ${i * 10} %`)

describe('update', () => {
  test('shows what runs and what lies beside it', async () => {
    await using box = await Box.open()
    assert.deepEqual((await box.say('update')).split('\n'), [
      'runs       version 0.1.0 (arm64, slot a)',
      'beside it  version 0.0.9',
      '',
      'To install an update, put it on a USB stick or find its address, and type: porchlight update FILE or URL',
      'To start version 0.0.9: porchlight update back',
    ])
  })

  test('shows what is on trial, what failed, and what is on the stick', async () => {
    await using box = await Box.open(Buffer.alloc(slotOctets))
    Object.assign(box.board, { trial: { left: 2, from: 'b' }, fallback: '0.2.0 did not come up in three starts.' })
    for (const name of [
      'porchlight-0.0.9-arm64.update',
      'porchlight-0.3.0-arm64.update',
      'porchlight-0.4.0-amd64.update',
      'porchlight-x-arm64.update',
    ]) {
      await writeFile(join(box.stick, name), '')
    }
    assert.deepEqual((await box.say('update')).split('\n'), [
      'runs              version 0.1.0 (arm64, slot a)',
      'beside it         nothing that could be started',
      'on trial          2 more starts to show that it works',
      'last update       0.2.0 did not come up in three starts.',
      'on the USB stick  porchlight-0.3.0-arm64.update',
      'on the USB stick  porchlight-0.0.9-arm64.update',
      '',
      'To install the update on the stick: porchlight update porchlight-0.3.0-arm64.update',
    ])
  })

  test('installs from the stick, says how far it is, and asks about the restart', async () => {
    await using box = await Box.open()
    const said = (await box.say(`update ${await box.put()}`, ['yes'])).split('\n')
    assert.deepEqual(
      said.filter(line => line.startsWith('Writing it')),
      tenths('Writing it'),
    )
    assert.deepEqual(said.filter(line => line.startsWith('Reading it back')).at(-1), 'Reading it back: 100 %')
    assert.deepEqual(said.slice(-2), [
      'The update is installed. Restart the box with it now? (yes/no) ',
      'Version 0.2.0 is installed, and the box restarts with it. It is back in about a minute.',
    ])
    assert.deepEqual(box.board.asked, ['choose a 0.1.0', 'choose b 0.2.0', 'reboot'])
  })

  const stays: readonly (readonly [name: string, option: string, answers: readonly string[] | undefined])[] = [
    ['with --stay', ' --stay', []],
    ['when the person says no', '', ['no']],
    ['where there is nobody to ask', '', undefined],
  ]
  for (const [name, option, answers] of stays) {
    test(`leaves the restart for later ${name}`, async () => {
      await using box = await Box.open()
      const said = await box.say(`update ${await box.put()}${option}`, answers)
      assert.match(said, /Version 0\.2\.0 is installed\. It begins with the next start: porchlight reboot$/)
      assert.deepEqual(box.board.asked, ['choose a 0.1.0', 'choose b 0.2.0'])
    })
  }

  test('asks before it installs an older version, and takes --yes for an answer', async () => {
    await using box = await Box.open()
    const name = await box.put({ version: '0.0.8' })
    assert.match(await box.say(`update ${name}`, ['no']), /is older than 0\.1\.0.*\(yes\/no\) \nNothing was done\.$/)
    assert.match(await box.say(`update ${name}`), /To do it: porchlight update FILE --yes$/)
    assert.deepEqual(box.board.asked, [])
    await box.say(`update ${name} --yes`)
    assert.deepEqual(box.board.asked, ['choose a 0.1.0', 'choose b 0.0.8', 'reboot'])
  })

  test('installs from an address, without a word of its password, and leaves no file', async () => {
    await using box = await Box.open()
    const octets = await readFile(await box.maker.update())
    const web = createServer((_, response) => response.end(octets)).listen(0, '127.0.0.1')
    await once(web, 'listening')
    const address = web.address()
    const port = address !== null && typeof address === 'object' ? address.port : 0
    const said = await box.say(`update http://me:secret@127.0.0.1:${port}/x?token=secret --stay`)
    web.closeAllConnections()
    web.close()
    assert.match(said, new RegExp(`^Fetching http://127\\.0\\.0\\.1:${port}/x\\nFetching it: 0 %\n`))
    assert.match(said, /Version 0\.2\.0 is installed/)
    assert.doesNotMatch(said, /secret/)
    assert.equal((await inSlot(box.device))?.version, '0.2.0')
  })

  const refusals: readonly (readonly [name: string, line: string, why: RegExp])[] = [
    ['a path that is relative to nothing', 'update ../x.update', /Say the whole path/],
    ['a name that is not on the stick', 'update porchlight-0.9.0-arm64.update', /no such file/],
    ['an address of another kind', 'update ftp://example.org/x', /no address of an update/],
    ['a file that is none', 'update /dev/zero', /no file/],
  ]
  for (const [name, line, why] of refusals) {
    test(`refuses ${name}`, async () => {
      await using box = await Box.open()
      assert.match(await box.say(line), why)
      assert.deepEqual(box.board.asked, [])
    })
  }

  test('refuses everything where the image has no key', async () => {
    await using box = await Box.open()
    const name = await box.put()
    await writeFile(box.maker.keyPath, 'no key')
    assert.match(await box.say(`update ${name}`), /has no key/)
  })

  test('is nothing for any other machine', async () => {
    await using box = await Box.open()
    box.change({ board: undefined })
    for (const line of ['update', 'update x', 'update back']) {
      assert.match(await box.say(line), /was not started from an image/)
    }
  })
})

describe('update back', () => {
  test('asks, and restarts the box with the other version', async () => {
    await using box = await Box.open()
    assert.match(
      await box.say('update back', ['yes']),
      /^The box restarts with version 0\.0\.9, in place of 0\.1\.0\. Do it\? \(yes\/no\) \nThe box restarts with version 0\.0\.9\./,
    )
    assert.deepEqual(box.board.asked, ['choose b 0.0.9', 'reboot'])
  })

  test('is for good where this version is on trial, and the other one is what it began from', async () => {
    await using box = await Box.open()
    Object.assign(box.board, { trial: { left: 2, from: 'b' } })
    await box.say('update back --yes')
    assert.deepEqual(box.board.asked, ['back', 'reboot'])
  })

  const nothings: readonly (readonly [
    name: string,
    slot: Buffer | undefined,
    answers: string[] | undefined,
    why: RegExp,
  ])[] = [
    ['when the person says no', undefined, ['no'], /Nothing was done\.$/],
    ['where nobody can be asked', undefined, undefined, /To do it: porchlight update back --yes$/],
    ['where there is nothing', Buffer.alloc(0), [], /no other version/],
    [
      'to what cannot read the mail',
      fatSlot('manifest.json', slotManifest('0.0.1', [2])),
      [],
      /could not read your mail/,
    ],
  ]
  for (const [name, slot, answers, why] of nothings) {
    test(`does nothing ${name}`, async () => {
      await using box = await Box.open(slot)
      assert.match(await box.say('update back', answers), why)
      assert.deepEqual(box.board.asked, [])
    })
  }

  test('goes back to whatever there is where the mail cannot be opened: a newer version may have written it', async () => {
    await using box = await Box.open(fatSlot('manifest.json', slotManifest('0.2.0', [2])))
    box.change({ closed: new Failure('STORE_NEWER', 'newer') })
    await box.say('update back --yes')
    assert.deepEqual(box.board.asked, ['choose b 0.2.0', 'reboot'])
  })
})

test('updates are found in what is mounted below, whether it can be written or not', async () => {
  await using maker = await Maker.open()
  const mount = join(maker.folder, 'my stick')
  await mkdir(mount)
  await writeFile(join(mount, 'porchlight-1.0.0-arm64.update'), '')
  const table = Promise.resolve(`/dev/sda1 ${maker.folder}/my\\040stick vfat ro 0 0\n`)
  const [found, ...others] = await foundUpdates(maker.folder, 'arm64', table)
  assert.deepEqual(found, {
    path: join(mount, 'porchlight-1.0.0-arm64.update'),
    name: 'porchlight-1.0.0-arm64.update',
    version: '1.0.0',
  })
  assert.deepEqual(others, [])
})
