/**
 * Porchlight and Postfix with Dovecot, in turn on the same work. `scripts/bench-peer.sh` prepares the machine and starts
 * this. RUNS=n rounds (5), SCALE=0.1 for a tenth of the work. The figures go to test/bench/results/peer.json.
 */
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Figure, figures, type Run, short, spread } from '../test/bench/figures.ts'
import { runs, scale, writeResults } from '../test/bench/harness.ts'
import { machine, machineLine } from '../test/bench/machine.ts'
import { Pop3Client } from '../test/bench/peer/pop3-client.ts'
import { makeModel, porchlight, startOn } from '../test/bench/peer/porchlight.ts'
import { postfixDovecot } from '../test/bench/peer/postfix-dovecot.ts'
import { type Product, password, type Running, stopEverything } from '../test/bench/peer/product.ts'
import { type Done, idleWorks, memoryMB, memoryWorks, restMs, speedWorks } from '../test/bench/peer/works.ts'

/** Messages of the maildrop that is opened at a login. */
const manyMessages = Math.ceil(100_000 * scale)

const folder = mkdtempSync(join(tmpdir(), 'porchlight-peer-'))
process.on('exit', () => {
  stopEverything()
  rmSync(folder, { recursive: true, force: true })
})
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => process.exit(1))
// The peer's processes give up their rights, and have to reach what is theirs all the same.
chmodSync(folder, 0o755)

/** One round of a product: each kind of work on a server that was just started, with empty mailboxes. */
async function round(product: Product): Promise<Done> {
  const done: Done = {}
  for (const works of [speedWorks, memoryWorks, idleWorks]) Object.assign(done, await onFresh(product, works))
  return done
}

async function onFresh(product: Product, works: (server: Running, folder: string) => Promise<Done>): Promise<Done> {
  const directory = mkdtempSync(join(folder, 'run-'))
  chmodSync(directory, 0o755)
  try {
    await using server = await product.start(directory)
    return await works(server, folder)
  } finally {
    rmSync(directory, { recursive: true })
  }
}

/** Logs in to a maildrop of many messages, on a server that was just started. */
async function logIn(data: string): Promise<Done> {
  await using server = await startOn(data)
  await sleep(restMs)
  const before = memoryMB(server)['MB PSS']
  const client = await Pop3Client.connect(server.pop3)
  const ms = await client.login('many', password)
  const more = memoryMB(server)['MB PSS'] - before
  await client.quit()
  return { [`POP3 login, ${manyMessages} messages`]: { ms, 'MB PSS more': more } }
}

type Row = {
  readonly work: string
  readonly unit: string
  readonly porchlight: Figure
  readonly peer: Figure | undefined
  readonly ratio: number | undefined
}

/** Puts the figures of both side by side. */
function compare(ours: readonly Done[], theirs: readonly Done[]): Row[] {
  const peer = allFigures(theirs)
  return allFigures(ours).map(porchlight => {
    const { work, unit } = porchlight
    const same = peer.find(figure => figure.work === work && figure.unit === unit)
    return { work, unit, porchlight, peer: same, ratio: same && porchlight.median / same.median }
  })
}

function allFigures(rounds: readonly Done[]): Figure[] {
  const works = new Set(rounds.flatMap(done => Object.keys(done)))
  return Array.from(works).flatMap(work =>
    figures(
      work,
      rounds.flatMap((done): Run[] => (done[work] ? [done[work]] : [])),
    ),
  )
}

function show({ work, unit, porchlight, peer, ratio }: Row): string {
  const cells = [work.padEnd(40), unit.padEnd(15), spread(porchlight).padEnd(30), (peer ? spread(peer) : '').padEnd(30)]
  return [...cells, ratio === undefined ? '' : short(ratio)].join(' ').trimEnd()
}

function firstLine(program: string, ...words: readonly string[]): string {
  return execFileSync(program, words, { encoding: 'utf8' }).split('\n')[0] ?? ''
}

const [model, many] = [join(folder, 'model'), join(folder, 'many')]
await makeModel(model)
await makeModel(many, { account: 'many', messages: manyMessages })

const ours: Done[] = []
const theirs: Done[] = []
for (let i = 1; i <= runs; i++) {
  console.log(`round ${i} of ${runs}, ${Math.round(performance.now() / 1000)} s`)
  ours.push({ ...(await round(porchlight(model))), ...(await logIn(many)) })
  theirs.push(await round(postfixDovecot))
}
const rows = compare(ours, theirs)
const peer = `Postfix ${firstLine('postconf', '-dh', 'mail_version')} + Dovecot ${firstLine('dovecot', '--version').split(' ')[0]}`
writeResults('peer', { peer, rounds: runs, scale, machine: machine(folder), rows })
console.log(`\nmedian (spread) of ${runs} rounds: Porchlight, ${peer}, ratio`)
for (const row of rows) console.log(show(row))
console.log(machineLine(machine(folder)))
