/** The command dns: the records to publish for the household's domains, as a zone file has them (RFC 1035 §5.1). */
import type { Config } from '../base/config.ts'
import { wrap } from '../base/words.ts'
import {
  dkimRecords,
  dmarcRecord,
  mxRecord,
  serviceRecords,
  spfMechanism,
  spfRecord,
  wayOut,
  zoneLine,
} from '../doctor/records.ts'
import type { Keyring } from '../store/keyring.ts'
import type { Call, Context, Lines } from './command.ts'

/** Characters of a comment's line at most. */
const widest = 120

export async function printRecords(_call: Call, { household, print: show, width }: Context): Promise<Lines> {
  const { config, keyring } = household
  const print = async (line: string) => {
    for (const row of commentRows(line, Math.min(width, widest))) await show(row)
  }
  for (const line of aboutHost(config)) await print(line)
  for (const domain of config.domains) {
    for (const line of await aboutDomain(domain, config, keyring)) await print(line)
  }
  return []
}

/** A comment goes on in a comment; a record is one line, however long, so that it can be copied. */
function commentRows(line: string, width: number): Lines {
  return line.startsWith('; ') ? wrap(line.slice(2), width - 2).map(row => `; ${row}`) : [line]
}

function aboutHost({ hostname }: Config): Lines {
  return [
    '; The host. Put its public addresses in place of these, and have whoever gave you the addresses name it in their reverse records (PTR): many hosts take no mail from one without.',
    `; ${hostname}. IN A 192.0.2.1`,
    `; ${hostname}. IN AAAA 2001:db8::1`,
  ]
}

async function aboutDomain(domain: string, config: Config, keyring: Keyring): Promise<Lines> {
  return [
    '',
    `; ${domain}`,
    '; Its mail comes in at this host.',
    zoneLine(mxRecord(domain, config)),
    ...aboutSenders(config),
    zoneLine(spfRecord(domain, config)),
    ...(await signaturesOf(domain, config, keyring)),
    '; Mail in its name that is neither from there nor signed is suspicious; reports of it go to the postmaster.',
    zoneLine(dmarcRecord(domain)),
    '; Mail programs find the servers by these.',
    ...serviceRecords(domain, config).map(zoneLine),
  ]
}

function aboutSenders(config: Config): Lines {
  const { host } = config.relay
  const way = wayOut(config)
  if (way === 'direct') return ['; Its mail leaves from this host.']
  return [
    way === 'smarthost'
      ? `; Its mail leaves through ${host}.`
      : `; Its mail leaves from this host, or through ${host}.`,
    `; If the provider of ${host} tells you an "include:" to use, put that in place of "${spfMechanism(host)}".`,
  ]
}

async function signaturesOf(domain: string, { submission }: Config, keyring: Keyring): Promise<Lines> {
  if (submission.dkim === 'off') return ['; Its mail is not signed: submission.dkim is "off".']
  const records = await dkimRecords(domain, keyring)
  return ['; The keys that its mail is signed with (DKIM).', ...records.map(zoneLine)]
}
