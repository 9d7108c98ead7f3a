/** The command that bounds the mail an account may keep: user quota. */

import { formatSize, parseSize, roundSize } from '../base/units.ts'
import { harmless } from '../base/words.ts'
import { allowanceOf, setAllowance } from '../flow/allowance.ts'
import { type Call, type Command, type Context, type Lines, places, refuse } from './command.ts'
import { existing } from './users.ts'

/** Octets: with less not even a greeting with a picture would come in. */
const least = 1024 * 1024

export const allowances: readonly Command[] = [
  {
    name: 'user quota',
    operands: 'NAME [SIZE|none]',
    options: [...places],
    group: 'Accounts',
    summary: 'Say how much mail an account may keep',
    details: [
      'When it is full, senders are told to try again later, which most do for days: mail comes in as soon as there is room. SIZE is written 500MiB or 2GiB; with none there is no bound but the disk, as for a new account. Without SIZE it says how it is. Mail of the box itself, such as reports, is taken all the same.',
    ],
    examples: ['porchlight user quota alice 2GiB', 'porchlight user quota alice none'],
    runs: 'inside',
    password: false,
    run: allow,
  },
]

async function allow({ operands: [text = '', size] }: Call, { household }: Context): Promise<Lines> {
  const account = existing(text, household)
  const { name } = account
  if (size !== undefined) await setAllowance(account, octetsOf(size), household.settings)
  const most = allowanceOf(account, household.settings)
  if (most === undefined) return [`${name} may keep as much mail as the disk holds.`]
  const { octets } = household.mailbox(name)
  const lines = [`${name} may keep ${formatSize(most)} of mail, and has ${roundSize(octets)}.`]
  return octets < most ? lines : [...lines, 'It is full: senders are asked to try again later.']
}

/** @returns undefined for no bound */
function octetsOf(text: string): number | undefined {
  if (text.toLowerCase() === 'none') return undefined
  const octets = parseSize(text)
  if (octets === undefined) refuse(`"${harmless(text)}" is no size. Write 500MiB or 2GiB, or none.`)
  if (octets < least)
    refuse(`${harmless(text)} is too little for mail. Write ${formatSize(least).replace(' ', '')} or more, or none.`)
  return octets
}
