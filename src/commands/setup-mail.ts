/** Steps of the set-up: how mail comes in, and how it goes out. */
import { dirname, join } from 'node:path'
import * as v from 'valibot'
import { type Endpoint, settings as known } from '../base/config.ts'
import { hostOrNone } from '../base/kinds.ts'
import type { Configuration } from './configuration.ts'
import { replaceFile } from './replace.ts'
import type { Guide, Step, Way } from './setup-guide.ts'

/** Beside the configuration, as the configuration names it. */
const passwordFile = 'smarthost.password'

export const arrivalStep: Step = {
  name: 'arrival',
  title: 'How mail comes in',
  explain: () => [
    'Mail of others comes directly from their hosts, at port 25. That needs a domain, an address that does not change, and a router that leads port 25 to this box. It can wait until you have them.',
  ],
  run: async guide => {
    const open = guide.household.config.listen.smtp.some(isOpen)
    const choice = await guide.choose(
      [
        { word: 'direct', says: 'Directly: others send to this box' },
        { word: 'inside', says: 'Not yet: only mail among ourselves' },
      ],
      open ? 'direct' : 'inside',
    )
    if (choice === undefined) return 'back'
    // A port that somebody has chosen with care stays.
    if ((choice === 'direct') === open) return 'on'
    await guide.apply({ 'listen.smtp': open ? (known.get('listen.smtp')?.default ?? []) : ['*:25'] })
    return 'on'
  },
}

export const leavingStep: Step = {
  name: 'leaving',
  title: 'How mail goes out',
  explain: () => [
    'Many lines at home have port 25 closed. Then mail goes through a smarthost: a host of your provider that takes it with a name and a password, and sends it on.',
  ],
  run: askLeaving,
}

async function askLeaving(guide: Guide): Promise<Way> {
  const { relay } = guide.household.config
  const mode = await guide.choose(
    [
      { word: 'auto', says: 'Directly, or through a smarthost where the line is closed' },
      { word: 'direct', says: 'Directly to the hosts of those you write to' },
      { word: 'smarthost', says: 'All through a smarthost' },
    ],
    relay.mode,
  )
  if (mode === undefined) return 'back'
  if (mode === 'direct') {
    await guide.apply({ 'relay.mode': mode })
    return 'on'
  }
  const host = await guide.ask({
    question:
      mode === 'auto' ? 'Name of the smarthost, or none' : 'Name of the smarthost, for instance smtp.provider.example',
    present: relay.host || (mode === 'auto' ? 'none' : ''),
    check: answer => hostProblem(answer, mode === 'auto'),
  })
  if (host === undefined) return 'again'
  if (host === 'none') {
    await guide.apply({ 'relay.mode': mode, 'relay.host': '', 'relay.user': '', 'relay.password_file': '' })
    return 'on'
  }
  return askSmarthost(guide, mode, host)
}

async function askSmarthost(guide: Guide, mode: string, host: string): Promise<Way> {
  const { relay } = guide.household.config
  await guide.say('How is the connection to it protected?')
  const tls = await guide.choose(
    [
      { word: 'starttls', says: 'STARTTLS, usually at port 587' },
      { word: 'implicit', says: 'TLS from the start, usually at port 465' },
      { word: 'none', says: 'Not at all' },
    ],
    relay.tls,
  )
  if (tls === undefined) return 'again'
  const usual = tls === 'implicit' ? 465 : 587
  const port = await guide.ask({
    question: 'Port',
    present: String(tls === relay.tls ? relay.port : usual),
    check: answer =>
      /^\d{1,5}$/.test(answer) && Number(answer) > 0 && Number(answer) < 65_536
        ? undefined
        : 'A port is a number from 1 to 65535.',
  })
  if (port === undefined) return 'again'
  const user = await guide.ask({ question: 'Name to log in with, or none', present: relay.user || 'none' })
  if (user === undefined) return 'again'
  const settings = { 'relay.mode': mode, 'relay.host': host, 'relay.tls': tls, 'relay.port': Number(port) }
  if (user === 'none') {
    await guide.apply({ ...settings, 'relay.user': '', 'relay.password_file': '' })
    return 'on'
  }
  const file = await askSmarthostPassword(guide)
  if (file === undefined) return 'again'
  await guide.apply({ ...settings, 'relay.user': user, 'relay.password_file': file })
  return 'on'
}

/** @returns the file that has it, as the configuration names it; undefined when the person wants to go back */
async function askSmarthostPassword(guide: Guide): Promise<string | undefined> {
  const present = guide.text('relay.password_file')
  for (;;) {
    const typed = await guide.askHidden(
      present === '' ? 'Its password: ' : 'Its password (Enter keeps the one that is set): ',
    )
    if (typed === undefined) return undefined
    if (typed === '' && present !== '') return present
    if (typed === '') continue
    return keepSmarthostPassword(guide.configuration, typed)
  }
}

/** @returns the file that has it from now on, as the configuration names it */
export async function keepSmarthostPassword({ path }: Pick<Configuration, 'path'>, password: string): Promise<string> {
  await replaceFile(join(dirname(path), passwordFile), `${password}\n`, true)
  return passwordFile
}

function hostProblem(answer: string, optional: boolean): string | undefined {
  if (optional && answer === 'none') return undefined
  return answer !== '' && v.is(hostOrNone, answer)
    ? undefined
    : `"${answer}" is not the name of a host, as smtp.provider.example.`
}

/** Whether others than programs on this machine reach it. */
export function isOpen({ host }: Endpoint): boolean {
  return host !== '::1' && !host.startsWith('127.')
}
