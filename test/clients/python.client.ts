/** Python's smtplib and poplib, whose scripts assert for themselves. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { House, password } from './house.ts'

const preamble = `
import poplib, re, smtplib, socket, ssl, sys
smtp_port, pop3_port, pop3s_port = map(int, sys.argv[1:4])
certificate, password, message_file = sys.argv[4:7]
message = open(message_file, 'rb').read()
context = ssl.create_default_context(cafile=certificate)

def smtp():
    client = smtplib.SMTP('127.0.0.1', smtp_port, 'laptop')
    client.starttls(context=context)
    return client

def pop3(name='alice'):
    client = poplib.POP3_SSL('127.0.0.1', pop3s_port, context=context)
    client.user(name)
    client.pass_(password)
    return client

def octets(response):
    return b'\\r\\n'.join(response[1]) + b'\\r\\n'

def refused(code, action, *arguments):
    try:
        action(*arguments)
    except smtplib.SMTPResponseException as error:
        assert error.smtp_code == code, error
        return
    except smtplib.SMTPRecipientsRefused as error:
        assert all(answer[0] == code for answer in error.recipients.values()), error
        return
    except poplib.error_proto as error:
        assert code in error.args[0], error
        return
    raise AssertionError('this was not refused')
`

const scripts: Readonly<Record<string, string>> = {
  'smtplib: STARTTLS, several recipients, and one who is refused': `
client = smtp()
assert client.ehlo('laptop')[0] == 250
assert not client.has_extn('starttls')
for name in ['pipelining', 'size', '8bitmime', 'smtputf8', 'enhancedstatuscodes', 'chunking', 'dsn']:
    assert client.has_extn(name), name
everyone = ['alice@home.example', 'nobody@home.example', 'bob@home.example', 'bob@away.example']
answers = client.sendmail('bob@home.example', everyone, message, mail_options=['BODY=8BITMIME'])
assert {name: answer[0] for name, answer in answers.items()} == {'nobody@home.example': 550, 'bob@away.example': 550}
refused(550, client.sendmail, 'bob@home.example', ['nobody@home.example'], message)
assert client.noop()[0] == 250
client.quit()
for name in ['alice', 'bob']:
    box = pop3(name)
    assert octets(box.retr(1)).endswith(message)
    box.dele(1)
    box.quit()
`,
  'smtplib: a message beyond the limit is refused by its size, and when it lies about it': `
client = smtp()
limit = int(client.esmtp_features['size']) if client.ehlo() else 0
big = b'x' * 78 + b'\\r\\n'
big = big * (limit // len(big) + 1)
refused(552, client.sendmail, '', ['alice@home.example'], big)
client.mail('bob@home.example')
client.rcpt('alice@home.example')
assert client.data(big)[0] == 552
assert client.sendmail('', ['alice@home.example'], message) == {}
client.quit()
box = pop3()
assert box.stat()[0] == 1
box.dele(1)
box.quit()
`,
  'smtplib: SMTPUTF8': `
client = smtp()
client.ehlo()
client.mail('bob@home.example')
client.command_encoding = 'utf-8'
assert client.rcpt('zoë@home.example')[0] == 553
client.rset()
answers = client.sendmail('bob@bücher.example', ['zoë@home.example'], message, ['SMTPUTF8', 'BODY=8BITMIME'])
assert answers == {}
client.quit()
box = poplib.POP3_SSL('127.0.0.1', pop3s_port, context=context)
box.utf8()
box.encoding = 'utf-8'
box.user('zoë')
box.pass_(password)
text = octets(box.retr(1))
assert text.startswith('Return-Path: <bob@xn--bcher-kva.example>\\r\\n'.encode()), text
assert b' with UTF8SMTPS ' in text and text.endswith(message)
box.quit()
`,
  'a raw socket: commands and messages sent before any answer is read': `
raw = socket.create_connection(('127.0.0.1', smtp_port))
stream = raw.makefile('rb')
assert stream.readline().startswith(b'220 ')
envelope = b'MAIL FROM:<>\\r\\nRCPT TO:<nobody@home.example>\\r\\nRCPT TO:<alice@home.example>\\r\\n'
stuffed = re.sub(rb'(?m)^\\.', b'..', message)
one = envelope + b'DATA\\r\\n' + stuffed + b'.\\r\\n'
chunk = envelope + b'BDAT %d LAST\\r\\n' % len(message) + message
raw.sendall(b'EHLO laptop\\r\\n' + one + chunk + one + b'QUIT\\r\\n')
answers = [line for line in stream if not line.startswith(b'250-')]
codes = [line[:3].decode() for line in answers]
data = ['250', '550', '250', '354', '250']
assert codes == ['250'] + data + ['250', '550', '250', '250'] + data + ['221'], answers
box = pop3()
assert box.stat()[0] == 3
for number in [1, 2, 3]:
    assert octets(box.retr(number)).endswith(message)
    box.dele(number)
box.quit()
`,
  'poplib: STLS, CAPA, sizes, TOP, UIDL, and no APOP': `
client = smtp()
client.sendmail('bob@home.example', ['alice@home.example'], message)
client.sendmail('bob@home.example', ['alice@home.example'], b'Subject: second\\r\\n\\r\\n')
client.quit()
box = poplib.POP3('127.0.0.1', pop3_port)
refused(b'[AUTH]', box.user, 'alice')
try:
    box.apop('alice', password)
    raise AssertionError('APOP needs a timestamp in the greeting')
except poplib.error_proto:
    pass
assert 'STLS' in box.capa() and 'USER' not in box.capa()
box.stls(context)
assert 'STLS' not in box.capa() and box.capa()['SASL'] == ['SCRAM-SHA-256-PLUS', 'SCRAM-SHA-256', 'PLAIN', 'LOGIN']
box.user('alice@home.example')
box.pass_(password)
assert box.capa()['EXPIRE'] == ['NEVER'] and 'TOP' in box.capa() and 'UIDL' in box.capa()
count, total = box.stat()
sizes = [int(line.split()[1]) for line in box.list()[1]]
assert count == 2 and total == sum(sizes)
for number, size in enumerate(sizes, 1):
    assert len(octets(box.retr(number))) == size
header, body = message.split(b'\\r\\n\\r\\n', 1)
assert octets(box.top(1, 0)).endswith(header + b'\\r\\n\\r\\n')
assert octets(box.top(1, 2)).endswith(header + b'\\r\\n\\r\\n.\\r\\n..\\r\\n')
assert octets(box.top(1, 1000)) == octets(box.retr(1))
ids = [line.split()[1] for line in box.uidl()[1]]
assert len(set(ids)) == 2 and box.uidl(2).split()[2] == ids[1]
refused(b'-ERR', box.retr, 3)

refused(b'[IN-USE]', pop3)

# A dropped connection deletes nothing; QUIT does.
box.dele(1)
box.dele(2)
box.rset()
box.dele(2)
box.close()
box = pop3()
assert [line.split()[1] for line in box.uidl()[1]] == ids
box.dele(1)
box.quit()
box = pop3()
assert [line.split()[1] for line in box.uidl()[1]] == ids[1:]
box.dele(1)
box.quit()
`,
}

test('Python', async t => {
  await using house = await House.open('limits = { message = "64 KiB" }\n')
  const { server, folder, certificate, messageFile } = house
  await server.command(['user', 'add', 'zoë', '--password-stdin'], `${password}\n`)
  const file = join(folder, 'script.py')
  const ports = (['smtp', 'pop3', 'pop3s'] as const).map(service => String(server.port(service)))
  for (const [name, script] of Object.entries(scripts)) {
    await t.test(name, async () => {
      await writeFile(file, preamble + script)
      await house.run('timeout', '60', 'python3', file, ...ports, certificate, password, messageFile)
    })
  }
})
