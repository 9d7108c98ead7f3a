/** Steps of the set-up: where programs of the household find the box, and what it proves itself with. */
import { settings } from '../base/config.ts'
import type { Guide, Step, Way } from './setup-guide.ts'
import { isOpen } from './setup-mail.ts'

/** The ports that mail programs expect. */
const usual = {
  'listen.submission': ['*:587'],
  'listen.submissions': ['*:465'],
  'listen.pop3': ['*:110'],
  'listen.pop3s': ['*:995'],
} as const

/** Where it listens by itself: for programs on the box alone. */
const inside = Object.fromEntries(Object.keys(usual).map(key => [key, settings.get(key)?.default ?? []]))

export const programsStep: Step = {
  name: 'programs',
  title: 'Phones and computers',
  explain: () => [
    'The mail programs of the household fetch mail from the box and hand theirs in. They log in with a password, and everything is encrypted.',
  ],
  run: async guide => {
    const { submission, submissions, pop3, pop3s } = guide.household.config.listen
    const open = [submission, submissions, pop3, pop3s].flat().some(isOpen)
    const choice = await guide.choose(
      [
        { word: 'open', says: 'They reach the box over the network, at the usual ports' },
        { word: 'inside', says: 'Only programs on the box itself' },
      ],
      open ? 'open' : 'inside',
    )
    if (choice === undefined) return 'back'
    // Ports that somebody has chosen with care stay.
    if ((choice === 'open') !== open) await guide.apply(open ? inside : usual)
    return 'on'
  },
}

export const certificateStep: Step = {
  name: 'certificate',
  title: 'Certificate',
  explain: () => [
    'With it the box proves what it is. One that it makes itself will do: each program asks once whether to trust it. If you have one that is made for its name, no program asks.',
  ],
  run: askCertificate,
}

async function askCertificate(guide: Guide): Promise<Way> {
  const [certificate, key] = [guide.text('tls.certificate'), guide.text('tls.key')]
  const choice = await guide.choose(
    [
      { word: 'own', says: 'One that the box makes itself' },
      { word: 'files', says: 'One that I have, in two files on the box' },
    ],
    certificate === '' ? 'own' : 'files',
  )
  if (choice === undefined) return 'back'
  if (choice === 'own') {
    await guide.apply({ 'tls.certificate': '', 'tls.key': '' })
    return 'on'
  }
  const needed = (answer: string) => (answer === '' ? 'Type where the file is, as /media/cert.pem.' : undefined)
  const file = await guide.ask({ question: 'File of the certificate', present: certificate, check: needed })
  if (file === undefined) return 'again'
  const keyFile = await guide.ask({ question: 'File of its key', present: key, check: needed })
  if (keyFile === undefined) return 'again'
  await guide.apply({ 'tls.certificate': file, 'tls.key': keyFile })
  return 'on'
}
