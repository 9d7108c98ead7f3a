/** Whether the name of this host leads to it: A and AAAA records. */
import { ownAddresses } from '../net/here.ts'
import { isPublic, isSame, isShared } from './address.ts'
import { advice, type Symptom } from './finding.ts'
import { type Check, isPrivateName, orUnknown, type Visit } from './patient.ts'
import { zoneLine } from './records.ts'

const asked = 'The DNS was asked for the addresses of the host name.'

export const hostname: Check = {
  name: 'address',
  meaning: 'whether the name of this host leads here (A, AAAA)',
  look: visit => look(visit),
}

async function look(visit: Visit): Promise<readonly Symptom[]> {
  const { hostname } = visit.config
  if (isPrivateName(hostname)) return [privateName(hostname)]
  const [published, seen] = await Promise.all([visit.whereabouts.published(), visit.whereabouts.seen()])
  if (published.length === 0) return [missing(hostname, seen)]
  return Promise.all(published.map(address => orUnknown(address, async () => judge(address, hostname, seen))))
}

function privateName(hostname: string): Symptom {
  return {
    state: 'warning',
    says: `The name of this host, ${hostname}, is known in this house only. Hosts elsewhere cannot find it, and may not take its mail.`,
    knownBy: 'Names that end so are kept for homes, tests and examples, and the DNS has none of them.',
    fix: advice('Give it a name in your own domain:', 'porchlight config set hostname mail.your-domain.net'),
  }
}

function missing(hostname: string, seen: readonly string[]): Symptom {
  const known = seen.map(address => addressLine(hostname, address))
  return {
    state: 'trouble',
    says: `The name of this host, ${hostname}, has no address in the DNS. Nobody can send mail here.`,
    knownBy: asked,
    fix: advice(
      'Publish the public address of your line under this name. Where it changes now and then, use a service for changing addresses (DynDNS).',
      ...(known.length > 0 ? known : [addressLine(hostname, '192.0.2.1')]),
    ),
  }
}

function judge(address: string, hostname: string, seen: readonly string[]): Symptom {
  if (isShared(address)) {
    return {
      state: 'trouble',
      says: `${hostname} leads to ${address}, which your provider shares among many customers. Nobody can call you there.`,
      knownBy: `${asked} Addresses from 100.64.0.0 to 100.127.255.255 are kept for that (RFC 6598).`,
      fix: 'Ask your provider for a public address of your own. IPv6 may do for some senders; a rented host that passes mail on does for all.',
    }
  }
  if (!isPublic(address)) {
    return {
      state: 'trouble',
      says: `${hostname} leads to ${address}, which is no public address. Nobody outside can reach it.`,
      knownBy: asked,
      fix: advice(
        'Publish the public address of your line in its place. Your router shows it.',
        ...seen.map(one => addressLine(hostname, one)),
      ),
    }
  }
  if (ownAddresses().some(own => isSame(own, address))) {
    return {
      state: 'well',
      says: `${hostname} leads to ${address}, an address of this box.`,
      knownBy: `${asked} The box was asked for its own addresses.`,
    }
  }
  const family = (one: string) => one.includes(':') === address.includes(':')
  const rivals = [...seen, ...ownAddresses().filter(isPublic)].filter(family)
  if (rivals.some(one => isSame(one, address))) {
    return {
      state: 'well',
      says: `${hostname} leads to ${address}, the public address of your line.`,
      knownBy: `${asked} Large mail hosts say that this box calls them from there.`,
    }
  }
  if (rivals.length === 0) {
    return {
      state: 'unknown',
      says: `${hostname} leads to ${address}. Whether that is the address of your line cannot be told from inside.`,
      knownBy: `${asked} The box has no such address itself, and no host was found that says from where it is called.`,
      fix: 'Compare it with the public address that your router shows.',
    }
  }
  return {
    state: 'trouble',
    says: `${hostname} leads to ${address}, but this box is at ${rivals.join(', ')}.`,
    knownBy: `${asked} The box knows its own addresses, or large mail hosts say from where it calls them.`,
    fix: advice(
      'Publish the present address. Where it changes now and then, use a service for changing addresses (DynDNS).',
      ...rivals.map(one => addressLine(hostname, one)),
    ),
  }
}

function addressLine(hostname: string, address: string): string {
  return zoneLine({ owner: hostname, type: address.includes(':') ? 'AAAA' : 'A', value: address })
}
