/** The configuration file changed at the console: commands/configuration.ts and commands/config.ts, on a real file. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { chmod, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { Failure } from '../../src/base/failure.ts'
import { backupPath, Seen, settingNames } from '../../src/commands/configuration.ts'
import { listensNowhere, openConfigured } from './configured.ts'

const restart = 'It takes effect when Porchlight is started anew: porchlight restart'

/** A file, what is said to it, the answer, and the file afterwards; undefined where it stays as it is. */
type Case = readonly [name: string, before: string | undefined, line: string, answer: RegExp | string, after?: string]

const cases: readonly Case[] = [
  [
    'a value is changed among comments',
    '# ours\n[mail]\ncatch_all = "bob" # the patient one\n',
    'config set mail.catch_all Alice',
    'mail.catch_all is "Alice" now.\nThere is no account Alice yet. To make it: porchlight user add Alice',
    '# ours\n[mail]\ncatch_all = "Alice" # the patient one\n',
  ],
  [
    'a file is made where there is none',
    undefined,
    'config set hostname box.home.example',
    'hostname is "box.home.example" now.',
    'hostname = "box.home.example"\n',
  ],
  [
    'a list takes several values',
    '',
    'config set domains a.example b.example',
    'domains is ["a.example", "b.example"] now.',
    'domains = ["a.example", "b.example"]\n',
  ],
  [
    'a list is written as in the file',
    '',
    'config set listen.pop3 ["127.0.0.1:0"]',
    `listen.pop3 is ["127.0.0.1:0"] now.\n${restart}`,
    '[listen]\npop3 = ["127.0.0.1:0"]\n',
  ],
  [
    'a list is emptied',
    '',
    'config set listen.pop3 none',
    `listen.pop3 is empty now.\n${restart}`,
    '[listen]\npop3 = []\n',
  ],
  [
    'a text is emptied',
    '',
    'config set maintenance.time_server none',
    'maintenance.time_server is empty now.',
    '[maintenance]\ntime_server = ""\n',
  ],
  ['none is a word of its own', '', 'config set relay.tls none', 'relay.tls is "none" now.', '[relay]\ntls = "none"\n'],
  [
    'a number is one',
    '',
    'config set limits.recipients 200',
    'limits.recipients is 200 now.',
    '[limits]\nrecipients = 200\n',
  ],
  [
    'a size has a blank',
    '',
    'config set limits.message 20 MiB',
    'limits.message is "20 MiB" now.',
    '[limits]\nmessage = "20 MiB"\n',
  ],
  [
    'what goes together is set together',
    '',
    'config set relay.host=smtp.p.example relay.user=a@p.example relay.password_file=p',
    'relay.host is "smtp.p.example" now.\nrelay.user is "a@p.example" now.\nrelay.password_file is "p" now.',
    '[relay]\nhost = "smtp.p.example"\nuser = "a@p.example"\npassword_file = "p"\n',
  ],
  [
    'the default holds again',
    '[mail]\ncatch_all = "bob" # why\n',
    'config reset mail.catch_all',
    'mail.catch_all is empty again, as it is when nobody says otherwise.',
    '[mail]\n',
  ],
  [
    'a value that is none is refused',
    '',
    'config set limits.message lots',
    'limits.message: "lots" is not a size. For instance: porchlight config set limits.message "50 MiB"\nNothing is changed.',
  ],
  [
    'one of a list is refused',
    '',
    'config set domains home.example @',
    /^domains: "@" is not a domain name\. For instance: porchlight config set domains home\.example\nNothing is changed\.$/,
  ],
  [
    'what needs another one is refused',
    '',
    'config set relay.user alice',
    /^relay: user and password_file go together\. Set them together, for instance: porchlight config set relay\.user=alice relay\.password_file=smarthost\.password\nNothing is changed\.$/,
  ],
  [
    'an unknown setting is refused',
    '',
    'config set catch_all bob',
    'There is no setting catch_all; did you mean mail.catch_all? To see them all: porchlight config show',
  ],
  ['an unknown one is not reset', '', 'config reset limits.mesage', /did you mean limits\.message\?/],
  ['an unknown section is not shown', '', 'config show limist', /did you mean limits\?/],
  ['no value is refused', '', 'config set hostname', /^Say what hostname shall be; none stands for nothing\./],
  [
    'half of it is refused',
    '',
    'config set relay.host=a.example relay.port',
    '"relay.port" is no KEY=VALUE, as the first one is.',
  ],
  [
    'other faults of the file stand in the way',
    'hostname = 5\n',
    'config set mail.catch_all bob',
    /^hostname: 5 is not a domain name.*\nNothing is changed\.$/,
  ],
  [
    'a file that cannot be edited is left alone',
    '[[mail]]\n',
    'config set mail.catch_all bob',
    /cannot be changed from here/,
  ],
]

describe('config', () => {
  test('a setting that needs another one says how both are set', async () => {
    await using box = await openConfigured('')
    const refusal = await box.say('config set relay.mode smarthost')
    const [, command = ''] = /For instance: porchlight (.*)\nNothing is changed\.$/i.exec(refusal) ?? []
    assert.equal(command, 'config set relay.mode=smarthost relay.host=smtp.provider.example')
    assert.match(await box.say(command), /^relay\.mode is "smarthost" now\.\nrelay\.host is /)
  })

  for (const [name, before, line, answer, after] of cases) {
    test(name, async () => {
      // What the file says wrongly was written after the start.
      await using box = await openConfigured(before?.includes('hostname = 5') || before?.includes('[[') ? '' : before)
      if (before !== undefined) await writeFile(box.file, before)
      const said = await box.say(line)
      if (typeof answer === 'string') assert.equal(said, answer)
      else assert.match(said, answer)
      if (after === undefined && before === undefined) await assert.rejects(box.text())
      else assert.equal(await box.text(), after ?? before)
      assert.equal(box.applied.length, after === undefined ? 0 : 1)
      const backup = readFile(backupPath(box.file), 'utf8')
      if (after !== undefined && before !== undefined) assert.equal(await backup, before)
      else await assert.rejects(backup)
    })
  }

  test('shows one setting, a section, and all', async () => {
    await using box = await openConfigured(`${listensNowhere}[mail]\ncatch_all = "bob"\n`)
    assert.equal(
      await box.say('config show mail.catch_all'),
      'The account that gets mail for unknown addresses. Empty: such mail is refused.\n\nnow      "bob"\ndefault  ""\nTo change it: porchlight config set mail.catch_all alice',
    )
    assert.match(await box.say('config show limits.message'), /\nnow {6}"50 MiB"\ndefault {2}"50 MiB", which holds\n/)
    const mail = (await box.say('config show mail')).split('\n')
    assert.equal(mail[0], 'Who gets what.')
    assert(mail.includes('* mail.catch_all   "bob"'))
    assert(mail.includes('  mail.subaddress  "+"'))
    const all = await box.say('config show')
    for (const name of settingNames()) assert(all.includes(` ${name} `), name)
    await box.say('config set listen.smtp 127.0.0.1:0')
    assert.match(await box.say('config show listen'), /\nNot in effect before a restart: listen\.smtp\./)
    await box.say('config set listen.smtp none')
    assert.doesNotMatch(await box.say('config show listen'), /restart/, 'it is as the server was opened')
  })
})

describe('two consoles', () => {
  test('do not undo each other without a word', async () => {
    await using box = await openConfigured(undefined)
    const [first, second] = [new Seen(), new Seen()]
    for (const seen of [first, second]) seen.note(box.configuration)
    assert.match(await box.say('config set mail.catch_all alice', first), /^mail\.catch_all is "alice" now/)
    assert.equal(
      await box.say('config set mail.catch_all bob', second),
      'mail.catch_all was changed meanwhile, at another console or in the file: it is "alice" now. To set it all the same, say it again.',
    )
    assert.equal(await box.text(), '[mail]\ncatch_all = "alice"\n')
    assert.match(await box.say('config set mail.catch_all bob', second), /^mail\.catch_all is "bob" now/)
    assert.match(await box.say('config set mail.catch_all carol', second), /^mail\.catch_all is "carol" now/)
    assert.match(await box.say('config reset mail.catch_all', first), /it is "carol" now/)
    await box.say('config show mail', first)
    assert.match(await box.say('config reset mail.catch_all', first), /again/, 'it has been shown')
    assert.match(await box.say('config set hostname a.example', second), /^hostname is/, 'other settings do not matter')
  })

  test('and an editor neither', async () => {
    await using box = await openConfigured('')
    const seen = new Seen()
    seen.note(box.configuration)
    await writeFile(box.file, '[mail]\ncatch_all = "dora"\n')
    assert.match(await box.say('config set mail.catch_all bob', seen), /it is "dora" now/)
  })

  test('may say again what an editor has written: then it holds', async () => {
    await using box = await openConfigured('')
    await writeFile(box.file, 'hostname = "a.example"\n')
    assert.equal(await box.say('config set hostname a.example'), 'hostname is "a.example" now.')
    assert.deepEqual(
      box.applied.map(({ hostname }) => hostname),
      ['a.example'],
    )
  })

  test('at the same moment change one after the other', async () => {
    await using box = await openConfigured('')
    const names = settingNames()
      .filter(name => name.startsWith('limits.') && name !== 'limits.message')
      .slice(0, 4)
    await Promise.all(
      names.map(name =>
        box.configuration.set(
          name,
          name.endsWith('idle') ? '7m' : name === 'limits.connections_per_address' ? 101 : 200,
        ),
      ),
    )
    const text = await box.text()
    for (const name of names) assert(text.includes(name.replace('limits.', '')), name)
    assert.equal(box.applied.length, names.length)
  })
})

describe('what the server does not take over', () => {
  const refusing = async () => {
    throw new Failure('TLS', 'no.pem cannot be read.')
  }
  test('is put back', async () => {
    await using box = await openConfigured('# mine\n', refusing)
    assert.equal(
      await box.say('config set tls.certificate=no.pem tls.key=no.pem'),
      'no.pem cannot be read. Nothing is changed.',
    )
    assert.equal(await box.text(), '# mine\n')
    assert.equal(box.configuration.written('tls.key'), '""')
    assert.equal(box.configuration.config.tls.key, '')
  })
  test('is taken away where there was no file', async () => {
    await using box = await openConfigured(undefined, refusing)
    await box.say('config set hostname a.example')
    await assert.rejects(box.text(), { code: 'ENOENT' })
  })
})

test('what is written with an editor in the very moment of a change is not overwritten', async () => {
  await using box = await openConfigured(listensNowhere)
  const byHand = `${listensNowhere}mail.catch_all = "bob"\n`
  const change = box.configuration.change([['mail.postmaster', 'alice']], () => {
    writeFileSync(box.file, byHand)
    return undefined
  })
  await assert.rejects(change, { code: 'REFUSED', message: /was changed in this very moment/ })
  assert.equal(await box.text(), byHand)
  assert.deepEqual(box.applied, [])
})

describe('an address to listen on', () => {
  test('that another program has is refused before a restart would fail', async () => {
    await using box = await openConfigured(listensNowhere)
    const other = createServer()
    const { promise, resolve } = Promise.withResolvers<void>()
    other.listen(0, '127.0.0.1', resolve)
    await promise
    const address = other.address()
    const port = typeof address === 'object' && address ? address.port : 0
    assert.equal(
      await box.say(`config set listen.smtp 127.0.0.1:${port}`),
      `127.0.0.1:${port} is in use by another program.\nNothing is changed.`,
    )
    other.close()
    assert.equal(await box.text(), listensNowhere)
  })
  test('that is not ours is refused', async () => {
    await using box = await openConfigured(listensNowhere)
    assert.match(
      await box.say('config set listen.smtp 192.0.2.1:2525'),
      /^192\.0\.2\.1:2525 is not an address of this machine\.\nNothing is changed\.$/,
    )
  })
})

describe('the file', () => {
  test('keeps its permissions, and a new one is its owner’s alone', async () => {
    await using box = await openConfigured('')
    await chmod(box.file, 0o640)
    await box.configuration.set('hostname', 'a.example')
    assert.equal((await stat(box.file)).mode & 0o777, 0o640)
    await using fresh = await openConfigured(undefined)
    await fresh.configuration.set('hostname', 'a.example')
    assert.equal((await stat(fresh.file)).mode & 0o777, 0o600)
  })

  test('is changed where a link leads', async () => {
    await using box = await openConfigured(undefined)
    const target = join(box.directory, 'boot.toml')
    await writeFile(target, '# boot\n')
    await symlink(target, box.file)
    await box.configuration.set('hostname', 'a.example')
    assert.equal(await readFile(target, 'utf8'), '# boot\n\nhostname = "a.example"\n')
    assert((await stat(box.file)).isFile())
  })

  test('is written anew over what a power cut has left', async () => {
    await using box = await openConfigured('')
    await writeFile(`${box.file}.new`, 'half')
    await box.configuration.set('hostname', 'a.example')
    assert(!(await readdir(box.directory)).includes('porchlight.toml.new'))
  })

  test('in a backup has no passwords for the first start', async () => {
    await using box = await openConfigured('[setup]\npassword = "secret word"\n[mail]\n')
    await box.configuration.set('hostname', 'a.example')
    assert.equal(await readFile(backupPath(box.file), 'utf8'), '[mail]\n')
  })
})
