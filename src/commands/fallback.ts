/** Tells of a newer version that did not come up: in the log, and thereby at the consoles, and by a letter to the postmaster. */
import { bootId } from '../base/boot.ts'
import { Failure, sentence } from '../base/failure.ts'
import type { Log } from '../base/log.ts'
import { harmless } from '../base/words.ts'
import type { Appliance } from '../board/appliance.ts'
import { composeLetter } from '../message/letter.ts'
import type { Household } from './command.ts'

type Home = Pick<Household, 'closed' | 'config' | 'now' | 'post' | 'settings'> & {
  readonly board: Pick<Appliance, 'fallback' | 'version' | 'steward'> | undefined
}

/** In which boot it was told: a server that ends and comes back finds the same words of the boot scripts. */
const toldIn = 'fallback.told'

/** Tells it once: the steward forgets it then. Nothing is thrown. */
export async function tellFallback(home: Home, log: Log): Promise<void> {
  const { board, closed } = home
  if (board?.fallback === undefined) return
  const boot = (await bootId()) ?? ''
  if (!closed && boot !== '' && home.settings.get(toldIn) === boot) return
  const why = harmless(board.fallback)
  log.error({ why, version: board.version }, 'a newer version did not work; this one runs again')
  // Without a store no letter can be written; the next start tells of it again.
  if (closed) return
  const { config, now, post, settings } = home
  try {
    const { hostname, domains } = config
    const postmaster = `postmaster@${domains[0] ?? hostname}`
    const content = composeLetter({
      from: { name: 'Porchlight', address: `mailer-daemon@${hostname}` },
      to: [{ address: postmaster }],
      subject: `The update of ${hostname} did not work`,
      text: letterText(hostname, board.version, why),
      date: now(),
      extra: [['Auto-Submitted', 'auto-generated']],
    })
    await post({ reversePath: '', recipients: [postmaster], content })
    await settings.set(toldIn, boot)
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    log.warn({ reason: sentence(error) }, 'the postmaster could not be told that an update did not work')
  }
  try {
    await board.steward('healthy')
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    log.warn({ reason: sentence(error) }, 'this is told again at the next start')
  }
}

function letterText(hostname: string, version: string, why: string): string {
  return [
    `This is the mail box ${hostname}. A newer version was started and did not work, so that version ${version} runs again.`,
    'No mail was lost. What is known of it:',
    '',
    `  ${why}`,
    '',
    'What runs, and what could be installed, is shown at the console:',
    '  porchlight update',
    '',
  ].join('\n')
}
