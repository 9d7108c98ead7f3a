/** Checks who somebody is: joins SASL, the accounts and the throttle, for every service that asks for a login. */
import { type Mechanism, mechanismsFor, startExchange } from '../auth/mechanisms.ts'
import { hashPassword, verifyPassword } from '../auth/password.ts'
import type { Exchange, Step } from '../auth/sasl.ts'
import type { ScramStep } from '../auth/scram.ts'
import { Failure, sentence } from '../base/failure.ts'
import { foldName } from '../base/name.ts'
import { siteOf } from '../net/admission.ts'
import type { Peer } from '../net/connection.ts'
import type { Account } from '../store/roster.ts'
import { loginAccount } from './routing.ts'
import type { Services } from './services.ts'

/** What becomes of a login. */
export type Verdict =
  | { readonly kind: 'in'; readonly account: Account }
  | { readonly kind: 'wrong' }
  /** Too many are being checked. */
  | { readonly kind: 'busy' }
  /** This address has failed too often, and has to wait. */
  | { readonly kind: 'delayed' }

/** What the next step of a SASL exchange is. */
export type Progress =
  | Verdict
  | { readonly kind: 'challenge'; readonly challenge: string }
  | { readonly kind: 'refused'; readonly reason: string }

/** Whether somebody may log in on this connection now: over TLS, or where the setting lets them without. */
export function mayLogIn(peer: Peer, secure: boolean, { config }: Services): boolean {
  const { plaintext } = config().login
  return secure || plaintext === 'always' || (plaintext === 'loopback' && peer.loopback)
}

/** Checks a name and a password. A wrong one is answered late. */
export async function checkPassword(user: string, password: string, peer: Peer, services: Services): Promise<Verdict> {
  const { throttle, clock } = services
  if (throttle.turnsAway(siteOf(peer.address), clock.elapsed())) return { kind: 'delayed' }
  const account = findAccount(user, services)
  const verdict = await verifyPassword(password, account?.password)
  if (verdict === 'busy') return { kind: 'busy' }
  if (!account || verdict === 'wrong') return fail(user, peer, services)
  succeed(account, peer, services)
  if (verdict === 'outdated') await rehash(account, password, services)
  return { kind: 'in', account }
}

/** One SASL exchange with a peer. */
export class Dialogue {
  readonly #peer: Peer
  readonly #services: Services
  readonly #exchange: Exchange<Step | ScramStep>

  /** @param mechanism one of those that the connection was offered */
  constructor(mechanism: string, peer: Peer, services: Services) {
    this.#peer = peer
    this.#services = services
    this.#exchange = startExchange(known(mechanism), peer.binding)
  }

  /** @param response the client's, in base64; undefined when it sent none with the command */
  async step(response: string | undefined): Promise<Progress> {
    let step = this.#exchange.step(response)
    if (step.kind === 'lookup') {
      const { throttle, clock } = this.#services
      if (throttle.turnsAway(siteOf(this.#peer.address), clock.elapsed())) return { kind: 'delayed' }
      step = step.found(findAccount(step.user, this.#services)?.password)
    }
    switch (step.kind) {
      case 'challenge':
      case 'refused':
        return step
      case 'credentials':
        return checkPassword(step.user, step.password, this.#peer, this.#services)
      case 'wrong':
      case 'lookup':
        return fail(step.user, this.#peer, this.#services)
      case 'verified': {
        const account = findAccount(step.user, this.#services)
        if (!account) return fail(step.user, this.#peer, this.#services)
        succeed(account, this.#peer, this.#services)
        return { kind: 'in', account }
      }
      default:
        return step satisfies never
    }
  }
}

/** Mechanisms that a peer can log in with where it may at all. */
export function mechanismsOf(peer: Peer): readonly Mechanism[] {
  return mechanismsFor({ binding: peer.binding !== undefined })
}

/** A session lets only those pass that it was told of. */
function known(name: string): Mechanism {
  const mechanism = mechanismsFor({ binding: true }).find(mechanism => mechanism === name)
  if (!mechanism) throw new Error(`${name} was offered, and nobody knows it`)
  return mechanism
}

function findAccount(user: string, { store, config }: Services): Account | undefined {
  return loginAccount(user, { ...config(), accounts: store.accounts })
}

function succeed({ name }: Account, peer: Peer, { throttle }: Services): void {
  throttle.succeeded(siteOf(peer.address), name)
  peer.account = name
}

async function fail(user: string, peer: Peer, services: Services): Promise<Verdict> {
  const { throttle, clock, log, stopping } = services
  // One name for all its addresses: guessing by turns at each of them is no faster.
  const name = findAccount(user, services)?.name ?? foldName(user)
  log.warn({ client: peer.address, user: name }, 'login failed')
  await clock.sleep(throttle.failed(siteOf(peer.address), name, clock.elapsed()), stopping)
  return { kind: 'wrong' }
}

/** Hashes a password anew, with the parameters of today. The login does not depend on it. */
async function rehash(account: Account, password: string, { store, log }: Services): Promise<void> {
  try {
    // Hashing takes its time: a password that was changed meanwhile, or given to a new account of that name, stays.
    const hashed = await hashPassword(password)
    await store.accounts.setPassword(account.name, hashed, account.password)
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    log.error({ account: account.name, reason: sentence(error) }, 'password not hashed anew')
  }
}
