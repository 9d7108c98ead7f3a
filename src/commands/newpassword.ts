/** A new password, typed twice at a console. */
import { passwordProblem } from '../auth/password.ts'
import { Failure } from '../base/failure.ts'
import type { Dialogue } from './dialogue.ts'

const attempts = 3

/** @throws Failure REFUSED when none was chosen, GIVEN_UP when the person stops */
export async function askChosenPassword(dialogue: Pick<Dialogue, 'ask' | 'print'>): Promise<string> {
  for (let attempt = 0; attempt < attempts; attempt++) {
    const password = await dialogue.ask('New password: ', { hidden: true })
    const problem = passwordProblem(password)
    if (problem === undefined && (await dialogue.ask('The same again: ', { hidden: true })) === password)
      return password
    await dialogue.print(problem ?? 'The two are not the same.')
  }
  throw new Failure('REFUSED', 'No password was chosen; nothing is changed.')
}
