/** What a new version has to show before it stays: console/vitals.ts. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { readConfig } from '../../src/base/config.ts'
import { vitalsOf } from '../../src/console/vitals.ts'
import { Listener } from '../../src/net/listener.ts'
import { openHousehold, temporaryDirectory } from '../commands/household.ts'

const nowhere = { dial: async () => undefined, selftest: async () => {} }

/** @param listen where it should listen, by service @returns what each vital says */
async function flaws(listen: string, parts: Partial<Parameters<typeof vitalsOf>[0]> = {}) {
  await using directory = await temporaryDirectory()
  await using household = await openHousehold(directory.path)
  const config = readConfig(listen, directory.path)
  const served = { ...household, config, server: { guests: [], drop: () => false } }
  const vitals = vitalsOf({ house: { data: directory.path, household: served }, ...nowhere, ...parts })
  return Promise.all(vitals.map(vital => vital()))
}

const elsewhere = ['smtp', 'submissions', 'devices', 'pop3', 'pop3s']

describe('a version on trial', () => {
  test('has somebody at each door', async () => {
    const endpoint = { host: '127.0.0.1', port: 0 }
    const listener = await Listener.open(
      endpoint,
      () => 1000,
      async () => {},
    )
    listener.close()
    const gone = listener.name
    const others = elsewhere.map(service => `listen.${service} = []\n`).join('')
    const [, doors] = await flaws(`${others}listen.submission = ["${gone}"]\n`)
    assert.equal(doors, `Nobody answers at port ${gone.split(':').at(-1)}.`)
  })

  test('that fails its self-test by whatever error is not well, and goes on', async () => {
    const selftest = () => Promise.reject(new RangeError('ENOSPC: no space left on device, mkdtemp'))
    const said = await flaws('listen.smtp = ["127.0.0.1:0"]\n', { selftest })
    assert.equal(said.at(-1), 'The self-test has failed: ENOSPC: no space left on device, mkdtemp')
  })
})
