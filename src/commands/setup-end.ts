/** The last step of the set-up: what is left to do outside of the box. */
import { columns } from '../base/words.ts'
import type { Lines } from './command.ts'
import { printRecords } from './dns.ts'
import { popAddress, programSettings } from './phone.ts'
import { qrLines } from './qr.ts'
import type { Guide, Step } from './setup-guide.ts'
import { isOpen } from './setup-mail.ts'
import { markSetUp } from './setup-state.ts'

export const endStep: Step = {
  name: 'end',
  title: 'What is left to do',
  explain: () => [],
  run: async guide => {
    const { household } = guide
    if (household.config.listen.smtp.some(isOpen)) await showRecords(guide)
    await showPrograms(guide)
    const { pending } = guide.configuration
    if (pending.length > 0) await guide.say('', `These take effect after a restart: ${pending.join(', ')}.`)
    const restarts = pending.length > 0 ? await guide.agree('Restart Porchlight now', 'yes') : false
    if (restarts === undefined) return 'back'
    await markSetUp(household.settings)
    if (restarts) await guide.context.house?.restart()
    await guide.say(
      '',
      ...nextSteps(),
      ...(restarts || pending.length === 0 ? [] : ['To restart it later: porchlight restart']),
    )
    return 'on'
  },
}

async function showRecords(guide: Guide): Promise<void> {
  const { call, context, household } = guide
  await guide.say('These records belong into the DNS of your domain; whoever you have it from has a page for them:', '')
  await guide.say(...(await printRecords(call, { ...context, household })))
}

/** For the first account; the others have the same, with their names. */
async function showPrograms(guide: Guide): Promise<void> {
  const { household, dialogue } = guide
  const [account] = household.accounts.list()
  if (!account) return
  const { config } = household
  await guide.say('', 'Mail programs, on phones too, are told this:', ...columns(programSettings(account.name, config)))
  const address = popAddress(account.name, config)
  const code = address === undefined ? undefined : await qrLines(address, dialogue)
  if (address !== undefined && code) await guide.say('', `For the camera of a phone: ${address}`, '', ...code)
}

function nextSteps(): Lines {
  return [
    'The box is set up. What may come next:',
    '  porchlight user add NAME   makes an account for somebody else',
    '  porchlight status          shows how the box is',
    '  porchlight help            shows what else can be done',
    'To go through this again at any time: porchlight setup',
  ]
}
