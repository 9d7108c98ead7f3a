/** The commands for accounts and aliases, on a real store that no server has open: commands/users.ts and aliases.ts. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { verifyPassword } from '../../src/auth/password.ts'
import { openHousehold, run, temporaryDirectory } from './household.ts'

/** A command line, what it must print or complain about, and its exit code when that is not 0. */
type Step = readonly [words: string, said: readonly string[], exit?: number]

const password = 'correct horse\n'

/** Runs command lines one after the other on one store; a complaint is one string with its lines. */
async function dialogue(steps: readonly Step[]): Promise<void> {
  await using directory = await temporaryDirectory()
  await using household = await openHousehold(directory.path)
  const open = async () => ({ ...household, [Symbol.asyncDispose]: async () => {} })
  for (const [words, said, exit = 0] of steps) {
    const outcome = await run([...words.split(' '), '--data', directory.path], password, { open })
    const expected = exit === 0 ? { exit, printed: said, complained: [] } : { exit, printed: [], complained: said }
    assert.deepEqual(outcome, expected, words)
  }
}

const add = (name: string): Step => [
  `user add ${name} --password-stdin`,
  [`${name} is ready: ${name}@home.example, ${name}@second.example`],
]

describe('accounts', () => {
  test('are added, listed, changed and removed', () =>
    dialogue([
      ['user list', ['There are no accounts yet. To make one: porchlight user add NAME']],
      add('bob'),
      add('alice'),
      [
        'user list',
        [
          'NAME   MESSAGES  SIZE  ADDRESSES',
          'bob    0         0 B   bob@home.example, bob@second.example',
          'alice  0         0 B   alice@home.example, alice@second.example',
        ],
      ],
      ['user password Bob --password-stdin', ['The password of bob is changed.']],
      ['user remove bob', ['bob is removed.']],
      ['user remove bob', ['There is no account bob. To see them: porchlight user list'], 1],
      ['status', ['Porchlight is not running.', 'Accounts  1', 'Data      here']],
    ]))

  test('have names by the rule, each once', () =>
    dialogue([
      ['user add Alice --password-stdin', ['alice is ready: alice@home.example, alice@second.example']],
      ['user add alice --password-stdin', ['There is an account alice already.'], 1],
      ['user add ALICE --generate', ['There is an account alice already.'], 1],
      [
        'user add a+b --generate',
        [
          '"a+b" cannot be the name of an account: letters and digits with single . _ - between them, at most 64 characters.',
        ],
        1,
      ],
      [
        'user add Postmaster --generate',
        ['postmaster cannot be an account: mail.postmaster in the configuration, or an alias, says who gets its mail.'],
        1,
      ],
      [
        'user add mailer-daemon --generate',
        ['mailer-daemon cannot be an account: reports of failed delivery come from it.'],
        1,
      ],
      ['alias add sales@second.example alice', ['sales@second.example leads to alice.']],
      [
        'user add sales --generate',
        ['sales@second.example is an alias; remove it first: porchlight alias remove sales@second.example'],
        1,
      ],
      [
        'user password alcie --generate',
        ['There is no account alcie; did you mean alice? To see them: porchlight user list'],
        1,
      ],
    ]))

  test('keep the password that was given, hashed', async () => {
    await using directory = await temporaryDirectory()
    const at = ['--data', directory.path]
    await run(['user', 'add', 'alice', '--password-stdin', ...at], password)
    const generated = await run(['user', 'add', 'bob', '--generate', ...at])
    const [, shown = ''] = /^Its password, shown only now: (\S+)$/.exec(generated.printed[1] ?? '') ?? []
    await using household = await openHousehold(directory.path)
    const verdicts = ['alice', 'bob'].map(name => {
      const stored = household.accounts.find(name)?.password
      return verifyPassword(name === 'alice' ? 'correct horse' : shown, stored)
    })
    assert.deepEqual(await Promise.all(verdicts), ['valid', 'valid'])
  })

  test('do not take a bad password', async () => {
    await using directory = await temporaryDirectory()
    const words = ['user', 'add', 'alice', '--password-stdin', '--data', directory.path]
    for (const bad of ['short', 'x'.repeat(300), 'with\0null-octets']) {
      assert.equal((await run(words, bad)).exit, 1, bad)
    }
    assert.equal((await run(['user', 'remove', 'alice', '--data', directory.path])).exit, 1)
  })

  test('with mail are removed only with --delete-mail', async () => {
    await using directory = await temporaryDirectory()
    const open = () => openHousehold(directory.path)
    await run(['user', 'add', 'carol', '--generate', '--data', directory.path])
    const mailbox = () => ({ messages: 12, octets: 3_565_158 })
    const world = { open: async () => Object.assign(await open(), { mailbox }) }
    const words = ['user', 'remove', 'carol', '--data', directory.path]
    assert.deepEqual(await run(words, '', world), {
      exit: 1,
      printed: [],
      complained: [
        'carol still has 12 messages (3.4 MiB). To delete it too: porchlight user remove carol --delete-mail',
      ],
    })
    assert.deepEqual(await run([...words, '--delete-mail'], '', world), {
      exit: 0,
      printed: [
        'carol is removed, with 12 messages (3.4 MiB).',
        'mail.catch_all in the configuration still names carol.',
      ],
      complained: [],
    })
  })
})

describe('aliases', () => {
  test('are added, widened, listed, narrowed and removed', () =>
    dialogue([
      add('alice'),
      add('bob'),
      ['alias list', ['There are no aliases. To make one: porchlight alias add ADDRESS TARGET…']],
      ['alias add Family alice', ['family leads to alice.']],
      ['alias add family BOB alice', ['family leads to alice, bob.']],
      ['alias add family bob', ['family leads to alice, bob.']],
      ['alias add Info@Home.Example family bob@home.example', ['info@home.example leads to family, bob@home.example.']],
      ['alias add postmaster bob', ['postmaster leads to bob.']],
      [
        'alias list',
        [
          'ALIAS              LEADS TO',
          'family             alice, bob',
          'info@home.example  family, bob@home.example',
          'postmaster         bob',
        ],
      ],
      ['alias list family', ['ALIAS   LEADS TO', 'family  alice, bob']],
      ['alias list nobody', ['There is no alias nobody.'], 1],
      ['alias remove family bob', ['family leads to alice.']],
      ['alias remove family bob', ['family leads to alice.']],
      ['alias remove info@home.example', ['info@home.example is removed.']],
      ['alias remove info@home.example', ['There is no alias info@home.example.']],
      ['alias remove family alice', ['family is removed.']],
    ]))

  test('lead only to what there is in this household', () =>
    dialogue([
      add('alice'),
      ['alias add sales alcie', ['"alcie" is no account or alias here; did you mean alice?'], 1],
      ['alias add sales alice nobody', ['"nobody" is no account or alias here.'], 1],
      ['alias add sales nobody@home.example', ['"nobody@home.example" is no account or alias here.'], 1],
      ['alias add sales alice+shop', ['"alice+shop" is no account or alias here.'], 1],
      [
        'alias add sales@away.example alice',
        ['sales@away.example is outside of this household (home.example, second.example).'],
        1,
      ],
      [
        'alias add @home.example alice',
        [
          '"" cannot be the name in an address here: letters and digits with single . _ - + = between them, at most 64 characters.',
        ],
        1,
      ],
      ['alias add alice alice', ['alice is an account; an alias cannot take its address.'], 1],
      ['alias add alice@second.example alice', ['alice is an account; an alias cannot take its address.'], 1],
      ['alias add a@home.example alice', ['a@home.example leads to alice.']],
      // In the second domain there is no alias a.
      ['alias add b a', ['"a" is no account or alias here.'], 1],
      ['alias add b@home.example a', ['b@home.example leads to a.']],
    ]))

  test('lead outside, too', () => {
    const reported = 'What cannot be delivered outside is reported to postmaster here.'
    return dialogue([
      add('alice'),
      add('bob'),
      ['alias add club alice Joe@Away.Example', ['club leads to alice, Joe@away.example.', reported]],
      [
        'alias add club jane@bücher.example',
        ['club leads to alice, Joe@away.example, jane@xn--bcher-kva.example.', reported],
      ],
      ['alias add info club', ['info leads to club.']],
      ['alias remove club alice', ['club leads to Joe@away.example, jane@xn--bcher-kva.example.', reported]],
      [
        'alias remove club Joe@away.example jane@bücher.example',
        ['The alias info leads to club. First: porchlight alias remove info'],
        1,
      ],
      [
        'alias add postmaster joe@away.example',
        [
          'postmaster leads to joe@away.example.',
          reported,
          'It stays here, too, for alice: postmaster must reach somebody in this house.',
        ],
      ],
      ['alias add postmaster bob', ['postmaster leads to joe@away.example, bob.', reported]],
      ...(
        [
          ['jürgen@away.example', 'Mail cannot be forwarded to jürgen@away.example: its name is too odd.'],
          ['"a.b"@mail.home.example', '"a.b"@mail.home.example would lead back here; name the account itself.'],
          ['joe%x@away.example', 'joe%x@away.example would lead back here; name the account itself.'],
          ['joe@', '"joe@" is no address; write for instance joe@example.org.'],
        ] as const
      ).map(([target, why]): Step => [`alias add sales ${target}`, [why], 1]),
    ])
  })

  test('never lead back to themselves', () =>
    dialogue([
      add('alice'),
      ['alias add a a', ['With this, a would lead back to itself, or through too many aliases.'], 1],
      ['alias add a alice', ['a leads to alice.']],
      ['alias add b a', ['b leads to a.']],
      ['alias add c b@second.example', ['c leads to b@second.example.']],
      ['alias add a c', ['With this, a would lead back to itself, or through too many aliases.'], 1],
      // Without a domain the target of b is one in the domain that was written to.
      [
        'alias add a@home.example c',
        ['With this, a@home.example would lead back to itself, or through too many aliases.'],
        1,
      ],
      ['alias list a', ['ALIAS  LEADS TO', 'a      alice']],
    ]))

  test('lead on through a bounded number of aliases', async () => {
    await using directory = await temporaryDirectory()
    const alias = (name: string, target: string) => run(['alias', 'add', name, target, '--data', directory.path])
    await run(['user', 'add', 'alice', '--generate', '--data', directory.path])
    const exits: number[] = []
    for (let i = 0; i < 12; i++) exits.push((await alias(`a${i}`, i === 0 ? 'alice' : `a${i - 1}`)).exit)
    assert.equal(exits[0], 0)
    assert.equal(exits.at(-1), 1)
    // Nothing that was accepted is lost on its way.
    const accepted = exits.filter(exit => exit === 0).length
    assert.equal((await alias('z', `a${accepted - 2}`)).exit, 0)
  })

  test('are not left leading to nobody', () =>
    dialogue([
      add('alice'),
      add('bob'),
      ['alias add sales bob@second.example alice', ['sales leads to bob@second.example, alice.']],
      ['user remove bob', ['The alias sales leads to bob. First: porchlight alias remove sales bob'], 1],
      ['alias add info sales', ['info leads to sales.']],
      ['alias remove sales', ['The alias info leads to sales. First: porchlight alias remove info'], 1],
      ['alias remove sales bob@second.example', ['sales leads to alice.']],
      ['user remove bob', ['bob is removed.']],
      ['alias remove info', ['info is removed.']],
      ['alias remove sales', ['sales is removed.']],
    ]))
})
