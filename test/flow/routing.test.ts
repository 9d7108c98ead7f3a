/** Where mail for an address goes, as tables. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Household, loginAccount, route } from '../../src/flow/routing.ts'
import { parseAddress } from '../../src/message/address.ts'

type Aliases = Readonly<Record<string, readonly string[]>>
type Mail = Partial<Household['mail']>

/** Accounts are numbered as they are listed; domains are home.example and bücher.example. */
function household(names: readonly string[], aliases: Aliases = {}, mail: Mail = {}): Household {
  const accounts = names.map((name, id) => ({ id, name, password: '', created: 0 }))
  return {
    hostname: 'mail.home.example',
    domains: ['home.example', 'xn--bcher-kva.example'],
    mail: { catch_all: '', postmaster: '', subaddress: '+', ...mail },
    accounts: {
      list: () => accounts,
      find: name => accounts.find(account => account.name === name),
      alias: address => (Object.hasOwn(aliases, address) ? aliases[address] : undefined),
    },
  }
}

/** @returns the names of the accounts and the addresses outside, or why there are none */
function routed(path: string, household: Household): string {
  const address = parseAddress(path, { utf8: true })
  assert.ok(address, `${path} is no address`)
  const found = route(address, household)
  if (found.kind !== 'local') return found.kind
  return [...found.accounts.map(account => account.name), ...found.forwards].join(' ')
}

type Case = readonly [path: string, to: string]

function table(title: string, house: Household, cases: readonly Case[]): void {
  describe(title, () => {
    for (const [path, to] of cases) test(`${path}: ${to}`, () => assert.equal(routed(path, house), to))
  })
}

table('accounts', household(['alice', 'bob', 'jürgen', 'ǰan']), [
  ['alice@home.example', 'alice'],
  ['Alice@HOME.Example', 'alice'],
  ['"alice"@home.example', 'alice'],
  ['"al\\ice"@home.example', 'alice'],
  ['carol@home.example', 'unknown'],
  // Each account has an address in each domain, however the domain is written.
  ['alice@bücher.example', 'alice'],
  ['alice@BÜCHER.example', 'alice'],
  ['alice@xn--bcher-kva.example', 'alice'],
  ['alice@XN--BCHER-KVA.EXAMPLE', 'alice'],
  // One name, composed or not, in either case.
  ['jürgen@home.example', 'jürgen'],
  ['ju\u0308rgen@home.example', 'jürgen'],
  ['JU\u0308RGEN@home.example', 'jürgen'],
  ['J\u030can@home.example', 'ǰan'],
  // Names that every object has are nobody's.
  ['constructor@home.example', 'unknown'],
  ['__proto__@home.example', 'unknown'],
])

table('what is not ours', household(['alice'], {}, { catch_all: 'alice' }), [
  ['alice@away.example', 'remote'],
  ['alice@mail.home.example', 'remote'],
  ['alice@sub.home.example', 'remote'],
  ['alice@home.example.away.example', 'remote'],
  ['alice@nothome.example', 'remote'],
  ['alice@[127.0.0.1]', 'remote'],
  ['alice@[IPv6:::1]', 'remote'],
  // Ways to ask for passing on, even where unknown names are taken.
  ['bob%away.example@home.example', 'remote'],
  ['alice%home.example@home.example', 'remote'],
  ['away.example!bob@home.example', 'remote'],
  ['"bob@away.example"@home.example', 'remote'],
  ['"alice@home.example"@home.example', 'remote'],
  ['"bob%away.example"@home.example', 'remote'],
  ['alice+x%away.example@home.example', 'remote'],
])

const aliases: Aliases = {
  sales: ['alice', 'bob'],
  family: ['sales', 'carol', 'alice'],
  'info@home.example': ['carol'],
  info: ['alice'],
  bob: ['carol'],
  'shop+orders': ['bob'],
  nobody: ['dave'],
  half: ['dave', 'alice'],
  abroad: ['info@xn--bcher-kva.example'],
  // A diamond: two ways to the same alias are no loop.
  top: ['left', 'right'],
  left: ['sales'],
  right: ['sales'],
  // Loops, short and long, and one behind a good target.
  self: ['self'],
  ping: ['pong'],
  pong: ['alice', 'ping'],
  partly: ['alice', 'ping'],
  ring: ['ring@home.example'],
}

table('aliases', household(['alice', 'bob', 'carol'], aliases), [
  ['sales@home.example', 'alice carol'],
  ['SALES@home.example', 'alice carol'],
  ['family@home.example', 'alice carol'],
  // An alias wins over an account of its name.
  ['bob@home.example', 'carol'],
  // One for a whole address wins over one for the name in every domain.
  ['info@home.example', 'carol'],
  ['info@bücher.example', 'alice'],
  ['abroad@home.example', 'alice'],
  ['nobody@home.example', 'unknown'],
  ['half@home.example', 'alice'],
  ['top@home.example', 'alice carol'],
  ['self@home.example', 'loop'],
  ['ping@home.example', 'loop'],
  ['partly@home.example', 'loop'],
  ['ring@home.example', 'loop'],
])

const chain = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`a${i}`, [i === 19 ? 'alice' : `a${i + 1}`]]))

table('long chains of aliases', household(['alice'], chain), [
  ['a19@home.example', 'alice'],
  ['a11@home.example', 'alice'],
  ['a10@home.example', 'loop'],
  ['a0@home.example', 'loop'],
])

/** Each layer names the next twice over: followed without memory this would take 2^9 times as long. */
const layers = Object.fromEntries(
  Array.from({ length: 9 }, (_, i) => [
    `l${i}`,
    Array.from({ length: 100 }, (_, j) => (j % 2 ? `l${i + 1}` : `x${j}`)),
  ]),
)

table('aliases that fan out', household(['alice', 'l9'], layers), [['l0@home.example', 'l9']])

const outside: Aliases = {
  club: ['alice', 'joe@away.example'],
  'info@home.example': ['joe@away.example'],
  both: ['club', 'joe@away.example', 'Jane@other.example'],
  deep: ['both'],
  // An address here is no address outside, in whatever domain the alias is asked for.
  inside: ['alice@xn--bcher-kva.example'],
  postmaster: ['joe@away.example'],
  ping: ['joe@away.example', 'ping'],
}

table('aliases that lead outside', household(['alice', 'bob'], outside, { catch_all: 'bob' }), [
  ['club@home.example', 'alice joe@away.example'],
  ['club+x@bücher.example', 'alice joe@away.example'],
  ['info@home.example', 'joe@away.example'],
  ['info@bücher.example', 'bob'],
  ['both@home.example', 'alice joe@away.example Jane@other.example'],
  ['deep@home.example', 'alice joe@away.example Jane@other.example'],
  ['inside@home.example', 'alice'],
  ['ping@home.example', 'loop'],
  // Nobody gets out by naming the way.
  ['joe@away.example', 'remote'],
  ['"joe@away.example"@home.example', 'remote'],
  ['club@away.example', 'remote'],
  // Postmaster reaches somebody here, whoever else hears of it.
  ['postmaster', 'alice joe@away.example'],
  ['postmaster@home.example', 'alice joe@away.example'],
  ['postmaster@mail.home.example', 'alice joe@away.example'],
])

table('postmaster outside, and one of this house named', household(['alice', 'bob'], outside, { postmaster: 'bob' }), [
  ['postmaster@home.example', 'bob joe@away.example'],
])

table('subaddresses', household(['alice', 'alice+work'], { 'shop+orders': ['alice'], list: ['alice+work'] }), [
  ['alice+shop@home.example', 'alice'],
  ['ALICE+Shop@home.example', 'alice'],
  ['alice+a+b@home.example', 'alice'],
  ['alice+@home.example', 'alice'],
  // The exact name wins over the subaddress.
  ['alice+work@home.example', 'alice+work'],
  ['shop+orders@home.example', 'alice'],
  ['list+x@home.example', 'alice+work'],
  ['shop+other@home.example', 'unknown'],
  ['+alice@home.example', 'unknown'],
  ['alice-shop@home.example', 'unknown'],
])

table('another subaddress character', household(['alice', 'mary'], {}, { subaddress: '-' }), [
  ['alice-shop@home.example', 'alice'],
  ['alice+shop@home.example', 'unknown'],
])

table('no subaddresses', household(['alice'], {}, { subaddress: '' }), [
  ['alice+shop@home.example', 'unknown'],
  ['alice@home.example', 'alice'],
])

table('postmaster, whom nobody chose (RFC 5321 §4.5.1)', household(['alice', 'bob']), [
  ['postmaster', 'alice'],
  ['PostMaster', 'alice'],
  ['postmaster@home.example', 'alice'],
  ['"postmaster"@home.example', 'alice'],
  ['Postmaster@bücher.example', 'alice'],
  ['postmaster@mail.home.example', 'alice'],
  ['postmaster@away.example', 'remote'],
  ['postmaster@[127.0.0.1]', 'remote'],
])

table('postmaster by the settings', household(['alice', 'bob'], {}, { postmaster: 'bob', catch_all: 'alice' }), [
  ['postmaster', 'bob'],
  ['postmaster@home.example', 'bob'],
  ['postmaster@mail.home.example', 'bob'],
])

table('postmaster by an alias', household(['alice', 'bob'], { postmaster: ['bob'] }, { postmaster: 'alice' }), [
  ['postmaster', 'bob'],
  ['postmaster@bücher.example', 'bob'],
  ['postmaster@mail.home.example', 'bob'],
])

table('postmaster who is an account', household(['alice', 'postmaster']), [
  ['postmaster', 'postmaster'],
  ['postmaster@home.example', 'postmaster'],
])

table('postmaster whose account is gone', household(['alice'], {}, { postmaster: 'bob' }), [['postmaster', 'alice']])

table('a house without accounts', household([]), [
  ['postmaster', 'unknown'],
  ['postmaster@home.example', 'unknown'],
  ['alice@home.example', 'unknown'],
])

table('the catch-all', household(['alice', 'bob'], { gone: ['dave'], ping: ['ping'] }, { catch_all: 'bob' }), [
  ['alice@home.example', 'alice'],
  ['anyone@home.example', 'bob'],
  ['anyone+x@home.example', 'bob'],
  ['gone@home.example', 'bob'],
  ['ping@home.example', 'loop'],
  ['anyone@away.example', 'remote'],
])

table('a catch-all whose account is gone', household(['alice'], {}, { catch_all: 'bob' }), [
  ['anyone@home.example', 'unknown'],
])

const logins: readonly (readonly [login: string, account: string | undefined])[] = [
  ['alice', 'alice'],
  ['ALICE', 'alice'],
  ['JU\u0308RGEN', 'jürgen'],
  ['alice@home.example', 'alice'],
  ['Alice@Bücher.Example', 'alice'],
  ['info@home.example', 'alice'],
  // What goes outside, too, is not somebody's alone.
  ['club@home.example', undefined],
  ['joe@home.example', undefined],
  // An alias without a domain is no login, and neither is an address of several or of nobody.
  ['info', undefined],
  ['both@home.example', undefined],
  ['carol@home.example', undefined],
  ['ping@home.example', undefined],
  ['alice@away.example', undefined],
  ['alice@[127.0.0.1]', undefined],
  ['alice+x@home.example', undefined],
  ['anyone@home.example', undefined],
  ['postmaster', undefined],
  ['alice@', undefined],
  ['', undefined],
  ['\0', undefined],
]

describe('a login', () => {
  const names = {
    info: ['alice'],
    both: ['alice', 'bob'],
    ping: ['ping'],
    club: ['alice', 'joe@away.example'],
    joe: ['joe@away.example'],
  }
  const house = household(['alice', 'bob', 'jürgen'], names, { catch_all: 'bob' })
  for (const [login, account] of logins) {
    test(`by ${JSON.stringify(login)} is ${account ?? 'nobody'}`, () => {
      assert.equal(loginAccount(login, house)?.name, account)
    })
  }
})
