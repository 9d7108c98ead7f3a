/** The table [setup], carried out once: commands/first-boot.ts on a real file and store. */
import assert from 'node:assert/strict'
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { verifyPassword } from '../../src/auth/password.ts'
import { type Log, silentLog } from '../../src/base/log.ts'
import { backupPath } from '../../src/commands/configuration.ts'
import { applyFirstBoot } from '../../src/commands/first-boot.ts'
import { isSetUp } from '../../src/commands/setup-state.ts'
import { type Configured, openConfigured } from './configured.ts'

const secret = 'a good password'
const other = 'another password'

function start(box: Configured, log: Log = silentLog, data = box.directory): Promise<void> {
  return applyFirstBoot(box.household, { config: box.file, configAsked: false, data }, log)
}

/** What the file asks for, what it is afterwards, and which accounts there are then. */
type Case = readonly [name: string, before: string, after: string, accounts: readonly string[], console: boolean]

const cases: readonly Case[] = [
  [
    'an account and a console password are made, and wiped from the file',
    `# mine\nhostname = "a.example"\n\n[setup]\naccount = "Alice"\npassword = "${secret}"\nconsole_password = "${other}"\n`,
    '# mine\nhostname = "a.example"\n\n',
    ['alice'],
    true,
  ],
  [
    'in one line',
    `setup = { account = "alice", password = "${secret}" } # first\n[mail]\n`,
    '[mail]\n',
    ['alice'],
    false,
  ],
  [
    'with dotted keys',
    `setup.console_password = '${other}'\r\nhostname = "a.example"\r\n`,
    'hostname = "a.example"\r\n',
    [],
    true,
  ],
  ['an empty table goes', '[setup]\n[mail]\n', '[mail]\n', [], false],
  [
    'a bad name stays with its reason, and its password with it',
    `[setup]\naccount = "a b" # me\npassword = "${secret}"\nconsole_password = "${other}"\n`,
    `[setup]\naccount = "a b" # Not used: it cannot be the name of an account: letters and digits with single . _ - between them, at most 64 characters\npassword = "${secret}"\n`,
    [],
    true,
  ],
  [
    'a bad password',
    '[setup]\naccount = "alice"\npassword = "short"\n',
    '[setup]\naccount = "alice"\npassword = "short" # Not used: A password has at least 8 characters.\n',
    [],
    false,
  ],
  [
    'an account without password',
    '[setup]\naccount = "alice"\n',
    '[setup]\naccount = "alice" # Not used: its password has to stand in password\n',
    [],
    false,
  ],
  [
    'a password without account',
    `[setup]\npassword = "${secret}"\n`,
    `[setup]\npassword = "${secret}" # Not used: whose it is has to stand in account\n`,
    [],
    false,
  ],
  [
    'anything else',
    `[setup]\nuser = "alice"\nconsole_password = 12345678\n`,
    `[setup]\nuser = "alice" # Not used: there is no such thing here; possible are account, password, console_password\nconsole_password = 12345678 # Not used: it is not text in quotes\n`,
    [],
    false,
  ],
]

describe('the file that takes the password of the console away', () => {
  for (const name of ['reset-console-password', 'reset-console-password.txt']) {
    test(`is heeded once, said in the log, and deleted: ${name}`, async () => {
      await using box = await openConfigured('')
      await box.household.settings.set('console.password', 'forgotten')
      const asking = join(box.directory, name)
      await writeFile(asking, '')
      const said: unknown[] = []
      await start(box, Object.assign(Object.create(silentLog), { warn: (fields: object) => said.push(fields) }))
      assert.equal(box.household.settings.get('console.password'), undefined)
      assert.deepEqual(said, [{ file: asking }])
      await assert.rejects(stat(asking))
      await box.household.settings.set('console.password', 'new')
      await start(box)
      assert.equal(box.household.settings.get('console.password'), 'new')
    })
  }

  test('may lie in the data directory, where the configuration is elsewhere', async () => {
    await using box = await openConfigured('')
    await box.household.settings.set('console.password', 'forgotten')
    const data = join(box.directory, 'elsewhere')
    await mkdir(data)
    await writeFile(join(data, 'reset-console-password'), 'please')
    await start(box, silentLog, data)
    assert.equal(box.household.settings.get('console.password'), undefined)
  })

  test('comes before a new password in [setup]', async () => {
    await using box = await openConfigured(`[setup]\nconsole_password = "${other}"\n`)
    await box.household.settings.set('console.password', 'forgotten')
    await writeFile(join(box.directory, 'reset-console-password'), '')
    await start(box)
    assert.equal(await verifyPassword(other, box.household.settings.get('console.password')), 'valid')
  })

  test('is heeded all the same where it cannot be deleted, and that is said', async () => {
    await using box = await openConfigured('')
    await box.household.settings.set('console.password', 'forgotten')
    await mkdir(join(box.directory, 'reset-console-password'))
    const reasons: string[] = []
    const log: Log = Object.assign(Object.create(silentLog), {
      error: (fields: { reason: string }) => reasons.push(fields.reason),
    })
    await start(box, log)
    assert.equal(box.household.settings.get('console.password'), undefined)
    assert.equal(reasons.length, 1)
    assert.match(reasons[0] ?? '', /cannot be deleted: it is a folder\.$/)
  })
})

describe('[setup]', () => {
  for (const [name, before, after, accounts, console] of cases) {
    test(name, async () => {
      await using box = await openConfigured(before)
      await start(box)
      assert.equal(await box.text(), after)
      assert.deepEqual(
        box.household.accounts.list().map(({ name }) => name),
        accounts,
      )
      for (const account of box.household.accounts.list()) {
        assert.equal(await verifyPassword(secret, account.password), 'valid')
      }
      const stored = box.household.settings.get('console.password')
      assert.equal(console ? await verifyPassword(other, stored) : stored, console ? 'valid' : undefined)
      assert.equal(isSetUp(box.household.settings), !after.includes('Not used'))
    })
  }

  test('that is still wrong at the next start does not wear the card', async () => {
    await using box = await openConfigured('[setup]\naccount = "a b"\n')
    await start(box)
    const before = await stat(box.file)
    await start(box)
    assert.equal((await stat(box.file)).ino, before.ino)
  })

  test('leaves those alone who are there, with their passwords', async () => {
    await using box = await openConfigured(`[setup]\naccount = "alice"\npassword = "short"\n`)
    await box.household.accounts.add('alice', 'hash')
    await start(box)
    assert.equal(box.household.accounts.find('alice')?.password, 'hash')
    assert.equal((await box.text()).trim(), '')
  })

  test('wipes passwords from the backup, too', async () => {
    await using box = await openConfigured(`[setup]\naccount = "alice"\npassword = "${secret}"\n`)
    await writeFile(backupPath(box.file), await box.text())
    await start(box)
    assert.equal(await readFile(backupPath(box.file), 'utf8'), '')
  })

  test('wipes the backup before the file: a power cut between the two leaves no password', async () => {
    await using box = await openConfigured(`[setup]\nconsole_password = "${secret}"\n`)
    await writeFile(backupPath(box.file), await box.text())
    const { accounts, settings } = box.household
    const cut: typeof settings = Object.assign(Object.create(settings), {
      set: async () => {
        throw new Error('The power is gone.')
      },
    })
    const file = { config: box.file, configAsked: false, data: box.directory }
    await assert.rejects(applyFirstBoot({ accounts, settings: cut }, file, silentLog), /power/)
    assert.equal(await readFile(backupPath(box.file), 'utf8'), '')
  })

  test('repeats nothing of what may be a password in the wrong place', async () => {
    await using box = await openConfigured(`[setup]\naccount = "${secret}"\n`)
    const logged: object[] = []
    const log: Log = Object.assign(Object.create(silentLog), { error: (fields: object) => logged.push(fields) })
    await start(box, log)
    assert.equal(logged.length, 1)
    assert.ok(!JSON.stringify(logged).includes(secret))
    assert.equal((await box.text()).split(secret).length, 2)
  })

  test('does nothing where the file cannot be written, for it would be done at each start', async () => {
    await using box = await openConfigured(`[setup]\nconsole_password = "${secret}"\n`)
    const reasons: unknown[] = []
    const log: Log = Object.assign(Object.create(silentLog), { error: (fields: object) => reasons.push(fields) })
    // A folder in the way of the new file.
    await mkdir(`${box.file}.new`)
    await start(box, log)
    assert.equal(reasons.length, 1)
    assert.equal(box.household.settings.get('console.password'), undefined)
    assert.match(await box.text(), /console_password/)
  })

  test('needs no file', async () => {
    await using box = await openConfigured(undefined)
    await start(box)
    await assert.rejects(box.text())
  })
})
