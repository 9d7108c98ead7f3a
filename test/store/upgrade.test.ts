/** A store that the first release wrote opens as it was: fixture/make.ts says how it was made. */
import assert from 'node:assert/strict'
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { openStore } from '../support/household.ts'
import { described, fixture } from './fixture/make.ts'

describe('the store of the first release', () => {
  for (const { name, without } of [
    { name: 'opens with every account, alias, message, UIDL and UID', without: [] },
    { name: 'gives the same from its log alone', without: ['index'] },
  ]) {
    test(name, async () => {
      const directory = await mkdtemp(join(tmpdir(), 'porchlight-first-'))
      try {
        await cp(fixture.store, directory, { recursive: true })
        for (const part of without) await rm(join(directory, part), { recursive: true })
        const store = await openStore(directory)
        const found = await described(store)
        await store.close()
        assert.deepEqual(JSON.parse(JSON.stringify(found)), JSON.parse(await readFile(fixture.description, 'utf8')))
      } finally {
        await rm(directory, { recursive: true })
      }
    })
  }
})
