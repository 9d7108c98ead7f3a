/** Whether others are told what to make of mail that is not the household's: DMARC, RFC 7489. */
import type { Names } from '../dns/record.ts'
import { advice, quoted, type Symptom } from './finding.ts'
import { type Check, perDomain, type Visit } from './patient.ts'
import { dmarcRecord, zoneLine } from './records.ts'

const knownBy = 'The DNS was asked for the DMARC record of the domain, and of the domains above it.'

export const dmarc: Check = {
  name: 'dmarc',
  meaning: 'what others are to make of forged mail in your name (DMARC)',
  look: visit => perDomain(visit, domain => look(domain, visit)),
}

async function look(domain: string, { names }: Visit): Promise<Symptom> {
  const fix = advice('Publish this record, and no other one under that name:', zoneLine(dmarcRecord(domain)))
  const found = await find(domain, names)
  if (found === undefined) {
    const says = `The DNS does not say what others are to make of forged mail in the name of ${domain}. Some hosts take less mail from you then.`
    return { state: 'warning', says, knownBy, fix }
  }
  const { at, texts } = found
  const [text = ''] = texts
  if (texts.length > 1) {
    return {
      state: 'trouble',
      says: `${at} has ${texts.length} DMARC records, so that none of them counts.`,
      knownBy,
      fix,
    }
  }
  const [, policy] = /;\s*p\s*=\s*(none|quarantine|reject)\s*(?:;|$)/i.exec(text) ?? []
  if (policy === undefined) {
    return { state: 'trouble', says: `The DMARC record of ${at} is written wrongly: ${quoted(text)}`, knownBy, fix }
  }
  const weak =
    policy.toLowerCase() === 'none' ? ' It asks others to do nothing against forged mail, only to report it.' : ''
  return { state: 'well', says: `${at} has a DMARC record, with the policy "${policy.toLowerCase()}".${weak}`, knownBy }
}

/** A domain without a record has that of the domain above it (§6.6.3); top-level domains have none. */
async function find(domain: string, names: Names): Promise<{ at: string; texts: readonly string[] } | undefined> {
  const labels = domain.split('.')
  for (let i = 0; i < Math.max(1, labels.length - 1) && i < 5; i += 1) {
    const at = labels.slice(i).join('.')
    const { records } = await names.query(`_dmarc.${at}`, 'TXT')
    const texts = records.map(({ text }) => text).filter(text => /^v\s*=\s*DMARC1\s*(?:;|$)/.test(text))
    if (texts.length > 0) return { at, texts }
  }
  return undefined
}
