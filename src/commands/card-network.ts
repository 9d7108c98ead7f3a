/** The table [network] of `porchlight.toml` on the first partition: an address, as the router gives it or a fixed one, and a name. */
import { Failure, sentence } from '../base/failure.ts'
import { hostLabel, readFixed } from '../base/fixed.ts'
import type { Appliance } from '../board/appliance.ts'
import type { Problem } from './card-file.ts'

const names = ['address', 'gateway', 'dns', 'name'] as const
const needless = 'it is of use with a fixed address only, as address = "192.168.1.5/24"'

/** @returns what could not be done */
export async function applyNetwork(table: ReadonlyMap<string, unknown>, board: Appliance): Promise<readonly Problem[]> {
  const problems: Problem[] = []
  const texts = new Map<string, readonly string[]>()
  for (const [key, value] of table) {
    const list = typeof value === 'string' ? [value] : value
    if (!names.some(name => name === key))
      problems.push([key, `there is no such thing here; possible are ${names.join(', ')}`])
    else if (!isTexts(list) || (key !== 'dns' && list.length !== 1)) problems.push([key, 'it is not text in quotes'])
    else texts.set(key, list)
  }
  const attempt = async (key: string, act: () => Promise<void>) => {
    try {
      await act()
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      problems.push([key, sentence(error)])
    }
  }
  const [address, gateway, name] = ['address', 'gateway', 'name'].map(key => texts.get(key)?.[0]?.trim())
  const dns = texts.get('dns') ?? []
  if (name !== undefined) await attempt('name', () => board.steward('hostname', hostLabel(name)))
  if (address === 'dhcp') await attempt('address', () => board.steward('network', 'dhcp'))
  if (address === undefined || address === 'dhcp') {
    for (const key of ['gateway', 'dns']) if (texts.has(key)) problems.push([key, needless])
  } else {
    await attempt('address', async () => {
      if (gateway === undefined) throw new Failure('REFUSED', 'the address of your router has to stand in gateway')
      const fixed = readFixed(address, gateway, dns)
      await board.steward('network', 'fixed', fixed.address, fixed.gateway, fixed.dns.join(','))
    })
  }
  return problems.map(([key, words]) => [`network.${key}`, words] as const)
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every(item => typeof item === 'string')
}
