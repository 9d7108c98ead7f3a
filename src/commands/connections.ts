/** The commands connections and connections drop: who is connected, and cutting one off. */
import { columns, harmless } from '../base/words.ts'
import type { GuestView } from '../flow/guests.ts'
import { type Call, type Context, type Household, type Lines, refuse } from './command.ts'
import { counted, roughly } from './shown.ts'

export async function listConnections(_call: Call, { household }: Context): Promise<Lines> {
  const { guests } = serving(household)
  return guests.length === 0 ? ['Nobody is connected.'] : connectionTable(guests)
}

/** A title and a line each. */
export function connectionTable(guests: readonly GuestView[]): Lines {
  const titles = ['NUMBER', 'SERVICE', 'FROM', 'ACCOUNT', 'SINCE', 'DOES']
  const rows = guests.map(guest => [
    String(guest.number),
    guest.service,
    guest.address,
    guest.account === '' ? '-' : harmless(guest.account),
    roughly(guest.age),
    doing(guest),
  ])
  return columns([titles, ...rows])
}

/** What somebody is there for, as far as their session has said. */
function doing({ service, stake, account }: GuestView): string {
  const fetching = service.startsWith('pop3')
  if (stake === 'login') return 'reads mail'
  if (stake === 'transaction') return 'hands in mail'
  if (account !== '') return 'has logged in'
  return fetching ? 'has not logged in yet' : 'has said nothing that counts yet'
}

export async function dropConnection({ operands: [text = ''] }: Call, { household }: Context): Promise<Lines> {
  const server = serving(household)
  if (!/^\d{1,15}$/.test(text)) refuse(`"${harmless(text)}" is no number. To see the numbers: porchlight connections`)
  if (!server.drop(Number(text))) refuse(`There is no connection ${text}. To see them: porchlight connections`)
  return [`Connection ${text} is closed.`]
}

function serving({ server }: Pick<Household, 'server'>): NonNullable<Household['server']> {
  return server ?? refuse('Porchlight is not running, so nobody is connected.')
}

/** `3 connections: 2 smtp, 1 pop3s`. */
export function countedByService(guests: readonly GuestView[]): string {
  const services = Map.groupBy(guests, ({ service }) => service)
  const each = Array.from(services, ([service, list]) => `${list.length} ${service}`)
  return counted(guests.length, 'connection') + (each.length === 0 ? '' : `: ${each.join(', ')}`)
}
