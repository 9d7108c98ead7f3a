/** Whether mail can go out directly: port 25 is closed on many lines at home. */
import type { Config } from '../base/config.ts'
import { advice, quoted, type Symptom } from './finding.ts'
import type { Check, Visit } from './patient.ts'
import { wayOut } from './records.ts'
import { span } from './span.ts'
import type { FarCall } from './whereabouts.ts'

/** A delivery older than this says nothing about today. */
const recentMs = 2 * 24 * 60 * 60_000

export const portOut: Check = {
  name: 'port-out',
  meaning: 'whether mail can go out directly (port 25)',
  look: async visit => [await look(visit)],
}

async function look(visit: Visit): Promise<Symptom> {
  const { config, delivery, clock } = visit
  if (wayOut(config) === 'smarthost') {
    const says = 'All mail leaves through the smarthost, so that port 25 is not needed on the way out.'
    return { state: 'well', says, knownBy: 'The settings under relay say so.' }
  }
  if (delivery.blocked) {
    const { why, since } = delivery.blocked
    return {
      state: 'warning',
      says: `Mail cannot go out directly and leaves through the smarthost: ${quoted(why)}.`,
      knownBy: `Attempts to send have shown it, ${span(clock.now() - since)} ago. It is tried again after a day.`,
      fix: advice(
        'If it stays so, spare the box the attempts, or ask your provider to open port 25.',
        'porchlight config set relay.mode smarthost',
      ),
    }
  }
  const last = await lastDelivery(visit)
  if (last) {
    const says = 'Mail goes out directly.'
    return {
      state: 'well',
      says,
      knownBy: `${quoted(last.remote)} took a message ${span(clock.now() - last.date)} ago.`,
    }
  }
  return judge(await visit.whereabouts.calls(), config)
}

/** The last message that another host took directly. */
async function lastDelivery({ store, clock, config }: Visit): Promise<{ remote: string; date: number } | undefined> {
  for await (const trace of store.outbound.tracesSince(clock.now() - recentMs)) {
    if (trace.kind !== 'attempt' || trace.remote === '' || isConfigured(trace.remote, config)) continue
    if (trace.results.some(({ outcome }) => outcome === 'delivered')) return trace
  }
  return undefined
}

/** Whether a host takes our mail because the settings say so, at whatever port. */
function isConfigured(host: string, { relay }: Config): boolean {
  return host === relay.host || relay.routes.some(route => route.host === host)
}

function judge(calls: readonly FarCall[], { relay }: Config): Symptom {
  const names = calls.map(({ host }) => quoted(host)).join(', ')
  const knownBy = `${names} ${calls.length === 1 ? 'was' : 'were'} called at port 25, and nothing was sent.`
  const smarthost =
    relay.host === ''
      ? 'porchlight config set relay.host smtp.provider.example'
      : 'porchlight config set relay.mode smarthost'
  const fix = advice(
    'Ask your provider to open port 25 for outgoing mail. If they do not, send through a smarthost, which your provider or the keeper of your domain has for you:',
    smarthost,
  )
  const answers = calls.flatMap(({ host, called }) => (called.kind === 'greeted' ? [{ host, ...called }] : []))
  const friendly = answers.find(({ greeting }) => greeting.code < 400)
  if (friendly) {
    return { state: 'well', says: 'Mail can go out directly: other mail hosts take the call.', knownBy }
  }
  const [refusal] = answers
  if (refusal) {
    const { code, text } = refusal.greeting
    const says = `Other mail hosts take the call and then turn this address away: ${code} ${quoted(text)}`
    return { state: 'warning', says, knownBy, fix }
  }
  if (calls.length === 0) {
    const says = 'Whether mail can go out directly cannot be told: no large mail host was found to call.'
    return { state: 'unknown', says, knownBy: 'The DNS was asked for the mail hosts of large domains.' }
  }
  if (calls.every(({ called }) => called.kind === 'unreachable')) {
    const says = 'Whether mail can go out directly cannot be told: the network does not lead out now.'
    return { state: 'unknown', says, knownBy }
  }
  return {
    state: 'trouble',
    says: 'Mail cannot go out directly: port 25 is closed on this line. It waits here, and comes back after some days.',
    knownBy: `${knownBy} None of them answered.`,
    fix,
  }
}
