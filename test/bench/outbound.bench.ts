/**
 * Mail that goes out, beside Postfix on the same machine: how much a second reaches ten hosts, how soon one message is at the
 * next hop, and what a long queue takes of memory. It needs Debian's postfix and root; `scripts/bench-peer.sh` installs it.
 */
import { execFile } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { bench, scale } from './harness.ts'
import { headerOctets, KB, randomMail } from './mail.ts'
import { stopEverything } from './peer/product.ts'
import { type Destination, porchlightRelay, postfixRelay, type Relays, sink } from './peer/relays.ts'
import { memory } from './proc.ts'
import { openStore } from './stock.ts'

const run = promisify(execFile)

const destinations = 10
const messages = Math.max(Math.ceil(3000 * scale), destinations)
const queued = Math.ceil(10_000 * scale)
/** Milliseconds after which a server that has nothing to do is taken to be at rest. */
const restMs = 3000
const year = 365 * 24 * 60 * 60_000

process.on('exit', stopEverything)

await bench('outbound', 'mail that goes out', async bench => {
  const body = join(bench.directory, '10k.eml')
  writeFileSync(
    body,
    randomMail(10 * KB)
      .toString('latin1')
      .replaceAll('\r\n', '\n'),
  )
  // Postfix's processes give up their rights, and have to reach what is theirs all the same.
  chmodSync(bench.directory, 0o755)
  const fresh = () => {
    const directory = mkdtempSync(join(bench.directory, 'run-'))
    chmodSync(directory, 0o755)
    return { directory: join(directory, 'data'), [Symbol.dispose]: () => rmSync(directory, { recursive: true }) }
  }
  const products = { Porchlight: porchlightRelay, Postfix: postfixRelay }
  for (const [name, start] of Object.entries(products)) {
    await bench.measure(`${name}: 10 KB to ${destinations} hosts, taken and handed on`, async () => {
      using place = fresh()
      return { 'messages/s': await throughput(start, place.directory, body) }
    })
  }
  for (const [name, start] of Object.entries(products)) {
    await bench.measure(`${name}: from the 250 to the next hop, idle`, async () => {
      using place = fresh()
      return { ms: await latency(start, place.directory, body) }
    })
  }
  for (const length of [0, queued]) {
    await bench.measure(`memory with ${length} messages queued`, async () => {
      using place = fresh()
      await queue(place.directory, length)
      await using server = await porchlightRelay(place.directory, [])
      await sleep(restMs)
      const { pss, anonymous } = memory(server.pid)
      return { 'MB PSS': pss / 1e6, 'MB anonymous': anonymous / 1e6 }
    })
  }
})

/** @returns messages a second, from the first that is sent in to the last that has arrived */
async function throughput(start: Relays, directory: string, body: string): Promise<number> {
  const each = Math.ceil(messages / destinations)
  const sinks = await Promise.all(Array.from({ length: destinations }, () => sink(each)))
  const hosts = sinks.map(({ port }, i): Destination => ({ domain: `d${i}.example`, port }))
  await using server = await start(directory, hosts)
  const begun = performance.now()
  await Promise.all([
    ...hosts.map(({ domain }) => source(server.smtp, `bob@${domain}`, each, body)),
    ...sinks.map(({ full }) => full),
  ])
  return (each * destinations) / ((performance.now() - begun) / 1000)
}

/** @returns milliseconds, the median of several messages one by one, all but the first, for which code is read */
async function latency(start: Relays, directory: string, body: string): Promise<number> {
  let arrived = Promise.withResolvers<number>()
  const receiver = createServer(socket => {
    let text = ''
    socket.write('220 d.example ESMTP\r\n')
    socket.on('error', () => {})
    socket.on('data', chunk => {
      text = (text + chunk.toString('latin1')).slice(-2000)
      if (text.endsWith('\r\n.\r\n')) {
        arrived.resolve(performance.now())
        text = ''
        socket.write('250 OK\r\n')
      } else if (/(?:^|\n)DATA\r\n$/.test(text)) {
        socket.write(
          `${
            text
              .match(/(?:MAIL|RCPT)[^\n]*\n/g)
              ?.map(() => '250 OK\r\n')
              .join('') ?? ''
          }354 Go\r\n`,
        )
        text = ''
      } else if (/(?:EHLO|MAIL|RCPT|RSET|QUIT)[^\n]*\r\n$/.test(text)) {
        socket.write('250 OK\r\n')
        text = ''
      }
    })
  })
  await new Promise<void>(resolve => receiver.listen(0, '127.0.0.1', resolve))
  const address = receiver.address()
  const port = address !== null && typeof address === 'object' ? address.port : 0
  try {
    await using server = await start(directory, [{ domain: 'd.example', port }])
    const times: number[] = []
    for (let i = 0; i < 8; i++) {
      arrived = Promise.withResolvers()
      const accepted = await submit(server.smtp, 'bob@d.example', body)
      times.push(Math.max(0, (await arrived.promise) - accepted))
      await sleep(300)
    }
    return times.slice(1).toSorted((a, b) => a - b)[3] ?? Number.NaN
  } finally {
    receiver.close()
  }
}

async function source(port: number, to: string, count: number, body: string): Promise<void> {
  const words = ['-d', '-s', '1', '-m', String(count), '-f', 'alice@home.example', '-t', to, '-F', body]
  await run('smtp-source', [...words, `127.0.0.1:${port}`])
}

/** Sends one message in. @returns when its 250 came */
async function submit(port: number, to: string, body: string): Promise<number> {
  const said = ['EHLO laptop', 'MAIL FROM:<alice@home.example>', `RCPT TO:<${to}>`, 'DATA']
  const message = readFileSync(body, 'latin1').replaceAll('\n', '\r\n')
  const turns = [...said, `${message}\r\n.`]
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  const socket = connect(port, '127.0.0.1')
  let text = ''
  socket.on('error', reject)
  socket.on('data', chunk => {
    text += chunk.toString('latin1')
    if (!/^\d{3} [^\n]*\n$/m.test(text)) return
    text = ''
    const turn = turns.shift()
    if (turn !== undefined) return socket.write(`${turn}\r\n`)
    resolve(performance.now())
    return socket.destroy()
  })
  return promise
}

/** Makes a data directory with so many messages that wait for tomorrow and later, for 300 domains. */
async function queue(directory: string, length: number): Promise<void> {
  mkdirSync(directory, { recursive: true })
  const store = await openStore(directory)
  const mail = randomMail(10 * KB)
  const one = async (i: number) => {
    await using incoming = store.incoming(0)
    await incoming.append(mail)
    await incoming.commit({
      reversePath: 'alice@home.example',
      recipients: [{ path: `bob@d${i % 300}.example`, notify: 0, orcpt: '' }],
      accounts: [],
      queued: [0],
      trace: 'Received: by mail.home.example (Porchlight) with ESMTPSA id 0; Sat, 21 Nov 2026 22:15:52 +0000\r\n',
      ret: '',
      envid: '',
      eightBit: false,
      smtputf8: false,
      requireTls: false,
      tlsOptional: false,
      messageId: `<${i}@home.example>`,
      dotted: false,
      headerOctets,
      date: Date.now() + year,
    })
  }
  for (let i = 0; i < length; i += 100) {
    await Promise.all(Array.from({ length: Math.min(100, length - i) }, (_, j) => one(i + j)))
  }
  await store.close()
}
