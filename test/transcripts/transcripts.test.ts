/** Plays every transcript at several step sizes without a socket, and once over a real one. */
import { globSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { describe, test } from 'node:test'
import { overSocket } from '../support/socket-dial.ts'
import { inMemory, type Protocol, play } from '../support/transcript.ts'

/** Octets the server reads at a time. */
const steps = [1, 2, 7, 65_536]

for (const protocol of ['smtp', 'pop3'] as const satisfies readonly Protocol[]) {
  for (const path of globSync(join(import.meta.dirname, protocol, '*.txt')).sort()) {
    describe(`${basename(dirname(path))}/${basename(path)}`, () => {
      const text = readFileSync(path, 'utf8')
      for (const step of steps) test(`in steps of ${step}`, () => play(text, protocol, inMemory(step)))
      test('over a socket', () => play(text, protocol, overSocket))
    })
  }
}
