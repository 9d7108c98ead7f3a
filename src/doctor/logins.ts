/** Whether somebody tries passwords, or a program of the household has a wrong one. */
import type { FailedLogins } from '../flow/throttle.ts'
import { isPublic } from './address.ts'
import { advice, quoted, type Symptom } from './finding.ts'
import type { Check, Visit } from './patient.ts'
import { counted, span } from './span.ts'

const dayMs = 24 * 60 * 60_000
/** People mistype a few times; programs and strangers do not stop. */
const many = 20
/** Those that are named. */
const named = 5

const knownBy = 'Failed logins are counted while the server runs; who stops for an hour begins anew.'

export const logins: Check = {
  name: 'logins',
  meaning: 'whether somebody tries passwords',
  look: async visit => look(visit),
}

function look({ throttle, clock, store }: Visit): readonly Symptom[] {
  if (throttle === undefined) {
    const says = 'The server does not run, so failed logins cannot be told.'
    return [{ state: 'unknown', says, knownBy: 'Nobody answers at the control socket.' }]
  }
  const worst = throttle
    .remembered(clock.elapsed())
    .filter(({ count, ago }) => count >= many && ago < dayMs)
    .toSorted((a, b) => b.count - a.count)
  // A stranger tries names that nobody has; that harms nobody.
  const accounts = worst.filter(({ kind, name }) => kind === 'account' && store.accounts.find(name) !== undefined)
  const addresses = worst.filter(({ kind }) => kind === 'address')
  const found = [...accounts, ...addresses].slice(0, named).map(symptomOf)
  if (found.length > 0) return found
  return [{ state: 'well', says: 'Nobody has failed to log in again and again.', knownBy }]
}

function symptomOf({ kind, name, count, ago }: FailedLogins): Symptom {
  const times = `${counted(count, 'time')}, the last time ${span(ago)} ago`
  const about = quoted(name)
  if (kind === 'account') {
    return {
      state: 'warning',
      about,
      says: `Logins as ${about} have failed ${times}.`,
      knownBy,
      fix: advice(
        'If it is a program with an old password, set it there. If nobody knows of it, see that the password is a good one:',
        `porchlight user password ${about}`,
      ),
    }
  }
  if (isPublic(name)) {
    return {
      state: 'warning',
      about,
      says: `Somebody at ${about} has tried passwords ${times}. They are slowed down, so that this leads nowhere.`,
      knownBy,
      fix: 'There is nothing to do, as long as all passwords are good ones.',
    }
  }
  return {
    state: 'warning',
    about,
    says: `A program in your house, at ${about}, has failed to log in ${times}.`,
    knownBy,
    fix: 'Find the device with that address, and set the right password in its mail program.',
  }
}
