/** dkimpy verifies what is signed here, with both algorithms. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { mkdtempDisposable, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { BodyHash } from '../../src/message/canonical.ts'
import { signHeader } from '../../src/message/dkim.ts'
import { SubmittedHeader } from '../../src/message/submission.ts'
import { dnsRecord, type Key, Keyring } from '../../src/store/keyring.ts'
import { runProgram } from '../support/process.ts'
import { message } from './house.ts'

const domain = 'home.example'

/** Each file named on the command line must verify, with the records in the first; and must not when it is tampered with. */
const script = `
import dkim, json, sys
records = json.load(open(sys.argv[1]))

def txt(name, timeout=5):
    return records[name.decode().rstrip('.')].encode()

def holds(message, count):
    verifier = dkim.DKIM(message, minkey=1024)
    try:
        return all(verifier.verify(idx=index, dnsfunc=txt) for index in range(count))
    except dkim.ValidationError as error:
        assert 'body hash mismatch' in str(error), error
        return False

for path in sys.argv[2:]:
    message = open(path, 'rb').read()
    count = message.count(b'DKIM-Signature: v=1; a=')
    assert count >= 2, path
    assert holds(message, 2), path
    assert not holds(message + b'x', 1), path
    for name in (b'From', b'Subject', b'To', b'Content-Type'):
        assert not holds(name + b': eve@away.example\\r\\n' + message, 1), (path, name)
    print('verified', path)
`

/** Signs a message as it would be submitted, its octets in spans. */
function signed(octets: Buffer, keys: readonly Key[]): Buffer {
  const submitted = new SubmittedHeader({
    date: Date.UTC(2026, 10, 21, 22, 15, 52),
    hostname: 'mail.home.example',
    id: '1',
    domain,
    reversePath: { localPart: 'alice', domain },
  })
  const hash = new BodyHash()
  let header: Buffer = Buffer.alloc(0)
  const body: Buffer[] = []
  for (let at = 0; at < octets.length; at += 1000) {
    const part = submitted.feed(octets.subarray(at, at + 1000))
    if (part.header) header = part.header
    body.push(Buffer.from(part.rest))
    hash.update(part.rest)
  }
  const last = submitted.finish()
  if (last.header) header = last.header
  body.push(last.rest)
  hash.update(last.rest)
  const bodyHash = hash.digest()
  const fields = keys.map(({ selector, algorithm, privateKey: key }) =>
    signHeader({ header, bodyHash, domain, selector, algorithm, key, date: Date.UTC(2026, 10, 21) }),
  )
  return Buffer.concat([Buffer.from(fields.join('')), header, ...body])
}

test('dkimpy', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'porchlight-'))
  const { rsa, ed25519 } = await new Keyring(join(folder.path, 'dkim')).keys(domain)
  const keys = [ed25519, rsa]
  const records = Object.fromEntries(keys.map(key => [`${key.selector}._domainkey.${domain}`, dnsRecord(key)]))
  await writeFile(join(folder.path, 'records.json'), JSON.stringify(records))
  await writeFile(join(folder.path, 'verify.py'), script)

  const corpus = join(import.meta.dirname, '../corpus')
  const messages = [message, ...readdirSync(corpus).map(file => readFileSync(join(corpus, file)))]
  const paths = messages.map((_, i) => join(folder.path, `${i}.eml`))
  for (const [i, octets] of messages.entries()) await writeFile(paths[i] ?? '', signed(octets, keys))

  const words = ['/usr/bin/python3', join(folder.path, 'verify.py'), join(folder.path, 'records.json'), ...paths]
  const { exit, out, complaint } = await runProgram(words)
  assert.equal(exit, 0, complaint)
  assert.equal(out.match(/verified/g)?.length, messages.length)
})
