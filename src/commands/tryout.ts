/** Tries whether new addresses can be listened on: with one that cannot, the server would not start again. */
import type { Config, Endpoint } from '../base/config.ts'
import { Listener } from '../net/listener.ts'

/**
 * Listens for a moment where the server does not listen yet.
 * @param opened what the server was opened with; its own ports are taken by itself
 * @throws Failure NETWORK with words about why one cannot be used
 */
export async function tryListening(config: Config, opened: Config): Promise<void> {
  const own = new Set(endpointsOf(opened).map(({ port }) => port))
  for (const endpoint of endpointsOf(config)) {
    if (own.has(endpoint.port)) continue
    const listener = await Listener.open(
      endpoint,
      () => 1,
      async () => {},
    )
    listener.close()
  }
}

function endpointsOf({ listen }: Config): readonly Endpoint[] {
  return Object.values(listen).flat()
}
