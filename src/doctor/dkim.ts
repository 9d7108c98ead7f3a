/** Whether the keys that mail is signed with are published: RFC 6376 §3.6.1, RFC 8463 §4. */
import { advice, type Symptom } from './finding.ts'
import { type Check, perDomain, type Visit } from './patient.ts'
import { dkimRecords, type NeededRecord, zoneLine } from './records.ts'

const knownBy = 'The DNS was asked for both keys, which were compared with those on this box.'

export const dkim: Check = {
  name: 'dkim',
  meaning: 'whether the keys that your mail is signed with are published (DKIM)',
  look: async visit =>
    visit.config.submission.dkim === 'off' ? [unsigned] : perDomain(visit, domain => look(domain, visit)),
}

const unsigned: Symptom = {
  state: 'warning',
  says: 'Your mail is not signed. Other hosts are more likely to take it for unwanted.',
  knownBy: 'The setting submission.dkim is "off".',
  fix: advice(
    'Let it be signed, and then see which records to publish:',
    'porchlight config set submission.dkim sign',
    'porchlight dns',
  ),
}

type State = 'there' | 'missing' | 'another' | 'withdrawn'

async function look(domain: string, { names, keyring }: Visit): Promise<Symptom> {
  const needed = await dkimRecords(domain, keyring)
  const found = await Promise.all(
    needed.map(async record => {
      const { records } = await names.query(record.owner, 'TXT')
      return {
        record,
        state: compare(
          record,
          records.map(({ text }) => text),
        ),
      }
    }),
  )
  const wrong = found.filter(({ state }) => state !== 'there')
  if (wrong.length === 0) return { state: 'well', says: `The keys of ${domain} are published.`, knownBy }
  const kinds = {
    missing: 'is not published',
    another: 'is published with another key',
    withdrawn: 'is withdrawn in the DNS',
  }
  const parts = wrong.flatMap(({ record, state }) => (state === 'there' ? [] : `${record.owner} ${kinds[state]}`))
  // One of two keys is enough for others to believe a signature; a wrong one spoils it.
  const trouble = wrong.length === found.length || wrong.some(({ state }) => state !== 'missing')
  return {
    state: trouble ? 'trouble' : 'warning',
    says: `The record ${parts.join(', and the record ')}. ${trouble ? 'Other hosts take the signatures of your mail for forged.' : 'Some hosts know only that kind of key.'}`,
    knownBy,
    fix: advice(
      wrong.length === 1 ? 'Publish this record in its place:' : 'Publish these records in their place:',
      ...wrong.map(({ record }) => zoneLine(record)),
    ),
  }
}

/** @param texts TXT records at the place of the needed one */
function compare({ value }: NeededRecord, texts: readonly string[]): State {
  const wanted = keyOf(value)
  const keys = texts.map(keyOf).filter(key => key !== undefined)
  if (keys.length === 0) return 'missing'
  if (keys.every(key => key === wanted)) return 'there'
  return keys.every(key => key === '') ? 'withdrawn' : 'another'
}

/** The tag `p`, without the white space that may be anywhere in it (RFC 6376 §3.2); '' where a key is withdrawn. */
function keyOf(text: string): string | undefined {
  for (const tag of text.split(';')) {
    const [, key] = /^\s*p\s*=([A-Za-z0-9+/=\s]*)$/.exec(tag) ?? []
    if (key !== undefined) return key.replaceAll(/\s/g, '')
  }
  return undefined
}
