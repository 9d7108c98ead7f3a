import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Command, parseCommand, readVerb } from '../../src/smtp/command.ts'
import { type Reply, reply } from '../../src/smtp/reply.ts'

const esmtp = { extended: true, smtputf8: false }

/** Reads a whole line other than BDAT, as a receiver does. */
function read(line: string | Buffer, context = esmtp): Command | Reply {
  const spoken = readVerb({ octets: Buffer.from(line), tooLong: false })
  if ('code' in spoken) return spoken
  assert.notEqual(spoken.verb, 'BDAT')
  return spoken.verb === 'BDAT' ? reply.ok : parseCommand(spoken.verb, spoken.argument, context)
}

const bob = { localPart: 'bob', domain: 'away.example' }
const alice = { localPart: 'alice', domain: 'home.example' }
const mail = (parameters: object) => ({ verb: 'MAIL', reversePath: bob, parameters })
const rcpt = (parameters: object) => ({ verb: 'RCPT', forwardPath: alice, parameters })

const good: { line: string; command: object }[] = [
  { line: 'EHLO laptop', command: { verb: 'EHLO', domain: 'laptop' } },
  { line: 'ehlo Laptop.Example  ', command: { verb: 'EHLO', domain: 'Laptop.Example' } },
  { line: 'EHLO [192.0.2.1]', command: { verb: 'EHLO', domain: '[192.0.2.1]' } },
  { line: 'EHLO [IPv6:2001:db8::1]', command: { verb: 'EHLO', domain: '[IPv6:2001:db8::1]' } },
  { line: 'HELO my_laptop', command: { verb: 'HELO', domain: 'my_laptop' } },
  { line: 'DATA', command: { verb: 'DATA' } },
  { line: 'data \t', command: { verb: 'DATA' } },
  { line: 'RSET', command: { verb: 'RSET' } },
  { line: 'QUIT', command: { verb: 'QUIT' } },
  { line: 'STARTTLS', command: { verb: 'STARTTLS' } },
  { line: 'NOOP', command: { verb: 'NOOP' } },
  { line: 'NOOP whatever it is', command: { verb: 'NOOP' } },
  { line: 'HELP', command: { verb: 'HELP' } },
  { line: 'HELP MAIL', command: { verb: 'HELP' } },
  { line: 'VRFY alice', command: { verb: 'VRFY' } },
  { line: 'VRFY älice SMTPUTF8', command: { verb: 'VRFY' } },

  { line: 'MAIL FROM:<bob@away.example>', command: mail({}) },
  { line: 'mail from:<bob@away.example>', command: mail({}) },
  { line: 'MAIL FROM: <bob@away.example>', command: mail({}) },
  { line: 'MAIL FROM:<>', command: { verb: 'MAIL', reversePath: undefined, parameters: {} } },
  { line: 'MAIL FROM:<bob@away.example> SIZE=1000', command: mail({ size: 1000 }) },
  { line: 'MAIL FROM:<bob@away.example> size=0  body=8bitmime', command: mail({ size: 0, body: '8BITMIME' }) },
  { line: 'MAIL FROM:<bob@away.example> BODY=7BIT', command: mail({ body: '7BIT' }) },
  { line: 'MAIL FROM:<bob@away.example> SMTPUTF8', command: mail({ smtputf8: true }) },
  { line: 'MAIL FROM:<bob@away.example> RET=hdrs ENVID=a+2B+3Db', command: mail({ ret: 'HDRS', envid: 'a+=b' }) },
  {
    line: 'MAIL FROM:<bób@away.example> SMTPUTF8',
    command: {
      verb: 'MAIL',
      reversePath: { localPart: 'bób', domain: 'away.example' },
      parameters: { smtputf8: true },
    },
  },

  { line: 'RCPT TO:<alice@home.example>', command: rcpt({}) },
  { line: 'rcpt to: <alice@HOME.example>', command: rcpt({}) },
  { line: 'RCPT TO:<@hop.example:alice@home.example>', command: rcpt({}) },
  {
    line: 'RCPT TO:<Postmaster>',
    command: { verb: 'RCPT', forwardPath: { localPart: 'Postmaster', domain: '' }, parameters: {} },
  },
  { line: 'auth plain', command: { verb: 'AUTH', mechanism: 'PLAIN', response: undefined } },
  { line: 'AUTH PLAIN =', command: { verb: 'AUTH', mechanism: 'PLAIN', response: '' } },
  { line: 'AUTH  LOGIN  YWI= ', command: { verb: 'AUTH', mechanism: 'LOGIN', response: 'YWI=' } },
  {
    line: 'AUTH SCRAM-SHA-256-PLUS a+/=',
    command: { verb: 'AUTH', mechanism: 'SCRAM-SHA-256-PLUS', response: 'a+/=' },
  },
  { line: 'RCPT TO:<alice@home.example> NOTIFY=NEVER', command: rcpt({ notify: ['NEVER'] }) },
  { line: 'RCPT TO:<alice@home.example> NOTIFY=delay,FAILURE', command: rcpt({ notify: ['DELAY', 'FAILURE'] }) },
  { line: 'RCPT TO:<alice@home.example> NOTIFY=DELAY,DELAY', command: rcpt({ notify: ['DELAY'] }) },
  {
    line: 'RCPT TO:<alice@home.example> ORCPT=RFC822;a+2Bb@x.example',
    command: rcpt({ orcpt: { type: 'rfc822', address: 'a+b@x.example' } }),
  },
  {
    line: 'RCPT TO:<alice@home.example> ORCPT=utf-8;\\x{E9}ve\\x{1F600}@x.example',
    command: rcpt({ orcpt: { type: 'utf-8', address: 'éve😀@x.example' } }),
  },
]

const { badSyntax, badSender, badRecipient, unknownParameter, needsSmtputf8 } = reply
const from = 'MAIL FROM:<bob@away.example>'
const to = 'RCPT TO:<alice@home.example>'

const bad: { line: string; refusal: Reply }[] = [
  { line: '', refusal: badSyntax },
  { line: ' NOOP', refusal: badSyntax },
  { line: 'MAIL\tFROM:<>', refusal: badSyntax },
  { line: 'NOOP\0', refusal: badSyntax },
  { line: 'NOOP\n', refusal: badSyntax },
  { line: 'NOOP\r', refusal: badSyntax },
  { line: 'MAIL FROM:<>\nRCPT TO:<alice@home.example>', refusal: badSyntax },
  { line: 'NOOP \x7f', refusal: badSyntax },
  { line: 'NOOP é', refusal: badSyntax },
  { line: 'EHLO bücher.example', refusal: badSyntax },
  { line: 'MÄIL FROM:<>', refusal: badSyntax },
  { line: 'FROBNICATE', refusal: reply.unknownCommand },
  { line: 'constructor', refusal: reply.unknownCommand },
  { line: 'GET / HTTP/1.1', refusal: reply.unknownCommand },
  { line: 'EXPN staff', refusal: reply.notImplemented },
  { line: 'ETRN home.example', refusal: reply.notImplemented },
  { line: 'TURN', refusal: reply.notImplemented },
  { line: 'SAML FROM:<bob@away.example>', refusal: reply.notImplemented },
  { line: 'AUTH', refusal: reply.expected('AUTH and a mechanism') },
  { line: `AUTH ${'X'.repeat(21)}`, refusal: reply.expected('AUTH and a mechanism') },
  { line: 'AUTH PLAIN YWI= YWI=', refusal: reply.expected('AUTH and a mechanism') },
  { line: 'AUTH PLAIN YW*=', refusal: reply.badBase64 },
  { line: `${from} AUTH=a+4`, refusal: reply.badParameter('AUTH') },
  { line: 'EHLO', refusal: reply.expected('EHLO and a domain or an address literal') },
  { line: 'HELO two words', refusal: reply.expected('HELO and a domain or an address literal') },
  { line: 'EHLO x(evil)', refusal: reply.expected('EHLO and a domain or an address literal') },
  { line: `EHLO ${'x'.repeat(256)}`, refusal: reply.expected('EHLO and a domain or an address literal') },
  { line: 'DATA now', refusal: reply.expected('DATA alone') },
  { line: 'RSET now', refusal: reply.expected('RSET alone') },
  { line: 'QUIT now', refusal: reply.expected('QUIT alone') },
  { line: 'STARTTLS now', refusal: reply.expected('STARTTLS alone') },
  { line: 'VRFY', refusal: reply.expected('VRFY and a name or an address') },

  { line: 'MAIL', refusal: badSender },
  { line: 'MAIL FROM', refusal: badSender },
  { line: 'MAIL FROM:', refusal: badSender },
  { line: 'MAIL TO:<bob@away.example>', refusal: badSender },
  { line: 'MAIL FROM:bob@away.example', refusal: badSender },
  { line: 'MAIL FROM:<bob>', refusal: badSender },
  { line: 'MAIL FROM:<postmaster>', refusal: badSender },
  { line: 'MAIL FROM:<bob@away.example', refusal: badSender },
  { line: 'RCPT', refusal: badRecipient },
  { line: 'RCPT TO:<>', refusal: badRecipient },
  { line: 'RCPT FROM:<alice@home.example>', refusal: badRecipient },
  { line: 'RCPT TO:alice@home.example', refusal: badRecipient },
  { line: 'RCPT TO:<alice>', refusal: badRecipient },
  { line: `RCPT TO:<${'a'.repeat(300)}@home.example>`, refusal: badRecipient },

  { line: 'MAIL FROM:<bób@away.example>', refusal: needsSmtputf8 },
  { line: 'MAIL FROM:<bob@bücher.example> SIZE=1', refusal: needsSmtputf8 },
  { line: 'RCPT TO:<älice@home.example>', refusal: needsSmtputf8 },
  { line: `${to} ORCPT=utf-8;é@x.example`, refusal: needsSmtputf8 },

  { line: `${from} SIZE=`, refusal: reply.expected('parameters as NAME=value') },
  { line: `${from} SIZE`, refusal: reply.badParameter('SIZE') },
  { line: `${from} SIZE=-1`, refusal: reply.badParameter('SIZE') },
  { line: `${from} SIZE=1e9`, refusal: reply.badParameter('SIZE') },
  { line: `${from} SIZE=${'9'.repeat(21)}`, refusal: reply.badParameter('SIZE') },
  { line: `${from} SIZE=1 SIZE=2`, refusal: reply.badParameter('SIZE') },
  { line: `${from} SIZE=1=2`, refusal: reply.expected('parameters as NAME=value') },
  { line: `${from} -X=1`, refusal: reply.expected('parameters as NAME=value') },
  { line: `${from} __proto__=1`, refusal: reply.expected('parameters as NAME=value') },
  { line: `${from} constructor=1`, refusal: unknownParameter },
  { line: `${from} NOTIFY=NEVER`, refusal: unknownParameter },
  { line: `${from} BODY=BINARYMIME`, refusal: reply.badParameter('BODY') },
  { line: `${from} BODY`, refusal: reply.badParameter('BODY') },
  { line: `${from} SMTPUTF8=1`, refusal: reply.badParameter('SMTPUTF8') },
  { line: `${from} RET=NONE`, refusal: reply.badParameter('RET') },
  { line: `${from} ENVID`, refusal: reply.badParameter('ENVID') },
  { line: `${from} ENVID=a+`, refusal: reply.badParameter('ENVID') },
  { line: `${from} ENVID=a+2b`, refusal: reply.badParameter('ENVID') },
  { line: `${from} ENVID=a+0D+0A`, refusal: reply.badParameter('ENVID') },
  { line: `${from} ENVID=${'x'.repeat(101)}`, refusal: reply.badParameter('ENVID') },
  { line: `${to} SIZE=1`, refusal: unknownParameter },
  { line: `${to} NOTIFY`, refusal: reply.badParameter('NOTIFY') },
  { line: `${to} NOTIFY=NEVER,DELAY`, refusal: reply.badParameter('NOTIFY') },
  { line: `${to} NOTIFY=DELAY,`, refusal: reply.badParameter('NOTIFY') },
  { line: `${to} ORCPT=alice@x.example`, refusal: reply.badParameter('ORCPT') },
  { line: `${to} ORCPT=rfc822;`, refusal: reply.badParameter('ORCPT') },
  { line: `${to} ORCPT=rfc822;a+0Ab`, refusal: reply.badParameter('ORCPT') },
  { line: `${to} ORCPT=utf-8;\\x{D800}`, refusal: reply.badParameter('ORCPT') },
  { line: `${to} ORCPT=utf-8;\\x{A}`, refusal: reply.badParameter('ORCPT') },
  { line: `${to} ORCPT=utf-8;\\x{110000}`, refusal: reply.badParameter('ORCPT') },
  { line: `${to} ORCPT=utf-8;a\\b`, refusal: reply.badParameter('ORCPT') },
  { line: `${to} ORCPT=rfc822;${'x'.repeat(500)}`, refusal: reply.badParameter('ORCPT') },
]

describe('command lines', () => {
  for (const { line, command } of good) {
    test(`${line} is understood`, () => assert.deepEqual(read(line), command))
  }
  for (const { line, refusal } of bad) {
    test(`${JSON.stringify(line).slice(0, 70)} is answered ${refusal.code} ${refusal.enhanced}`, () =>
      assert.deepEqual(read(line), refusal))
  }

  test('a line too long is answered so', () => {
    assert.equal(readVerb({ octets: Buffer.alloc(0), tooLong: true }), reply.commandTooLong)
  })

  test('an address that is no valid UTF-8 is answered 553, elsewhere such octets are 500', () => {
    assert.equal(read(Buffer.from('MAIL FROM:<b\xff@x.example> SMTPUTF8', 'latin1')), needsSmtputf8)
    assert.equal(read(Buffer.from('RCPT TO:<b\xc0\x80@x.example>', 'latin1')), needsSmtputf8)
    assert.equal(read(Buffer.from('VRFY \xe9', 'latin1')), needsSmtputf8)
    assert.equal(read(Buffer.from('NOOP \xff', 'latin1')), badSyntax)
  })

  test('after MAIL with SMTPUTF8 a recipient and its parameters may be Unicode', () => {
    const context = { extended: true, smtputf8: true }
    assert.deepEqual(read('RCPT TO:<älice@bücher.example> ORCPT=utf-8;a+é@x.example', context), {
      verb: 'RCPT',
      forwardPath: { localPart: 'älice', domain: 'xn--bcher-kva.example' },
      parameters: { orcpt: { type: 'utf-8', address: 'a+é@x.example' } },
    })
  })

  test('after HELO there are no parameters', () => {
    const context = { extended: false, smtputf8: false }
    assert.deepEqual(read(from, context), mail({}))
    assert.equal(read(`${from} SIZE=1`, context), unknownParameter)
    assert.equal(read(`${to} NOTIFY=NEVER`, context), unknownParameter)
  })
})
