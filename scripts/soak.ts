/** The soak: `scripts/soak.sh [minutes [file]]`. Exit code 1 when something is wrong, and sentences that say what. */
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { machine, machineLine } from '../test/bench/machine.ts'
import { MB } from '../test/bench/mail.ts'
import { stopEverything } from '../test/bench/peer/product.ts'
import { Probe } from '../test/soak/probe.ts'
import { type Sample, Sampler } from '../test/soak/sample.ts'
import { startServer } from '../test/soak/server.ts'
import { Traffic } from '../test/soak/traffic.ts'
import { type Figures, faultsOf, figuresOf } from '../test/soak/verdict.ts'

const accounts = ['alice', 'carol', 'dave', 'erin']
const sampleMs = 10_000

const [minutesWord = '3', file = join(tmpdir(), 'porchlight-soak.jsonl')] = process.argv.slice(2)
const minutes = Number(minutesWord)
if (!(minutes > 0)) {
  console.error('usage: scripts/soak.sh [minutes [file]]')
  process.exit(2)
}

const folder = mkdtempSync(join(tmpdir(), 'porchlight-soak-'))
process.on('exit', () => {
  stopEverything()
  rmSync(folder, { recursive: true, force: true })
})
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => process.exit(1))

async function soak(data: string): Promise<Sample[]> {
  await using server = await startServer(data, accounts)
  await using probe = new Probe(server)
  const traffic = new Traffic(server, accounts)
  const sampler = new Sampler(data, { server, traffic, probe })
  const samples: Sample[] = []
  const running = traffic.run()
  running.catch(() => {}) // It is awaited below, and may fail before.
  const count = Math.round((minutes * 60_000) / sampleMs)
  for (let i = 1; i <= count; i++) {
    await Promise.race([sleep(sampleMs), running, probe.failed])
    const sample = await sampler.take()
    samples.push(sample)
    appendFileSync(file, `${JSON.stringify(sample)}\n`)
    console.log(line(sample))
  }
  traffic.end()
  await running
  return samples
}

const heading =
  '    s  full messages  MB in  live MB  disk/live  written/in  files  fds   RSS  anon MB  p99  max (answer) ms  250 p99  max ms'

function line(sample: Sample): string {
  const { seconds, full, messages, received, live, disk, written, files, descriptors, rss, anonymous } = sample
  const mega = (octets: number) => (octets / MB).toFixed(0)
  return [
    seconds.toFixed(0).padStart(5),
    full ? ' full' : '     ',
    String(messages).padStart(8),
    mega(received).padStart(6),
    mega(live).padStart(8),
    (disk / live).toFixed(2).padStart(10),
    (written / received).toFixed(2).padStart(11),
    String(files).padStart(6),
    String(descriptors).padStart(4),
    mega(rss).padStart(5),
    mega(anonymous).padStart(8),
    sample.p99Ms.toFixed(0).padStart(4),
    `${sample.maxMs.toFixed(0)} (${sample.answerMaxMs.toFixed(0)})`.padStart(16),
    sample.acceptP99Ms.toFixed(0).padStart(8),
    sample.acceptMaxMs.toFixed(0).padStart(7),
  ].join(' ')
}

function summary(figures: Figures): string {
  const { turnovers, messagesPerSecond, disk, writtenPerOctet, growth, p99Ms, stallMs, acceptMaxMs, filesMax } = figures
  return [
    `the mail was replaced ${turnovers.toFixed(1)} times, at ${messagesPerSecond.toFixed(0)} messages a second`,
    `disk for each octet left: ${disk.mean.toFixed(2)}, at most ${disk.max.toFixed(2)}; written for each octet received: ${writtenPerOctet.toFixed(2)}`,
    `memory: ${(growth.octets / MB).toFixed(1)} ± ${(growth.noise / MB).toFixed(1)} MB more over the second half; at most ${(figures.anonymousMax / MB).toFixed(0)} MB, RSS ${(figures.rssMax / MB).toFixed(0)} MB`,
    `files at most ${filesMax}, descriptors ${figures.descriptorsMax}`,
    `event loop: p99 ${p99Ms.toFixed(0)} ms, longest ${stallMs.toFixed(0)} ms; longest wait for a 250: ${acceptMaxMs.toFixed(0)} ms`,
  ].join('\n')
}

writeFileSync(file, '')
console.log(heading)
const data = join(folder, 'data')
const samples = await soak(data).catch(error => {
  console.error(error, readFileSync(`${data}.log`, 'utf8').split('\n').slice(-20).join('\n'))
  process.exit(1)
})
const figures = figuresOf(samples)
const faults = faultsOf(figures, minutes)
if (figures) console.log(summary(figures))
console.log(`${machineLine(machine(folder))}; samples: ${file}`)
for (const fault of faults) console.error(fault)
process.exitCode = faults.length > 0 ? 1 : 0
