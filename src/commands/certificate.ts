/** The rows of the command table for the certificate of this host. */
import type { X509Certificate } from 'node:crypto'
import { columns, harmless } from '../base/words.ts'
import {
  certificateOnDisk,
  certificatePath,
  type Identity,
  isSelfMade,
  renew,
  type Shown,
  shown,
} from '../net/identity.ts'
import { type Call, type Command, type Context, type Lines, places } from './command.ts'
import { counted, moment } from './shown.ts'

const dayMs = 86_400_000
/** Characters of a line on which the fingerprint stands whole. */
const wholeFingerprint = 112

const row = { operands: '', options: [...places], group: 'Server', runs: 'inside', password: false } as const

export const certificate: readonly Command[] = [
  {
    ...row,
    name: 'certificate',
    summary: 'Show what mail programs trust this box by',
    details: [
      'The names it is for, who vouches for it, how long it is good, its fingerprint, and what programs make of it.',
    ],
    examples: [],
    aside: true,
    run: showCertificate,
  },
  {
    ...row,
    name: 'certificate renew',
    summary: 'Make the certificate anew, or read it again',
    details: [
      'One that this box has made itself is made anew, with the same key. Files of your own are read again. Connections that are open go on as they are.',
    ],
    examples: [],
    run: renewCertificate,
  },
]

async function showCertificate(_call: Call, { household, width }: Context): Promise<Lines> {
  const { identity } = household
  const onDisk = await certificateOnDisk(identity.options)
  const inUse = identity.inUse ?? onDisk
  const changed = inUse.fingerprint256 !== onDisk.fingerprint256
  return [
    ...described(inUse, identity, width),
    ...(changed
      ? ['The file holds another one by now. It is taken tonight, or at once with: porchlight certificate renew']
      : []),
  ]
}

async function renewCertificate(_call: Call, { household, width }: Context): Promise<Lines> {
  const { identity } = household
  const own = !isSelfMade(identity.options)
  await (own ? identity.reload() : renew(identity))
  const done = own ? 'The files of the certificate were read again.' : 'There is a new certificate, for the same key.'
  // After the reload the one in use is another one.
  return [done, ...described(await certificateOnDisk(identity.options), household.identity, width)]
}

function described(certificate: X509Certificate, { options, now }: Identity, width: number): Lines {
  const facts = shown(certificate, options.hostname)
  // In groups, so that a narrow line can break it.
  const fingerprint =
    width < wholeFingerprint ? facts.fingerprint.replace(/((?:..:){7}..):/g, '$1: ') : facts.fingerprint
  const rows = [
    ['for', facts.names.map(harmless).join(', ')],
    ['vouched for by', facts.selfSigned ? 'nobody but this box' : harmless(facts.issuer)],
    ['good until', `${moment(facts.validTo)} (${lifeWords(facts, now())})`],
    ['SHA-256', fingerprint],
    ['file', certificatePath(options)],
  ]
  return [...columns(rows, width), ...verdict(facts, options.hostname, now())]
}

function lifeWords({ validTo }: Shown, now: number): string {
  const days = Math.floor((validTo - now) / dayMs)
  return days < 0 ? 'it is over' : `${counted(days, 'day')} left`
}

/** What programs will say, the worst first. */
function verdict({ fits, selfSigned, validFrom, validTo }: Shown, hostname: string, now: number): Lines {
  const faults: string[] = []
  if (validTo < now) faults.push('Programs refuse it, for its time is over. Put a new one in its place.')
  if (validFrom > now)
    faults.push('Programs may refuse it: it is good only from a later day. Or the clock of this box is wrong.')
  if (!fits) faults.push(`Programs refuse it, for it is not for ${hostname}, the name of this host.`)
  if (faults.length > 0) return faults
  if (!selfSigned) return ['Programs that know who vouches for it take it without a question.']
  return [
    'Programs ask once whether they may trust it, since nobody else vouches for it. Compare the SHA-256 that they show with the one above, and say yes for good if it is the same.',
  ]
}
