/** The command line as a person meets it: words, exit codes, and the same answers whether a server runs or not. */
import assert from 'node:assert/strict'
import { mkdtempDisposable, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { deliver, openMaildrop } from '../support/dialogue.ts'
import { command, type Finished, run, ServerProcess, writeConfig } from '../support/process.ts'

const folderName = join(tmpdir(), 'porchlight-')

test('exit codes and where the words go', async () => {
  const rows: readonly { words: readonly string[]; exit: number; out?: RegExp; complaint?: RegExp }[] = [
    { words: ['version'], exit: 0, out: /^Porchlight \d+\.\d+\.\d+\n$/ },
    { words: ['sreve'], exit: 2, complaint: /no command sreve; did you mean serve\?/ },
    { words: ['user', 'add', 'alice', '--data', folderName], exit: 2, complaint: /no terminal/ },
    { words: ['serve', '--config', '/none.toml'], exit: 1, complaint: /there is no such file/ },
  ]
  const finished = await Promise.all(rows.map(({ words }) => run(words)))
  for (const [i, { words, exit, out = /^$/, complaint = /^$/ }] of rows.entries()) {
    const seen = finished[i]
    assert.equal(seen?.exit, exit, words.join(' '))
    assert.match(seen?.out ?? '', out)
    assert.match(seen?.complaint ?? '', complaint)
    assert.doesNotMatch(seen?.complaint ?? '', /\n\s+at /, 'a trace is for programmers')
  }
})

test('help config prints a file that check-config finds good, and every mistake in a file is named at once', async () => {
  await using folder = await mkdtempDisposable(folderName)
  const file = join(folder.path, 'porchlight.toml')
  const { out } = await run(['help', 'config'])
  await writeFile(file, out)
  const good = await run(['check-config', '--data', folder.path])
  assert.deepEqual(good, { exit: 0, out: `${file} is good.\n`, complaint: '' })

  await writeFile(file, 'hostnmae = "x"\n[limits]\nmessage = "lots"\nsmtp_idle = 5\n')
  const bad = await run(['check-config', '--config', file])
  assert.equal(bad.exit, 1)
  for (const key of ['hostnmae', 'limits.message', 'limits.smtp_idle']) assert.match(bad.complaint, new RegExp(key))
})

/** Accounts and aliases made, refused, shown and removed, each with how it ends. */
const administration: readonly { words: string; input?: string; exit: 0 | 1 | 2 }[] = [
  { words: 'user add Alice --password-stdin', input: 'correct horse\n', exit: 0 },
  { words: 'user add bob --password-stdin', input: 'battery staple\r\nnot this line\n', exit: 0 },
  { words: 'user add alice --password-stdin', input: 'another one\n', exit: 1 },
  { words: 'alias add family alice bob', exit: 0 },
  { words: 'alias remove family bob', exit: 0 },
  { words: 'user password bob --password-stdin', input: 'new battery\n', exit: 0 },
  { words: 'user list', exit: 0 },
  { words: 'device add scanner --address 192.168.1.40 --as alice@home.example --to bob@home.example', exit: 0 },
  { words: 'device list', exit: 0 },
  { words: 'queue drop 0000', exit: 1 },
  { words: 'queue suspend', exit: 0 },
]

async function administer(data: string): Promise<(Finished & { words: string })[]> {
  const finished = []
  for (const { words, input } of administration) {
    finished.push({ words, ...(await command(data, words.split(' '), input)) })
  }
  return finished
}

describe('accounts, aliases, devices and the queue', () => {
  test('are the same to a running server as to none', async () => {
    await using folder = await mkdtempDisposable(folderName)
    const [served, alone] = [join(folder.path, 'served'), join(folder.path, 'alone')]
    await writeConfig(alone)
    await using server = await ServerProcess.start({ data: served, config: '' })
    const [withServer, without] = await Promise.all([administer(served), administer(alone)])

    assert.deepEqual(
      withServer.map(({ words, exit }) => ({ words, exit })),
      administration.map(({ words, exit }) => ({ words, exit })),
    )
    assert.deepEqual(withServer, without)
    for (const { exit, out, complaint } of without) assert.equal(exit === 0 ? complaint : out, '')

    // What the command said holds in the server at once, and in the next one.
    const port = server.port('pop3s')
    for (const [name, password] of [
      ['alice', 'correct horse'],
      ['bob@home.example', 'new battery'],
    ] as const) {
      using pop3 = await openMaildrop(port, name, password)
      assert.equal(await pop3.say('STAT'), '+OK 0 0')
    }
    await assert.rejects(openMaildrop(port, 'bob', 'battery staple'), /\[AUTH\]/)
    assert.equal(await server.stop(), 0)
    const after = await command(served, ['alias', 'list'])
    assert.match(after.out, /family +alice\n/)
  })

  test('a generated password lets its owner in, and mail is deleted only when that is said', async () => {
    await using folder = await mkdtempDisposable(folderName)
    await using server = await ServerProcess.start({ data: join(folder.path, 'data'), config: '' })
    const { out } = await server.command(['user', 'add', 'alice', '--generate'])
    const [, password = ''] = /shown only now: (\S+)\n/.exec(out) ?? []
    assert.match(await deliver(server.port('smtp'), 'alice@home.example', 'Subject: x\r\n\r\nhi\r\n'), /^250 /)
    {
      using pop3 = await openMaildrop(server.port('pop3s'), 'alice', password)
      assert.match(await pop3.say('STAT'), /^\+OK 1 /)
    }
    const refused = await server.command(['user', 'remove', 'alice'])
    assert.match(refused.complaint, /still has 1 message .*--delete-mail/)
    assert.equal(refused.exit, 1)
    const removed = await server.command(['user', 'remove', 'alice', '--delete-mail'])
    assert.match(removed.out, /alice is removed, with 1 message/)
    assert.match(await deliver(server.port('smtp'), 'alice@home.example', 'x\r\n'), /^550 5\.1\.1 /)
  })
})

test('mail that waits is shown, found and dropped, whether a server runs or died', async () => {
  await using folder = await mkdtempDisposable(folderName)
  const data = join(folder.path, 'data')
  const config = 'relay.for = ["friend.example"]\ndns.servers = ["127.0.0.1:1"]\n'
  const row = /^(\w{16}) .* bob +friend\.example +0 +now$/m
  let id = ''
  {
    await using server = await ServerProcess.start({ data, config })
    assert.match((await server.command(['queue', 'suspend'])).out, /^Nothing more is sent/)
    const message = 'Message-ID: <1@laptop.example>\r\n\r\nhi\r\n'
    assert.match(await deliver(server.port('smtp'), 'bob@friend.example', message), /^250 /)
    const listed = await server.command(['queue', 'list'])
    id = row.exec(listed.out)?.[1] ?? assert.fail(listed.out)
    assert.match((await server.command(['status'])).out, /^queue +1 waiting, .*\ndelivery +suspended/m)
    await server.kill()
  }
  const died = await command(data, ['queue', 'list'])
  assert.equal(row.exec(died.out)?.[1], id)
  assert.match((await command(data, ['trace', '<1@laptop.example>'])).out, /still waits for friend\.example/)
  await using server = await ServerProcess.start({ data })
  assert.match(
    (await server.command(['queue', 'drop', id.slice(0, 8), '--silent'])).out,
    /is withdrawn; nobody is told/,
  )
  assert.equal((await server.command(['queue', 'list'])).out, 'Nothing waits to be sent.\n')
  const asked = await server.command(['trace', 'bob@friend.example'])
  assert.match(asked.out, new RegExp(`  ${id}  withdrawn by hand\n$`))
  const records = await server.command(['dns'])
  assert.match(records.out, /^porchlight-rsa\._domainkey\.home\.example\. IN TXT "v=DKIM1; k=rsa; p=/m)
  assert.deepEqual([records.exit, records.complaint], [0, ''])
})
