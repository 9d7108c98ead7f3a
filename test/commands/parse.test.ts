/** Command lines that need no store: parsing, help, places. */
import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { defaultConfig, describeConfig, readConfig } from '../../src/base/config.ts'
import { commands } from '../../src/commands/commands.ts'
import { run, temporaryDirectory } from './household.ts'

describe('wrong usage is exit code 2 and says what is right', () => {
  const rows: readonly (readonly [words: string, complaint: string])[] = [
    ['', 'What shall be done? See: porchlight help'],
    ['serv', 'There is no command serv; did you mean serve? See: porchlight help'],
    ['deliver now', 'There is no command deliver. See: porchlight help'],
    ['user', 'user is one of: user add, user list, user remove, user password, user expire, user quota.'],
    [`-${'1'.repeat(50)}`, "Unknown option '-1'."],
    ['user ad bob', 'There is no command user ad; did you mean add? See: porchlight help user'],
    ['user frobnicate', 'There is no command user frobnicate. See: porchlight help user'],
    [
      'user add',
      'user add needs NAME.\nUsage: porchlight user add NAME [--generate] [--password-stdin] [--config FILE] [--data DIR]',
    ],
    [
      'user remove a b',
      'user remove has no use for "b".\nUsage: porchlight user remove NAME [--delete-mail] [--config FILE] [--data DIR]',
    ],
    [
      'alias add sales',
      'alias add needs ADDRESS TARGET….\nUsage: porchlight alias add ADDRESS TARGET… [--config FILE] [--data DIR]',
    ],
    ['status --generate', 'status has no option --generate.\nUsage: porchlight status [--config FILE] [--data DIR]'],
    ['serve --dta x', "Unknown option '--dta'; did you mean --data?"],
    ['serve --frobnicate', "Unknown option '--frobnicate'."],
    ['serve --data', "Option '--data <value>' argument missing."],
    ['serve --data --config', "Option '--data' argument is ambiguous."],
    ['user add bob --generate=1', "Option '--generate' does not take an argument."],
    ['user add bob --generate --password-stdin', '--generate and --password-stdin cannot both be.'],
    ['help usr', 'There is no help for usr; see: porchlight help user'],
    ['help frobnicate', 'There is no help for frobnicate. To see what there is: porchlight help'],
    ['user add bob', 'There is no terminal to ask for the password; use --password-stdin or --generate.'],
    ['user add bob --password-stdin', 'There is no password on standard input.'],
  ]
  for (const [words, complaint] of rows) {
    test(`porchlight ${words}`, async () => {
      const list = words.split(' ').filter(word => word !== '')
      assert.deepEqual(await run(list), { exit: 2, printed: [], complained: [complaint] })
    })
  }
})

describe('help', () => {
  test('every command has its line in the overview, but for those that programs use', async () => {
    const { exit, printed } = await run(['help'])
    assert.equal(exit, 0)
    for (const { name, summary, unlisted } of commands) {
      const lines = printed.filter(line => line.startsWith(`  ${name} `) && line.endsWith(summary))
      assert.equal(lines.length, unlisted ? 0 : 1, name)
    }
  })
  test('every page of help fits 80 columns', async () => {
    for (const words of [[], ...commands.map(({ name }) => name.split(' '))]) {
      const { exit, printed } = await run(['help', ...words])
      assert.equal(exit, 0)
      assert.deepEqual(
        printed.filter(line => line.length > 80),
        [],
      )
    }
  })
  test('help of a family shows each of its commands', async () => {
    const { printed } = await run(['help', 'alias'])
    assert.deepEqual(
      printed.filter(line => line.startsWith('porchlight ')).map(line => line.split(' ')[2]),
      ['add', 'list', 'remove'],
    )
  })
  test('help of one command shows its usage, its options and an example', async () => {
    assert.deepEqual((await run(['help', 'user', 'remove'])).printed, [
      'porchlight user remove NAME [--delete-mail] [--config FILE] [--data DIR]',
      '',
      '  Remove an account. One that still has mail is removed only with --delete-mail.',
      '',
      '  --delete-mail  delete the mail of the account with it',
      '  --config FILE  the configuration; else DIR/porchlight.toml',
      '  --data DIR     the data; else $PORCHLIGHT_DATA, else /var/lib/porchlight',
      '',
      '  porchlight user remove alice --delete-mail',
    ])
  })
  test('--help anywhere is the help of what stands beside it', async () => {
    assert.deepEqual(await run(['user', 'add', '--generate', '--help']), await run(['help', 'user', 'add']))
    assert.deepEqual(await run(['-h']), await run(['help']))
  })
  test('help config prints the whole configuration file', async () => {
    const { printed } = await run(['help', 'config'])
    assert.equal(`${printed.join('\n')}\n`, describeConfig())
    assert.deepEqual(readConfig(printed.join('\n'), '/'), defaultConfig())
  })
})

describe('places', () => {
  const rows: readonly (readonly [words: string, environment: Record<string, string>, served: string])[] = [
    ['serve', {}, 'served /var/lib/porchlight with /var/lib/porchlight/porchlight.toml'],
    ['serve', { PORCHLIGHT_DATA: '/mail' }, 'served /mail with /mail/porchlight.toml'],
    ['serve', { PORCHLIGHT_DATA: '' }, 'served /var/lib/porchlight with /var/lib/porchlight/porchlight.toml'],
    ['serve --data /d', { PORCHLIGHT_DATA: '/mail' }, 'served /d with /d/porchlight.toml'],
    ['--data=/d serve --config /etc/p.toml', {}, 'served /d with /etc/p.toml'],
  ]
  for (const [words, environment, served] of rows) {
    test(`${words} with ${JSON.stringify(environment)}`, async () => {
      assert.deepEqual((await run(words.split(' '), '', { environment })).printed, [served])
    })
  }
})

describe('check-config', () => {
  test('without a file the defaults hold', async () => {
    await using directory = await temporaryDirectory()
    const { exit, printed } = await run(['check-config', '--data', directory.path])
    assert.deepEqual([exit, printed], [0, [`There is no ${directory.path}/porchlight.toml; the defaults hold.`]])
  })
  test('a file in the data directory is found', async () => {
    await using directory = await temporaryDirectory()
    await writeFile(join(directory.path, 'porchlight.toml'), 'hostname = "a.example"')
    const { exit, printed } = await run(['check-config', '--data', directory.path])
    assert.deepEqual([exit, printed], [0, [`${directory.path}/porchlight.toml is good.`]])
  })
  const bad: readonly (readonly [name: string, content: string | Buffer, complaint: string])[] = [
    ['problems', 'foo = 1\nbar = 2', ' cannot be used:\nfoo: there is no such setting\nbar: there is no such setting'],
    ['octets that are no text', Buffer.from([0xff]), ' cannot be read: it is not UTF-8 text.'],
    ['too much', ' '.repeat(300 * 1024), ' cannot be read: it has more than 262144 octets.'],
  ]
  for (const [name, content, complaint] of bad) {
    test(`a file with ${name} is exit code 1`, async () => {
      await using directory = await temporaryDirectory()
      const file = join(directory.path, 'x.toml')
      await writeFile(file, content)
      assert.deepEqual(await run(['check-config', '--config', file]), {
        exit: 1,
        printed: [],
        complained: [file + complaint],
      })
    })
  }
  test('a file that was asked for must be there', async () => {
    await using directory = await temporaryDirectory()
    const file = join(directory.path, 'x.toml')
    const missing = await run(['check-config', '--config', file])
    await mkdir(file)
    const folder = await run(['check-config', '--config', file])
    assert.deepEqual(
      [missing.exit, missing.complained, folder.exit, folder.complained],
      [1, [`${file} cannot be read: there is no such file.`], 1, [`${file} cannot be read: it is a directory.`]],
    )
  })
})

test('version, --version and selftest run here', async () => {
  assert.deepEqual((await run(['version'])).printed, ['Porchlight 1.2.3'])
  assert.deepEqual((await run(['--version'])).printed, ['Porchlight 1.2.3'])
  assert.deepEqual((await run(['selftest'])).printed, ['tested'])
})
