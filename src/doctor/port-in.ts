/**
 * Whether the world reaches this box at port 25. From inside nobody can call as somebody outside does: what counts is mail
 * that came from there, or a router that leads a call to the public address back in.
 */
import { budget } from '../base/budget.ts'
import { Failure } from '../base/failure.ts'
import { ownAddresses } from '../net/here.ts'
import { isPublic, isSame } from './address.ts'
import { type Called, call } from './call.ts'
import { advice, quoted, type Symptom } from './finding.ts'
import { type Check, orUnknown, type Visit } from './patient.ts'
import { isReachable } from './records.ts'
import { span } from './span.ts'

/** Mail older than this says nothing about today. */
const recentMs = 7 * 24 * 60 * 60_000

export const portIn: Check = {
  name: 'port-in',
  meaning: 'whether mail from outside reaches this box (port 25)',
  look: async (visit, signal) => [await look(visit, signal)],
}

async function look(visit: Visit, signal: AbortSignal): Promise<Symptom> {
  if (!visit.config.listen.smtp.some(isReachable)) {
    return {
      state: 'trouble',
      says: 'Mail is taken from programs on this box only: nobody else can reach it.',
      knownBy: 'The setting listen.smtp names no address that others can reach.',
      fix: advice(
        'Let it listen to all, and restart:',
        "porchlight config set listen.smtp '*:25'",
        'porchlight restart',
      ),
    }
  }
  const last = await lastFromOutside(visit)
  if (last) {
    const ago = span(visit.clock.now() - last.date)
    return {
      state: 'well',
      says: 'Mail from outside comes in.',
      knownBy: `The last message came ${ago} ago, from ${last.address}.`,
    }
  }
  const published = await visit.whereabouts.published()
  for (const address of published.filter(isPublic)) {
    const found = await orUnknown(undefined, () => callBack(address, visit, signal))
    if (found.state !== 'unknown') return found
  }
  return {
    state: 'unknown',
    says: 'Whether mail from outside comes in cannot be told: none came in the last week, and the box cannot call itself from outside.',
    knownBy: 'The messages of the last week were looked at, and the public address was called from inside.',
    fix: advice(
      'Write a message from an account elsewhere, such as a telephone with another provider, and see here whether it arrives:',
      'porchlight trace ADDRESS',
      'If it does not, see to it that your router leads port 25 to this box.',
    ),
  }
}

/** The last message that a host at a public address has brought. */
async function lastFromOutside({ store, clock }: Visit): Promise<{ address: string; date: number } | undefined> {
  let looked = 0
  for await (const trace of store.outbound.tracesSince(clock.now() - recentMs)) {
    if (trace.kind !== 'accepted' || trace.deliveries === 0) continue
    if (++looked > budget.doctorMessages) return undefined
    try {
      const { record } = await store.message(trace.seq)
      const address = bringerIn(record.trace)
      if (address !== undefined && isPublic(address)) return { address, date: trace.date }
    } catch (error) {
      // It was deleted since.
      if (!(error instanceof Failure)) throw error
    }
  }
  return undefined
}

/** Who has brought a message, but for those who logged in: as `receivedField` writes it. */
function bringerIn(trace: string): string | undefined {
  const [, address, protocol = ''] =
    /^Received: from \S+ \(\[(?:IPv6:)?([0-9a-f.:]+)\]\)\s+by \S+ \(Porchlight\) with ([A-Z0-9]+)/.exec(trace) ?? []
  return /^(?:UTF8SMTP|ESMTP)S?A$/.test(protocol) ? undefined : address
}

/** Calls the public address from inside: most routers lead that back in, where they lead port 25 anywhere. */
async function callBack(address: string, { config }: Visit, signal: AbortSignal): Promise<Symptom> {
  const { hostname, delivery } = config
  // A call to an address of our own never leaves the box.
  if (ownAddresses().some(own => isSame(own, address))) return judgeCall(address, { kind: 'unreachable' }, hostname)
  const called = await call(address, delivery.port, hostname, { ms: budget.doctorCallMs, signal })
  return judgeCall(address, called, hostname)
}

/** What it means who takes a call at our public address. */
export function judgeCall(address: string, called: Called, hostname: string): Symptom {
  const knownBy = `The public address ${address} was called from inside.`
  if (called.kind !== 'greeted') return { state: 'unknown', says: '', knownBy }
  const [name = ''] = called.greeting.text.split(' ')
  if (name.toLowerCase() === hostname) {
    return {
      state: 'well',
      says: `At ${address} this box takes the call: your router leads port 25 here.`,
      knownBy: `${knownBy} The one that answered has our name.`,
    }
  }
  return {
    state: 'trouble',
    says: `At ${address} another mail host takes the call: ${quoted(called.greeting.text)}`,
    knownBy,
    fix: 'Let your router lead port 25 to this box. If the address is not that of your line, see first: porchlight doctor address',
  }
}
