/** The guided set-up: commands/setup.ts and its steps, with a scripted person, on a real store and file. */
import assert from 'node:assert/strict'
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { verifyPassword } from '../../src/auth/password.ts'
import { Seen } from '../../src/commands/configuration.ts'
import { isSetUp, stepOf } from '../../src/commands/setup-state.ts'
import { useClock } from '../../src/commands/shown.ts'
import type { Outcome } from '../../src/store/attempt.ts'
import { attempt, waiting } from '../store/letters.ts'
import { type Configured, openConfigured } from './configured.ts'
import { ScriptedDialogue } from './script.ts'

/** Doors that others reach already, at any free port: the set-up leaves them, and no port of this machine is needed. */
const open = 'listen = { smtp = ["*:0"], submission = [], submissions = ["*:4650"], pop3 = [], pop3s = ["*:9950"] }\n'

const secret = 'a good password'

/** What is typed at the questions of each step, in their order; Enter is ''. */
const answers = {
  clock: ['2'],
  zone: ['berlin'],
  hostname: ['mail.smith.example'],
  domains: [''],
  account: ['Alice', secret, secret],
  arrival: [''],
  leaving: ['3', 'smtp.provider.example', '2', '', 'smith@provider.example', 'smarthost secret'],
  trial: [''],
  programs: [''],
  certificate: [''],
  console: [secret, secret],
} as const satisfies Record<string, readonly string[]>

type Steps = Partial<Record<keyof typeof answers, readonly (string | undefined)[]>>

/** The whole of it, with other answers at some steps. */
function typed(other: Steps = {}): readonly (string | undefined)[] {
  return Object.entries({ ...answers, ...other }).flatMap(([, typed]) => [...typed])
}

/** Goes through it. @returns what was shown, when every answer was asked for */
async function walk(box: Configured, answers: readonly (string | undefined)[], more: object = {}): Promise<string> {
  const dialogue = new ScriptedDialogue({ answers, columns: 100, ...more })
  const said = await box.say('setup', undefined, dialogue)
  assert.deepEqual(dialogue.left, [])
  return `${dialogue.text}\n${said}`
}

after(() => useClock({ clock: 'iso', time_zone: 'UTC' }))

describe('the set-up', () => {
  test('is left where a step cannot be done, whatever is answered', async () => {
    await using box = await openConfigured(open)
    await mkdir(join(box.directory, 'dkim', 'smith.example'), { recursive: true })
    await writeFile(join(box.directory, 'dkim', 'smith.example', 'rsa.pem'), 'no key')
    const shown = await walk(box, typed())
    assert.match(shown, /rsa\.pem/)
    assert.equal(stepOf(box.household.settings), 'end')
  })

  test('takes a cry for help, or for the way out, for no answer', async () => {
    await using box = await openConfigured(open)
    const account = ['help', '?', 'quit', 'exit', 'logout', ...answers.account]
    const shown = await walk(box, typed({ account, arrival: ['help', '9', ''] }))
    assert.equal(shown.match(/Type back for the step before; Ctrl-C leaves/g)?.length, 4)
    assert.equal(shown.match(/To leave the set-up, press Ctrl-C\./g)?.length, 3)
    assert.match(shown, /Type 1 or 2\./)
    assert.deepEqual(
      box.household.accounts.list().map(({ name }) => name),
      ['alice'],
    )
  })

  test('is no stranger at the prompt behind it: what it has set can be set again', async () => {
    await using box = await openConfigured(open)
    const seen = new Seen()
    seen.note(box.configuration)
    await box.say('setup', seen, new ScriptedDialogue({ answers: typed(), columns: 100 }))
    assert.match(
      await box.say('config set hostname mail.jones.example', seen),
      /^hostname is "mail\.jones\.example" now/,
    )
  })

  test('makes a box of the answers', async () => {
    await using box = await openConfigured(`# ours\n${open}`)
    assert(!isSetUp(box.household.settings))
    await writeFile(join(box.directory, 'smarthost.password'), 'for everybody\n', { mode: 0o644 })
    const shown = await walk(box, typed())
    assert(isSetUp(box.household.settings))
    const { config } = box.household
    assert.equal(config.console.clock, 'european')
    assert.equal(config.console.time_zone, 'Europe/Berlin')
    assert.equal(config.hostname, 'mail.smith.example')
    assert.deepEqual(config.domains, ['smith.example'], 'derived from the name')
    const { mode, host, port, tls, user, password_file } = config.relay
    assert.deepEqual(
      [mode, host, port, tls, user],
      ['smarthost', 'smtp.provider.example', 465, 'implicit', 'smith@provider.example'],
    )
    assert.equal(password_file, join(box.directory, 'smarthost.password'))
    assert.equal(await readFile(password_file, 'utf8'), 'smarthost secret\n')
    assert.equal((await stat(password_file)).mode & 0o777, 0o600)
    assert.match(await box.text(), /^# ours\n/)
    assert.equal(await verifyPassword(secret, box.household.accounts.find('alice')?.password), 'valid')
    assert.equal(await verifyPassword(secret, box.household.settings.get('console.password')), 'valid')
    assert.match(shown, /\nStep 1 of 12: Date and time\n/)
    assert.match(shown, /alice is ready: alice@smith\.example\n/)
    assert.match(shown, /smith\.example\. IN MX 10 mail\.smith\.example\./)
    assert.match(shown, /Incoming mail {2}POP3, mail\.smith\.example, port 9950, TLS\n/)
    assert.match(shown, /pop:\/\/alice@mail\.smith\.example:9950\n/)
    assert.doesNotMatch(shown, new RegExp(`${secret}|smarthost secret`), 'what is typed hidden is not shown')
  })

  test('run again shows what holds, and Enter keeps it', async () => {
    await using box = await openConfigured(open)
    await walk(box, typed())
    const before = await box.text()
    const kept = {
      clock: [''],
      zone: [''],
      hostname: [''],
      account: [''],
      leaving: ['', '', '', '', '', ''],
      console: [''],
    }
    const shown = await walk(box, typed(kept))
    assert.equal(await box.text(), before)
    assert.match(shown, /22\.11\.2026 18:05 \(now\)/)
    assert.match(shown, /Name \[mail\.smith\.example\]: /)
    assert.match(shown, /There are accounts already: alice\./)
    assert.equal(await verifyPassword(secret, box.household.settings.get('console.password')), 'valid')
  })

  test('is left at any question, and goes on there', async () => {
    await using box = await openConfigured(open)
    const all = typed()
    for (const [count, step] of ['clock', 'zone', 'hostname', 'domains', 'account', 'account', 'account'].entries()) {
      const dialogue = new ScriptedDialogue({ answers: [...all.slice(0, count), undefined] })
      await box.household.settings.set('setup', '')
      assert.match(await box.say('setup', undefined, dialogue), /^The set-up is left\. What was answered holds/)
      assert.equal(stepOf(box.household.settings), step)
    }
    const rest = typed({ clock: [], zone: [], hostname: [], domains: [] })
    const shown = await walk(box, rest)
    assert.match(shown, /^The set-up goes on where it was left\./)
    assert.match(shown, /\nStep 5 of 12: Account\n/)
    assert(isSetUp(box.household.settings))
  })

  test('goes back, from any question', async () => {
    await using box = await openConfigured(open)
    const shown = await walk(
      box,
      typed({
        clock: ['back', '1'],
        zone: ['back', '', 'Asia/Tokyo'],
        hostname: ['back', 'UTC', ''],
        domains: ['a.example b.example'],
        account: ['alice', 'back', 'alice', ''],
        leaving: ['1', 'back', '1', ''],
        console: ['back', '', 'none'],
      }),
    )
    assert.match(shown, /This is the first step\./)
    const { config, accounts } = box.household
    assert.equal(config.console.time_zone, 'UTC')
    assert.deepEqual(config.domains, ['a.example', 'b.example'])
    assert.equal(config.relay.mode, 'auto')
    assert.equal(config.console.trust, 'line')
    const [, proposed = ''] = /A good password is (\S+)\.(?![\s\S]*A good password)/.exec(shown) ?? []
    assert.equal(await verifyPassword(proposed, accounts.find('alice')?.password), 'valid', 'the generated one')
  })

  test('says at once what is wrong with an answer, and asks again', async () => {
    await using box = await openConfigured(open)
    const shown = await walk(
      box,
      typed({
        clock: ['4', 'x', 'iso'],
        zone: ['nowhere', 'america/', 'new york'],
        hostname: ['home', 'a b', ''],
        domains: ['x.example @', ''],
        account: ['', 'a/b', 'alice', 'short', secret, 'another', secret, secret],
        leaving: ['3', '', 'a b', 'smtp.provider.example', '1', '0', '70000', '587', 'none'],
        trial: ['nobody', ''],
        certificate: ['2', '', 'no.pem', 'no.pem', '1'],
        console: ['', 'short', secret, 'other', secret, secret],
      }),
      {},
    )
    for (const complaint of [
      'Type a number from 1 to 3.',
      'No time zone is called nowhere.',
      'Which of these: America/',
      '"home" cannot be such a name',
      '"@" cannot be such a name',
      'Without an account there is nobody to get mail.',
      '"a/b" cannot be the name of an account',
      'A password has at least 8 characters.',
      'The two are not the same.',
      '"a b" is not the name of a host',
      'A port is a number from 1 to 65535.',
      '"nobody" is no address.',
    ]) {
      assert(shown.includes(complaint), complaint)
    }
    assert.equal(box.household.config.console.time_zone, 'America/New_York')
  })

  test('leaves ports that somebody has chosen for programs on the box alone', async () => {
    const listen =
      'listen = { smtp = ["127.0.0.1:0"], submission = [], submissions = [], pop3 = ["127.0.0.1:0"], pop3s = [] }\n'
    await using box = await openConfigured(listen)
    await walk(box, typed())
    assert.ok((await box.text()).startsWith(listen))
  })

  test('ends where the configuration cannot be read', async () => {
    await using box = await openConfigured(open)
    await writeFile(box.file, 'hostname = ')
    const dialogue = new ScriptedDialogue({ answers: [] })
    assert.match(await box.say('setup', undefined, dialogue), /^line 1, column 12: this is not a value/)
  })

  test('needs a person', async () => {
    await using box = await openConfigured(open)
    assert.match(await box.say('setup'), /^setup needs a terminal\.$/)
  })

  test('does not overwrite what another console has changed meanwhile', async () => {
    await using box = await openConfigured(open)
    const dialogue = new (class extends ScriptedDialogue {
      override async ask(...question: Parameters<ScriptedDialogue['ask']>) {
        const answer = await super.ask(...question)
        if (answer === 'mine.smith.example') await box.say('config set hostname theirs.smith.example')
        return answer
      }
    })({ answers: ['', '', 'mine.smith.example', undefined] })
    await box.say('setup', undefined, dialogue)
    assert.match(dialogue.text, /hostname was changed meanwhile.*it is "theirs\.smith\.example" now/)
    assert.match(dialogue.text, /Name \[theirs\.smith\.example\]: $/)
  })
})

describe('the letter as a trial', () => {
  const to = 'me@away.example'
  const only = typed({ trial: [to] })

  test('is watched until any key', async () => {
    await using box = await openConfigured(open)
    const shown = await walk(box, only, { keys: [undefined, ' '] })
    assert.match(shown, /It goes on by itself\.\nTo look again later: porchlight trace \w{16}\n/)
    const [one] = await waiting(box.store)
    assert.equal(one?.domain, 'away.example')
  })

  test('is waited for a minute at most', async t => {
    await using box = await openConfigured(open)
    let elapsed = performance.now()
    t.mock.method(performance, 'now', () => {
      elapsed += 20_000
      return elapsed
    })
    const shown = await walk(box, only, { keys: [undefined, undefined, undefined, undefined] })
    assert.match(shown, /No host has answered yet\. It waits, and is tried again by itself\./)
  })

  const outcomes: readonly (readonly [outcome: Outcome, code: number, shown: RegExp])[] = [
    ['delivered', 250, /It works: mx\.away\.example took the letter, and said: 250 2\.0\.0 Said so\?\[2J\n/],
    ['deferred', 451, /Not yet: 451 4\.0\.0 Said so\?\[2J\. It waits/],
    ['bounced', 550, /It came back: 550 5\.0\.0 Said so/],
  ]
  for (const [outcome, code, wanted] of outcomes) {
    test(`that is ${outcome} is said`, async () => {
      await using box = await openConfigured(open)
      const dialogue = new (class extends ScriptedDialogue {
        override async key() {
          const [one] = await waiting(box.store)
          assert(one)
          const answer = { code, enhanced: `${Math.floor(code / 100)}.0.0`, text: 'Said so\x1b[2J' }
          const date = box.household.now()
          await box.store.outbound.settle([
            attempt(one, outcome, { date, due: date, results: [{ recipient: 0, outcome, answer }] }),
          ])
          return undefined
        }
      })({ answers: only })
      await box.say('setup', undefined, dialogue)
      assert.match(dialogue.text, wanted)
    })
  }

  test('to somebody here is put into a mailbox', async () => {
    await using box = await openConfigured(open)
    const shown = await walk(box, typed({ trial: ['alice@smith.example'] }))
    assert.match(shown, /It was put into a mailbox here\./)
    assert.equal(box.household.mailbox('alice').messages, 1)
  })

  test('that cannot be is refused in words', async () => {
    await using box = await openConfigured(open)
    const shown = await walk(box, typed({ trial: ['nobody@smith.example', ''] }))
    assert.match(shown, /nobody@smith\.example/)
  })
})
