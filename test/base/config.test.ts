/** The configuration file: base/config.ts. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { defaultConfig, describeConfig, readConfig } from '../../src/base/config.ts'
import { Failure } from '../../src/base/failure.ts'

/** The complaints about a file, one a line. */
function problems(text: string): string[] {
  try {
    readConfig(text, '/etc')
    return []
  } catch (error) {
    assert(error instanceof Failure)
    assert.equal(error.code, 'CONFIG')
    return error.message.split('\n')
  }
}

describe('defaults', () => {
  test('an empty file gives the defaults', () => assert.deepEqual(readConfig('', '/etc'), defaultConfig()))

  test('the defaults are those of the manual', () => {
    assert.deepEqual(defaultConfig(), {
      hostname: 'mail.home.example',
      domains: ['home.example'],
      listen: {
        smtp: [{ host: '127.0.0.1', port: 2525 }],
        pop3: [{ host: '127.0.0.1', port: 2110 }],
        pop3s: [{ host: '127.0.0.1', port: 2995 }],
      },
      tls: { certificate: '', key: '' },
      login: { plaintext: 'never' },
      limits: {
        message: 50 * 1024 * 1024,
        recipients: 100,
        connections: 500,
        connections_per_address: 50,
        smtp_idle: 300_000,
        pop3_idle: 600_000,
      },
      mail: { catch_all: '', postmaster: '', subaddress: '+', long_lines: 'keep' },
      log: { level: 'info', format: 'text' },
    })
  })

  test('the manual is a file that gives the defaults', () => {
    assert.deepEqual(readConfig(describeConfig(), '/etc'), defaultConfig())
  })

  test('the manual says something about every setting, in lines of 80 columns', () => {
    const lines = describeConfig().split('\n')
    for (const [i, line] of lines.entries()) {
      assert(line.length <= 80, line)
      if (/^[a-z0-9_]+ = /.test(line)) assert.match(lines[i - 1] ?? '', /^# ./, line)
    }
    const keys = lines.flatMap(line => /^([a-z0-9_]+) = /.exec(line)?.slice(1) ?? [])
    const { hostname, domains, ...sections } = defaultConfig()
    assert.deepEqual(keys, ['hostname', 'domains', ...Object.values(sections).flatMap(section => Object.keys(section))])
  })
})

describe('good values', () => {
  const rows: readonly (readonly [
    text: string,
    read: (config: ReturnType<typeof defaultConfig>) => unknown,
    value: unknown,
  ])[] = [
    ['hostname = "Mail.Bücher.example"', c => c.hostname, 'mail.xn--bcher-kva.example'],
    ['domains = ["A.example", "b.example"]', c => c.domains, ['a.example', 'b.example']],
    ['listen.smtp = []', c => c.listen.smtp, []],
    ['listen.smtp = [":25"]', c => c.listen.smtp, [{ host: '::', port: 25 }]],
    ['listen.smtp = ["*:25"]', c => c.listen.smtp, [{ host: '::', port: 25 }]],
    ['listen.smtp = ["[::1]:25"]', c => c.listen.smtp, [{ host: '::1', port: 25 }]],
    ['listen.smtp = ["[0:0:0:0:0:0:0:1]:25"]', c => c.listen.smtp, [{ host: '::1', port: 25 }]],
    ['listen.smtp = ["0.0.0.0:25", "[::1]:25"]', c => c.listen.smtp.length, 2],
    ['listen.smtp = ["127.0.0.1:0", "127.0.0.1:0"]', c => c.listen.smtp.length, 2],
    ['tls.certificate = "c.pem"\ntls.key = "/k.pem"', c => c.tls, { certificate: '/etc/c.pem', key: '/k.pem' }],
    ['login.plaintext = "loopback"', c => c.login.plaintext, 'loopback'],
    ['limits.message = "64 KiB"', c => c.limits.message, 65_536],
    ['limits.message = 100000', c => c.limits.message, 100_000],
    ['limits.recipients = 1000', c => c.limits.recipients, 1000],
    ['limits.smtp_idle = "1m30s"', c => c.limits.smtp_idle, 90_000],
    ['mail.catch_all = "Alice"', c => c.mail.catch_all, 'alice'],
    ['mail.subaddress = ""', c => c.mail.subaddress, ''],
    ['mail.long_lines = "refuse"', c => c.mail.long_lines, 'refuse'],
    ['log.level = "silent"', c => c.log.level, 'silent'],
    ['# a comment\r\n[log]\r\nformat = "json"\r\n', c => c.log.format, 'json'],
  ]
  for (const [text, read, value] of rows) {
    test(JSON.stringify(text), () => assert.deepEqual(read(readConfig(text, '/etc')), value))
  }
})

describe('complaints', () => {
  const example = 'write for instance'
  const rows: readonly (readonly [text: string, complaint: string])[] = [
    ['hostname = 5', `hostname: 5 is not a domain name; ${example} hostname = "mail.home.example"`],
    ['hostname = "a b"', `hostname: "a b" is not a domain name; ${example} hostname = "mail.home.example"`],
    ['hostname = "192.0.2.1"', `hostname: "192.0.2.1" is not a domain name; ${example} hostname = "mail.home.example"`],
    ['domains = []', `domains: [] names no domain; ${example} domains = ["home.example"]`],
    ['domains = "home.example"', `domains: "home.example" is not a list; ${example} domains = ["home.example"]`],
    ['domains = ["a", "A"]', `domains: ["a","A"] names a domain twice; ${example} domains = ["home.example"]`],
    ['domains = ["a", ""]', `domains: "" is not a domain name; ${example} domains = ["home.example"]`],
    ['limits.message = "lots"', `limits.message: "lots" is not a size; ${example} message = "50 MiB"`],
    ['limits.message = true', `limits.message: true is not a size; ${example} message = "50 MiB"`],
    [
      'limits.message = "1 KiB"',
      `limits.message: "1 KiB" is less than 64 KiB: RFC 5321 §4.5.3.1.7 asks every host to take that much; ${example} message = "50 MiB"`,
    ],
    [
      'limits.message = "2 GiB"',
      `limits.message: "2 GiB" is more than 1 GiB: no mail host takes larger messages, and one must not fill the disk; ${example} message = "50 MiB"`,
    ],
    ['limits.recipients = 100.5', `limits.recipients: 100.5 is not a whole number; ${example} recipients = 100`],
    ['limits.recipients = nan', `limits.recipients: NaN is not a whole number; ${example} recipients = 100`],
    ['limits.smtp_idle = 300', `limits.smtp_idle: 300 is not a duration; ${example} smtp_idle = "5m"`],
    [
      'limits.smtp_idle = "5m"\nlimits.pop3_idle = 1979-05-27',
      `limits.pop3_idle: "1979-05-27" is not a duration; ${example} pop3_idle = "10m"`,
    ],
    [
      'login.plaintext = "yes"',
      `login.plaintext: "yes" is not one of "never", "loopback", "always"; ${example} plaintext = "never"`,
    ],
    [
      'mail.subaddress = "++"',
      `mail.subaddress: "++" is not one of "", "+", "-", "=", "_", "."; ${example} subaddress = "+"`,
    ],
    ['mail.catch_all = "a b"', `mail.catch_all: "a b" is not the name of an account; ${example} catch_all = "alice"`],
    [
      'mail.postmaster = ["a"]',
      `mail.postmaster: ["a"] is not the name of an account; ${example} postmaster = "alice"`,
    ],
    ['tls.key = 5', `tls.key: 5 is not text in quotes; ${example} key = "key.pem"`],
    ['tls.key = "k"', `tls: certificate and key go together; ${example} certificate = "cert.pem"`],
    ['tls.certificate = "c"', `tls: certificate and key go together; ${example} key = "key.pem"`],
    [
      'limits.connections = 20',
      `limits: connections_per_address (50) is more than connections; ${example} connections_per_address = 20`,
    ],
    ['limits = 5', 'limits: is no section; write its name in [ ] on a line of its own'],
    ['[[listen]]', 'listen: is no section; write its name in [ ] on a line of its own'],
    ['limits.mesage = "50 MiB"', 'limits.mesage: there is no such setting; did you mean limits.message?'],
    ['message = "50 MiB"', 'message: there is no such setting; did you mean limits.message?'],
    ['[limit]\nmessage = "50 MiB"', 'limit: there is no such setting; did you mean limits?'],
    ['"limits.message" = 5', '"limits.message": there is no such setting; did you mean limits.message?'],
    ['"a b" = 5', '"a b": there is no such setting'],
    ['__proto__ = 5', '__proto__: there is no such setting'],
    ['listen.constructor = 5', 'listen.constructor: there is no such setting'],
    [
      'hostname =',
      'line 1, column 11: this is not a value; text stands in quotes, as in hostname = "mail.home.example"',
    ],
    [
      'hostname = mail',
      'line 1, column 12: this is not a value; text stands in quotes, as in hostname = "mail.home.example"',
    ],
    [
      '[limits]\nmessage = 50 MiB',
      'line 2, column 14: there is more on this line after the value; sizes and durations stand in quotes, as in "50 MiB"',
    ],
    [
      '[limits]\nsmtp_idle = 5m',
      'line 2, column 14: this is not a number; sizes and durations stand in quotes, as in "50 MiB" or "5m"',
    ],
    ['[log]\n[log]', 'line 2, column 2: this is written a second time; keep one of the two'],
    ['domains = ["a"', 'line 1, column 15: a comma or the end of the list is missing here'],
    ['domains = ["a",', 'line 1, column 11: a list is opened here and never closed; lists stand in [ and ]'],
  ]
  for (const [text, complaint] of rows) {
    test(JSON.stringify(text), () => assert.deepEqual(problems(text), [complaint]))
  }

  const badEndpoints = [
    '25',
    'localhost:25',
    '127.0.0.1',
    '127.0.0.1:',
    '127.0.0.1:65536',
    '127.0.0.1:-1',
    '127.0.0.1:25 ',
    '256.0.0.1:25',
    '127.1:25',
    '0x7f.0.0.1:25',
    '::1:25',
    '[::1]',
    '[127.0.0.1]:25',
    '[::g]:25',
    '[fe80::1%eth0]:25',
  ]
  for (const endpoint of badEndpoints) {
    test(`"${endpoint}" is nowhere to listen`, () => {
      assert.deepEqual(problems(`listen.pop3 = ["${endpoint}"]`), [
        `listen.pop3: "${endpoint}" is not an address with a port; ${example} pop3 = ["127.0.0.1:2110"]`,
      ])
    })
  }

  const overlaps = [
    ['127.0.0.1:2110', '127.0.0.1:2110'],
    [':2110', '[::]:2110'],
    ['0.0.0.0:2110', '0.0.0.0:2110'],
    ['[::]:2110', '[::]:2110'],
  ] as const
  for (const [written, named] of overlaps) {
    test(`"${written}" beside the default of pop3 is refused`, () => {
      assert.deepEqual(problems(`listen.smtp = ["${written}"]`), [
        `listen: ${named} and 127.0.0.1:2110 cannot both be open; give each a port of its own, for instance 127.0.0.1:2525`,
      ])
    })
  }

  test('every problem of a file is named at once', () => {
    const text =
      'hostname = ""\nfoo = 1\n[limits]\nmessage = "x"\nrecipients = 1\n[log]\nlevel = "loud"\n[tls]\nkey = "k"'
    const keys = problems(text).map(problem => problem.slice(0, problem.indexOf(':')))
    assert.deepEqual(keys.sort(), ['foo', 'hostname', 'limits.message', 'limits.recipients', 'log.level', 'tls'])
  })

  test('a long value is cut in its complaint', () => {
    assert(problems(`hostname = "${'x'.repeat(10_000)}"`)[0]?.includes(`${'x'.repeat(59)}… is not a domain name`))
  })
})

test('any text gives a configuration or complaints', () => {
  const piece = fc.constantFrom(
    'hostname',
    'limits',
    '.',
    ' = ',
    '"',
    '[',
    ']',
    '\n',
    'x',
    '5',
    '{',
    '}',
    ',',
    'true',
    '#',
    '\\',
    '\0',
  )
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(piece, { maxLength: 40 }).map(pieces => pieces.join('')),
  )
  fc.assert(fc.property(text, text => assert(problems(text).every(problem => problem !== ''))))
})
