/** Steps of the set-up: the first account, and who may use the console. */
import { generatePassword, hashPassword, passwordProblem } from '../auth/password.ts'
import { passwordSetting } from './passwd.ts'
import type { Guide, Step, Way } from './setup-guide.ts'
import { newName } from './users.ts'

export const accountStep: Step = {
  name: 'account',
  title: 'Account',
  explain: guide => {
    const names = guide.household.accounts.list().map(({ name }) => name)
    if (names.length > 0)
      return [
        `There are accounts already: ${names.join(', ')}. Type a name to make another one, or press Enter to go on.`,
      ]
    return [
      'Everybody who gets mail has an account. The first one also gets the mail for the postmaster, about the box.',
    ]
  },
  run: askAccount,
}

export const consoleStep: Step = {
  name: 'console',
  title: 'Password of the console',
  explain: () => [
    'Whoever sits at this line can do everything. A password keeps others out; without one, whoever has the cable is trusted: who holds the box holds the mail in any case.',
  ],
  run: askConsolePassword,
}

async function askAccount(guide: Guide): Promise<Way> {
  const { household } = guide
  const others = household.accounts.list().length > 0
  const text = await guide.ask({
    question: 'Name, for instance alice',
    check: answer =>
      answer === '' && !others ? 'Without an account there is nobody to get mail. Type a name.' : undefined,
  })
  if (text === undefined) return 'back'
  if (text === '') return 'on'
  const name = newName(text, household)
  const password = await choosePassword(guide)
  if (password === undefined) return 'again'
  await household.accounts.add(name, await hashPassword(password))
  await guide.say(`${name} is ready: ${household.config.domains.map(domain => `${name}@${domain}`).join(', ')}`)
  return 'on'
}

/** @returns undefined when the person wants to go back */
async function choosePassword(guide: Guide): Promise<string | undefined> {
  const proposed = generatePassword()
  await guide.say(
    `A good password is ${proposed}. Press Enter to take it, and write it down now; or type one of your own, which is not shown.`,
  )
  for (;;) {
    const typed = await guide.askHidden('Password: ')
    if (typed === undefined || typed === '') return typed === '' ? proposed : undefined
    const chosen = await confirmed(guide, typed)
    if (chosen) return typed
  }
}

async function askConsolePassword(guide: Guide): Promise<Way> {
  const { settings, config } = guide.household
  const present = settings.get(passwordSetting) !== undefined
  const trusted = config.console.trust === 'line'
  const kept = present || trusted
  await guide.say(
    `Type a password, which is not shown, or none to do without.${kept ? ` Enter leaves it as it is: ${trusted ? 'without one' : 'the one that is set'}.` : ''}`,
  )
  for (;;) {
    const typed = await guide.askHidden('Password of the console: ')
    if (typed === undefined) return 'back'
    if (typed === '' && kept) return 'on'
    if (typed === 'none') {
      await guide.apply({ 'console.trust': 'line' })
      return 'on'
    }
    if (typed === '' || !(await confirmed(guide, typed))) continue
    await settings.set(passwordSetting, await hashPassword(typed))
    await guide.apply({ 'console.trust': 'password' })
    return 'on'
  }
}

/** Has it typed again. @returns whether it is good and was the same */
async function confirmed(guide: Guide, typed: string): Promise<boolean> {
  const problem = passwordProblem(typed)
  const same = problem === undefined && (await guide.askHidden('The same again: ')) === typed
  if (!same) await guide.say(problem ?? 'The two are not the same.')
  return same
}
