/** Whether the certificate holds, and is for this host's name. */
import { Failure, sentence } from '../base/failure.ts'
import { certificateOnDisk, certificatePath, isSelfMade, type Shown, shown } from '../net/identity.ts'
import { advice, type Symptom } from './finding.ts'
import type { Check, Visit } from './patient.ts'
import { counted } from './span.ts'

const dayMs = 24 * 60 * 60_000
/** Who renews by machine does so 30 days before the end. */
const soonDays = 14

export const certificate: Check = {
  name: 'certificate',
  meaning: 'whether the certificate holds',
  look: async visit => [await look(visit)],
}

async function look({ config, directory, clock }: Visit): Promise<Symptom> {
  const { hostname, tls } = config
  const options = { certificate: tls.certificate, key: tls.key, directory, hostname }
  const selfMade = isSelfMade(options)
  const knownBy = `The file ${certificatePath(options)} was read.`
  const fix = selfMade
    ? advice('Have a new one made:', 'porchlight certificate renew')
    : 'Have it renewed by whoever issued it, and put the new files in the place of the old ones.'
  try {
    const judged = judge(shown(await certificateOnDisk(options), hostname), hostname, clock.now())
    const warns =
      judged.state === 'trouble' ? ' If the clock is wrong, that may be the reason: porchlight doctor clock' : ''
    const symptom = { ...judged, knownBy: knownBy + warns }
    if (judged.state === 'trouble' && clock.unset?.() === true) {
      const says = 'Whether the certificate holds cannot be told: the clock is not set yet.'
      return { state: 'unknown', says, knownBy }
    }
    if (judged.state !== 'well') return { ...symptom, fix }
    const asks = selfMade ? ' It was made by this box itself: mail programs ask once whether to trust it.' : ''
    return { ...symptom, says: judged.says + asks }
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    return { state: 'trouble', says: sentence(error), knownBy, fix }
  }
}

function judge({ validFrom, validTo, fits }: Shown, hostname: string, now: number): Pick<Symptom, 'state' | 'says'> {
  const days = Math.floor((validTo - now) / dayMs)
  const harm = 'Mail programs warn of it or refuse to connect.'
  if (now < validFrom) return { state: 'trouble', says: `The certificate does not hold yet. ${harm}` }
  if (now >= validTo)
    return { state: 'trouble', says: `The certificate has ended ${counted(-days, 'day')} ago. ${harm}` }
  if (!fits) return { state: 'trouble', says: `The certificate is not for ${hostname}. ${harm}` }
  const rest = counted(days, 'day')
  if (days < soonDays) return { state: 'trouble', says: `The certificate ends in ${rest}.` }
  return { state: 'well', says: `The certificate is for ${hostname} and holds for ${rest} more.` }
}
