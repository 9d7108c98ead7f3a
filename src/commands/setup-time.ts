/** Steps of the set-up: how dates and times are written, and where the box stands. */

import type { Guide, Step } from './setup-guide.ts'
import { moment, zoneWords } from './shown.ts'

/** Zones that are named when several fit. */
const namedZones = 12

export const timeSteps: readonly Step[] = [
  {
    name: 'clock',
    title: 'Date and time',
    explain: () => ['How shall dates and times be written?'],
    run: async guide => {
      const form = await guide.choose(
        [
          { word: 'iso', says: '2026-11-22 18:05' },
          { word: 'european', says: '22.11.2026 18:05' },
          { word: 'american', says: '11/22/2026 6:05 PM' },
        ],
        guide.household.config.console.clock,
      )
      if (form === undefined) return 'back'
      await guide.apply({ 'console.clock': form })
      return 'on'
    },
  },
  {
    name: 'zone',
    title: 'Time zone',
    explain: () => [
      'Where does the box stand? Type the nearest large city, or a region and Tab: Europe/ shows all of Europe.',
    ],
    run: askZone,
  },
]

async function askZone(guide: Guide): Promise<'on' | 'back' | 'again'> {
  const zones = [...Intl.supportedValuesOf('timeZone'), 'UTC']
  const present = guide.household.config.console.time_zone || Intl.DateTimeFormat().resolvedOptions().timeZone
  const answer = await guide.ask({
    question: 'Time zone',
    present,
    complete: line => zones.filter(zone => zone.toLowerCase().startsWith(line.toLowerCase())),
  })
  if (answer === undefined) return 'back'
  const found = answer === present ? [present] : matching(answer, zones)
  const [zone] = found
  if (zone === undefined || found.length > 1) {
    const few = found.slice(0, namedZones).join(', ')
    const many = found.length > namedZones ? ' and more' : ''
    await guide.say(zone === undefined ? `No time zone is called ${answer}.` : `Which of these: ${few}${many}?`)
    return 'again'
  }
  await guide.apply({ 'console.time_zone': zone })
  const now = guide.household.now()
  await guide.say(
    `It is ${moment(now)} there (${zoneWords(now)}). If that is not the time, the clock of the box is wrong.`,
  )
  return 'on'
}

/** A zone by its whole name, by the name of its city, or by a part of it. */
function matching(answer: string, zones: readonly string[]): readonly string[] {
  const asked = answer.trim().toLowerCase().replaceAll(' ', '_')
  const exact = zones.filter(zone => zone.toLowerCase() === asked || zone.toLowerCase().endsWith(`/${asked}`))
  return exact.length > 0 ? exact : zones.filter(zone => zone.toLowerCase().includes(asked))
}
