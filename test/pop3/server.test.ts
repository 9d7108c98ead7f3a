/** POP3 sessions as dialogues: each runs at every split of its input. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { budget } from '../../src/base/budget.ts'
import { response } from '../../src/pop3/response.ts'
import { maildropOf, messages, Service } from './service.ts'

const base64 = (text: string) => Buffer.from(text).toString('base64')
const steps = [1, 2, 7, 65_536]

const mechanisms = () => ['PLAIN', 'LOGIN'] as const
const open = { mechanisms, secure: false, stls: true, plaintext: true }
const guarded = { mechanisms, secure: false, stls: true, plaintext: false }
const secure = { mechanisms, secure: true, stls: true, plaintext: false }
const bare = { mechanisms, secure: false, stls: false, plaintext: false }

const login = ['C: USER alice', 'S: +OK now the password', 'C: PASS  open  sesame ', 'S: +OK *']

/** A line of `S:` that ends in `*` says only how the answer begins; `S: closed` that the session is over. */
type Dialogue = { name: string; options?: typeof open; lines: readonly string[] }

const dialogues: readonly Dialogue[] = [
  {
    name: 'a session from login to QUIT (RFC 1939 §10)',
    lines: [
      ...login,
      ...['C: STAT', 'S: +OK 5 99'],
      ...['C: LIST', 'S: +OK *', 'S: 1 43', 'S: 2 16', 'S: 3 4', 'S: 4 21', 'S: 5 15', 'S: .'],
      ...['C: LIST 2', 'S: +OK 2 16'],
      ...['C: UIDL', 'S: +OK *', 'S: 1 u1', 'S: 2 u2', 'S: 3 u3', 'S: 4 u4', 'S: 5 u5', 'S: .'],
      ...['C: UIDL 5', 'S: +OK 5 u5'],
      'C: RETR 1',
      ...['S: +OK 43 octets', 'S: Subject: one', 'S: ', 'S: first', 'S: ..', 'S: ...second', 'S: third', 'S: .'],
      ...['C: TOP 1 2', 'S: +OK *', 'S: Subject: one', 'S: ', 'S: first', 'S: ..', 'S: .'],
      ...['C: TOP 1 0', 'S: +OK *', 'S: Subject: one', 'S: ', 'S: .'],
      ...['C: NOOP', 'S: +OK *'],
      ...['C: QUIT', 'S: +OK bye', 'S: closed'],
    ],
  },
  {
    name: 'a message marked as deleted is no longer there, RSET brings it back, QUIT removes it',
    lines: [
      ...login,
      ...['C: DELE 1', 'S: +OK *', 'C: DELE 1', 'S: -ERR no such message', 'C: RETR 1', 'S: -ERR no such message'],
      ...['C: TOP 1 1', 'S: -ERR no such message', 'C: LIST 1', 'S: -ERR no such message'],
      ...['C: UIDL 1', 'S: -ERR no such message', 'C: STAT', 'S: +OK 4 56'],
      ...['C: DELE 4', 'S: +OK *', 'C: LIST', 'S: +OK 3 messages (35 octets)', 'S: 2 16', 'S: 3 4', 'S: 5 15', 'S: .'],
      ...['C: UIDL', 'S: +OK *', 'S: 2 u2', 'S: 3 u3', 'S: 5 u5', 'S: .'],
      ...[
        'C: RSET',
        'S: +OK *',
        'C: STAT',
        'S: +OK 5 99',
        'C: LIST 1',
        'S: +OK 1 43',
        'C: DELE 5',
        'S: +OK *',
        'C: DELE 2',
        'S: +OK *',
      ],
      ...['C: QUIT', 'S: +OK bye, 2 messages deleted', 'S: closed'],
    ],
  },
  {
    name: 'QUIT says so when the deletions could not be kept',
    lines: [...login, 'C: DELE 3', 'S: +OK *', 'C: QUIT', 'S: -ERR [SYS/TEMP] *', 'S: closed'],
  },
  {
    name: 'numbers that name no message are refused, however they are written',
    lines: [
      ...login,
      ...['0', '6', '00006', '4294967297', '9'.repeat(400)].flatMap(n => [`C: RETR ${n}`, 'S: -ERR no such message']),
      ...['-1', '+1', '1.0', '1e0', '0x1', 'one', '1 2', '١'].flatMap(n => [`C: RETR ${n}`, 'S: -ERR wrong arguments']),
      ...['C: LIST 002', 'S: +OK 2 16', `C: TOP 2 ${'9'.repeat(400)}`, 'S: +OK *', 'S: Subject: two', 'S: ', 'S: .'],
    ],
  },
  {
    name: 'a message that cannot be read is refused with a code and the session goes on',
    lines: [...login, 'C: RETR 3', 'S: -ERR [SYS/PERM] *', 'C: TOP 3 0', 'S: -ERR [SYS/PERM] *', 'C: NOOP', 'S: +OK *'],
  },
  {
    name: 'a message that breaks off while it is sent has no final dot: the session closes',
    lines: [...login, 'C: RETR 4', 'S: +OK 21 octets', 'S: Subject: torn', 'S: ', 'S: half', 'S: closed'],
  },
  {
    name: 'a message with UTF-8 in its header goes as it is to every client',
    lines: [...login, 'C: RETR 5', 'S: +OK 15 octets', 'S: Subject: ü', 'S: ', 'S: .'],
  },
  {
    name: 'UTF8 comes before login and changes nothing of that',
    lines: [
      ...['C: UTF8', 'S: +OK *', ...login, 'C: RETR 5', 'S: +OK 15 octets', 'S: Subject: ü', 'S: ', 'S: .'],
      ...['C: UTF8', 'S: -ERR not in this state'],
    ],
  },
  {
    name: 'each state refuses the commands of the others (RFC 1939 §4, §5)',
    lines: [
      ...['STAT', 'LIST', 'RETR 1', 'DELE 1', 'NOOP', 'RSET', 'TOP 1 1', 'UIDL', 'PASS x'].flatMap(refused),
      ...login,
      ...['USER alice', 'PASS x', 'AUTH PLAIN', 'STLS', 'UTF8'].flatMap(refused),
    ],
  },
  {
    name: 'PASS must follow USER at once (RFC 1939 §7)',
    lines: [
      ...['C: USER alice', 'S: +OK *', 'C: CAPA', 'S: +OK *', ...capa('SASL PLAIN LOGIN')],
      ...['C: PASS  open  sesame ', 'S: -ERR not in this state'],
      ...['C: USER alice', 'S: +OK *', 'C: FOO', 'S: -ERR unknown command', ...refused('PASS  open  sesame ')],
      ...['C: USER bob', 'S: +OK *', ...login],
    ],
  },
  {
    name: 'a refused login may be tried again until the bound, then the session closes',
    lines: [
      ...['C: USER alice', 'S: +OK *', 'C: PASS open sesame', 'S: -ERR [AUTH] *', ...refused('PASS  open  sesame ')],
      ...['C: USER busy', 'S: +OK *', 'C: PASS x', 'S: -ERR [IN-USE] *'],
      ...['C: USER alice', 'S: +OK *', 'C: PASS x', 'S: -ERR [AUTH] *', 'S: closed'],
    ],
  },
  {
    name: 'AUTH PLAIN with an initial response (RFC 5034 §4)',
    lines: [`C: AUTH PLAIN ${base64('\0alice\0 open  sesame ')}`, 'S: +OK the maildrop *', 'C: STAT', 'S: +OK 5 99'],
  },
  {
    name: 'AUTH PLAIN after a challenge',
    lines: ['C: auth plain', 'S: + ', `C: ${base64('alice\0alice\0 open  sesame ')}`, 'S: +OK the maildrop *'],
  },
  {
    name: 'AUTH LOGIN asks for name and password',
    lines: [
      ...['C: AUTH LOGIN', 'S: + VXNlcm5hbWU6', `C: ${base64('alice')}`, 'S: + UGFzc3dvcmQ6'],
      ...[`C: ${base64(' open  sesame ')}`, 'S: +OK the maildrop *'],
    ],
  },
  {
    name: 'AUTH LOGIN takes the name with the command',
    lines: [
      ...[`C: AUTH LOGIN ${base64('alice')}`, 'S: + UGFzc3dvcmQ6'],
      ...[`C: ${base64(' open  sesame ')}`, 'S: +OK the maildrop *'],
    ],
  },
  {
    name: 'an exchange can be cancelled, and a command is a command again after it',
    lines: [
      ...['C: AUTH LOGIN', 'S: + *', 'C: *', 'S: -ERR authentication cancelled', ...refused('NOOP')],
      ...['C: AUTH PLAIN', 'S: + ', 'C: QUIT', 'S: -ERR malformed response', 'C: QUIT', 'S: +OK bye', 'S: closed'],
    ],
  },
  {
    name: 'an empty initial response is written = and is not the same as none',
    lines: ['C: AUTH PLAIN =', 'S: -ERR malformed response', 'C: AUTH PLAIN', 'S: + ', 'C: ', 'S: -ERR malformed *'],
  },
  {
    name: 'AUTH names its mechanisms and refuses others',
    lines: [
      ...['C: AUTH', 'S: +OK *', 'S: PLAIN', 'S: LOGIN', 'S: .', ...refused('NOOP')],
      ...['C: AUTH CRAM-MD5', 'S: -ERR unknown mechanism', 'C: AUTH PLAIN a b', 'S: -ERR wrong arguments'],
    ],
  },
  {
    name: 'without TLS no password is asked for where that is not allowed',
    options: guarded,
    lines: [
      ...['USER alice', 'AUTH PLAIN', 'AUTH LOGIN', 'AUTH'].flatMap(said => [`C: ${said}`, 'S: -ERR [AUTH] *']),
      ...refused('PASS  open  sesame '),
      ...['C: STLS', 'S: +OK begin TLS', ...login, ...refused('STLS')],
    ],
  },
  {
    name: 'STLS is refused where TLS is on or not offered',
    options: secure,
    lines: ['C: STLS', 'S: -ERR TLS is active already or not offered'],
  },
  {
    name: 'STLS forgets a name',
    options: open,
    lines: [...['C: USER alice', 'S: +OK *', 'C: STLS', 'S: +OK begin TLS'], ...refused('PASS  open  sesame ')],
  },
  {
    name: 'LANG lists and chooses a language in both states (RFC 6856 §3)',
    lines: [
      ...['C: LANG', 'S: +OK *', 'S: en English', 'S: i-default English', 'S: .', 'C: LANG *', 'S: +OK en English'],
      ...[...login, 'C: LANG EN', 'S: +OK en English', 'C: LANG i-default', 'S: +OK i-default English'],
      ...['C: LANG de', 'S: -ERR no such language', 'C: LANG en en', 'S: -ERR wrong arguments'],
    ],
  },
  {
    name: 'CAPA without TLS where passwords need it',
    options: guarded,
    lines: ['C: CAPA', 'S: +OK *', 'S: TOP', 'S: UIDL', 'S: STLS', ...common()],
  },
  {
    name: 'CAPA without TLS where passwords are allowed, before and after login',
    options: open,
    lines: [
      ...['C: CAPA', 'S: +OK *', ...capa('SASL PLAIN LOGIN', 'STLS')],
      ...[...login, 'C: CAPA', 'S: +OK *', ...capa('SASL PLAIN LOGIN')],
    ],
  },
  {
    name: 'CAPA over TLS, before and after login',
    options: secure,
    lines: [
      ...['C: CAPA', 'S: +OK *', ...capa('SASL PLAIN LOGIN')],
      ...[...login, 'C: CAPA', 'S: +OK *', ...capa('SASL PLAIN LOGIN')],
    ],
  },
  {
    name: 'CAPA where there is no way to log in',
    options: bare,
    lines: ['C: CAPA', 'S: +OK *', 'S: TOP', 'S: UIDL', ...common(), 'C: CAPA x', 'S: -ERR wrong arguments'],
  },
]

function refused(said: string): string[] {
  return [`C: ${said}`, 'S: -ERR not in this state']
}

function capa(...login: readonly string[]): string[] {
  return ['S: TOP', 'S: UIDL', 'S: USER', ...login.map(line => `S: ${line}`), ...common()]
}

function common(): string[] {
  const rest = ['PIPELINING', 'RESP-CODES', 'AUTH-RESP-CODE', 'EXPIRE NEVER', 'UTF8 USER', 'LANG']
  return [...rest, 'IMPLEMENTATION Porchlight', '.'].map(line => `S: ${line}`)
}

function play({ options = secure, lines }: Dialogue, step: number): void {
  const service = new Service(options)
  let got: string[] = []
  for (const [at, line] of lines.entries()) {
    const text = line.slice(3)
    if (line.startsWith('C: ')) {
      assert.deepEqual(got, [], `before line ${at}, ${line}`)
      got = service.say(`${text}\r\n`, step).split('\r\n')
      if (got.at(-1) === '') got.pop()
      continue
    }
    if (text === 'closed') {
      assert.ok(service.closed)
      continue
    }
    const answer = got.shift() ?? 'nothing'
    assert.equal(text.endsWith('*') ? `${answer.slice(0, text.length - 1)}*` : answer, text, `line ${at}`)
  }
  assert.deepEqual(got, [])
  assert.equal(service.closed, lines.at(-1) === 'S: closed')
}

describe('a POP3 session', () => {
  for (const dialogue of dialogues) {
    test(dialogue.name, () => {
      for (const step of steps) play(dialogue, step)
    })
  }

  test('pipelined commands are answered in one write, each in its turn (RFC 2449 §6.6)', () => {
    const service = new Service()
    service.session.greet()
    const said = ['USER alice', 'PASS  open  sesame ', 'RETR 2', 'DELE 2', 'RETR 2', 'STAT', '']
    service.session.feed(Buffer.from(said.join('\r\n')))
    assert.equal(service.session.next().type, 'login')
    service.session.accept(maildropOf(messages))
    assert.deepEqual(service.session.next(), { type: 'retrieve', index: 1, lines: undefined })
    service.session.begin(16)
    service.session.send(Buffer.from('Subject: two\r\n\r\n'))
    service.session.finish()
    assert.equal(service.session.next().type, 'need-input')
    const lines = service.session.takeOutput().toString().split('\r\n')
    const begins = ['+OK', '+OK', '+OK', '+OK 16 octets', 'Subject: two', '', '.', '+OK', '-ERR', '+OK 4 83', '']
    assert.deepEqual(
      lines.map((line, at) => line.slice(0, begins[at]?.length)),
      begins,
    )
  })

  test('what was pipelined behind STLS in clear is never read', () => {
    const service = new Service(guarded)
    assert.equal(service.say('STLS\r\nUSER alice\r\nPASS  open  sesame \r\nSTAT'), '+OK begin TLS\r\n')
    assert.ok(service.session.secure)
    assert.equal(service.say('NOOP\r\n'), '-ERR not in this state\r\n')
  })

  const bad = [
    { name: 'a bare LF', line: 'USER alice\nNOOP\r\n', says: response.malformedLine.text },
    { name: 'a bare CR', line: 'USER al\rice\r\n', says: response.malformedLine.text },
    { name: 'a NUL', line: 'USER al\0ice\r\n', says: response.malformedLine.text },
    { name: 'octets that are not UTF-8', line: Buffer.from('USER al\xffce\r\n', 'latin1'), says: 'a line holds *' },
    { name: 'an empty line', line: '\r\n', says: response.unknownCommand.text },
    { name: 'a command of HTTP', line: 'GET / HTTP/1.1\r\n', says: response.unknownCommand.text },
    { name: 'APOP', line: 'APOP alice c4c9334bac560ecc979e58001b3e22fb\r\n', says: response.unknownCommand.text },
    { name: 'a letter whose upper case is ASCII', line: 'u\u017fer alice\r\n', says: response.unknownCommand.text },
    {
      name: 'a line longer than the bound',
      line: `${'x'.repeat(budget.pop3Line)}\r\n`,
      says: response.lineTooLong.text,
    },
  ]
  for (const { name, line, says } of bad) {
    test(`${name} is refused, and the next line is read as usual`, () => {
      for (const step of steps) {
        const service = new Service()
        const [refusal = '', answer, ...more] = service.say(Buffer.concat([Buffer.from(line), end]), step).split('\r\n')
        assert.ok(refusal.startsWith(`-ERR ${says.replace('*', '')}`), refusal)
        assert.deepEqual([answer, ...more], ['+OK bye', ''])
      }
    })
  }
  const end = Buffer.from('QUIT\r\n')

  test('a line of the longest allowed length is read', () => {
    const name = 'a'.repeat(budget.pop3Line - 'USER \r\n'.length)
    assert.equal(new Service().say(`USER ${name}\r\n`), '+OK now the password\r\n')
    assert.equal(new Service().say(`USER ${name}a\r\n`), '-ERR line too long\r\n')
  })

  test('too many errors end the session', () => {
    const service = new Service()
    service.say('FOO\r\n'.repeat(budget.pop3Errors - 1))
    assert.ok(!service.closed)
    service.say('FOO\r\nNOOP\r\n')
    assert.ok(service.closed)
    assert.equal(service.output.split('\r\n').length - 1, budget.pop3Errors)
  })

  test('messages that are refused do not count as errors of the client', () => {
    const service = new Service()
    service.say(`USER alice\r\nPASS  open  sesame \r\n${'RETR 3\r\n'.repeat(budget.pop3Errors + 1)}`)
    assert.equal(service.say('NOOP\r\n'), '+OK nothing done\r\n')
  })

  test('a session can be refused instead of greeted', () => {
    const service = new Service()
    service.session.refuse(response.tooManyConnections)
    service.run()
    assert.deepEqual([service.output.slice(0, 16), service.closed], ['-ERR [SYS/TEMP] ', true])
  })

  test('the greeting holds nothing that offers APOP', () => {
    const service = new Service()
    service.session.greet()
    service.run()
    assert.match(service.output, /^\+OK [^<>]+\r\n$/)
  })

  test('a server that stops still does QUIT with its deletions', () => {
    const service = new Service()
    service.say('USER alice\r\nPASS  open  sesame \r\nDELE 1\r\n')
    service.session.shutDown()
    assert.match(service.say('QUIT\r\n'), /^\+OK/)
    assert.deepEqual([service.deleted, service.closed], [[0], true])
  })

  test('a server that stops answers any other command with an error and deletes nothing', () => {
    const service = new Service()
    service.say('USER alice\r\nPASS  open  sesame \r\nDELE 1\r\n')
    service.session.shutDown()
    assert.equal(service.say('STAT\r\nQUIT\r\n'), '-ERR [SYS/TEMP] the server is stopping, try again later\r\n')
    assert.deepEqual([service.deleted, service.closed], [[], true])
  })

  test('idle is a session with nothing under way and nothing to lose', () => {
    const service = new Service()
    const said = [
      '',
      'CAPA\r\n',
      'AUTH PLAIN\r\n',
      '*\r\n',
      'US',
      'ER alice\r\nPASS  open  sesame \r\n',
      'DELE 1\r\n',
      'RSET\r\n',
    ]
    const idle = said.map(octets => {
      service.say(octets)
      return service.session.idle
    })
    assert.deepEqual(idle, [true, true, false, true, false, true, false, true])
  })

  test('to ask on without an answer, or to answer what was not asked, is a bug of the service', () => {
    const { session } = new Service()
    assert.throws(() => session.accept(maildropOf([])), /not asked/)
    session.feed(Buffer.from('USER alice\r\nPASS x\r\n'))
    session.next()
    assert.throws(() => session.next(), /not been answered/)
  })

  test('a listing of 100,000 messages leaves in pieces of bounded size', () => {
    const count = 100_000
    const { session } = new Service()
    session.feed(Buffer.from('USER alice\r\nPASS x\r\nDELE 50000\r\nLIST\r\nUIDL\r\nQUIT\r\n'))
    session.next()
    session.accept({ count, octets: count, size: () => 1, uidl: index => `${index + 1}`.padStart(70, 'x') })
    const pieces: Buffer[] = []
    let event = session.next()
    for (; event.type === 'flush'; event = session.next()) pieces.push(session.takeOutput())
    assert.ok(event.type === 'update')
    assert.deepEqual([...event.deleted], [49_999])
    session.updated()
    assert.equal(session.next().type, 'closed')
    pieces.push(session.takeOutput())
    assert.ok(Math.max(...pieces.map(piece => piece.length)) <= budget.output + 128)
    const lines = Buffer.concat(pieces).toString().split('\r\n')
    assert.equal(lines.length, 3 + 2 * (1 + count - 1 + 1) + 1 + 1)
    assert.ok(lines.includes('100000 1') && !lines.includes('50000 1'))
  })

  test('a large block leaves uncopied, small ones together', () => {
    const { session } = new Service()
    session.feed(Buffer.from('USER alice\r\nPASS x\r\nRETR 1\r\n'))
    session.next()
    session.accept(maildropOf(messages))
    session.next()
    session.begin(3)
    session.takeOutput()
    const block = Buffer.alloc(budget.output, 'x')
    session.send(block)
    assert.ok(session.full)
    assert.equal(session.takeOutput(), block)
    assert.ok(!session.full)
    const small = Buffer.from([0, 0x80, 0xff])
    session.send(small)
    session.send(block)
    session.send(small)
    session.finish()
    assert.deepEqual(session.takeOutput(), Buffer.concat([small, block, small, Buffer.from('.\r\n')]))
    assert.equal(session.takeOutput().length, 0)
  })

  // Any octets give answers or events, never a throw; cut anywhere, they give the same answers.
  test('any octets are answered, and in the same way however they are cut', () => {
    const words = [
      'USER alice',
      'PASS  open  sesame ',
      'AUTH PLAIN',
      'AUTH LOGIN',
      '*',
      '=',
      'RETR 1',
      'TOP 1 ',
      'LIST',
    ]
    const more = [
      'UIDL',
      'DELE 1',
      'DELE 3',
      'RSET',
      'CAPA',
      'LANG',
      'QUIT',
      'STAT',
      '\r',
      '\n',
      '\0',
      ' 1',
      'é',
      '/w==',
    ]
    const part = fc.oneof(
      { weight: 6, arbitrary: fc.constantFrom(...words, ...more).map(word => Buffer.from(`${word}\r\n`)) },
      { weight: 2, arbitrary: fc.constantFrom(...words, ...more).map(word => Buffer.from(word)) },
      { weight: 1, arbitrary: fc.uint8Array({ maxLength: 20 }).map(octets => Buffer.from(octets)) },
    )
    fc.assert(
      fc.property(fc.array(part, { maxLength: 30 }), fc.integer({ min: 1, max: 9 }), (parts, step) => {
        const octets = Buffer.concat([Buffer.from('USER alice\r\nPASS  open  sesame \r\n'), ...parts])
        const [whole, cut] = [new Service(), new Service()]
        whole.say(octets)
        cut.say(octets, step)
        assert.equal(cut.output, whole.output)
        assert.deepEqual([cut.deleted, cut.closed], [whole.deleted, whole.closed])
      }),
      { numRuns: 300 },
    )
  })
})
