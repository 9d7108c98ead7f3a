/** Every setting: the one place that names it, with its type, unit, default and meaning. */
import { budget } from './budget.ts'
import {
  account,
  count,
  domain,
  domainList,
  domains,
  duration,
  durations,
  endpoints,
  hostOrNone,
  oneOf,
  overlap,
  path,
  routes,
  servers,
  size,
  timeZone,
  ttyList,
} from './kinds.ts'
import { logFormats, logLevels } from './log.ts'
import { section, setting } from './setting.ts'

const tooManySockets = 'each connection takes memory and a file descriptor'

export const general = {
  hostname: setting(
    domain,
    'mail.home.example',
    'The name of this host. It greets with it and signs what it receives with it.',
  ),
  domains: setting(
    domains,
    ['home.example'],
    'The domains whose mail is kept here. Every account has an address in each.',
  ),
}

export const sections = {
  listen: section(
    'Where to listen, each a list of address:port. [] turns it off; ":25" is port 25 of every interface, "[::1]:25" an IPv6 address; port 0 is any free one.',
    {
      smtp: setting(
        endpoints,
        ['127.0.0.1:2525'],
        'Mail comes in here by SMTP, with STARTTLS. Other hosts send to port 25.',
      ),
      submission: setting(
        endpoints,
        ['127.0.0.1:2587'],
        "The household's programs hand in mail here, with STARTTLS and a login. They expect port 587.",
      ),
      submissions: setting(
        endpoints,
        ['127.0.0.1:2465'],
        'The same over TLS from the start. Programs expect port 465.',
      ),
      devices: setting(
        endpoints,
        [],
        'Scanners and the like hand in mail here without TLS or login, if they were named with porchlight device add.',
        ['192.168.1.10:2526'],
      ),
      pop3: setting(endpoints, ['127.0.0.1:2110'], 'Mail is read here by POP3, with STLS. Clients expect port 110.'),
      pop3s: setting(endpoints, ['127.0.0.1:2995'], 'Mail is read here by POP3 over TLS. Clients expect port 995.'),
    },
    ({ smtp, submission, submissions, devices, pop3, pop3s }) => {
      const both = overlap([...smtp, ...submission, ...submissions, ...devices, ...pop3, ...pop3s])
      return (
        both && `${both.join(' and ')} cannot both be open; give each a port of its own, for instance 127.0.0.1:2525`
      )
    },
  ),
  tls: section(
    'Paths begin at the folder of this file. Without both, a self-signed pair is made at the first start and kept.',
    {
      certificate: setting(path, '', 'The certificate and its chain, PEM.', 'cert.pem'),
      key: setting(path, '', 'The private key, PEM.', 'key.pem'),
    },
    ({ certificate, key }) => {
      if ((certificate === '') === (key === '')) return undefined
      const missing = key === '' ? 'key = "key.pem"' : 'certificate = "cert.pem"'
      return `certificate and key go together; write for instance ${missing}`
    },
  ),
  login: section('Who may log in, and how.', {
    plaintext: setting(
      oneOf(['never', 'loopback', 'always']),
      'never',
      'Whether a password may come over a connection without TLS: "loopback" lets programs on this host do it.',
    ),
  }),
  submission: section("How the household's own mail is taken.", {
    recipients_per_hour: setting(
      count({ least: ['1', 'nobody could send'], most: ['100000', 'a stolen password must not serve for more'] }),
      500,
      'Recipients one account, or one device, may send to in an hour. It bounds what a stolen password is good for.',
    ),
    client_address: setting(
      oneOf(['hide', 'show']),
      'hide',
      'Whether the Received field of what the household sends says from which address it was handed in.',
    ),
    dkim: setting(
      oneOf(['sign', 'off']),
      'sign',
      'Whether what the household sends is signed. To have it believed: porchlight dns.',
    ),
  }),
  delivery: section('How mail is sent on to other hosts.', {
    retry: setting(
      durations,
      ['1m', '5m', '15m', '30m', '1h', '2h', '4h'],
      'How long to wait after each attempt that has failed for the time being. The last one holds for all further attempts.',
    ),
    notice: setting(
      duration({ least: ['1s', 'most mail has arrived by then'], most: ['30d', 'nobody would be told'] }),
      '4h',
      'After how long the sender is told that a message is still on its way.',
    ),
    give_up: setting(
      duration({ least: ['1s', 'a message needs some time'], most: ['30d', 'the sender waits for news'] }),
      '5d',
      'After how long a message that cannot be delivered goes back. RFC 5321 §4.5.4.1 asks for 4d or more.',
    ),
    port: setting(
      count({ least: ['1', 'there is no port 0'], most: ['65535', 'there is none above'] }),
      25,
      'The port at which other hosts take mail. Everywhere it is 25; only a net of tests has another.',
    ),
  }),
  relay: section(
    'Mail that goes through another host, and mail for others that waits here.',
    {
      mode: setting(
        oneOf(['direct', 'smarthost', 'auto']),
        'auto',
        'How mail leaves: "direct" to the hosts of its recipients, all through the "smarthost", or "auto": direct, unless the line turns out to have port 25 closed and a smarthost is set.',
      ),
      host: setting(
        hostOrNone,
        '',
        'The smarthost: a host that takes your mail and sends it on, as many providers have one.',
        'smtp.provider.example',
      ),
      port: setting(
        count({ least: ['1', 'there is no port 0'], most: ['65535', 'there is none above'] }),
        587,
        'Its port: 587 for STARTTLS, 465 for TLS from the start.',
      ),
      tls: setting(
        oneOf(['starttls', 'implicit', 'none']),
        'starttls',
        'How the connection to it is protected; its certificate is checked. With "none" no password is sent in clear.',
      ),
      ca: setting(
        path,
        '',
        'The certificate, PEM, that its own must come from. Empty: one that everybody knows.',
        'ca.pem',
      ),
      user: setting(path, '', 'The name to log in with. Empty: no login.', 'alice@provider.example'),
      password_file: setting(
        path,
        '',
        'A file with the password alone. Nobody else may read it: chmod 600.',
        'smarthost.password',
      ),
      domains: setting(domainList, [], 'Domains whose mail always goes through the smarthost, whatever the mode.', [
        'example.org',
      ]),
      routes: setting(
        routes,
        [],
        'Domains whose mail goes to a host and port of their own, with no look at the DNS: "example.org=mail.example.net:25".',
        ['example.org=mail.example.net:25'],
      ),
      for: setting(
        domainList,
        [],
        'Domains of others whose mail is taken while their own host is away, and handed on when it is back.',
        ['friend.example'],
      ),
    },
    ({ mode, host, user, password_file, domains }) => {
      if (host === '' && mode === 'smarthost')
        return 'mode "smarthost" needs the name of one; write for instance host = "smtp.provider.example"'
      if (host === '' && domains.length > 0)
        return 'domains needs a smarthost; write for instance host = "smtp.provider.example"'
      if ((user === '') === (password_file === '')) return undefined
      return `user and password_file go together; write for instance ${user === '' ? 'user = "alice@provider.example"' : 'password_file = "smarthost.password"'}`
    },
  ),
  dns: section('Where hosts are looked up.', {
    servers: setting(
      servers,
      [],
      'Name servers, each an address, with a port if it is not 53. Empty: those of this machine.',
      ['192.168.1.1'],
    ),
  }),
  limits: section(
    'Sizes are written "50 MiB" or "64 KiB", durations "90s", "5m" or "1h30m".',
    {
      message: setting(
        size({
          least: ['64 KiB', 'RFC 5321 §4.5.3.1.7 asks every host to take that much'],
          most: ['1 GiB', 'no mail host takes larger messages, and one must not fill the disk'],
        }),
        '50 MiB',
        'The largest message taken. Attachments grow by a third on their way.',
      ),
      recipients: setting(
        count({
          least: ['100', 'RFC 5321 §4.5.3.1.8 asks every host to take that many'],
          most: [String(budget.deliveries), 'the recipients of a message are held in memory'],
        }),
        100,
        'Recipients of one message; a sender with more sends it in parts.',
      ),
      connections: setting(
        count({ least: ['1', 'nobody could connect'], most: ['5000', tooManySockets] }),
        500,
        'Connections open at once, of all services together.',
      ),
      connections_per_address: setting(
        count({ least: ['1', 'nobody could connect'], most: ['5000', tooManySockets] }),
        50,
        'Connections open at once from one address. Not more than connections.',
      ),
      smtp_idle: setting(
        duration({
          least: ['1s', 'a slow line needs longer'],
          most: ['1h', 'a silent client keeps a connection from others'],
        }),
        '5m',
        'How long a silent SMTP client is kept. RFC 5321 §4.5.3.2.7 asks for 5m or more.',
      ),
      pop3_idle: setting(
        duration({
          least: ['1s', 'a slow line needs longer'],
          most: ['1h', 'a silent client keeps a connection from others'],
        }),
        '10m',
        'How long a silent POP3 client is kept. RFC 1939 §3 asks for 10m or more.',
      ),
    },
    ({ connections, connections_per_address }) =>
      connections_per_address <= connections
        ? undefined
        : `connections_per_address (${connections_per_address}) is more than connections; write for instance connections_per_address = ${connections}`,
  ),
  mail: section('Who gets what.', {
    catch_all: setting(
      account,
      '',
      'The account that gets mail for unknown addresses. Empty: such mail is refused.',
      'alice',
    ),
    postmaster: setting(
      account,
      '',
      'The account that gets mail for postmaster, unless an alias has that name. Empty: the account made first.',
      'alice',
    ),
    language: setting(oneOf(['en']), 'en', 'The language of the messages that Porchlight itself writes.'),
    subaddress: setting(
      oneOf(['', '+', '-', '=', '_', '.']),
      '+',
      'The character after which the rest of a local part is ignored: with "+", alice+shop@ reaches alice. Empty: nothing is ignored.',
    ),
    long_lines: setting(
      oneOf(['keep', 'refuse']),
      'keep',
      `What becomes of a message with lines of more than ${budget.textLine} octets. RFC 5321 forbids them, and real mail has them.`,
    ),
  }),
  console: section('Where and how the household manages the box.', {
    ttys: setting(
      ttyList,
      [],
      'Serial lines with a console, each a device. One that is not there yet is waited for, as one on USB.',
      ['/dev/ttyS1', '/dev/ttyGS0'],
    ),
    speed: setting(
      oneOf(['9600', '19200', '38400', '57600', '115200', '230400', '460800', '921600']),
      '115200',
      'Bits a second on these lines, with 8 data bits, no parity and 1 stop bit.',
    ),
    trust: setting(
      oneOf(['password', 'line']),
      'password',
      'Who may use a serial console: whoever knows its "password", or whoever is at the "line": who holds the box holds the mail.',
    ),
    charset: setting(oneOf(['utf-8', 'ascii']), 'utf-8', 'What the terminal can show.'),
    idle: setting(
      duration({ least: ['1m', 'nobody could read a page'], most: ['1d', 'somebody else may come by'] }),
      '10m',
      'After how long without a key a serial console is logged out.',
    ),
    clock: setting(
      oneOf(['iso', 'european', 'american']),
      'iso',
      'How dates and times are written: 2026-11-22 18:05, 22.11.2026 18:05 or 11/22/2026 6:05 PM.',
    ),
    time_zone: setting(
      timeZone,
      '',
      'The time zone of the household, as Europe/Berlin. Empty: that of this machine.',
      'Europe/Berlin',
    ),
    storage: setting(path, '/media', 'Where USB storage is mounted, or below it: messages are saved there.'),
  }),
  maintenance: section('What the box does by itself at night.', {
    digest: setting(
      oneOf(['problems', 'weekly', 'off']),
      'problems',
      'Mail to the postmaster about the health of the box: when something needs a person ("problems"), every Sunday, too ("weekly"), or never.',
    ),
    blocklists: setting(
      domainList,
      ['zen.spamhaus.org', 'bl.spamcop.net'],
      'Lists of senders of unwanted mail that the box looks itself up in.',
    ),
    time_server: setting(hostOrNone, 'pool.ntp.org', 'A time server that the clock is compared with. Empty: none.'),
  }),
  log: section('The log goes to standard error and, beside it, into the data directory, where the console reads it.', {
    level: setting(oneOf(logLevels), 'info', 'The least important lines that are written to the log.'),
    format: setting(oneOf(logFormats), 'text', 'Lines for people ("text") or for programs ("json") on standard error.'),
    keep: setting(
      size({ least: ['256 KiB', 'a day would not fit'], most: ['1 GiB', 'the disk is for mail'] }),
      '8 MiB',
      'How much of the log is kept on the disk, in all.',
    ),
  }),
}
