/** A port at which nobody ever answers, as behind a wall: its thread sleeps, and soon the kernel takes no more for it. */
import { createServer } from 'node:net'
import { parentPort } from 'node:worker_threads'

const server = createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
  const address = server.address()
  parentPort?.postMessage(typeof address === 'object' ? address?.port : 0)
  parentPort?.once('message', () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0))
})
