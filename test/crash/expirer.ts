/** The process that is killed while mail expires: it says how many messages are gone, as far as it knows. */
import { systemClock } from '../../src/base/clock.ts'
import { silentLog } from '../../src/base/log.ts'
import { expire } from '../../src/flow/retention.ts'
import { openStore } from '../support/household.ts'

const [directory = '', now = ''] = process.argv.slice(2)
const store = await openStore(directory)
const remove = store.remove.bind(store)
let gone = 0
store.remove = async (account, uids) => {
  await remove(account, uids)
  gone += uids.length
  process.stdout.write(`${gone}\n`)
}
process.stdout.write('0\n')
const clock = { ...systemClock, now: () => Number(now) }
const offset = async () => 0
await expire({ store, clock, log: silentLog, open: new Set(), offset }, new AbortController().signal)
await store.close()
