/** Files kept on USB storage: commands/storage.ts and reader-save.ts, in real directories. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { Failure } from '../../src/base/failure.ts'
import { keepFile, safeName, storagePlace } from '../../src/commands/storage.ts'
import { deliver, inbox } from '../store/letters.ts'
import { openHousehold, temporaryDirectory } from './household.ts'
import { type Person, reads } from './reader-person.ts'

async function* chunksOf(...chunks: readonly string[]): AsyncGenerator<Buffer> {
  for (const chunk of chunks) yield Buffer.from(chunk)
}

describe('the place', () => {
  const table = (root: string, ...lines: readonly string[]) =>
    Promise.resolve(['proc /proc proc rw 0 0', ...lines.map(line => line.replace('ROOT', root)), ''].join('\n'))

  test('is the first file system mounted below the directory that can be written', async () => {
    await using directory = await temporaryDirectory()
    const { path } = directory
    for (const name of ['no', 'my stick']) await mkdir(join(path, name))
    const mounts = table(
      path,
      '/dev/sda1 ROOT/no vfat ro,relatime 0 0',
      '/dev/sdb1 ROOTno vfat rw 0 0',
      '/dev/sdb1 ROOT/my\\040stick vfat rw 0 0',
    )
    assert.equal(await storagePlace(path, mounts), join(path, 'my stick'))
    assert.equal(await storagePlace(`${path}/`, mounts), join(path, 'my stick'))
  })

  test('is the directory itself where nothing is mounted', async () => {
    await using directory = await temporaryDirectory()
    assert.equal(await storagePlace(directory.path, table('')), directory.path)
  })

  test('is refused with what to do where there is none', async () => {
    await using directory = await temporaryDirectory()
    const file = join(directory.path, 'file')
    await writeFile(file, '')
    for (const path of [join(directory.path, 'nothing'), file]) {
      await assert.rejects(storagePlace(path, table('')), {
        code: 'REFUSED',
        message: /Put a USB stick in and try again/,
      })
    }
  })
})

const names: readonly (readonly [name: string, safe: string])[] = [
  ['tulip.png', 'tulip.png'],
  ['ein sehr langer Name f\u00fcr eine Datei.pdf', 'ein sehr langer Name f\u00fcr eine Datei.pdf'],
  ['../../etc/passwd', '_.._etc_passwd'],
  ['/', 'x'],
  ['', 'x'],
  ['...', 'x'],
  ['.hidden', 'hidden'],
  ['a\0b\nc\x1b[2J.txt', 'a_b_c_[2J.txt'],
  ['a\u202egnp.exe', 'a_gnp.exe'],
  ['CON', '_CON'],
  ['nul.txt', '_nul.txt'],
  ['console.txt', 'console.txt'],
  ['a:b*c?"<d>|e\\f.doc', 'a_b_c_d_e_f.doc'],
  ['trailing. . ', 'trailing'],
  ['.pdf', 'pdf'],
  [`${'\u00fc'.repeat(300)}.pdf`, `${'\u00fc'.repeat(58)}.pdf`],
  ['\ud800.txt', '\ufffd.txt'],
]

describe('a name', () => {
  for (const [name, safe] of names)
    test(JSON.stringify(name).slice(0, 60), () => assert.equal(safeName(name, 'x'), safe))
})

describe('a file', () => {
  test('is written whole, and never over another', async () => {
    await using directory = await temporaryDirectory()
    const paths = []
    for (const text of ['one', 'two', 'three'])
      paths.push(await keepFile(directory.path, 'a.tar.gz', chunksOf(text, text)))
    assert.deepEqual(
      paths,
      ['a.tar.gz', 'a.tar-2.gz', 'a.tar-3.gz'].map(name => join(directory.path, name)),
    )
    assert.equal(await readFile(paths[1] ?? '', 'utf8'), 'twotwo')
    assert.equal((await readdir(directory.path)).length, 3)
  })

  test('follows no link that lies in its way', async () => {
    await using directory = await temporaryDirectory()
    const target = join(directory.path, 'target')
    await symlink(target, join(directory.path, 'a.txt'))
    assert.equal(await keepFile(directory.path, 'a.txt', chunksOf('x')), join(directory.path, 'a-2.txt'))
    assert.ok(!existsSync(target))
  })

  test('follows no link in the way of what is not finished yet', async () => {
    await using directory = await temporaryDirectory()
    const target = join(directory.path, 'target')
    await symlink(target, join(directory.path, '.a.txt.part'))
    const path = await keepFile(directory.path, 'a.txt', chunksOf('x'))
    assert.equal(await readFile(path, 'utf8'), 'x')
    assert.ok(!existsSync(target))
  })

  test('keeps two of a name apart that are written at once', async () => {
    await using directory = await temporaryDirectory()
    const gate = Promise.withResolvers<void>()
    async function* slow(): AsyncGenerator<Buffer> {
      yield Buffer.from('slow')
      await gate.promise
    }
    const first = keepFile(directory.path, 'a.txt', slow())
    const second = await keepFile(directory.path, 'a.txt', chunksOf('x'))
    gate.resolve()
    assert.deepEqual([await readFile(await first, 'utf8'), await readFile(second, 'utf8')].toSorted(), ['slow', 'x'])
  })

  test('leaves nothing behind when it cannot be finished', async () => {
    await using directory = await temporaryDirectory()
    async function* broken(): AsyncGenerator<Buffer> {
      yield Buffer.from('half')
      throw new Failure('STORE_IO', 'The disk has gone.')
    }
    await assert.rejects(keepFile(directory.path, 'a.txt', broken()), { code: 'STORE_IO' })
    assert.deepEqual(await readdir(directory.path), [])
  })

  test('says in words why not', async () => {
    await using directory = await temporaryDirectory()
    const file = join(directory.path, 'file')
    await writeFile(file, '')
    const reasons = [
      [join(directory.path, 'gone'), 'The storage was taken out; nothing was kept.'],
      [file, 'The storage cannot be used (ENOTDIR).'],
    ]
    for (const [place = '', message] of reasons) {
      await assert.rejects(keepFile(place, 'a.txt', chunksOf('x')), { code: 'REFUSED', message })
    }
  })
})

const attached = [
  'Subject: Photos: the garden/now',
  'Content-Type: multipart/mixed; boundary=b',
  '',
  '--b',
  '',
  'See below.',
  '--b',
  'Content-Type: image/png; name="../tulip.png"',
  'Content-Transfer-Encoding: base64',
  '',
].join('\r\n')

const picture = Buffer.alloc(300_000, 'tulip')
const message = Buffer.from(`${attached}\r\n${picture.toString('base64').replace(/(.{76})/g, '$1\r\n')}\r\n--b--\r\n`)

async function saved(
  typed: readonly string[],
  work: (person: Person, storage: string) => Promise<void>,
  prepare?: (person: Person) => void,
) {
  await using directory = await temporaryDirectory()
  await using storage = await temporaryDirectory()
  await using household = await openHousehold(directory.path, `console.storage = "${storage.path}"`)
  await household.accounts.add('alice', 'hash')
  await deliver(household.store, ['alice'], message)
  const person = await reads(household, typed, prepare)
  await work(person, storage.path)
  const [shown] = await inbox(household.store, 'alice')
  const eml = join(storage.path, 'Photos_ the garden_now.eml')
  if (existsSync(eml)) assert.equal(await readFile(eml, 'latin1'), `${shown?.trace}${message.toString('latin1')}`)
}

describe('save', () => {
  test('keeps a message as a mail program gets it, and what is attached to it', () =>
    saved(['save 1', 'save 1 1', 'save 1 2', 'quit'], async ({ lines }, storage) => {
      assert.deepEqual((await readdir(storage)).sort(), ['Photos_ the garden_now.eml', '_tulip.png'])
      assert.deepEqual(await readFile(join(storage, '_tulip.png')), picture)
      assert.ok(lines.includes(`Saved: ${join(storage, '_tulip.png')}`))
      assert.ok(lines.includes('Message 1 has 1 attached; to see its list: read 1'))
    }))

  test('stops at Ctrl-C, and leaves nothing behind', () =>
    saved(
      ['save 1', 'quit'],
      async ({ lines }, storage) => {
        assert.deepEqual(await readdir(storage), [])
        assert.equal(lines.at(-2), 'Stopped; nothing was saved.')
      },
      person => {
        person.onPrint = async line => {
          if (line.startsWith('Saving ')) setImmediate(() => person.interrupt())
        }
      },
    ))
})
