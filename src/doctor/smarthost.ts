/** Whether the smarthost lets us log in: as for a message, but nothing is sent. */

import { Session } from '../flow/session.ts'
import type { Surroundings } from '../flow/target.ts'
import { targetsOf } from '../flow/target.ts'
import type { Trouble } from '../flow/trouble.ts'
import { advice, quoted, type Symptom } from './finding.ts'
import type { Check, Visit } from './patient.ts'

/** The part of the budget's times that it gets: RFC 5321's minutes are for mail, and here a person waits. */
const pace = 0.2

export const smarthost: Check = {
  name: 'smarthost',
  meaning: 'whether the smarthost takes your mail',
  look: async (visit, signal) => (visit.config.relay.host === '' ? [none] : [await look(visit, signal)]),
}

const none: Symptom = {
  state: 'well',
  says: 'No smarthost is set: mail goes to the hosts of its recipients.',
  knownBy: 'The setting relay.host is empty.',
}

async function look({ config, clock, surroundings }: Visit, signal: AbortSignal): Promise<Symptom> {
  const { host, port, user } = config.relay
  const knownBy = `${host} was called at port ${port}${user === '' ? '' : `, and a login as ${user} was tried`}. Nothing was sent.`
  const trouble = await firstTrouble(surroundings, { config: () => config, clock, ending: signal, pace })
  if (trouble === undefined) {
    const says = user === '' ? `The smarthost ${host} takes the call.` : `The smarthost ${host} lets us log in.`
    return { state: 'well', says, knownBy }
  }
  return {
    state: 'trouble',
    says: `The smarthost ${host} cannot be used: ${quoted(trouble.answer.text)}.`,
    knownBy,
    fix: adviceFor(trouble),
  }
}

function adviceFor({ answer: { enhanced } }: Trouble): string {
  if (enhanced === '4.7.8') {
    return advice(
      'Check the name and the password that your provider gave you. Some have one for mail programs that is another than that of their web site.',
      'porchlight config show relay',
    )
  }
  if (enhanced === '4.7.4' || enhanced === '4.7.5') {
    return advice(
      'Check the name of the host and how it is protected: port 587 goes with "starttls", 465 with "implicit".',
      'porchlight config show relay',
    )
  }
  return advice('Check its name and port, and whether the network is there.', 'porchlight config show relay')
}

/** Tries the smarthost's addresses one after the other. @returns why the first one does not do; undefined when one does */
async function firstTrouble(
  surroundings: Surroundings,
  services: Parameters<typeof Session.open>[1],
): Promise<Trouble | undefined> {
  let first: Trouble | undefined
  const targets = targetsOf({ kind: 'smarthost' }, surroundings)
  for (;;) {
    const { value, done } = await targets.next()
    if (done) return first ?? value
    const opened = await Session.open(value, services)
    if ('session' in opened) {
      await opened.session.quit()
      return undefined
    }
    first ??= opened.trouble
    if (services.ending.aborted) return first
  }
}
