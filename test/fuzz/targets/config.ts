// Any text is a configuration or a Failure CONFIG with a complaint on every line; and what is accepted is within its bounds.
import assert from 'node:assert/strict'
import { type Config, defaultConfig, describeConfig, readConfig } from '../../../src/base/config.ts'
import { Failure } from '../../../src/base/failure.ts'
import type { Target } from '../engine.ts'

/** @returns the first words of the complaint when the text was refused */
function read(text: string): Config | string {
  try {
    return readConfig(text, '/data')
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== 'CONFIG') throw error
    const complaints = error.message.split('\n')
    for (const complaint of complaints) assert.match(complaint, /\S/)
    return complaints.map(line => line.replaceAll(/"[^"]*"|\d+/g, '').slice(0, 80)).join()
  }
}

export const config: Target = {
  seeds: [
    describeConfig(),
    '',
    'hostname = "mail.home.example"\ndomains = ["home.example", "bücher.example"]\n',
    '[limits]\nmessage = "20 MB"\nsmtp_idle = "1h"\nconnections = 10\nconnections_per_address = 10\n',
    '[listen]\nsmtp = ["[::1]:25", ":26", "*:27", "0.0.0.0:0"]\npop3 = []\n',
    'tls = { certificate = "a.pem", key = "b.pem" }\nlogin.plaintext = "loopback"\n',
    '[mail]\ncatch_all = "zoë"\nsubaddress = ""\nlong_lines = "refuse"\n',
  ],
  words: [
    ...['[', ']', '[[', ']]', '{', '}', '=', '"', "'", '"""', ',', '.', '\n', '#', '\\', ' ', '\t', '\0', '\r', '\x7f'],
    ...['hostname', 'domains', '[listen]', '[tls]', '[login]', '[limits]', '[mail]', '[log]', 'message', 'connections'],
    ...[
      '__proto__',
      'constructor',
      'toString',
      '1979-05-27T07:32:00Z',
      '0x10',
      '1e400',
      'inf',
      'nan',
      '-1',
      '9007199254740993',
    ],
    ...['"50 MiB"', '"5m"', '"[::]:25"', '":25"', '"home.example"', 'true', '[]', '{}', 'ü', '\\u0000', '\\ud800'],
  ],
  check(input) {
    const accepted = read(input.toString())
    if (typeof accepted === 'string') return [accepted]
    const { limits, domains, listen, tls } = accepted
    assert.ok(limits.message >= 64 * 1024 && limits.message <= 1024 ** 3)
    assert.ok(limits.connections_per_address <= limits.connections && limits.connections_per_address >= 1)
    assert.ok(domains.length > 0 && domains.every(domain => /^[a-z0-9.-]+$/.test(domain)))
    assert.ok([...listen.smtp, ...listen.pop3, ...listen.pop3s].every(({ port }) => port >= 0 && port < 65_536))
    assert.equal(tls.certificate === '', tls.key === '')
    assert.deepEqual(Object.keys(accepted).sort(), Object.keys(defaultConfig()).sort())
    return Object.entries(accepted).map(([section, value]) => section + JSON.stringify(value))
  },
}
