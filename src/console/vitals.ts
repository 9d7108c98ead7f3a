/** What has to work before a new version may stay: the doors, the mail store, the way of a message, and a console. */
import { budget } from '../base/budget.ts'
import { sentence } from '../base/failure.ts'
import type { Vital } from '../board/health.ts'
import type { House, Transport } from '../commands/command.ts'
import { controlPath } from '../commands/places.ts'
import { dial } from '../net/dial.ts'
import { askControl } from './control.ts'

type Body = {
  readonly house: Pick<House, 'data' | 'household'>
  readonly selftest: () => Promise<unknown>
  readonly dial: (path: string) => Promise<Transport | undefined>
}

export function vitalsOf({ house, selftest, dial }: Body): readonly Vital[] {
  return [
    async () => {
      const { closed } = house.household
      return closed && `The mail store cannot be opened: ${closed.message}`
    },
    () => doors(house),
    async () => {
      const { failure } = house.household.patient.store
      return failure && `The mail store takes no mail: ${failure.message}`
    },
    () => consoleAnswers(house, dial),
    () => passes(selftest),
  ]
}

/** All of them have opened, or the server would not be there; somebody has to answer behind them, too. */
async function doors({ household: { config, server } }: Body['house']): Promise<string | undefined> {
  if (!server) return 'No server is there.'
  const endpoints = Object.values(config.listen).flat()
  for (const { host, port } of endpoints.filter(({ port }) => port !== 0)) {
    const connection = await dial({ host: reachable[host] ?? host, port }, budget.handshakeMs)
    if (!connection) return `Nobody answers at port ${port}.`
    connection.destroy()
  }
  return undefined
}

/** Where those who listen everywhere can be reached from here. */
const reachable: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' }

async function consoleAnswers({ data }: Body['house'], dial: Body['dial']): Promise<string | undefined> {
  const transport = await dial(controlPath(data))
  if (!transport) return 'The console does not answer.'
  const quiet = { print: () => {}, complain: () => {} }
  const exit = await inTime(askControl(transport, { words: ['status'] }, quiet), budget.handshakeMs)
  return exit === 0 ? undefined : 'The console gives no answer.'
}

async function passes(selftest: Body['selftest']): Promise<string | undefined> {
  try {
    const done = await inTime(selftest(), budget.selftestMs)
    return done === undefined ? 'The self-test does not come to its end.' : undefined
  } catch (error) {
    // Whatever it was, it is a reason not to stay with this version, and none to end the server.
    return `The self-test has failed: ${sentence(error)}`
  }
}

/** @returns undefined when it takes longer */
async function inTime<Value>(work: Promise<Value>, ms: number): Promise<Value | undefined> {
  const late = Promise.withResolvers<undefined>()
  const timer = setTimeout(() => late.resolve(undefined), ms)
  // What fails when nobody waits for it any more is nothing to anybody.
  work.catch(() => {})
  return Promise.race([work, late.promise]).finally(() => clearTimeout(timer))
}
