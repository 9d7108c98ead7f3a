/** scripts/flash.sh writes real block devices (loop devices, as root), and tells when one does not keep what it was given. */
import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { Computer } from '../flash/computer.ts'
import { imageOctets, writeImage } from '../flash/image.ts'
import { type Finished, runProgram } from '../support/process.ts'

const blank = 0xff
const cardOctets = 12 << 20
// Neither a whole number of the blocks it is written in, nor of those a block map counts.
const image = imageOctets((9 << 20) + 512)

async function succeeds(words: readonly string[]): Promise<string> {
  const { exit, out, complaint } = await runProgram(words)
  assert.equal(exit, 0, complaint)
  return out.trim()
}

/** A computer with one card in it, which is a loop device. */
class Reader implements AsyncDisposable {
  readonly computer: Computer
  readonly device: string
  readonly #file: string

  private constructor(computer: Computer, device: string, file: string) {
    this.computer = computer
    this.device = device
    this.#file = file
  }

  /** @param octets what the card has; it always says that it has `cardOctets` */
  static async open(octets = cardOctets): Promise<Reader> {
    const store = await Computer.open({ disks: [] })
    const file = join(store.desk, 'card')
    await writeFile(file, Buffer.alloc(octets, blank))
    const device = await succeeds(['losetup', '--find', '--show', file])
    const computer = await Computer.open({ disks: [{ name: 'sdq', attached: 'usb', octets: cardOctets, device }] })
    return new Reader(computer, device, file)
  }

  write(path: string): Promise<Finished> {
    return this.computer.flash([path, 'sdq'], 'sdq\n')
  }

  card(): Promise<Buffer> {
    return readFile(this.#file)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await succeeds(['losetup', '--detach', this.device])
    await this.computer[Symbol.asyncDispose]()
    await runProgram(['rm', '-r', join(this.#file, '../..')])
  }
}

const done = /\nDone: sdq holds Porchlight, octet for octet\. You can take it out\.\n/
const spoilt = /\nsdq did not keep what was written to it: it is worn out, or smaller than it says\. Do not use it\.\n$/

for (const { packed, words } of [
  { packed: '', words: [] },
  { packed: '.xz', words: ['xz', '--keep', '-1'] },
  { packed: '.zst', words: ['zstd', '--quiet'] },
])
  test(`the card holds what porchlight.img${packed} holds, and keeps what lies behind it`, async () => {
    await using reader = await Reader.open()
    const path = await writeImage(reader.computer.desk, image)
    if (words.length > 0) await succeeds([...words, path])
    const { exit, out, complaint } = await reader.write(`${path}${packed}`)
    assert.equal(exit, 0, complaint)
    assert.match(out, done)
    const card = await reader.card()
    assert.equal(card.subarray(0, image.length).compare(image), 0)
    assert.equal(card.subarray(image.length).compare(Buffer.alloc(cardOctets - image.length, blank)), 0)
  })

/** An image of which the middle is a hole, with its map. */
async function writeMapped(folder: string): Promise<string> {
  const path = await writeImage(folder, image)
  await succeeds(['fallocate', '--punch-hole', '--offset', String(3 << 20), '--length', String(4 << 20), path])
  await succeeds(['rm', `${path}.sha256`])
  await succeeds(['bmaptool', 'create', '--output', `${path}.bmap`, path])
  return path
}

for (const packed of [false, true])
  test(`of ${packed ? 'a packed image' : 'an image'} with a block map only what the map names is written`, async () => {
    await using reader = await Reader.open()
    const path = await writeMapped(reader.computer.desk)
    if (packed) await succeeds(['xz', '-1', path])
    const { exit, out, complaint } = await reader.write(packed ? `${path}.xz` : path)
    assert.equal(exit, 0, complaint)
    assert.match(out, done)
    const expected = Buffer.alloc(cardOctets, blank)
    expected.set(image)
    expected.fill(blank, 3 << 20, 7 << 20)
    assert.equal((await reader.card()).compare(expected), 0)
  })

test('nobody else looks at the card while it is written and compared', async () => {
  await using reader = await Reader.open()
  await reader.computer.tool('dd', `flock --nonblock --shared '${reader.device}' echo free >&2; exec /usr/bin/dd "$@"`)
  const { exit, complaint } = await reader.write(await writeImage(reader.computer.desk, image))
  assert.equal(exit, 0)
  assert.ok(!complaint.includes('free'))
})

test('a card that has less than it says is told of, and that it will not start', async () => {
  await using reader = await Reader.open(8 << 20)
  const { exit, complaint } = await reader.write(await writeImage(reader.computer.desk, image))
  assert.equal(exit, 1)
  assert.match(
    complaint,
    /\nsdq could not be written to\. sdq is half written and will not start\. Run this again\. If/,
  )
})

// Passes everything on, and spoils one octet of the card afterwards: the last of the image, then the first.
const worn = (program: string, offset: number) => `
/usr/bin/${program} "$@" || exit
for word do
  case $word in
    of=*) printf x | /usr/bin/dd "$word" bs=1 seek=${offset} conv=notrunc,nocreat status=none ;;
    copy) for node do :; done; printf x | /usr/bin/dd of="$node" bs=1 seek=${offset} conv=notrunc,nocreat status=none ;;
  esac
done`

for (const offset of [0, image.length - 1])
  test(`a card that changes octet ${offset} is told of`, async () => {
    await using reader = await Reader.open()
    await reader.computer.tool('dd', worn('dd', offset))
    const { exit, complaint } = await reader.write(await writeImage(reader.computer.desk, image))
    assert.equal(exit, 1)
    assert.match(complaint, spoilt)
  })

for (const offset of [0, image.length - 1])
  test(`a card that changes octet ${offset} is told of, with a block map, too`, async () => {
    await using reader = await Reader.open()
    await reader.computer.tool('bmaptool', worn('bmaptool', offset))
    const { exit, complaint } = await reader.write(await writeMapped(reader.computer.desk))
    assert.equal(exit, 1)
    assert.match(complaint, spoilt)
  })

test('a card that cannot be read back is told of', async () => {
  await using reader = await Reader.open()
  await reader.computer.tool('dd', 'case "$*" in *of=*) exec /usr/bin/dd "$@" ;; *) exit 1 ;; esac')
  const { exit, complaint } = await reader.write(await writeImage(reader.computer.desk, image))
  assert.equal(exit, 1)
  assert.match(complaint, spoilt)
})

test('Ctrl-C in the middle says what has become of the card', async () => {
  await using reader = await Reader.open()
  const path = await writeImage(reader.computer.desk, image)
  // As a terminal does, it reaches the whole group: of a session of its own, so that it ends there.
  await reader.computer.tool('dd', 'kill -INT 0; sleep 60')
  const command = ['setsid', '--wait', ...reader.computer.command([path, 'sdq'])]
  const { exit, complaint } = await runProgram(command, 'sdq\n')
  assert.equal(exit, 1)
  assert.match(complaint, /Stopped\. sdq is half written and will not start\. Run this again\.\n$/)
})
