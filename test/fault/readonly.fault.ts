/**
 * A file system that makes itself read-only, as ext4 does when it meets a fault (`errors=remount-ro`). It needs root to
 * mount. Mail is refused for now and read as ever, and it is said; a server that is started there has a console, and comes
 * back by itself once the disk was checked. Nothing that was acknowledged is lost.
 */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, open, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { test } from 'node:test'
import { budget } from '../../src/base/budget.ts'
import { deliver, greetSmtp, openMaildrop } from '../support/dialogue.ts'
import { configPath, ServerProcess } from '../support/process.ts'
import { Teletype } from '../support/teletype.ts'

const password = 'correct horse'
const MiB = 1024 * 1024

test('mail is refused and read, the console says why, and after a check all is there', async () => {
  await using disk = await Disk.mount()
  const { data } = disk
  const acknowledged: string[] = []
  await using line = await Teletype.open(join(disk.folder, 'line'), 'vt100')
  {
    await using server = await ServerProcess.start({ data, config: `console.ttys = ["${line.device}"]\n` })
    // What nobody has synced goes with the fault. The settings are this test's; the mail is the server's.
    execFileSync('sync', [configPath(data)])
    await server.command(['user', 'add', 'alice', '--password-stdin'], `${password}\n`)
    const send = async (subject: string) => {
      const answer = await deliver(server.port('smtp'), 'alice@home.example', letter(subject))
      if (answer.startsWith('250 ')) acknowledged.push(subject)
      return answer
    }
    for (let i = 0; i < 20; i++) assert.match(await send(`before ${i}`), /^250 /)
    line.type('\r')
    await line.shows('porchlight> ')

    await disk.fail()
    let answer = ''
    for (let i = 0; i < 20 && !/^4/.test(answer); i++) answer = await send(`meanwhile ${i}`)
    assert.match(answer, /^45[12] 4\.3\.[01] /)
    await line.shows('Mail was refused, because it cannot be kept')
    for (const _ of [1, 2, 3]) assert.match(await offer(server.port('smtp')), /^452 4\.3\.1 /)
    assert.deepEqual(await subjects(server, 20), acknowledged.slice(0, 20))
    using pop3 = await openMaildrop(server.port('pop3s'), 'alice', password)
    assert.match(await pop3.say('DELE 1'), /^\+OK/)
    assert.match(await pop3.say('QUIT'), /^-ERR \[SYS\/TEMP\]/)
    const { out } = await server.command(['status'])
    assert.match(out, /takes no mail: The disk can only be read/)
    assert.match((await server.command(['log', '--level', 'error'])).out, /Mail was refused/)
    assert.match((await server.command(['user', 'add', 'bob', '--generate'])).complaint, /can only be read/)
    assert.match(
      (await server.command(['doctor', 'store'])).complaint + (await server.command(['doctor', 'store'])).out,
      /takes no mail/,
    )

    // Somebody starts it anew, which a disk of this kind does not heal.
    const refused = await server.command(['restart'])
    assert.match(refused.complaint, /^Porchlight could not be started anew\. .*can only be read/)
    assert.match((await server.command(['status'])).out, /the mail store is closed/)
    await server.kill()
  }

  await using server = await ServerProcess.start({ data, until: 'consoles are open, and nothing else' })
  assert.ok(server.log.some(({ msg }) => msg === 'commands over the control socket are not possible now'))
  line.type('\r')
  await line.shows('Press Enter')
  line.type('\r')
  assert.match(await line.shows('porchlight> '), /the mail store cannot be opened\. The disk can\s+only be read/)
  line.type('status\r')
  assert.match(await line.shows('what helps'), /none is taken or shown/)
  line.type('log --level error --lines 2\r')
  await line.shows('No mail is taken or shown')
  line.type('user list\r')
  await line.shows('The mail store is closed')

  await disk.check()
  line.type('restart\r')
  await line.shows('Porchlight is started anew.')
  line.type('user list\r')
  await line.shows('Porchlight is running again. Press Enter to come in anew.')
  await server.logs('listening')
  const found = await subjects(server)
  for (const subject of acknowledged) assert.ok(found.includes(subject), `${subject} is lost`)
  assert.match(await deliver(server.port('smtp'), 'alice@home.example', letter('after')), /^250 /)
  assert.match((await server.command(['status'])).out, /store +well/)
  assert.equal(await server.stop(), 0)
})

function letter(subject: string): string {
  return `Subject: ${subject}\r\n\r\n${'0123456789'.repeat(500)}\r\n`
}

/** Offers a message. @returns the first refusal */
async function offer(port: number): Promise<string> {
  using smtp = await greetSmtp(port)
  for (const said of ['MAIL FROM:<>', 'RCPT TO:<alice@home.example>', 'DATA']) {
    const answer = await smtp.say(said)
    if (answer.startsWith('4')) return answer
  }
  return smtp.say('Subject: x\r\n\r\n.')
}

/** @returns the subjects of the first messages in the maildrop, which have to be whole */
async function subjects(server: ServerProcess, most = Number.POSITIVE_INFINITY): Promise<string[]> {
  using pop3 = await openMaildrop(server.port('pop3s'), 'alice', password)
  const count = Number((await pop3.say('STAT')).split(' ')[1])
  const found = []
  for (let i = 1; i <= Math.min(count, most); i++) {
    assert.match(await pop3.say(`RETR ${i}`), /^\+OK/)
    const text = await pop3.body()
    const subject = /^Subject: (.*)\r$/m.exec(text)?.[1] ?? ''
    assert.ok(text.endsWith(letter(subject)), subject)
    found.push(subject)
  }
  return found
}

/** An ext4 file system in a file, a little larger than the reserve. */
class Disk implements AsyncDisposable {
  readonly folder: string
  readonly #loop: string

  private constructor(folder: string, loop: string) {
    this.folder = folder
    this.#loop = loop
  }

  static async mount(): Promise<Disk> {
    const folder = await mkdtemp(join(tmpdir(), 'porchlight-readonly-'))
    const image = join(folder, 'image')
    await using file = await open(image, 'w')
    await file.truncate(budget.reserve + 150 * MiB)
    execFileSync('mke2fs', ['-q', '-t', 'ext4', image])
    const loop = execFileSync('losetup', ['--find', '--show', image], { encoding: 'utf8' }).trim()
    const disk = new Disk(folder, loop)
    await mkdir(disk.#place)
    disk.#mount()
    return disk
  }

  get data(): string {
    return join(this.#place, 'data')
  }

  get #place(): string {
    return join(this.folder, 'disk')
  }

  #mount(): void {
    execFileSync('mount', ['-o', 'noatime,errors=remount-ro', this.#loop, this.#place])
  }

  /** Has the kernel believe that it met a fault. */
  fail(): Promise<void> {
    return writeFile(`/sys/fs/ext4/${basename(this.#loop)}/trigger_fs_error`, '1')
  }

  /** What the start of a board does. Nobody may have a file open there. */
  async check(): Promise<void> {
    execFileSync('umount', [this.#place])
    try {
      execFileSync('e2fsck', ['-f', '-p', this.#loop])
    } catch (error) {
      // 1: it has repaired something.
      if (!(error instanceof Error && 'status' in error && error.status === 1)) throw error
    }
    this.#mount()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    execFileSync('umount', ['--lazy', this.#place])
    execFileSync('losetup', ['--detach', this.#loop])
    await rm(this.folder, { recursive: true })
  }
}
