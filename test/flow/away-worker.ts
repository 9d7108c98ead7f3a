/** A mail host with a thread, and so an OpenSSL, of its own: what its certificates do to OpenSSL is then its own affair. */
import { parentPort, workerData } from 'node:worker_threads'
import { AwayHost } from './away.ts'

const { pem, key, chain } = workerData
const host = await AwayHost.start({ certificate: { pem, chain, keyPem: async () => key } })
parentPort?.postMessage(host.port)
