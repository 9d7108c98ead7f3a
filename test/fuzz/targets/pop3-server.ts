// Any octets give events and whole answers, never a throw, in bounded memory, and the same ones at any split; what was fed is
// not looked at again, and nothing is deleted unless QUIT was said after a login.
import assert from 'node:assert/strict'
import { budget } from '../../../src/base/budget.ts'
import { Service } from '../../pop3/service.ts'
import { stretches, type Target } from '../engine.ts'

const login = 'USER alice\r\nPASS  open  sesame \r\n'
const mechanisms = () => ['PLAIN', 'LOGIN'] as const
const circumstances = [
  { secure: true, stls: false, plaintext: false, mechanisms },
  { secure: false, stls: false, plaintext: true, mechanisms },
  { secure: false, stls: false, plaintext: false, mechanisms },
] as const
/** The largest answer that is put into the output in one go. */
const answerOctets = 2000

function converse(input: Buffer, step: number, options: (typeof circumstances)[number]) {
  const service = new Service(options)
  service.say(input, step)
  assert.ok(service.most < budget.output + answerOctets, `${service.most} octets of output stood unwritten`)
  return { output: service.output, deleted: service.deleted, closed: service.closed }
}

export const pop3Server: Target = {
  seeds: [
    `${login}STAT\r\nLIST\r\nUIDL\r\nRETR 1\r\nTOP 1 2\r\nDELE 1\r\nDELE 3\r\nRSET\r\nDELE 2\r\nQUIT\r\n`,
    'CAPA\r\nLANG\r\nLANG *\r\nUTF8\r\nAUTH\r\nNOOP\r\nSTLS\r\nAPOP a b\r\nQUIT\r\n',
    'AUTH PLAIN AGFsaWNlACBvcGVuICBzZXNhbWUg\r\nRETR 3\r\nRETR 4\r\nRETR 5\r\n',
    'AUTH PLAIN\r\nAGFsaWNlACBvcGVuICBzZXNhbWUg\r\nLIST 1\r\nUIDL 2\r\nNOOP\r\n',
    'AUTH LOGIN\r\n*\r\nAUTH PLAIN =\r\nUSER busy\r\nPASS x\r\n',
    'CAPA\r\n'.repeat(450), // more answers than the output holds
  ],
  words: [
    login,
    ...[
      'USER alice\r\n',
      'PASS  open  sesame \r\n',
      'STAT\r\n',
      'LIST\r\n',
      'UIDL\r\n',
      'RSET\r\n',
      'QUIT\r\n',
      'CAPA\r\n',
    ],
    ...[
      'RETR ',
      'TOP ',
      'DELE ',
      'LIST ',
      'UIDL ',
      'LANG ',
      'AUTH PLAIN ',
      'AUTH PLAIN\r\n',
      'AUTH LOGIN\r\n',
      'STLS\r\n',
    ],
    ...[
      '1',
      '2',
      '3',
      '4',
      '5',
      '0',
      '6',
      '-1',
      '99999999999999999999',
      '=',
      '*',
      '\r\n',
      '\r',
      '\n',
      ' ',
      '\0',
      'x',
      'ü',
    ],
    ...['UTF8\r\n', 'NOOP\r\n', 'RETR 1\r\n', 'TOP 1 1\r\n', 'DELE 1\r\n', 'AGFsaWNlACBvcGVuICBzZXNhbWUg\r\n', '\xff'],
  ],
  most: 3000,
  check(input) {
    const fine = Math.ceil(input.length / 400)
    const signs = circumstances.flatMap(options => {
      const whole = converse(input, 65_536, options)
      for (const step of [fine, 7 * fine]) assert.deepEqual(converse(input, step, options), whole)
      const { output, deleted } = whole
      assert.match(output, /^(?:[^\r\n]*\r\n)*(?:half)?$/) // The fourth message breaks off in the middle.
      if (deleted.length > 0) assert.match(input.toString('latin1'), /(?:pass|auth)[\s\S]*quit/i)
      return [...stretches(output.match(/^[+-]\S*(?: [a-z[]\S*)?/gm) ?? [], 3)]
    })
    return signs
  },
}
