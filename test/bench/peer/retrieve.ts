/**
 * Reads a mailbox over and over and prints how fast it came, in a process of its own so that nothing else takes its time:
 * `node retrieve.ts PORT ACCOUNT PASSWORD MESSAGES PASSES PIPELINED`.
 */
import { Pop3Client } from './pop3-client.ts'

const [port = '', account = '', password = '', ...counts] = process.argv.slice(2)
const [messages = 0, passes = 0, pipelined = 0] = counts.map(Number)

const client = await Pop3Client.connect(Number(port))
await client.login(account, password)
await client.retrieve(messages, pipelined) // to warm up both sides
const begun = performance.now()
let octets = 0
for (let pass = 0; pass < passes; pass++) octets += await client.retrieve(messages, pipelined)
const seconds = (performance.now() - begun) / 1000
await client.quit()
console.log(JSON.stringify({ octets, seconds }))
