/** Why mail cannot be handed on, where no host has said so in a reply: in the form of one, with the codes of RFC 3463. */
import type { Answer } from '../store/attempt.ts'

export type Trouble = {
  /** A 4xx waits, a 5xx goes back. */
  readonly answer: Answer
  /** The host that it is about; empty when there is none. */
  readonly remote: string
  /** The whole network, not this destination: nothing was tried. */
  readonly offline?: true
  /** No host of the domain answered at all. */
  readonly silent?: true
  /** There is no way to its address from here, as from a line without IPv6. */
  readonly noWay?: true
}

function waits(enhanced: string, text: string, remote = ''): Trouble {
  return { answer: { code: 451, enhanced, text }, remote }
}

function goesBack(code: number, enhanced: string, text: string): Trouble {
  return { answer: { code, enhanced, text }, remote: '' }
}

export const trouble = {
  // The DNS
  offline: (why: string): Trouble => ({ ...waits('4.4.3', why), offline: true }),
  unknownNow: (why: string) => waits('4.4.3', why),
  nullMx: (domain: string) => goesBack(556, '5.1.10', `The domain ${domain} takes no mail`),
  noDomain: (domain: string) => goesBack(550, '5.1.2', `There is no domain ${domain}`),
  noAddress: (domain: string) => goesBack(550, '5.1.2', `The domain ${domain} has no host that takes mail`),
  badMx: (domain: string) => waits('4.4.4', `The mail hosts of ${domain} are named wrongly in the DNS`),
  loop: (domain: string) =>
    goesBack(554, '5.4.6', `The DNS says that mail for ${domain} comes here, where it is not at home`),
  badLiteral: (domain: string) => goesBack(550, '5.1.2', `${domain} is no address that mail can go to`),

  // The way there
  silent: (host: string): Trouble => ({ ...waits('4.4.1', `${host} does not answer`, host), silent: true }),
  refused: (host: string) => waits('4.4.1', `${host} takes no connections`, host),
  unreachable: (host: string): Trouble => ({ ...waits('4.4.1', `There is no way to ${host} now`, host), noWay: true }),
  gone: (host: string) => waits('4.4.2', `The connection to ${host} was lost`, host),
  handshake: (host: string) => waits('4.7.5', `A protected connection to ${host} could not be made`, host),
  noTls: (host: string) =>
    waits('4.7.4', `${host} offers no protected connection, and mail may not go there without`, host),
  unproved: (host: string, why: string) => waits('4.7.5', `${host} is not trusted: ${why}`, host),

  // The smarthost
  noMechanism: (host: string) => waits('4.7.4', `${host} offers no way to log in that can be used`, host),
  badPassword: (why: string) => waits('4.7.8', why),

  // Of one message
  expired: (last: string) =>
    goesBack(
      550,
      '4.4.7',
      last === '' ? 'It could not be delivered in time' : `It could not be delivered in time; last: ${last}`,
    ),
  needsProof: (host: string) =>
    goesBack(550, '5.7.30', `The message must go over proved connections only, and ${host} has not proved its name`),
  unreadable: waits('4.3.0', 'The message cannot be read from the store'),
} as const
