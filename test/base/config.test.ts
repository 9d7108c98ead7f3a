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
        submission: [{ host: '127.0.0.1', port: 2587 }],
        submissions: [{ host: '127.0.0.1', port: 2465 }],
        devices: [],
        pop3: [{ host: '127.0.0.1', port: 2110 }],
        pop3s: [{ host: '127.0.0.1', port: 2995 }],
      },
      tls: { certificate: '', key: '' },
      login: { plaintext: 'never' },
      submission: { recipients_per_hour: 500, client_address: 'hide', dkim: 'sign' },
      delivery: {
        retry: [1, 5, 15, 30, 60, 120, 240].map(minutes => minutes * 60_000),
        notice: 4 * 3_600_000,
        give_up: 5 * 24 * 3_600_000,
        port: 25,
      },
      relay: {
        mode: 'auto',
        host: '',
        port: 587,
        tls: 'starttls',
        ca: '',
        user: '',
        password_file: '',
        domains: [],
        routes: [],
        for: [],
      },
      dns: { servers: [] },
      limits: {
        message: 50 * 1024 * 1024,
        recipients: 100,
        connections: 500,
        connections_per_address: 50,
        smtp_idle: 300_000,
        pop3_idle: 600_000,
      },
      mail: { catch_all: '', postmaster: '', language: 'en', subaddress: '+', long_lines: 'keep' },
      console: {
        ttys: [],
        speed: '115200',
        trust: 'password',
        charset: 'utf-8',
        idle: 600_000,
        clock: 'iso',
        time_zone: '',
        storage: '/media',
      },
      maintenance: {
        digest: 'problems',
        blocklists: ['zen.spamhaus.org', 'bl.spamcop.net'],
        time_server: 'pool.ntp.org',
      },
      log: { level: 'info', format: 'text', keep: 8 * 1024 * 1024 },
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
    ['mail.language = "en"', c => c.mail.language, 'en'],
    ['listen.devices = ["192.168.1.10:2526"]', c => c.listen.devices, [{ host: '192.168.1.10', port: 2526 }]],
    ['listen.submission = []\nlisten.submissions = []', c => [c.listen.submission, c.listen.submissions], [[], []]],
    ['submission.recipients_per_hour = 1', c => c.submission.recipients_per_hour, 1],
    ['submission.recipients_per_hour = "100000"', c => c.submission.recipients_per_hour, 100_000],
    ['submission.client_address = "show"', c => c.submission.client_address, 'show'],
    ['submission.dkim = "off"', c => c.submission.dkim, 'off'],
    ['delivery.retry = ["1s", "1h30m", "7d"]', c => c.delivery.retry, [1000, 5_400_000, 604_800_000]],
    ['delivery.notice = "1s"\ndelivery.give_up = "30d"', c => c.delivery.notice + c.delivery.give_up, 2_592_001_000],
    ['delivery.port = 2525', c => c.delivery.port, 2525],
    ['relay.mode = "direct"', c => c.relay.mode, 'direct'],
    ['relay.host = "SMTP.Isp.example"\nrelay.mode = "smarthost"', c => c.relay.host, 'smtp.isp.example'],
    ['relay.host = "192.0.2.1"', c => c.relay.host, '192.0.2.1'],
    ['relay.host = "2001:DB8::1"', c => c.relay.host, '2001:db8::1'],
    ['relay.port = 465\nrelay.tls = "implicit"', c => [c.relay.port, c.relay.tls], [465, 'implicit']],
    [
      'relay.user = "ann@isp.example"\nrelay.password_file = "isp.password"\nrelay.ca = "/ca.pem"',
      c => [c.relay.user, c.relay.password_file, c.relay.ca],
      ['ann@isp.example', '/etc/isp.password', '/ca.pem'],
    ],
    [
      'relay.host = "smtp.isp.example"\nrelay.domains = ["Bücher.example"]',
      c => c.relay.domains,
      ['xn--bcher-kva.example'],
    ],
    [
      'relay.routes = ["A.example=mx.example:2525", "b.example=192.0.2.1", "c.example=[2001:db8::1]:26"]',
      c => c.relay.routes,
      [
        { domain: 'a.example', host: 'mx.example', port: 2525 },
        { domain: 'b.example', host: '192.0.2.1', port: 25 },
        { domain: 'c.example', host: '2001:db8::1', port: 26 },
      ],
    ],
    ['relay.for = ["friend.example"]', c => c.relay.for, ['friend.example']],
    [
      'dns.servers = ["192.168.1.1", "127.0.0.1:5353", "::1", "[::1]:5353"]',
      c => c.dns.servers,
      ['192.168.1.1', '127.0.0.1:5353', '[::1]:53', '[::1]:5353'],
    ],
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
    ['mail.language = "tlh"', `mail.language: "tlh" is not one of "en"; ${example} language = "en"`],
    [
      'listen.devices = ["scanner"]',
      `listen.devices: "scanner" is not an address with a port; ${example} devices = ["192.168.1.10:2526"]`,
    ],
    [
      'submission.recipients_per_hour = 0',
      `submission.recipients_per_hour: 0 is less than 1: nobody could send; ${example} recipients_per_hour = 500`,
    ],
    [
      'submission.recipients_per_hour = 100001',
      `submission.recipients_per_hour: 100001 is more than 100000: a stolen password must not serve for more; ${example} recipients_per_hour = 500`,
    ],
    [
      'submission.client_address = true',
      `submission.client_address: true is not one of "hide", "show"; ${example} client_address = "hide"`,
    ],
    ['submission.dkim = "on"', `submission.dkim: "on" is not one of "sign", "off"; ${example} dkim = "sign"`],
    ...[
      ['[]', '[]', 'names no duration'],
      ['"1m"', '"1m"', 'is not a list'],
      ['["1m", "soon"]', '"soon"', 'is not a duration between 1s and 7d'],
      ['["999ms"]', '"999ms"', 'is not a duration between 1s and 7d'],
      ['["8d"]', '"8d"', 'is not a duration between 1s and 7d'],
    ].map(
      ([value, shown, wrong]) =>
        [
          `delivery.retry = ${value}`,
          `delivery.retry: ${shown} ${wrong}; ${example} retry = ["1m", "5m", "15m", "30m", "1h", "2h", "4h"]`,
        ] as const,
    ),
    [
      'delivery.notice = "31d"',
      `delivery.notice: "31d" is more than 30d: nobody would be told; ${example} notice = "4h"`,
    ],
    [
      'delivery.give_up = "0s"',
      `delivery.give_up: "0s" is less than 1s: a message needs some time; ${example} give_up = "5d"`,
    ],
    ['delivery.port = 65536', `delivery.port: 65536 is more than 65535: there is none above; ${example} port = 25`],
    ['relay.mode = "auot"', `relay.mode: "auot" is not one of "direct", "smarthost", "auto"; ${example} mode = "auto"`],
    [
      'relay.mode = "smarthost"',
      `relay: mode "smarthost" needs the name of one; ${example} host = "smtp.provider.example"`,
    ],
    ['relay.domains = ["away.example"]', `relay: domains needs a smarthost; ${example} host = "smtp.provider.example"`],
    ['relay.host = "a b"', `relay.host: "a b" is not a host name; ${example} host = "smtp.provider.example"`],
    ['relay.port = 0', `relay.port: 0 is less than 1: there is no port 0; ${example} port = 587`],
    ['relay.tls = "ssl"', `relay.tls: "ssl" is not one of "starttls", "implicit", "none"; ${example} tls = "starttls"`],
    ['relay.ca = 5', `relay.ca: 5 is not text in quotes; ${example} ca = "ca.pem"`],
    [
      'relay.user = "ann"',
      `relay: user and password_file go together; ${example} password_file = "smarthost.password"`,
    ],
    [
      'relay.password_file = "p"',
      `relay: user and password_file go together; ${example} user = "alice@provider.example"`,
    ],
    ['relay.for = ["a b"]', `relay.for: "a b" is not a domain name; ${example} for = ["friend.example"]`],
    ...['example.org', '=mail.example', 'example.org=', 'a b=mail.example', 'example.org=mail.example:0'].map(
      route =>
        [
          `relay.routes = ["${route}"]`,
          `relay.routes: "${route}" is not a route; ${example} routes = ["example.org=mail.example.net:25"]`,
        ] as const,
    ),
    ...['localhost', '192.168.1', '127.0.0.1:0', ':53', '[::1'].map(
      server =>
        [
          `dns.servers = ["${server}"]`,
          `dns.servers: "${server}" is not the address of a name server; ${example} servers = ["192.168.1.1"]`,
        ] as const,
    ),
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
