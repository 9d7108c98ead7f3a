/** Programs hand in mail at one Porchlight, and POP3 reads it at another, which the DNS has named. */
import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { createTransport } from 'nodemailer'
import { letter, password } from './house.ts'
import { type Home, parted, Town } from './town.ts'

const [from, to] = ['alice@a.example', 'alice@b.example']
const message = letter(from, to)

type Service = 'submission' | 'submissions'
const envelope = { from, to }

/** Python verifies each file named on the command line with every signature it has, and the keys that the DNS gives. */
const verify = `
import dkim, dns.resolver, sys
resolver = dns.resolver.Resolver(configure=False)
resolver.nameservers, resolver.port = ['127.0.0.1'], int(sys.argv[1])

def txt(name, timeout=5):
    return b''.join(resolver.resolve(name.decode(), 'TXT')[0].strings)

def holds(message, index):
    try:
        return dkim.DKIM(message).verify(idx=index, dnsfunc=txt)
    except dkim.ValidationError:
        return False

for path in sys.argv[2:]:
    message = open(path, 'rb').read()
    assert message.count(b'DKIM-Signature: v=1;') == 2, path
    for index in (0, 1):
        assert holds(message, index), (path, index)
        assert not holds(message + b'x', index), (path, index)
        assert not holds(message.replace(b'From: Bob', b'From: Eve'), index), (path, index)
`

/** What smtplib does: STARTTLS with a login of its own choice, and TLS from the start with LOGIN. */
const smtplib = `
import smtplib, ssl, sys
context = ssl.create_default_context(cafile=sys.argv[3])
message = open(sys.argv[4], 'rb').read()
with smtplib.SMTP('127.0.0.1', int(sys.argv[1]), 'laptop') as client:
    client.starttls(context=context)
    client.login('alice', '${password}')
    assert client.sendmail('${from}', ['${to}'], message) == {}
with smtplib.SMTP_SSL('127.0.0.1', int(sys.argv[2]), 'laptop', context=context) as client:
    client.ehlo()
    client.user, client.password = 'alice', '${password}'
    assert client.auth('LOGIN', client.auth_login)[0] == 235
    assert client.sendmail('${from}', ['${to}'], message, ['BODY=8BITMIME']) == {}
`

/** Two messages with names beyond ASCII: one to two people of whom one is unknown, one to a domain that there is not. */
const beyondAscii = `
import smtplib, ssl, sys
from email.message import EmailMessage
message = EmailMessage()
message['From'] = 'Zoë <zoë@a.example>'
message['To'] = 'zoë@b.example, nobody@b.example'
message['Subject'] = 'Grüße'
message.set_content('你好\\n')
with smtplib.SMTP('127.0.0.1', int(sys.argv[1]), 'laptop') as client:
    client.starttls(context=ssl.create_default_context(cafile=sys.argv[2]))
    client.login('alice', '${password}')
    assert client.send_message(message) == {}
    plain = b'From: alice@a.example\\r\\nSubject: plain\\r\\n\\r\\nhello\\r\\n'
    assert client.sendmail('alice@a.example', ['someone@nowhere.example'], plain) == {}
`

/** Each file is a report that Python's email package finds without fault. */
const readReports = `
import email, email.policy, sys
found = {}
for path in sys.argv[1:]:
    report = email.message_from_binary_file(open(path, 'rb'), policy=email.policy.default)
    assert report.get_content_type() == 'multipart/report', report.get_content_type()
    assert report['Content-Type'].params['report-type'] == 'delivery-status'
    assert report['Return-Path'] == '<>' and report['Auto-Submitted'].startswith('auto-replied'), report.items()
    assert [part for part in report.walk() if part.defects] == []
    words, status, returned = report.iter_parts()
    assert words.get_content_type() == 'text/plain' and len(words.get_content()) > 100
    assert status.get_content_type() == 'message/delivery-status'
    message, recipient = status.get_payload()
    assert message['Reporting-MTA'] == 'dns; mail.a.example'
    assert recipient['Action'] == 'failed'
    found[recipient['Final-Recipient']] = recipient['Status']
    assert returned.get_content_type() in ('text/rfc822-headers', 'message/global-headers')
    assert 'someone@nowhere' in words.get_content() or 'mx.b.example said: 550 5.1.1' in words.get_content()
assert found == {'rfc822; nobody@b.example': '5.1.1', 'rfc822; someone@nowhere.example': '5.1.2'}, found
`

/** Every way to hand in a message, by the words on the command line. */
function ways({ server, certificate, domain }: Home, file: string): readonly (readonly string[])[] {
  const port = (service: Service) => String(server.port(service))
  const swaks = (service: Service, ...words: readonly string[]) => {
    const where = ['--server', '127.0.0.1', '--port', port(service), '--tls-verify', '--tls-ca-path', certificate]
    const login = ['--auth-user', 'alice', '--auth-password', password]
    const what = ['--ehlo', 'laptop', '--from', from, '--to', to, '--data', `@${file}`, '--suppress-data']
    return ['swaks', ...where, ...login, ...what, ...words]
  }
  const msmtp = (service: Service, ...words: readonly string[]) => {
    const where = ['--host=127.0.0.1', `--port=${port(service)}`, '--tls=on', `--tls-trust-file=${certificate}`]
    const login = ['--user=alice', `--passwordeval=echo '${password}'`]
    return ['msmtp', '--file=/dev/null', ...where, ...login, `--from=${from}`, ...words, '--', to]
  }
  const curl = (url: string, ...words: readonly string[]) => {
    const what = ['--mail-from', from, '--mail-rcpt', to, '--upload-file', file, '--user', `alice:${password}`]
    return ['curl', '--silent', '--show-error', '--cacert', certificate, url, ...what, ...words]
  }
  const [starttls, implicit] = [port('submission'), port('submissions')]
  return [
    swaks('submission', '--tls', '--auth', 'PLAIN'),
    swaks('submission', '--tls', '--auth', 'LOGIN', '--pipeline'),
    swaks('submissions', '--tls-on-connect', '--auth', 'PLAIN'),
    msmtp('submission', '--auth=scram-sha-256'),
    msmtp('submission', '--auth=plain'),
    msmtp('submissions', '--auth=login', '--tls-starttls=off'),
    msmtp('submissions', '--auth=scram-sha-256', '--tls-starttls=off'),
    curl(`smtp://127.0.0.1:${starttls}/laptop`, '--ssl-reqd', '--login-options', 'AUTH=PLAIN'),
    curl(`smtp://127.0.0.1:${starttls}/laptop`, '--ssl-reqd', '--login-options', 'AUTH=LOGIN'),
    curl(`smtps://127.0.0.1:${implicit}/laptop`, '--user', `alice@${domain}:${password}`, '--sasl-ir'),
  ]
}

const transports = [
  { service: 'submission', secure: false, authMethod: 'PLAIN' },
  { service: 'submission', secure: false, authMethod: 'LOGIN' },
  { service: 'submissions', secure: true, authMethod: 'PLAIN' },
] as const

test('what every program hands in arrives as it was, signed and proved', async () => {
  await using town = await Town.open()
  const b = await town.home('b')
  const a = await town.home('a', `delivery.port = ${b.server.port('smtp')}\n`)
  const file = join(town.folder, 'letter.eml')
  await writeFile(file, message)

  const said = ways(a, file)
  for (const words of said) await town.run(words, message.toString())
  const ca = await readFile(a.certificate, 'utf8')
  for (const { service, secure, authMethod } of transports) {
    const where = { host: '127.0.0.1', port: a.server.port(service), secure, requireTLS: true, tls: { ca } }
    const transport = createTransport({ ...where, authMethod, auth: { user: 'alice', pass: password } })
    await transport.sendMail({ envelope, raw: message })
    transport.close()
  }
  await town.python(smtplib, [a.server.port('submission'), a.server.port('submissions'), a.certificate, file])

  const count = said.length + transports.length + 2
  await b.says(['message accepted'], count)
  assert.equal((await a.says(['delivered'], count)).length, count)
  const arrived = await b.mail()
  assert.equal(arrived.length, count)
  const files = arrived.map((_, i) => join(town.folder, `${i}.eml`))
  for (const [i, fetched] of arrived.entries()) {
    const { trace, letter } = parted(fetched)
    // swaks ends the data with a line end of its own.
    assert.equal(letter.replace(/\r\n\r\n$/, '\r\n'), message.toString(), trace)
    assert.match(trace, /^Return-Path: <alice@a\.example>\r\n.*\r\n\tby mail\.b\.example \(Porchlight\) with ESMTPS\s/)
    assert.match(trace, /\r\nReceived: by mail\.a\.example \(Porchlight\) with ESMTPSA\s/)
    await writeFile(files[i] ?? '', fetched)
  }
  await town.python(verify, [town.nameServer, ...files])
})

test('what nobody takes comes back, and Python reads why', async () => {
  await using town = await Town.open()
  const b = await town.home('b')
  const a = await town.home('a', `delivery.port = ${b.server.port('smtp')}\n`)
  await a.server.command(['alias', 'add', 'zoë', 'alice'])
  await b.server.command(['alias', 'add', 'zoë', 'alice'])
  await town.python(beyondAscii, [a.server.port('submission'), a.certificate])
  await a.says(['report sent'], 2)
  assert.equal((await a.says(['delivered'], 1)).length, 1)
  const [arrived = ''] = await b.mail()
  assert.match(arrived, /^Return-Path: <zoë@a\.example>\r\n.*\r\n\tby mail\.b\.example \(Porchlight\) with UTF8SMTPS /)
  assert.match(arrived, /\r\nSubject: Grüße\r\n.*\r\n\r\n你好\r\n$/s)
  const reports = await a.mail()
  const files = reports.map((_, i) => join(town.folder, `${i}.eml`))
  for (const [i, report] of reports.entries()) await writeFile(files[i] ?? '', report)
  await town.python(readReports, files)
})
