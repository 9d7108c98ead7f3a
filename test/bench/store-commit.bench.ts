/** Commits to the store: alone and in groups, small and large, with what reaches the disk for each octet of mail. */
import { join } from 'node:path'
import { bench, scale, timed } from './harness.ts'
import { chunks, KB, MB, randomMail } from './mail.ts'
import { octetsWritten } from './proc.ts'
import { addAccount, deliver, openStore } from './stock.ts'

const works = [
  { sessions: 1, octets: 10 * KB, messages: 2000 },
  { sessions: 10, octets: 10 * KB, messages: 10_000 },
  { sessions: 100, octets: 10 * KB, messages: 10_000 },
  { sessions: 4, octets: 25 * MB, messages: 16 },
] as const

await bench('store-commit', 'messages committed to the store, each acknowledged when it is durable', async bench => {
  for (const [i, { sessions, octets, messages }] of works.entries()) {
    const store = await openStore(join(bench.directory, String(i)))
    const account = await addAccount(store, 'alice')
    const mail = chunks(randomMail(octets))
    const count = Math.ceil((messages * scale) / sessions) * sessions

    const once = async () => {
      const before = octetsWritten('self')
      const session = async () => {
        for (let sent = 0; sent < count; sent += sessions) await deliver(store, account, mail)
      }
      const { seconds } = await timed(() => Promise.all(Array.from({ length: sessions }, session)))
      const large = octets >= MB
      return {
        [large ? 'MB/s' : 'messages/s']: large ? (count * octets) / MB / seconds : count / seconds,
        'octets written for each': (octetsWritten('self') - before) / (count * octets),
      }
    }
    const size = octets >= MB ? `${octets / MB} MB` : `${octets / KB} KB`
    await bench.measure(`${sessions} at once, ${size}`, once)
    await store.close()
  }
})
